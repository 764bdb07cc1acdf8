"""What an adapter does in a worker: whether it starts, keeps to the form, agrees where all must, and computes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from cases.case import Op, parse
from harness import judge
from harness.check.layers import PLAINEST, edges, plainest
from harness.check.result import Check, verdict
from harness.check.within import CHECKED, MARK
from harness.frameworks.base import Adapter, Unsupported
from harness.frameworks.ways import ways
from harness.observe.probe import probes_of
from harness.observe.supervisor import Place, observe
from harness.records import Environment, Job, Observation, Surface, Verdict

_AROUND = "harness.check.within:"
_FORM = {
    "results": (
        "`run` gives a result for each call",
        "give one Returned or Raised for each call, no more and no fewer",
    ),
    "in-order": (
        "in the order of the calls",
        "give the results in the order of the calls, each what its call gives alone",
    ),
    "shapes": (
        "shapes and arrays are of the form that is asked for",
        "Returned has the output's shape, (batch, feature maps, sizes) as a tuple of int, and an array of it; where "
        "gradients are asked for, an array with one of x's shape for each element of the output: base.returned does it",
    ),
    "errors": (
        "what the framework raises comes as Raised",
        "hand what the framework raises over as Raised, by base.attempt, and let nothing else be raised",
    ),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """An adapter that is being checked.

    Attributes
    ----------
    kind : type of Adapter
    reference : str
        'MODULE:CLASS'.
    registered : str
        The name that an entry point gives it; empty if there is none.
    """

    kind: type[Adapter]
    reference: str
    registered: str = ""

    def place(self, around: str = "", switch: str = "") -> Place:
        """Where it is observed: as it is, or with an adapter around it."""
        reference = _AROUND + around if around else self.reference
        return Place(self.kind.name, reference, sys.executable, switch=switch, variables={CHECKED: self.reference})

    def surfaces(self, switch: str = "") -> list[Surface]:
        """Its surfaces that a grid can take."""
        return [way.surface for way in ways(self.kind.name, self.kind, switch) if way.kind is not None]

    def jobs(self, surface: Surface, layers: Sequence[str]) -> list[Job]:
        """What is to be observed of some layers on a surface."""
        shown = self.kind.routes[surface.route].modes[surface.mode].probes
        found = [
            Job(name, surface, tuple(probe for probe in probes_of(parse(name)) if probe in shown)) for name in layers
        ]
        return [job for job in found if job.probes]

    def plainest(self, surface: Surface) -> list[str]:
        """The plainest layers for a surface: one of each operation where each is compiled, else more."""
        route = self.kind.routes[surface.route]
        one, ops = route.modes[surface.mode].kind == "compiled", route.seen(surface.mode)
        return [name for op in ops for name in plainest(self.kind.say, surface.route, op, one=one)]

    def edges(self, surface: Surface) -> list[str]:
        """The layers with little to compute for a surface."""
        return edges(self.kind.say, surface.route, self.kind.routes[surface.route].seen(surface.mode))


@dataclass(slots=True)
class _Seen:
    """What was seen in one worker."""

    observations: list[Observation] = field(default_factory=list)
    environment: Environment | None = None

    @classmethod
    def of(cls, place: Place, jobs: Sequence[Job]) -> _Seen:
        seen = cls()
        seen.environment = observe(place, jobs, seen.observations.append)
        return seen

    @property
    def failure(self) -> str:
        return (self.environment and self.environment.failure) or ""

    @property
    def facts(self) -> dict[str, str]:
        return self.environment.facts if self.environment else {}

    def verdicts(self, surface: Surface) -> list[Verdict]:
        return list(judge.judge(one for one in self.observations if one.surface == surface))


def sayable(checked: Checked) -> Check:
    """Whether each route can say a plainest layer of each operation that it is declared to have."""
    problems = [
        f"{route} says none of the plainest layers of {op}: {_reason(checked, route, op)}"
        for route, found in checked.kind.routes.items()
        for op in found.ops
        if not plainest(checked.kind.say, route, op)
    ]
    return verdict(
        "ops",
        problems,
        "each route says the plainest layers of its operations",
        "say them, or leave the operation out of Route.ops",
    )


def _reason(checked: Checked, route: str, op: Op) -> str:
    """Why a route cannot say the first of the plainest layers."""
    name = PLAINEST[op][0][0]
    said = checked.kind.say(parse(name), route)
    return f"of {name}, '{said.reason}'" if isinstance(said, Unsupported) else ""


def form(checked: Checked) -> Iterator[Check]:
    """The checks of how a worker starts, what it says of itself, and the form of its results."""
    jobs = [
        job
        for surface in checked.surfaces()
        for job in checked.jobs(surface, [*checked.plainest(surface), *checked.edges(surface)])
    ]
    seen = _Seen.of(checked.place("Watched"), jobs)
    if seen.failure and not seen.facts:
        remedy = (
            "start Python and make the adapter there, CLASS('cpu'), and call facts(): what is raised has to be mended"
        )
        yield Check("starts", "absent", " ".join(seen.failure.split()), remedy)
        return
    yield Check("starts", "ok", "a worker has started, and has told its facts")
    problem = seen.facts.get(f"{MARK}facts")
    yield verdict(
        "facts",
        [problem] if problem else [],
        f"version {seen.facts.get('version')}",
        "facts() gives a dict of texts: the 'version', and whatever decides which code runs",
    )
    found: dict[str, list[str]] = {name: [] for name in _FORM}
    for one in seen.observations:
        if one.outcome == "harness_error":
            name = (one.error or "").removeprefix(MARK) if (one.error or "").startswith(MARK) else "errors"
            found[name].append(f"{one.case_id} on {one.surface.route}, {one.surface.mode}, {one.probe}: {_last(one)}")
    for name, (fine, remedy) in _FORM.items():
        yield verdict(name, found[name], fine, remedy)


def _last(one: Observation) -> str:
    """What went wrong, without the way there."""
    lines = [line for line in (one.text or "").splitlines() if line.strip()]
    text = lines[-1].strip() if lines else ""
    error = (one.error or "").removeprefix(MARK)
    return text if (one.error or "").startswith(MARK) or text.startswith(error) else f"{error}: {text}"


def agreement(checked: Checked) -> Iterator[Check]:
    """On each surface, whether the plainest layers are what the theory says; if so, whether a planted fault shows.

    It would not show if the adapter did not compute from what it is given.
    """
    surfaces = checked.surfaces()
    seen = _Seen.of(checked.place(), [job for one in surfaces for job in checked.jobs(one, checked.plainest(one))])
    agree = []
    for surface in surfaces:
        check = _agrees(f"agrees {surface.route} {surface.mode}", checked, seen, surface)
        yield check
        if check.status == "ok":
            agree.append(surface)
    planted = _Seen.of(
        checked.place("Planted"), [job for one in agree for job in checked.jobs(one, checked.plainest(one))]
    )
    for surface in agree:
        yield _shows(f"faults {surface.route} {surface.mode}", planted, surface)


def _agrees(name: str, checked: Checked, seen: _Seen, surface: Surface) -> Check:
    verdicts = seen.verdicts(surface)
    asked = sum(len(job.probes) for job in checked.jobs(surface, checked.plainest(surface)))
    problems = [
        f"{one.case_id}, {one.aspect}: {one.status}: expected {one.expected}, observed {one.observed}"
        + (f"; {one.diagnosis}" if one.diagnosis else "")
        for one in verdicts
        if not one.as_expected
    ]
    if len(verdicts) < asked:
        problems.append(f"{asked - len(verdicts)} of {asked} were not observed: {seen.failure}")
    layers = len({one.case_id for one in verdicts})
    return verdict(
        name,
        problems,
        f"{layers} of the plainest layers agree in {len(verdicts)} aspects",
        "find out whether the adapter or the framework is wrong; most are wrong at first in the orders of the axes, "
        "or in whether a kernel is turned",
    )


def _shows(name: str, planted: _Seen, surface: Surface) -> Check:
    verdicts = planted.verdicts(surface)
    problems = [
        f"{one.case_id}, {one.aspect}: {_fault(one)} was handed over, and the verdict is '{one.status}'"
        + (f": {one.observed}" if one.status != "agrees" else "")
        for one in verdicts
        if one.status not in ("wrong_operator", "wrong_shape", "unsupported")
    ]
    if not verdicts:
        problems = [f"nothing was observed: {planted.failure}"]
    return verdict(
        name,
        problems,
        f"a planted fault shows in {len(verdicts)} aspects",
        "compute from the kernel, the bias and the input of the Call, and from nothing else",
    )


def _fault(one: Verdict) -> str:
    return "a longer input" if parse(one.case_id).pools or one.aspect == "declared" else "the kernel turned by 180°"


def switches(checked: Checked) -> Iterator[Check]:
    """Of each switch, whether it can be set, is told in the facts, and leaves the plainest layers as they are."""
    known = (*checked.kind.switches, *checked.kind.further_switches)
    if not known:
        return
    plain = _Seen.of(checked.place(), [])
    for switch in known:
        surfaces = checked.surfaces(switch)
        jobs = [job for one in surfaces for job in checked.jobs(one, checked.plainest(one))]
        seen = _Seen.of(checked.place(switch=switch), jobs)
        name = f"switch {switch}"
        if seen.failure:
            yield Check(name, "wrong", " ".join(seen.failure.split()), "set in __init__ what the switch says")
        elif seen.facts == plain.facts:
            told = "facts() gives the same with it and without"
            yield Check(name, "wrong", told, "set in __init__ what the switch says, and give in facts() what is set")
        else:
            found = [_agrees(name, checked, seen, one) for one in surfaces]
            wrong = [replace(one, name=name) for one in found if one.status != "ok"]
            changed = {k: v for k, v in seen.facts.items() if plain.facts.get(k) != v}
            told = ", ".join(f"{k} {v}" for k, v in changed.items())
            yield wrong[0] if wrong else Check(name, "ok", f"facts: {told}; the plainest layers agree")
