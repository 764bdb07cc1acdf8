"""What an average divides by, and which units it sees."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from cases.case import Case
from harness.diagnose.geometry import Geometry, claimed
from harness.diagnose.places import number, share
from harness.diagnose.reading import Reading
from harness.diagnose.record import Cause
from harness.theory.expected import reciprocals

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


def shares(reading: Reading, geometry: Geometry) -> Array | None:
    """What each unit of a window contributes, one number for each output; None if it is not one, or not these units."""
    maps = reading.windows[0]
    c = geometry.structure(maps, reading.units[0], maps)
    values, rows = reading.matrix.reshape(-1)[c.indices], c.indices // c.columns
    share_of = np.zeros(c.rows)
    share_of[rows] = values
    if not (share_of[rows] == values).all() or np.count_nonzero(values) != np.count_nonzero(reading.matrix):
        return None
    return share_of.reshape(maps, -1)


def causes(reading: Reading, geometry: Geometry, found: Array) -> list[Cause] | None:
    """What the divisors are, and what they should be; nothing if they are right."""
    case = reading.case
    seen = np.flatnonzero(_counted(case, geometry, "real"))
    wanted = [_claimed(case, geometry, own=own) for own in (True, False)]
    for divisors in wanted:
        if _are(found, reciprocals(divisors, case.dtype), seen):
            return []
    right = reciprocals(wanted[0], case.dtype)
    factor = found[:, seen] / right[seen]
    times = float(factor[0, 0]) if seen.size else 1.0
    scaled = abs(times - 1) > 2**-8 and (found[:, seen] == right[seen] * times).all()
    for divisors, words in _rules(case, geometry):
        if _are(found, reciprocals(divisors, case.dtype), seen):
            return [Cause("divisor", f"{words}: {_example(found, right, seen)}")]
    for divisors, words in _simple(geometry):
        if _are(found, reciprocals(divisors, case.dtype), seen):
            return [Cause("divisor", f"{words}: {_example(found, right, seen)}")]
    if scaled and reading.probe == "adjoint":
        return [Cause("scale", f"every entry times {number(times)}")]
    for divisors, words in _constants(case, geometry, found):
        if _are(found, reciprocals(divisors, case.dtype), seen):
            return [Cause("divisor", f"{words}: {_example(found, right, seen)}")]
    if _are(found, 1 / wanted[0], seen):
        row = seen[np.flatnonzero((found[:, seen] != right[seen]).any(axis=0))[0]]
        text = f"reciprocals are not rounded to {case.dtype}: {found[0][row]:.9g} where {right[row]:.9g}"
        return [Cause("reciprocal", text)]
    if scaled:
        return [Cause("scale", f"every entry times {number(times)}")]
    if seen.size and abs(factor - 1).max() < 2**-8:
        return [Cause("rounding", f"the same but for rounding: none is off by more than {abs(factor - 1).max():.1g}")]
    return None


def _are(found: Array, shares_: Array, seen: Integers) -> bool:
    return bool((found[:, seen] == shares_[seen]).all())


def _example(found: Array, right: Array, seen: Integers) -> str:
    row = seen[np.flatnonzero((found[:, seen] != right[seen]).any(axis=0))[0]]
    return f"{share(float(found[0][row]))} where {share(float(right[row]))}"


def _claimed(case: Case, geometry: Geometry, *, own: bool) -> Integers:
    """Divisors by the case's own rule; with the padding that was found, or the one that is claimed."""
    if case.divisor is not None:
        return np.full(math.prod(axis.o for axis in geometry.axes), case.divisor)
    return np.maximum(_counted(case, geometry, ("own" if own else "padded") if case.count_include_pad else "real"), 1)


def _counted(case: Case, geometry: Geometry, what: str) -> Integers:
    """How many units of each window count: 'real' ones, or up to the padding's end, found or claimed ('own')."""
    counts = []
    same_ends = geometry.axes == claimed(case).axes
    for axis, said in zip(geometry.axes, case.axes, strict=True):
        along = axis.placements()
        if what == "real":
            counts.append(along.real.sum(axis=1))
            continue
        after = said.p_after if what == "own" or same_ends else axis.after(said.p_before, said.p_after)
        counts.append(((along.start[:, None] + along.offset) < axis.i + after).sum(axis=1))
    return reduce(lambda total, count: (total[:, None] * count).reshape(-1), counts, np.ones(1, dtype=np.int64))


def _rules(case: Case, geometry: Geometry) -> Iterator[tuple[Integers, str]]:
    """Divisors that there may be, with what is then said."""
    outputs, window = math.prod(axis.o for axis in geometry.axes), math.prod(axis.k for axis in geometry.axes)
    ignored = "" if case.divisor is None else f", divisor = {case.divisor} ignored"
    if case.divisor is not None:
        yield np.full(outputs, window), f"divides by the whole window{ignored}"
    if not case.count_include_pad or case.divisor is not None:
        yield _counted(case, geometry, "own"), f"divisor counts the padding{ignored}"
    beyond = ", what lies beyond the padding counted" if case.count_include_pad else ""
    yield np.full(outputs, window), f"divides by the whole window{beyond}"
    yield np.maximum(_counted(case, geometry, "real"), 1), f"divisor leaves the padding out{ignored}"


def _simple(geometry: Geometry) -> Iterator[tuple[Integers, str]]:
    """Divisors of a window that is not counted, or along one axis alone."""
    outputs, first = math.prod(axis.o for axis in geometry.axes), geometry.axes[0]
    yield np.ones(outputs, dtype=np.int64), "does not divide, but adds up"
    if len(geometry.axes) > 1:
        yield np.full(outputs, first.k), f"divides by k of the first axis alone, {first.k}"


def _constants(case: Case, geometry: Geometry, found: Array) -> Iterator[tuple[Integers, str]]:
    """One divisor for all outputs."""
    outputs = math.prod(axis.o for axis in geometry.axes)
    ignored = "" if case.divisor is None else f", divisor = {case.divisor} ignored"
    some = found[found > 0]
    if some.size and case.divisor != round(1 / some[0]):
        yield np.full(outputs, max(round(1 / some[0]), 1)), f"divides by {round(1 / some[0])} everywhere{ignored}"
