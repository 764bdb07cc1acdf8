"""What was done to a kernel: fed to the framework is one, another is what its operator shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cases.case import Case
from harness.diagnose.kernels import FORMATS, Array, Shown, fed, rounded, views, whole
from harness.diagnose.places import axis_name, listed, number
from harness.diagnose.reading import Reading
from harness.diagnose.record import Cause


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
        for tell in (_scaled, _permuted, _missing, _cut):
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
        mine, seen = np.moveaxis(kernel.taps, side, 0), np.moveaxis(kernel.seen, side, 0)
        order = _order(mine, seen, np.moveaxis(view, side, 0))
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


def _order(mine: Array, seen: NDArray[np.bool_], theirs: Array) -> list[int] | None:
    """For each map of one array the map of the other that has all of it that is seen; None if not each has one."""
    fits = [
        np.flatnonzero(((one == theirs) | ~told).reshape(len(theirs), -1).all(axis=1))
        for one, told in zip(mine, seen, strict=True)
    ]
    order = [int(found[0]) if found.size == 1 else -1 for found in fits]
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


def _cut(reading: Reading, kernel: Shown, view: Array) -> Cause | None:
    """The last taps along an axis left out, or the first."""
    for axis in range(reading.case.rank):
        many = view.shape[axis + 2]
        for end, name in ((many - 1, "last"), (0, "first")) if many > 1 else ():
            kept = view.copy()
            np.moveaxis(kept, axis + 2, 0)[end] = 0
            if _same(kernel, kept) and not _same(kernel, view):
                where = f" along {axis_name(axis, reading.case.rank)}" if reading.case.rank > 1 else ""
                return Cause("taps", f"the {name} tap{where} is left out")
    return None


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


def _few_taps(reading: Reading, kernel: Shown, view: Array) -> Cause | None:
    """Single taps of another value: missing, doubled, or off."""
    wrong = np.argwhere(kernel.seen & (kernel.taps != view))
    total = int((kernel.seen & ((view != 0) | (kernel.taps != 0))).sum())
    if not 0 < len(wrong) <= min(3, total // 2):
        return None
    words = "; ".join(_tap(reading.case, kernel.taps, view, place) for place in wrong)
    return Cause("taps", words, len(wrong))


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
    many = int(np.count_nonzero(wrong))
    if (kernel.taps == view)[kernel.seen & (view != 0)].all():
        first = np.argwhere(wrong)[0]
        pair = f"{int(first[0])} and {int(first[1])}"
        return Cause("groups", f"maps of different groups mix: {pair} are connected", many)
    mine, theirs = (", ".join(number(float(tap)) for tap in taps[kernel.seen][:6]) for taps in (kernel.taps, view))
    more = " …" if int(np.count_nonzero(kernel.seen)) > 6 else ""
    return Cause("taps", f"windows are right, but {many} taps are others: {mine}{more} where {theirs}{more}", many)
