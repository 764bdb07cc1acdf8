"""Two small matrices to look at: the operator of one pair of feature maps, along one axis, the others held still."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.diagnose.places import share
from harness.diagnose.reading import same

ROWS, COLUMNS = 8, 12  # what fits on a page
Array = NDArray[np.float64]


Rows = tuple[Array, Sequence[int]]


def pair(wanted: Rows, found: Rows, inputs: Sequence[int], *, shares: bool) -> tuple[str, str]:
    """What was expected and what was observed, where most of it differs.

    Parameters
    ----------
    wanted, found : tuple of (ndarray, sequence of int)
        Both operators, a row for each output, and the shape that the rows unroll.
    inputs : sequence of int
        The shape that the columns of both unroll.
    shares : bool
        Whether entries are parts of an average.
    """
    grids = tuple(matrix.reshape(*outputs, *inputs) for matrix, outputs in (wanted, found))
    rank = len(inputs)
    row, column = _place(grids[0], grids[1], rank)
    cuts = [tuple(_cut(grid, axis, row, column) for grid in grids) for axis in range(1, rank)]
    mine, theirs = max(cuts, key=lambda two: _differing(*two))
    cells = [_cell(float(value), shares) for two in (mine, theirs) for value in two[:ROWS, :COLUMNS].reshape(-1)]
    width = max(map(len, cells), default=1)
    return _text(mine, width, shares), _text(theirs, width, shares)


def _cut(grid: Array, axis: int, row: list[int], column: list[int]) -> Array:
    """Outputs × inputs along one axis, near a place; through other inputs, if nothing is to be seen there."""
    of_row: list[int | slice] = [*row]
    of_row[axis] = slice(None)
    seen = np.moveaxis(grid[tuple(of_row)], axis + 1, 1)  # outputs, then inputs along the axis, then the others
    spread = seen.reshape(*seen.shape[:2], -1)
    rest = tuple(n for number, n in enumerate(column) if number != axis)
    through = int(np.ravel_multi_index(rest, seen.shape[2:]))
    if not spread[:, :, through].any():
        through = int(np.argmax(np.count_nonzero(spread, axis=(0, 1))))
    cut: Array = spread[:, :, through]
    return cut


def _place(wanted: Array, found: Array, rank: int) -> tuple[list[int], list[int]]:
    """An output and an input that differ, both of which both operators have; else their first ones."""
    common = tuple(slice(0, min(a, b)) for a, b in zip(wanted.shape, found.shape, strict=True))
    a, b = wanted[common], found[common]
    differs = np.argwhere(~same(a, b))
    at = [int(n) for n in differs[len(differs) // 2]] if len(differs) else [0] * wanted.ndim
    return at[:rank], at[rank:]


def _differing(a: Array, b: Array) -> int:
    rows = min(len(a), len(b))
    differing = int(np.count_nonzero(~same(a[:rows], b[:rows])))
    return differing + abs(len(a) - len(b)) * int(a.shape[1])


def _cell(value: float, shares: bool) -> str:
    if value == 0:
        return "·"
    if shares:
        return share(value)
    return f"{value:.4g}" if math.isfinite(value) else str(value)


def _text(matrix: Array, width: int, shares: bool) -> str:
    cut = matrix[:ROWS, :COLUMNS]
    lines = [" ".join(_cell(float(value), shares).rjust(width) for value in row) for row in cut]
    if matrix.shape[1] > COLUMNS:
        lines = [f"{line} …" for line in lines]
    return "\n".join([*lines, "…"] if len(matrix) > ROWS else lines) or "(nothing)"
