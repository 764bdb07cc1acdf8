"""The operator C of a case, in N dimensions, with feature maps and groups, from the placements along each axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cases.case import Case
from harness.theory import placements
from harness.theory.placements import Placements

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """Which tap stands where in a layer's operator, whatever the taps' values are.

    Attributes
    ----------
    output, input : tuple of int
        Shapes that the rows and the columns unroll: (feature maps, size along each axis).
    indices : ndarray of int64
        Positions of the entries, row * columns + column, ascending.
    taps : ndarray of int64
        For each, the index of its tap in the kernel, unrolled row-major (:func:`cases.stimuli.kernel_shape`).
    """

    output: tuple[int, ...]
    input: tuple[int, ...]
    indices: Integers
    taps: Integers

    @property
    def rows(self) -> int:
        """Number of outputs."""
        return math.prod(self.output)

    @property
    def columns(self) -> int:
        """Number of inputs."""
        return math.prod(self.input)


def swept(case: Case) -> list[Placements]:
    """The placements along each axis; of a transposed convolution, those of the convolution it is the transpose of."""
    if case.transposed:
        return [placements.transposed(axis) for axis in case.axes]
    return [placements.convolution(axis, case.ceil_mode) for axis in case.axes]


def output_size(case: Case) -> tuple[int, ...]:
    """Size of the layer's output along each axis, 0 where there is nothing to compute."""
    return tuple(axis.size if case.transposed else axis.start.size for axis in swept(case))


@lru_cache(maxsize=1024)
def structure(case: Case) -> Structure:
    """The operator of a layer: C for a convolution or a pooling, its transpose for a transposed convolution (S6).

    A pooling's "taps" only tell the elements of a window apart; each feature map is pooled by itself (S10).
    """
    if case.transposed:
        return transposed(convolution(swept(case), case.channels_in, case.channels_out, case.groups))
    groups = max(case.channels_in, 1) if case.pools else case.groups
    return convolution(swept(case), case.channels_out, case.channels_in, groups)


def convolution(axes: Sequence[Placements], n: int, m: int, groups: int) -> Structure:
    """C of a convolution from m to n feature maps, with the placements of each axis.

    The unit that a tap meets is the window's start plus the tap's offset, along each axis, so the column of an entry
    is a number that its row has plus one that its tap has: C is one outer sum, less the entries that meet padding.
    """
    output = (n, *(axis.start.size for axis in axes))
    source = (m, *(axis.size for axis in axes))
    window = (m // groups, *(axis.offset.size for axis in axes))
    rows, columns, taps = math.prod(output), math.prod(source), math.prod(window)
    step = _steps(source)

    start, offset = (
        _outer_sum([axis.start * step[j] for j, axis in enumerate(axes, 1)]),
        _outer_sum([axis.offset * step[j] for j, axis in enumerate(axes, 1)]),
    )
    if m != 1:  # output map r sees the m / groups input maps of its group
        group = np.arange(n, dtype=np.int64) // (n // groups)
        start = _outer_sum([group * (window[0] * step[0]), start])
        offset = _outer_sum([np.arange(window[0], dtype=np.int64) * step[0], offset])
    elif n != 1:
        start = np.tile(start, n)
    index = ((np.arange(rows, dtype=np.int64) * columns + start)[:, None] + offset).reshape(-1)
    if any(axis.padded for axis in axes):
        entry = np.flatnonzero(_real(axes, output, window))
        index = index[entry]
    else:
        entry = np.arange(rows * taps, dtype=np.int64)
    tap = entry % max(taps, 1)
    if n > 1:
        tap += entry // max(rows // n * taps, 1) * taps
    return Structure(output, source, index, tap)


def _outer_sum(parts: Sequence[Integers]) -> Integers:
    """All sums of one element of each part, row-major."""
    total = parts[0]
    for part in parts[1:]:
        total = (total[:, None] + part).reshape(-1)
    return total


def _real(axes: Sequence[Placements], output: tuple[int, ...], window: tuple[int, ...]) -> NDArray[np.bool_]:
    """Whether each (row, tap) meets a real unit along every axis; of shape output + window."""
    rank = len(output)
    real: NDArray[np.bool_] | None = None
    for number, axis in enumerate(axes, start=1):
        shape = [1] * (2 * rank)
        shape[number], shape[rank + number] = axis.real.shape
        along = axis.real.reshape(shape)
        real = along if real is None else real & along
    assert real is not None
    return np.broadcast_to(real, output + window) if output[0] * window[0] != 1 else real


def _steps(shape: Sequence[int]) -> tuple[int, ...]:
    """Row-major strides, in elements."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def transposed(c: Structure) -> Structure:
    """The transpose of an operator."""
    row, column = np.divmod(c.indices, max(c.columns, 1))
    indices = column * c.rows + row
    order = np.argsort(indices, kind="stable")
    return Structure(c.input, c.output, indices[order], c.taps[order])
