"""What frameworks do with a layer, observed: each route computes the layer's operator, in processes of their own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from cases.case import Case, parse
from cases.layer import Ends, Sizes
from harness import judge
from harness.diagnose import Diagnosis
from harness.diagnose.geometry import Sweep, claimed
from harness.frameworks import registry
from harness.frameworks.base import Adapter, Spelling, Unsupported
from harness.frameworks.ways import Way
from harness.investigate.padding import ends_of
from harness.investigate.question import size_of
from harness.observe.supervisor import Limits, Place, observe
from harness.operator import Operator
from harness.records import Job, Observation, Status
from harness.theory.expected import expected

Places = Sequence[tuple[Place, Sequence[Way]]]
_LIMITS = Limits(case=60.0)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one route did with one way to say a layer.

    Attributes
    ----------
    framework, version, route, mode : str
    call : str
        What was called, as one writes it.
    case_id : str
        The case that was said.
    status : str
        Of what was returned against the theory of that very case.
    o : tuple of int
        The output's size; empty where nothing was returned.
    ends : tuple of (int, int)
        Padding or crop along each axis that the operator shows; empty where none can be read off.
    axes : tuple of Sweep
        How the window sweeps along each axis, as the operator shows it; empty where that cannot be read off.
    sentence : str
        What it does otherwise than the layer that was asked about, in words; empty where it does the same.
    matrices : tuple of str
        The asked layer's operator and this one's, in small, where they differ.
    error : str
        Why there is nothing: what the route cannot say, or what was raised.
    """

    framework: str
    version: str
    route: str
    mode: str
    call: str
    case_id: str
    status: Status
    o: Sizes = ()
    ends: tuple[Ends, ...] = ()
    axes: tuple[Sweep, ...] = ()
    sentence: str = ""
    matrices: tuple[str, ...] = ()
    error: str = ""

    @property
    def same(self) -> bool:
        """Whether it does what was asked about."""
        return bool(self.o) and not self.sentence


def unsaid(places: Places, case: Case) -> list[Seen]:
    """The routes that have no way to say a case, each with its reason."""
    found = []
    for place, ways in places:
        for way in _first(ways):
            said = _adapter(place).say(case, way.surface.route)
            if isinstance(said, Unsupported) and case.op in way.ops:
                where = way.surface
                found.append(
                    Seen(where.framework, "", where.route, where.mode, "", case.id, "unsupported", error=said.reason)
                )
    return found


def seen(places: Places, asked: Case, cases: Iterable[Case]) -> tuple[list[Seen], list[str]]:
    """What every route that can say them does with some cases, told against one of them.

    Parameters
    ----------
    places : sequence of (Place, sequence of Way)
    asked : Case
        What the others are held against.
    cases : iterable of Case

    Returns
    -------
    list of Seen
    list of str
        Sentences about frameworks that could not be observed.
    """
    wanted = list(dict.fromkeys(case.id for case in cases))
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        done = list(pool.map(lambda one: _at(one[0], one[1], wanted), places))
    found: list[Seen] = []
    failures: list[str] = []
    for (place, _), (version, observations, failure) in zip(places, done, strict=True):
        if failure:
            failures.append(f"{place.framework} could not be observed: {failure}")
        found += [_told(place, version, asked, one) for one in observations]
    return found, failures


def _at(place: Place, ways: Sequence[Way], wanted: Sequence[str]) -> tuple[str, list[Observation], str]:
    """The version, what was seen, and why nothing was, at one place."""
    adapter = _adapter(place)
    jobs = [
        Job(case_id, way.surface, ("forward",))
        for case_id in wanted
        for way in _first(ways)
        if parse(case_id).op in way.ops and isinstance(adapter.say(parse(case_id), way.surface.route), Spelling)
    ]
    if not jobs:
        return "", [], ""
    observations: list[Observation] = []
    environment = observe(place, jobs, observations.append, _LIMITS)
    return environment.facts.get("version", ""), observations, environment.failure or ""


def _first(ways: Sequence[Way]) -> list[Way]:
    """One mode of each route: the first that computes as most people do."""
    found: dict[str, Way] = {}
    for way in ways:
        if "forward" in way.probes and way.kind in ("plain", None):
            found.setdefault(way.surface.route, way)
    return list(found.values())


def _adapter(place: Place) -> type[Adapter]:
    return registry.load(place.reference)


def _told(place: Place, version: str, asked: Case, one: Observation) -> Seen:
    """An observation against the layer that was asked about."""
    case, where = parse(one.case_id), one.surface
    said = _adapter(place).say(case, where.route)
    assert isinstance(said, Spelling)
    found = Seen(where.framework, version, where.route, where.mode, said.call, case.id, judge.status(one))
    if one.outcome != "returned" or one.shape is None or one.operator is None:
        text = ": ".join(filter(None, (one.error, one.text)))
        return replace(found, error=text or one.outcome.replace("_", " "))
    o = tuple(size or 0 for size in one.shape[2:])
    operator = Operator.from_json(one.operator)
    wanted = expected(asked)
    if operator.digest == wanted.operator.digest and o == size_of(asked):
        shown = case if found.status == "agrees" else asked  # of which the operator is this one
        return replace(found, o=o, ends=ends_of(shown), axes=claimed(shown).axes)
    said_of = judge.diagnosis(replace(one, case_id=asked.id)) if len(one.shape) == len(asked.axes) + 2 else None
    if said_of is None:
        return replace(found, o=o, sentence="an output with another number of axes")
    return replace(
        found,
        o=o,
        ends=_ends(case, found.status, said_of, asked),
        axes=(claimed(case).axes if found.status == "agrees" else said_of.axes) or (),
        sentence=said_of.sentence,
        matrices=(said_of.expected, said_of.observed) if said_of.expected else (),
    )


def _ends(case: Case, status: Status, said: Diagnosis, asked: Case) -> tuple[Ends, ...]:
    """The padding that was applied: that of the case that was said if it has this operator, else what is fitted."""
    if status == "agrees":
        return ends_of(case)
    if said.axes is None:
        return ()
    if asked.transposed:
        return tuple((axis.p, -axis.rest) for axis in said.axes)
    return tuple(
        (axis.p, axis.after(mine.p_before, mine.p_after)) for axis, mine in zip(said.axes, asked.axes, strict=True)
    )
