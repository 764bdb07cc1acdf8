"""Calls as Python that a person runs: what adapters make their scripts of. Nothing of any framework.

An array is written as a short expression of NumPy's that gives it (impulses, taps counted up, in whatever order of
axes), found by looking at the array itself: what is written is what is fed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.frameworks.arrays import letters
from harness.frameworks.base import Array, Call


@dataclass(frozen=True, slots=True)
class Script:
    """Lines of Python that do one call.

    Attributes
    ----------
    lines : tuple of str
        They leave in ``y``, as an array of NumPy's, the outputs for all inputs, or the gradients for all one-hot
        cotangents, row-major over (feature maps, axis 1 … axis N); or the declared shape, as a tuple.
    data : str
        The order of the axes of ``y``: 'NCHW', 'NHWC' …
    ours : bool
        Whether they need convarith as well.
    """

    lines: tuple[str, ...]
    data: str
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer in a script.

    Attributes
    ----------
    made : tuple of str
        Lines that make what the expression names.
    called : str
        An expression of ``x``, and of ``kernel`` where there is one.
    """

    made: tuple[str, ...]
    called: str


def arguments(given: Mapping[str, Any]) -> str:
    """Keyword arguments as one writes them."""
    return ", ".join(f"{name}={value!r}" for name, value in given.items())


def array(values: Array) -> str:
    """An expression of NumPy's for an array, as short as may be.

    Parameters
    ----------
    values : ndarray
        Of any element type: the expression may give another one.
    """
    values = np.asarray(values, dtype=np.float64)
    if not values.any():
        return f"np.zeros({_shape(values.shape)})"
    for text, found in _expressions(values):
        if found.shape == values.shape and np.array_equal(found, values):
            return text
    whole = np.array_equal(values, np.rint(values)) and np.abs(values).max() < 1 << 53
    return f"np.array({(values.astype(np.int64) if whole else values).tolist()})"


def cotangents(call: Call) -> str:
    """An expression for all one-hot cotangents, where ``o`` is the shape of one output."""
    if call.x.shape[0] == 0:
        return "np.zeros((0, *o))"
    if call.spelling.data[1] == "C" or call.case.channels_out == 1:
        return "np.eye(np.prod(o)).reshape(np.prod(o), *o)"
    return "np.moveaxis(np.eye(np.prod(o)).reshape(np.prod(o), o[-1], *o[:-1]), 1, -1)"


def parts(call: Call, inputs: int) -> int | None:
    """How many inputs the layer is given at once; None where it is all of them."""
    batch = call.case.batch
    return batch if batch and inputs > batch else None


def _shape(sizes: Sequence[int]) -> str:
    return repr(tuple(sizes))


def _expressions(values: Array) -> Iterator[tuple[str, Array]]:
    """Texts that may be right, each with what it gives."""
    yield from _counted(values)
    for ground in (0, -2):
        for text, found in _impulses(values - ground):
            yield f"{text}{f' - {-ground}' if ground else ''}", found + ground
    yield from _digits(values)
    yield from _in_no_order(values)


def _counted(values: Array) -> Iterator[tuple[str, Array]]:
    """1, 2, 3 … along the axes in some order, forwards or backwards."""
    corner = values[(0,) * values.ndim]
    steps = [
        (values[tuple(int(axis == other) for other in range(values.ndim))] - corner) if size > 1 else 0
        for axis, size in enumerate(values.shape)
    ]
    order = sorted(range(values.ndim), key=lambda axis: -abs(steps[axis]) if values.shape[axis] > 1 else 0)
    long = [axis for axis in order if values.shape[axis] > 1]
    numbers: Array = np.arange(1, values.size + 1)
    text = f"np.arange(1, {values.size + 1})"
    if long == sorted(long):
        made, text = numbers.reshape(values.shape), f"{text}.reshape{_shape(values.shape)}"
    else:
        short = [axis for axis in range(values.ndim) if values.shape[axis] == 1]
        order = short + long
        turned = [order.index(axis) for axis in range(values.ndim)]
        sizes = [values.shape[axis] for axis in order]
        made = numbers.reshape(sizes).transpose(turned)
        text = f"{text}.reshape{_shape(sizes)}.transpose{_shape(turned)}"
    backwards = [axis for axis in long if steps[axis] < 0]
    if backwards:
        cut = ["::-1" if axis in backwards else ":" for axis in range(max(backwards) + 1)]
        made, text = np.flip(made, tuple(backwards)), f"{text}[{', '.join(cut)}]"
    yield text, made


def _impulses(values: Array) -> Iterator[tuple[str, Array]]:
    """One-hot rows."""
    rows, units = len(values), math.prod(values.shape[1:])
    flat = values.reshape(rows, units)
    if not np.isin(flat, (0, 1)).all() or (flat.sum(axis=1) > 1).any():
        return
    which = f"{rows}" if rows == units else f"{rows}, {units}"
    eye = np.eye(rows, units)
    yield f"np.eye({which}).reshape{_shape(values.shape)}", eye.reshape(values.shape)
    first = (rows, values.shape[-1], *values.shape[1:-1])
    yield f"np.moveaxis(np.eye({which}).reshape{_shape(first)}, 1, -1)", np.moveaxis(eye.reshape(first), 1, -1)
    # A row of zeros is the last row of a matrix that has one more.
    places = np.where(flat.any(axis=1), flat.argmax(axis=1), units)
    step = places[1] - places[0] if rows > 1 else 1
    if (places < units).all() and step > 0 and (places == places[0] + step * np.arange(rows)).all():
        chosen = f"[{places[0]}:{places[-1] + 1}:{step}]"
    else:
        chosen = f"[{places.tolist()}]"
    height = units + int((places == units).any())
    which = f"{height}" if height == units else f"{height}, {units}"
    yield f"np.eye({which}){chosen}.reshape{_shape(values.shape)}", np.eye(height, units)[places].reshape(values.shape)


def _digits(values: Array) -> Iterator[tuple[str, Array]]:
    """1 … base, again and again: the digits of taps that are too many for their element type."""
    if values.min() != 1:
        return
    size, base = values.size, int(values.max())
    for axes in _orders(values.ndim):
        sizes = [values.shape[axis] for axis in axes]
        turned = [axes.index(axis) for axis in range(values.ndim)]
        text = f"(np.arange({size}) % {base} + 1).reshape{_shape(sizes)}"
        if axes != sorted(axes):
            text += f".transpose{_shape(turned)}"
        yield text, (np.arange(size) % base + 1).reshape(sizes).transpose(turned)


def _orders(rank: int) -> list[list[int]]:
    """The orders of a kernel's axes that frameworks have: maps first, either of them; or last, either of them."""
    spatial = list(range(2, rank))
    last = list(range(rank - 2))
    found = [[0, 1, *spatial], [1, 0, *spatial], [rank - 1, rank - 2, *last], [rank - 2, rank - 1, *last]]
    return found if rank > 2 else []


def _in_no_order(values: Array) -> Iterator[tuple[str, Array]]:
    """Numbers that are all different, in steps of one size around a circle."""
    flat = values.reshape(-1)
    size = flat.size
    if size < 8 or not np.isfinite(flat).all() or flat[0] != -size:
        return
    step = int(flat[1] - flat[0])
    yield (
        f"(np.arange({size}) * {step} % {size} - {size}).reshape{_shape(values.shape)}",
        (np.arange(size) * step % size - size).reshape(values.shape),
    )


def by_adapter(module: str, name: str, call: Call, switch: str) -> Script:
    """A script that has an adapter do the call, and so needs convarith too.

    Parameters
    ----------
    module, name : str
        Where the adapter's class is.
    """
    made = [f"kernel = {'None' if call.kernel is None else array(call.kernel)}"]
    made.append(f"bias = {'None' if call.bias is None else array(call.bias)}")
    taken = f"call = Call(case, {call.route!r}, {call.mode!r}, adapter.say(case, {call.route!r}), kernel, bias, x"
    lines = (
        "import numpy as np",
        "from cases.case import parse",
        "from harness.frameworks.base import Call",
        f"from {module} import {name}",
        f"adapter, case = {name}('cpu', {switch!r}), parse({call.case.id!r})",
        f"x = {array(call.x)}",
        *made,
        f"{taken}, {call.wanted!r})",
        "result = adapter.run_one(call)",
        f"y = result.{'shape' if call.wanted == 'shape' else 'array'}",
    )
    return Script(lines, letters(call.case.rank, first=True), ours=True)
