"""From entries to the parameters along each axis: unit = s·window + d·tap - p, solved exactly in integers.

Where a value names its tap, all three are known of each entry (:func:`by_taps`). Where it does not, as of a pooling or
a kernel with other numbers, the taps follow from which units a window meets at all (:func:`by_support`). What the
entries leave open, as the stride of a single window, is taken to be as claimed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from harness.diagnose.geometry import Geometry, Sweep, claimed, resized
from harness.diagnose.reading import Reading

Integers = NDArray[np.int64]
_MOST = 64  # geometries that are tried
_FARTHEST = 16  # the largest stride and dilation that are tried where entries leave them open


def geometries(reading: Reading) -> Iterator[Geometry]:
    """Geometries that the operator may have, each once: as claimed, and what can be read off."""
    at_first = resized(claimed(reading.case), reading.windows[1:], reading.units[1:])
    yield at_first
    known = [at_first]
    for found in (*by_taps(reading, at_first), *by_support(reading, at_first)):
        if found not in known:
            known.append(found)
            yield found


def by_taps(reading: Reading, at_first: Geometry) -> list[Geometry]:
    """The parameters that the taps' places say, those nearest to what is claimed first; nothing where none do.

    Every value that names a tap must stand where one tap of one window does. Axes may be exchanged. Where few entries
    leave several parameters open, each is given: the operator as a whole tells which are right.
    """
    named, place = reading.taps
    if not named.any():
        return []
    window, unit = reading.entries.window[named], reading.entries.unit[named]
    rank = len(at_first.axes)
    for order in permutations(range(rank)):
        lines = []
        for axis, own in enumerate(order):
            sweep = replace(at_first.axes[axis], i=reading.units[own + 1])
            lines.append(line(window[:, axis + 1], place[:, axis + 2], unit[:, own + 1], sweep))
            if not lines[-1]:
                break
        else:
            return [Geometry(sweeps, order) for sweeps in product(*lines)][:_MOST]
    return []


def line(w: Integers, t: Integers, x: Integers, sweep: Sweep) -> list[Sweep]:
    """Parameters for which x = s·w + d·t - p holds for every entry, those nearest to a sweep's own first.

    A tap may be counted from the far end: then the kernel is flipped, which is the kernel's affair.
    """
    found = []
    for s, e in _slopes(w, t, x, sweep):
        if s < 1 or e == 0:
            continue
        rest = x - s * w - e * t
        if (rest == rest[0]).all():
            start = int(rest[0]) + (e * (sweep.k - 1) if e < 0 else 0)
            one = replace(sweep, s=s, d=abs(e), p=-start)
            if one not in found:
                found.append(one)
    return found


def _slopes(w: Integers, t: Integers, x: Integers, sweep: Sweep) -> Iterator[tuple[int, int]]:
    """Strides and dilations to try, from those that change least: none, one of them, both."""
    yield sweep.s, sweep.d
    yield sweep.s, -sweep.d
    for e in (sweep.d, -sweep.d):
        s = _slope(w, x - e * t)
        if s is not None:
            yield s, e
    e_alone = _slope(t, x - sweep.s * w)
    if e_alone is not None:
        yield sweep.s, e_alone
    centred = np.stack([w - w.mean(), t - t.mean()], axis=1)
    both, _, rank, _ = np.linalg.lstsq(centred, x - x.mean(), rcond=None)
    if rank == 2:
        yield int(np.rint(both[0])), int(np.rint(both[1]))
    if rank < 2:
        yield from _open(w, t, x, sweep)


def _open(w: Integers, t: Integers, x: Integers, sweep: Sweep) -> Iterator[tuple[int, int]]:
    """Strides and dilations where entries leave one open, as those of one tap or one window alone.

    They are such that the others miss all units, which the operator as a whole tells.
    """
    most = min(max(sweep.i, sweep.s, sweep.d) + 1, _FARTHEST)
    dilations = sorted(range(1, most + 1), key=lambda d: abs(d - sweep.d)) if sweep.k > 1 else [sweep.d]
    strides = sorted(range(1, most + 1), key=lambda s: abs(s - sweep.s))
    for d in dilations:
        for e in (d, -d):
            if (w != w[0]).any():
                s = _slope(w, x - e * t)
                yield from [] if s is None else [(s, e)]
            else:
                yield from ((s, e) for s in strides)


def _slope(a: Integers, b: Integers) -> int | None:
    """What b grows by where a grows by one, if that is a whole number."""
    first, last = int(a.argmin()), int(a.argmax())
    run, rise = int(a[last] - a[first]), int(b[last] - b[first])
    return rise // run if run and rise % run == 0 else None


def by_support(reading: Reading, at_first: Geometry) -> list[Geometry]:
    """The parameters that follow from which units a window meets at all; nothing where none do."""
    entries, lines = reading.entries, []
    if not entries.value.size:
        return []
    for axis, sweep in enumerate(at_first.axes, start=1):
        met = np.zeros((sweep.o, sweep.i), dtype=bool)
        met[entries.window[:, axis], entries.unit[:, axis]] = True
        lines.append(_support(met, sweep))
    return [Geometry(sweeps, at_first.order) for sweeps in product(*lines)][:_MOST]


def _support(met: NDArray[np.bool_], sweep: Sweep) -> list[Sweep]:
    """The parameters of one axis, from the units that each window meets."""
    w, x = np.nonzero(met)
    steps = np.diff(x)[np.diff(w) == 0]
    d = int(steps.min()) if steps.size else sweep.d
    windows, starts = [], []
    for window in np.unique(w):
        units = x[w == window]
        first, last = int(units[0]), int(units[-1])
        if first >= d or (last - first) == d * (sweep.k - 1):  # a tap before the first would be seen
            windows.append(window)
            starts.append(first)
        elif last + d < sweep.i:  # and one after the last
            windows.append(window)
            starts.append(last - d * (sweep.k - 1))
    if not windows:
        return []
    return line(np.array(windows), np.zeros(len(windows), np.int64), np.array(starts), replace(sweep, d=d))
