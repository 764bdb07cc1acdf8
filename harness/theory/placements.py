"""Where the window lands along one axis, and which tap meets which input there.

This is the definition that everything else is checked against. It counts placements; it knows none of the guide's
closed forms.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cases.case import Axis


@dataclass(frozen=True, slots=True, eq=False)
class Placements:
    """The placements of a window along one axis: tap t of placement w meets unit ``start[w] + offset[t]``.

    Attributes
    ----------
    size : int
        Of the unpadded axis that the window slides over: the size of the convolution's input.
    start : ndarray of int64, shape (o,)
        The unit that the first tap of each placement meets, -p_before for the first placement.
    offset : ndarray of int64, shape (k,)
        Units from the first tap to each tap.
    real : ndarray of bool, shape (o, k)
        Whether a tap meets a unit of the axis; if not, it meets padding, or nothing at all.
    within : ndarray of int64, shape (o,)
        How many taps of each placement meet a unit or padding, and do not overhang the far end.
    padded : bool
        Whether any tap meets padding.
    """

    size: int
    start: NDArray[np.int64]
    offset: NDArray[np.int64]
    real: NDArray[np.bool_]
    within: NDArray[np.int64]
    padded: bool


def _place(starts: range, size: int, axis: Axis) -> Placements:
    start = np.array(starts, dtype=np.int64) - axis.p_before
    offset = np.arange(axis.k, dtype=np.int64) * axis.d
    unit = start[:, None] + offset
    real = (unit >= 0) & (unit < size)
    within = (unit < size + axis.p_after).sum(axis=1)
    return Placements(max(size, 0), start, offset, real, within, not real.all())


def _reach(axis: Axis) -> int:
    """How many units lie from a window's first tap to its last, both counted."""
    return len(range((axis.k - 1) * axis.d + 1))


@lru_cache(maxsize=8192)
def convolution(axis: Axis, overhang: bool = False) -> Placements:
    """The window over an input of size i: from the first padded unit on, every s units, while it fits.

    Parameters
    ----------
    axis : Axis
    overhang : bool
        Ceil mode (X8): if units are left over after the last window, another may overhang the far end. It does not if
        it would start in the padding there.
    """
    padded = axis.p_before + axis.i + axis.p_after
    reach = _reach(axis)
    starts = range(0, padded - reach + 1, axis.s)
    following = len(starts) * axis.s
    if overhang and following - axis.s + reach < padded and following < axis.p_before + axis.i:
        starts = range(0, following + 1, axis.s)
    return _place(starts, axis.i, axis)


@lru_cache(maxsize=8192)
def transposed(axis: Axis) -> Placements:
    """The placements of the convolution that a transposed layer over i' = ``axis.i`` units is the transpose of.

    There is one placement for each of the i' units. What they slide over begins where the first window does and ends a
    units after the last, without the padding: its size is the layer's output size o'.
    """
    starts = range(0, axis.s * axis.i, axis.s)
    extent = starts[-1] + _reach(axis) + axis.a if starts else 0
    return _place(starts, extent - axis.p_before - axis.p_after, axis)
