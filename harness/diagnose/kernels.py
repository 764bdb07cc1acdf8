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
from harness.diagnose.places import axis_name, listed, number
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


def causes(reading: Reading, kernel: Shown) -> list[Cause] | None:
    """What was done to the kernel, as few things as possible; nothing if it is right, None if there is no telling."""
    case, probe = reading.case, reading.probe
    given = fed(case, probe)
    known = list(views(case, given, "IO" if case.transposed and probe != "direct" else "OI"))
    whole_views = [(said, whole(case, probe, view)) for said, view in known]
    for said, view in whole_views:
        if _same(kernel, view):
            return said
    for said, view in whole_views[:1] + [one for one in whole_views[1:] if len(one[0]) == 1]:
        for tell in (_scaled, _permuted, _missing):
            more = tell(reading, kernel, view)
            if more is not None:
                return [*said, more]
    plain = whole_views[0][1]
    for tell in (_few_taps, _rounded, _nearly, _other_taps):
        one = tell(reading, kernel, plain)
        if one is not None:
            return [one]
    return None


def _same(kernel: Shown, view: Array) -> bool:
    return bool((kernel.taps == view)[kernel.seen].all())


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


def _scaled(_: Reading, kernel: Shown, view: Array) -> Cause | None:
    """One factor for all taps."""
    seen = kernel.seen & (view != 0)
    if not seen.any():
        return None
    largest = int(np.argmax(np.where(seen, view, 0)))
    factor = float(kernel.taps.reshape(-1)[largest] / view.reshape(-1)[largest])
    if not factor or abs(factor - 1) < 2**-8 or not (kernel.taps == view * factor)[kernel.seen].all():
        return None
    return Cause("scale", f"every tap times {number(factor)}")


def _permuted(reading: Reading, kernel: Shown, view: Array) -> Cause | None:
    """Feature maps in another order, of the layer's output or input."""
    case = reading.case
    for side in (0, 1):
        output = (side == 0) != case.transposed
        order = _order(np.moveaxis(np.where(kernel.seen, kernel.taps, 0), side, 0), np.moveaxis(view, side, 0))
        if order is None:
            continue
        name = "output" if output else "input"
        pairs = [f"{mine} holds {theirs}" for mine, theirs in enumerate(order) if mine != theirs]
        each = len(order) // case.groups
        if case.groups > 1 and order == list(np.arange(len(order)).reshape(case.groups, each).T.reshape(-1)):
            return Cause("groups", f"{name} maps of the groups interleaved: map {', '.join(pairs)}")
        what = "in reversed order" if order == list(range(len(order)))[::-1] else "in another order"
        return Cause("maps_permuted", f"{name} maps {what}: map {', '.join(pairs)}")
    return None


def _order(mine: Array, theirs: Array) -> list[int] | None:
    """For each map of one array the map of the other with the same content; None if there are none, or several."""
    known = {one.tobytes(): number for number, one in enumerate(np.ascontiguousarray(theirs))}
    order = [known.get(one.tobytes(), -1) for one in np.ascontiguousarray(mine)]
    return order if sorted(order) == list(range(len(theirs))) else None


def _missing(reading: Reading, kernel: Shown, view: Array) -> Cause | None:
    """Input or output maps that do not contribute, or groups that mix."""
    case, taps = reading.case, kernel.taps
    there = (taps != 0).any(axis=tuple(range(2, taps.ndim)))
    wanted = (np.where(kernel.seen, view, 0) != 0).any(axis=tuple(range(2, taps.ndim)))
    silent = wanted & ~there
    mixed = there & ~wanted
    kept = np.where(silent.reshape(*silent.shape, *(1,) * case.rank), 0, view)
    if not silent.any() or mixed.any() or not (taps == kept)[kernel.seen].all():
        return None
    pairs = silent.T if case.transposed else silent
    for axis, name in ((0, "input"), (1, "output")):
        lost = np.flatnonzero((pairs | ~(wanted.T if case.transposed else wanted)).all(axis=axis))
        if lost.size and pairs.sum() == (wanted.T if case.transposed else wanted).take(lost, axis=1 - axis).sum():
            many = "s" if lost.size > 1 else ""
            what = "not added" if name == "input" else "empty"
            return Cause("maps_ignored", f"{name} map{many} {listed([int(n) for n in lost])} {what}")
    first = tuple(int(n) for n in np.argwhere(pairs)[0])
    return Cause(
        "maps_ignored", f"{int(pairs.sum())} pairs of maps are not connected, first input {first[1]} to {first[0]}"
    )


def _rounded(_: Reading, kernel: Shown, view: Array) -> Cause | None:
    """To fewer significant bits."""
    values = kernel.taps[kernel.seen & (kernel.taps != 0)]
    if not np.isfinite(values).all() or not values.size:
        return None
    same = {bits: (kernel.taps == rounded(view, bits))[kernel.seen].all() for bits in FORMATS}
    bits = next((bits for bits in FORMATS if same[bits]), 0)
    if not bits:
        return None
    worst = int(np.argmax(np.where(kernel.seen, abs(kernel.taps - view), 0)))
    example = " where ".join(number(float(taps.reshape(-1)[worst])) for taps in (kernel.taps, view))
    return Cause("rounded_taps", f"taps rounded to {bits} significant bits, those of {FORMATS[bits]}: {example}")


def rounded(numbers: Array, bits: int) -> Array:
    """To some significant bits, to nearest even."""
    mantissa, exponent = np.frexp(numbers)
    to_nearest: Array = np.ldexp(np.round(mantissa * 2.0**bits), exponent - bits)
    return to_nearest


def _few_taps(reading: Reading, kernel: Shown, view: Array) -> Cause | None:
    """Single taps of another value: missing, doubled, or off."""
    wrong = np.argwhere(kernel.seen & (kernel.taps != view))
    total = int((kernel.seen & ((view != 0) | (kernel.taps != 0))).sum())
    if not 0 < len(wrong) <= min(3, total // 2):
        return None
    return Cause("taps", "; ".join(_tap(reading.case, kernel.taps, view, place) for place in wrong))


def _tap(case: Case, mine: Array, theirs: Array, place: NDArray[np.int64]) -> str:
    at = tuple(place)
    found, wanted = float(mine[at]), float(theirs[at])
    spot = str(tuple(int(n) for n in place[2:])) if case.rank > 1 else str(int(place[2]))
    name = f"tap {spot}"
    if mine.shape[:2] != (1, 1):
        ends = (place[0], place[1]) if case.transposed else (place[1], place[0])
        name += f" from map {ends[0]} to map {ends[1]}"
    if not found:
        return f"{name} is missing"
    what = "doubled" if found == 2 * wanted else ("where no tap belongs" if not wanted else "off")
    return f"{name} is {what}: {number(found)} where {number(wanted)}"


def _nearly(_: Reading, kernel: Shown, view: Array) -> Cause | None:
    """The same but for rounding."""
    seen = kernel.seen & (view != 0)
    off = np.max(abs(kernel.taps / np.where(view, view, 1) - 1), where=seen, initial=0)
    if not seen.any() or not off < 2**-8 or ((view == 0) & (kernel.taps != 0)).any():
        return None
    return Cause("rounding", f"the same but for rounding: no tap is off by more than {off:.1g} of itself")


def _other_taps(_: Reading, kernel: Shown, view: Array) -> Cause | None:
    """Other taps altogether, each confirmed by several windows."""
    wrong = kernel.seen & (kernel.taps != view)
    if not wrong.any() or not kernel.often[wrong].all():
        return None
    mixed = wrong & (view == 0)
    kept = (kernel.taps == view) | ~kernel.seen | (view == 0)
    if mixed.any() and kept.all():
        first = np.argwhere(mixed)[0]
        return Cause("groups", f"maps of different groups mix: {int(first[0])} and {int(first[1])} are connected")
    mine, theirs = (", ".join(number(float(tap)) for tap in taps[kernel.seen][:6]) for taps in (kernel.taps, view))
    more = " …" if int(kernel.seen.sum()) > 6 else ""
    return Cause(
        "taps", f"windows are right, but {int(wrong.sum())} taps are others: {mine}{more} where {theirs}{more}"
    )
