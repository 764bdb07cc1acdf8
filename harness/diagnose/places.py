"""Sets of outputs and inputs, and numbers, in few words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

AXES = ("D", "H", "W")


def axis_name(axis: int, rank: int) -> str:
    """What an axis is called: D, H, W of the last three; a number, counted from 0, of more."""
    return AXES[axis - rank + 3] if rank <= 3 else str(axis)


def listed(values: Sequence[object]) -> str:
    """'1', '1 and 2', '1, 2 and 3'; of many the ends."""
    if len(values) > 5:
        return f"{values[0]}, {values[1]} … {values[-1]}"
    *rest, last = map(str, values)
    return f"{', '.join(rest)} and {last}" if rest else last


def by(values: Sequence[object]) -> str:
    """'2×3', one value an axis."""
    return "×".join("?" if value is None else str(value) for value in values)


def told(places: NDArray[np.bool_], shape: Sequence[int], noun: str) -> str:
    """Which of some outputs or inputs: 'output 4', 'outputs at W = 4', 'outputs of map 1', '3 of 12 outputs …'.

    Parameters
    ----------
    places : ndarray of bool
        One for each element of an array of the shape (feature maps, size along each axis), unrolled.
    noun : str
        'output' or 'input'.
    """
    grid = places.reshape(tuple(shape))
    if grid.all():
        return f"every {noun}" if grid.size > 1 else f"the {noun}"
    if places.sum() == 1:
        return f"{noun} {_spot(grid)}"
    taken = [
        np.flatnonzero(grid.any(axis=tuple(n for n in range(grid.ndim) if n != axis))) for axis in range(grid.ndim)
    ]
    box = np.zeros_like(grid)
    box[np.ix_(*taken)] = True
    if (box != grid).any():
        return f"{int(places.sum())} of {places.size} {noun}s, {_spot(grid)} the first,"
    maps, *axes = taken
    of_maps = f" of map{'s' if len(maps) > 1 else ''} {listed(maps.tolist())}" if len(maps) < shape[0] else ""
    parts = []
    for axis, values in enumerate(axes):
        if len(values) < shape[axis + 1]:
            name = f"{axis_name(axis, len(axes))} = " if len(axes) > 1 else ""
            parts.append(name + listed(values.tolist()))
    return f"{noun}s{of_maps}" + (f" at {', '.join(parts)}" if parts else "")


def _spot(grid: NDArray[np.bool_]) -> str:
    """The first place, without its feature map where there is one alone."""
    first = tuple(int(n) for n in np.argwhere(grid)[0])
    where = first[1:] if grid.shape[0] == 1 else first
    return str(where[0]) if len(where) == 1 else str(where)


def number(value: float) -> str:
    """A number, as short as it can be; the reciprocal of an integer as a fraction."""
    if 1e-4 < abs(value) < 1:
        whole = round(1 / value)
        if abs(whole * value - 1) < 1e-6:
            return f"1/{whole}" if whole > 0 else f"-1/{-whole}"
    return f"{value:.8g}"


def share(value: float) -> str:
    """What a unit contributes to an average: a fraction, however its element type rounds it."""
    if value == 1:
        return "1"
    if 0 < value < 1 and abs(round(1 / value) * value - 1) < 2**-8:
        return f"1/{round(1 / value)}"
    return f"{value:.8g}"
