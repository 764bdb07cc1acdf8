"""Where windows land: the parameters along each axis, as they are claimed or as they were found.

Unlike a :class:`cases.case.Axis` these may be anything that can be read off an operator: padding may be negative, and
the number of windows is the one that was seen. Of a transposed convolution they are those of the convolution that
it is the transpose of: windows are its inputs, and the units that windows meet its outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cases.case import Case
from harness.theory.matrix import Structure, convolution, swept
from harness.theory.placements import Placements


@dataclass(frozen=True, slots=True)
class Sweep:
    """How a window sweeps along one axis: tap t of window w meets unit s·w + d·t - p.

    Attributes
    ----------
    i, o : int
        Number of units, and of windows.
    k, s, d : int
        Taps, stride, dilation.
    p : int
        Padding before the first unit; negative where the axis is cropped.
    """

    i: int
    o: int
    k: int
    s: int
    d: int
    p: int

    @property
    def k_hat(self) -> int:
        """What the window spans."""
        return (self.k - 1) * self.d + 1

    @property
    def rest(self) -> int:
        """Units after the last window's last tap; negative where it overhangs. Of a transposed convolution: a - p."""
        return self.i - (self.s * (self.o - 1) + self.k_hat - self.p)

    def after(self, before: int, after: int) -> int:
        """Padding after the last unit, of those that give as many windows.

        The one that is claimed, if it is among them; else the one with as much padding in all; else the nearest.
        """
        least, most = -self.rest, -self.rest + self.s - 1
        total = before + after - self.p
        if not least <= after <= most and least <= total <= most:
            return total
        return min(max(after, least), most)

    def placements(self) -> Placements:
        """As the theory has them."""
        start = np.arange(self.o, dtype=np.int64) * self.s - self.p
        offset = np.arange(self.k, dtype=np.int64) * self.d
        unit = start[:, None] + offset
        real = (unit >= 0) & (unit < self.i)
        return Placements(self.i, start, offset, real, np.full(self.o, self.k), not real.all())


@dataclass(frozen=True, slots=True)
class Geometry:
    """The sweeps along all axes.

    Attributes
    ----------
    axes : tuple of Sweep
        One for each axis of the windows.
    order : tuple of int
        Which axis of the units each of them sweeps over; 0, 1, 2 unless axes are exchanged.
    """

    axes: tuple[Sweep, ...]
    order: tuple[int, ...]

    @property
    def straight(self) -> bool:
        """Whether each axis of the windows sweeps over its own axis of the units."""
        return self.order == tuple(range(len(self.order)))

    def structure(self, n: int, m: int, groups: int = 1) -> Structure:
        """Which tap stands where, in the theory's own matrix of these parameters: n maps of windows, m of units."""
        c = convolution([axis.placements() for axis in self.axes], n, m, groups)
        if self.straight:
            return c
        row, column = np.divmod(c.indices, max(c.columns, 1))
        place = np.unravel_index(column, c.input)
        shape = [m] + [0] * len(self.order)
        turned: list[NDArray[np.int64]] = [place[0]] * len(shape)
        for axis, own in enumerate(self.order):
            shape[own + 1], turned[own + 1] = c.input[axis + 1], place[axis + 1]
        column = np.ravel_multi_index(tuple(turned), tuple(shape))
        return Structure(c.output, tuple(shape), row * c.columns + column, c.taps)


def claimed(case: Case) -> Geometry:
    """What the theory says."""
    axes = tuple(
        Sweep(along.size, along.start.size, axis.k, axis.s, axis.d, axis.p_before)
        for axis, along in zip(case.axes, swept(case), strict=True)
    )
    return Geometry(axes, tuple(range(case.rank)))


def resized(geometry: Geometry, windows: Sequence[int], units: Sequence[int]) -> Geometry:
    """The same parameters, with other numbers of windows and units."""
    axes = tuple(replace(axis, o=o, i=i) for axis, o, i in zip(geometry.axes, windows, units, strict=True))
    return replace(geometry, axes=axes)
