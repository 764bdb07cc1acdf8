"""Arrays in a framework's own order and back in the harness's, for adapters to use; nothing of any framework.

The harness's order is that of ``base``; a spelling names the framework's in letters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from cases.case import Case
from harness.frameworks.base import Array, Call, Returned

SPATIAL = {1: "W", 2: "HW", 3: "DHW"}


def letters(rank: int, *, first: bool) -> str:
    """The order of a data array's axes, with the feature maps first or last: 'NCHW', 'NHWC'."""
    return f"NC{SPATIAL[rank]}" if first else f"N{SPATIAL[rank]}C"


def arranged(array: Array, source: str, target: str) -> Array:
    """An array whose axes have the letters of ``source``, as one whose axes have those of ``target``."""
    return array if source == target else np.transpose(array, [source.index(letter) for letter in target])


def numpy_dtype(case: Case) -> str:
    """The element type in which arrays are handed over: NumPy has no bfloat16, but float32 has all of its numbers."""
    return "float32" if case.dtype == "bfloat16" else case.dtype


def arranged_kernel(call: Call) -> Array | None:
    """A call's kernel in the framework's order, turned by 180° if the spelling says so."""
    if call.kernel is None:
        return None
    kernel = call.kernel
    if call.spelling.flip:
        kernel = np.flip(kernel, axis=tuple(range(2, kernel.ndim)))
    source = ("IO" if call.case.transposed else "OI") + SPATIAL[call.case.rank]
    return np.array(arranged(kernel, source, call.spelling.kernel), dtype=numpy_dtype(call.case), order="C")


def arranged_input(call: Call) -> Array:
    """A call's input in the framework's order: a copy, so that nothing that is done to it reaches another's."""
    ours = letters(call.case.rank, first=True)
    return np.array(arranged(call.x, ours, call.spelling.data), dtype=numpy_dtype(call.case), order="C")


def arranged_bias(call: Call) -> Array | None:
    """A call's bias in its element type."""
    return None if call.bias is None else call.bias.astype(numpy_dtype(call.case))


def returned(call: Call, shape: Sequence[int], array: Array) -> Returned:
    """What a framework returned for a call, brought back into the harness's order."""
    if len(shape) != len(call.spelling.data):  # not even the number of axes is right: nothing to bring into order
        return Returned(tuple(shape), array)
    order = _order(call.spelling.data)
    return Returned(tuple([int(shape[axis]) for axis in order]), np.transpose(array, order))


def declared(call: Call, shape: Sequence[int | None]) -> Returned:
    """A shape that a framework declared for a call's output, brought into the harness's order."""
    sizes = [None if size is None else int(size) for size in shape]
    if len(sizes) != len(call.spelling.data):
        return Returned(tuple(sizes))
    return Returned(tuple([sizes[axis] for axis in _order(call.spelling.data)]))


@lru_cache
def _order(data: str) -> tuple[int, ...]:
    """Where the harness's axes are in a framework's order."""
    return tuple(data.index(letter) for letter in letters(len(data) - 2, first=True))


def batches(call: Call, inputs: int) -> list[slice]:
    """How to hand a number of inputs to a layer, no more at once than the case says; at least one slice."""
    most = call.case.batch or max(inputs, 1)
    return [slice(start, start + most) for start in range(0, max(inputs, 1), most)]


def is_empty(call: Call, shape: Sequence[int]) -> bool:
    """Whether an output of the framework's own ``shape`` has no elements, and so nothing can be pulled back from it."""
    return len(shape) == len(call.spelling.data) and math.prod(shape[1:]) == 0


def cotangent_order(call: Call, shape: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How to lay out one-hot cotangents of an output of the framework's own ``shape``.

    The identity matrix over the output's elements, reshaped to the first result (batch, feature maps, sizes) and then
    transposed by the second, has the framework's order of axes, and a row for each element in the harness's order.
    """
    data, ours = call.spelling.data, letters(call.case.rank, first=True)
    if len(shape) != len(data):
        raise ValueError(f"the output has {len(shape)} axes where the input has {len(data)}")
    sizes = [int(shape[data.index(letter)]) for letter in ours[1:]]
    return (math.prod(sizes), *sizes), tuple(ours.index(letter) for letter in data)
