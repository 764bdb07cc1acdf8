"""Which tap is which: the kernel that an operator shows, and what was done to the kernel that was fed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from cases import direct, stimuli
from cases.case import Case
from harness.diagnose.geometry import Geometry
from harness.diagnose.places import axis_name, listed
from harness.diagnose.reading import Reading
from harness.diagnose.record import Cause
from harness.records import Probe
from harness.theory.matrix import Structure

Array = NDArray[np.float64]
FORMATS = {24: "float32", 11: "float16 and TF32", 8: "bfloat16"}  # by their significant bits


@dataclass(frozen=True)
class Shown:
    """The kernel that an operator shows under a geometry.

    Attributes
    ----------
    taps : ndarray, shape (maps of windows, maps of units, k_1 … k_N)
        Of every pair of feature maps; 0 of those that do not mix.
    seen : ndarray of bool, of the same shape
        Which taps meet a unit at all. Of the others nothing is known.
    often : ndarray of bool, of the same shape
        Which do so in several windows, so that their values are confirmed.
    """

    taps: Array
    seen: NDArray[np.bool_]
    often: NDArray[np.bool_]


def shown(reading: Reading, geometry: Geometry) -> Shown | None:
    """The kernel, if this geometry explains the operator: each tap one number everywhere, and nothing else there."""
    return shown_by(reading, geometry, geometry.structure(reading.windows[0], reading.units[0]))


def shown_by(reading: Reading, geometry: Geometry, c: Structure) -> Shown | None:
    """The kernel, if it explains the operator that these entries alone should be in."""
    values = reading.matrix.reshape(-1)[c.indices]
    shape = (reading.windows[0], reading.units[0], *(axis.k for axis in geometry.axes))
    kernel = np.zeros(int(np.prod(shape)))
    kernel[c.taps] = values
    if not (kernel[c.taps] == values).all() or np.count_nonzero(values) != np.count_nonzero(reading.matrix):
        return None
    count = np.bincount(c.taps, minlength=kernel.size).reshape(shape)
    return Shown(kernel.reshape(shape), count > 0, count > 1)


def whole(case: Case, probe: Probe, fed: Array) -> Array:
    """A kernel as it is fed, as :class:`Shown` has it: of every pair of feature maps, and not turned."""
    n, m = fed.shape[0], fed.shape[1] * case.groups
    size = fed.shape[2:]
    taps = np.zeros((n, m, *size))
    for group in range(case.groups):
        rows = slice(group * n // case.groups, (group + 1) * n // case.groups)
        taps[rows, group * fed.shape[1] : (group + 1) * fed.shape[1]] = fed[rows]
    if probe == "direct":
        taps = np.flip(taps, axis=tuple(range(2, taps.ndim))).swapaxes(0, 1)
    return taps


def fed(case: Case, probe: Probe) -> Array:
    """The kernel that the framework was given."""
    kernel = stimuli.kernel(case)
    return (direct.flipped(case, kernel) if probe == "direct" else kernel).astype(np.float64)


def views(case: Case, given: Array, maps: str) -> Iterator[tuple[list[Cause], Array]]:
    """A kernel as it may be taken by mistake: as it is, then with one mistake, then with a flip and another.

    Parameters
    ----------
    maps : str
        What the kernel's first two axes are, 'OI' or 'IO'.
    """
    yield [], given
    flips = list(_flips(case, given))
    orders = list(_orders(given, maps))
    for cause, view in (*flips, *orders):
        yield [cause], view
    remembered = _remembered(case, given)
    if remembered is not None:
        yield [Cause("remembered_kernel", "a later call uses the kernel of the first one")], remembered
    for order, view in orders[:3]:
        for flip, turned in _flips(case, view):
            yield [flip, order], turned


def _flips(case: Case, given: Array) -> Iterator[tuple[Cause, Array]]:
    """Flipped along all axes that have more than one tap, or along some of them."""
    long = [axis for axis in range(case.rank) if given.shape[axis + 2] > 1]
    for count in range(len(long), 0, -1):
        for axes in combinations(long, count):
            if axes:
                where = "" if count == len(long) else f" along {listed([axis_name(a, case.rank) for a in axes])} alone"
                yield Cause("flip", f"kernel flipped{where}"), np.flip(given, axis=tuple(axis + 2 for axis in axes))


def _orders(given: Array, maps: str) -> Iterator[tuple[Cause, Array]]:
    """Its memory read in another order of the axes: two exchanged, then any."""
    letters = maps + "".join(axis_name(axis, given.ndim - 2) for axis in range(given.ndim - 2))
    own = tuple(range(given.ndim))
    known = [given]
    for order in sorted(permutations(own), key=lambda order: sum(a != b for a, b in zip(order, own, strict=True))):
        view = given.transpose(order).reshape(given.shape)
        if not any(np.array_equal(view, other) for other in known):
            known.append(view)
            told = "".join(letters[axis] for axis in order)
            yield Cause("kernel_order", f"kernel's memory in the order {told}, read as {letters}"), view


def _remembered(case: Case, given: Array) -> Array | None:
    """What comes of digits of taps if each pass is run with the first one's."""
    base, passes = stimuli.base(case), len(stimuli.passes(case))
    if passes == 1:
        return None
    first = (given - 1) % base
    taps: Array = 1 + np.sum([first * float(base) ** place for place in range(passes)], axis=0)
    return taps


def rounded(numbers: Array, bits: int) -> Array:
    """To some significant bits, to nearest even."""
    mantissa, exponent = np.frexp(numbers)
    to_nearest: Array = np.ldexp(np.round(mantissa * 2.0**bits), exponent - bits)
    return to_nearest
