"""What a grid sees of the planted faults, and whether the diagnosis names them.

Each fault is looked for through the worker's own observing, the judge and the diagnosis, over the grid's cases in an
order that has nothing to do with how the grid is made; large layers come last. So the number of cases until it is seen
says how dense the grid is.

Where a fault is not, the right layer answers (:meth:`~harness.selftest.planting.Fault.touches`). That all of these
agree is seen once, of the perfect framework, for all faults together.
"""

from __future__ import annotations

import math
import sys
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from cases.case import Axis, Case, parse
from harness import judge
from harness.diagnose import Diagnosis
from harness.diagnose.suspects import suspects
from harness.frameworks.base import Adapter
from harness.frameworks.ways import Way, ways
from harness.observe.probe import probes_of
from harness.observe.supervisor import Limits, Place, observation
from harness.observe.supervisor import observe as observe_apart
from harness.observe.worker import observe
from harness.records import PROBES, STATUSES, Job, Observation, Probe, Status, Verdict
from harness.selftest.faults import FAULTS
from harness.selftest.loops import size
from harness.selftest.planting import Fault, Perfect, plant, reference

LOOKED_AT = 8  # cases that show a fault, and whose diagnoses are read; then it has been seen enough
_LARGE = 1 << 19  # entries of an operator
_NAME = "perfect"
_LIMITS = Limits(start=300, case=1)


@dataclass(frozen=True)
class Selected:
    """The cases of a grid, and the kinds of surfaces that each is observed on."""

    name: str
    cases: Sequence[Case]
    kinds: Sequence[Collection[str]]

    @classmethod
    def of(cls, name: str, cases: Iterable[Case], kinds: Callable[[Case], Collection[str]]) -> Selected:
        """Put into the order that faults are looked for in."""
        chosen = sorted(cases, key=lambda case: (_entries(case) > _LARGE, zlib.crc32(case.id.encode()), case.id))
        return cls(name, chosen, [frozenset(kinds(case)) for case in chosen])

    @cached_property
    def probes(self) -> list[tuple[Probe, ...]]:
        """The probes of each case."""
        return [probes_of(case) for case in self.cases]


@dataclass(frozen=True, slots=True)
class Score:
    """What a grid saw of a fault.

    Attributes
    ----------
    grid, fault : str
    cases : int
        Of the grid.
    after : int or None
        How many cases were observed until one showed it; None where none does.
    shown : int
        How many cases that show it were looked at, up to LOOKED_AT.
    aspects, statuses, claims : tuple of str
        Of the verdicts on these that are not as expected. The claims are the relationships and conventions that speak
        of the cases, and the statements that the aspects test.
    diagnosed, named, alike : int
        Of these verdicts, how many are to be diagnosed; how many diagnoses name the fault's cause; and how many name
        another one that is as true, since it does the very same to that layer (:func:`as_true`). All 0 where there is
        no cause to name.
    case, diagnosis : str
        Of the first case that shows it, and of its first verdict.
    otherwise : tuple of str
        The diagnoses that name something else, or nothing.
    """

    grid: str
    fault: str
    cases: int
    after: int | None = None
    shown: int = 0
    aspects: tuple[Probe, ...] = ()
    statuses: tuple[Status, ...] = ()
    claims: tuple[str, ...] = ()
    diagnosed: int = 0
    named: int = 0
    alike: int = 0
    case: str = ""
    diagnosis: str = ""
    otherwise: tuple[str, ...] = ()

    @property
    def seen(self) -> bool:
        """Whether a case of the grid shows it."""
        return self.after is not None

    @property
    def by_its_cause(self) -> bool:
        """Whether most of its diagnoses name its cause."""
        return 2 * self.named > self.diagnosed

    @property
    def right(self) -> bool:
        """Whether most of its diagnoses name its cause, or what is as true."""
        return 2 * (self.named + self.alike) > self.diagnosed


@dataclass(frozen=True, slots=True)
class Clean:
    """What the perfect framework gave on a part of a grid: its verdicts, and those that are not as expected."""

    grid: str
    verdicts: int
    unexpected: tuple[str, ...]


def clean(grid: Selected, start: int, stop: int) -> Clean:
    """Observe the perfect framework on some of a grid's cases."""
    number, unexpected = 0, []
    for switch in ("", *Perfect.switches):
        adapter, known = Perfect(switch=switch), list(ways(_NAME, Perfect, switch))
        for place in range(start, min(stop, len(grid.cases))):
            jobs = list(_jobs(grid, place, known, lambda *_: True))
            seen = _observed(adapter, jobs)
            number += len(seen)
            unexpected += [
                f"{one.aspect} of {one.case_id}: {one.status} {one.observed} {one.diagnosis}"
                for one in judge.judge(one for one in seen if judge.status(one) != "agrees")
            ]
    return Clean(grid.name, number, tuple(unexpected))


def look_for(grid: Selected, fault: Fault) -> Score:
    """Look for a fault in the cases of a grid, until it has been seen enough."""
    switches = [switch for switch in ("", *Perfect.switches) if fault.switch in ("", switch)][:1]
    known = [way for switch in switches for way in ways(_NAME, Perfect, switch) if _worth(fault, way)]
    adapter = plant(fault)(switch=switches[0])
    score = Score(grid.name, fault.name, len(grid.cases))
    told: list[tuple[Verdict, Observation | None]] = []
    most = 1 if fault.ends else LOOKED_AT
    after, shown = None, 0
    for place in range(len(grid.cases)):
        jobs = list(_jobs(grid, place, known, fault.touches))
        if not jobs:
            continue
        seen = _observed_apart(fault, jobs) if fault.ends else _observed(adapter, jobs)
        wrong = list(_wrong(seen))
        if wrong:
            after, shown = place + 1 if after is None else after, shown + 1
            told += wrong
        if shown >= most:
            break
    if after is None:
        return score
    aspects, statuses = {verdict.aspect for verdict, _ in told}, {verdict.status for verdict, _ in told}
    claims = dict.fromkeys(name for verdict, _ in told for name in verdict.relationships)
    diagnosed = [one for one in told if one[1] is not None] if fault.cause else []
    named = [(names(fault, seen), verdict) for verdict, seen in diagnosed if seen is not None]
    return replace(
        score,
        after=after,
        shown=shown,
        aspects=tuple(probe for probe in PROBES if probe in aspects),
        statuses=tuple(status for status in STATUSES if status in statuses),
        claims=tuple(claims),
        diagnosed=len(diagnosed),
        named=sum(one is True for one, _ in named),
        alike=sum(one is None for one, _ in named),
        case=told[0][0].case_id,
        diagnosis=told[0][0].diagnosis,
        otherwise=tuple(f"{one.aspect} of {one.case_id}: {one.diagnosis}" for right, one in named if right is False),
    )


def names(fault: Fault, seen: Observation) -> bool | None:
    """Whether the diagnosis of an observation names the fault's cause; None where it names what is as true there."""
    told = judge.diagnosis(seen)
    if fault.cause in told.kinds:
        return True
    listed = fault.cause in {cause.kind for cause in told.perhaps}  # one of two or three that lead to the same shape
    return None if listed or as_true(told, seen) else False


def as_true(told: Diagnosis, seen: Observation) -> bool:
    """Whether one mistake of the kind that a diagnosis names does the very same to the layer that was observed.

    It is made, and observed: as a fault of that kind, planted in the perfect framework; or as the perfect framework's
    layer that is built by such a mistake, or has the parameters that were read off. Only then nobody could tell the two
    mistakes apart by that layer.
    """
    if len(told.kinds) != 1:
        return False
    case, surface, probe = parse(seen.case_id), seen.surface, seen.probe
    made: list[tuple[type[Adapter], Case]] = [
        (plant(other), case)
        for other in FAULTS
        if {other.cause} == told.kinds and not other.ends and other.touches(case, probe, surface.mode, surface.switch)
    ]
    made += [(Perfect, layer) for kind, _, layer in suspects(case) if kind in told.kinds]
    found = _found(case, told)
    if found is not None:
        made.append((Perfect, found))
    return any(
        (again.outcome, again.shape, again.digest) == (seen.outcome, seen.shape, seen.digest)
        for adapter, layer in made
        for again in _observed(adapter("cpu", surface.switch), [Job(layer.id, surface, (probe,))], whole=True)
    )


def _found(case: Case, told: Diagnosis) -> Case | None:
    """The layer of the parameters that a diagnosis read off; None where it read none, or there is no such layer."""
    if told.axes is None or "axes_exchanged" in told.kinds:
        return None
    axes = []
    for said, axis in zip(case.axes, told.axes, strict=True):
        if case.transposed:  # units are its outputs: what lies beyond the last tap is a - p
            i, p_after, a = axis.o, max(-axis.rest, 0), max(axis.rest, 0)
        else:
            i, p_after, a = axis.i, axis.after(said.p_before, said.p_after), 0
        if min(axis.p, p_after) < 0:
            return None
        axes.append(Axis(i, axis.k, axis.s, axis.p, p_after, axis.d, a))
    return replace(case, axes=tuple(axes), padding="explicit")


def _entries(case: Case) -> int:
    """How many entries the operator of a layer has."""
    outputs = math.prod(max(o, 0) for o in size(case))
    return case.channels_in * math.prod(case.each("i")) * case.channels_out * outputs


def _worth(fault: Fault, way: Way) -> bool:
    """Whether a way shows more than others: what is run otherwise gives the same again, unless the fault is there."""
    if way.kind == "compiled":
        return fault.modes is not None and way.surface.mode in fault.modes
    return way.kind is not None


def _jobs(
    grid: Selected, place: int, known: Sequence[Way], touched: Callable[[Case, Probe, str, str], bool]
) -> Iterator[Job]:
    case, kinds = grid.cases[place], grid.kinds[place]
    for way in known:
        if way.kind not in kinds or case.op not in way.ops:
            continue
        surface = way.surface
        probes = tuple(
            probe
            for probe in grid.probes[place]
            if probe in way.probes and touched(case, probe, surface.mode, surface.switch)
        )
        if probes:
            yield Job(case.id, surface, probes)


def _observed(adapter: Adapter, jobs: Sequence[Job], *, whole: bool = False) -> list[Observation]:
    told = [[number, job.case_id, job.surface.route, job.surface.mode, job.probes] for number, job in enumerate(jobs)]
    found = [observation(jobs[report.pop("seen")], report) for report in observe(adapter, told, whole=whole)]
    if whole:
        return found
    # As in a run: what differs is observed again, to be had whole; both stand where they are not the same.
    again = [
        Job(seen.case_id, seen.surface, (seen.probe,))
        for seen in found
        if seen.digest is not None and judge.is_evidence(seen)
    ]
    if not again:
        return found
    twice = {seen.key: seen for seen in _observed(adapter, again, whole=True)}
    first = [seen for seen in found if seen.key not in twice or seen.digest != twice[seen.key].digest]
    return [*first, *twice.values()]


def _observed_apart(fault: Fault, jobs: Sequence[Job]) -> list[Observation]:
    """In a process of its own, that may end."""
    seen: list[Observation] = []
    one = [replace(jobs[0], probes=jobs[0].probes[:1])]  # each costs a process, or the time that it may take
    observe_apart(Place(_NAME, reference(fault), sys.executable), one, seen.append, _LIMITS)
    return seen


def _wrong(observations: Iterable[Observation]) -> Iterator[tuple[Verdict, Observation | None]]:
    """Verdicts that are not as expected; with the observation, where it is diagnosed."""
    found = list(observations)
    by_key = {seen.key: seen for seen in found}
    suspects = {seen.key for seen in found if judge.status(seen) not in ("agrees", "unsupported")}
    for verdict in judge.judge(seen for seen in found if seen.key in suspects):
        if not verdict.as_expected:
            told = verdict.status in ("wrong_operator", "wrong_shape")
            if verdict.aspect in ("bias", "dense") and (verdict.case_id, verdict.surface, "forward") in suspects:
                told = False  # one column of numbers, of which the diagnosis of the operator says why
            yield verdict, by_key[verdict.case_id, verdict.surface, verdict.aspect] if told else None
