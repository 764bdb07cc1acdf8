"""One case observed as a command line asks: where, which of its aspects, and what of it tells most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cases import figures
from cases.case import Case, parse
from harness import judge
from harness.commands.printing import tell
from harness.errors import EnvironmentFailed, NothingSelected, UsageError
from harness.frameworks.ways import Way
from harness.observe.probe import probes_of
from harness.observe.supervisor import Limits, Place, observe
from harness.records import PROBES, Environment, Job, Observation, Probe, Surface, Verdict
from harness.report.text import one_line


@dataclass(frozen=True, slots=True)
class Seen:
    """What was observed of a case on a surface, and where."""

    place: Place
    environment: Environment
    verdict: Verdict
    observation: Observation


def read(text: str) -> Case:
    """A case, by its id or the name of a figure.

    Raises
    ------
    UsageError
        It is neither.
    """
    try:
        return figures.CASES.get(text) or parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from error


def jobs(case: Case, ways: Sequence[Way], aspect: Probe | None) -> list[Job]:
    """What is to be observed: of the ways that are asked for, or cost little."""
    found = []
    for way in ways:
        wanted = tuple(probe for probe in probes_of(case) if probe in way.probes and aspect in (None, probe))
        if case.op in way.ops and way.kind in (None, "plain", "declared") and wanted:
            found.append(Job(case.id, way.surface, wanted))
    return found


def no_way(case: Case, reasons: Sequence[str]) -> str:
    """That there is none to say a case, and why."""
    told = "; ".join(dict.fromkeys(reasons)) or "none of the surfaces that are asked for shows that of it"
    return f"there is no way to say {case.id}: {told}"


def observed(
    case: Case, places: Sequence[tuple[Place, Sequence[Way]]], aspect: Probe | None, limits: Limits
) -> list[Seen]:
    """What is seen of a case on some surfaces.

    Raises
    ------
    EnvironmentFailed
        A framework cannot be observed.
    """
    found: list[Seen] = []
    for place, ways in places:
        asked = jobs(case, ways, aspect)
        if not asked:
            continue
        observations: list[Observation] = []
        environment = observe(place, asked, observations.append, limits, evidence=judge.is_evidence)
        if environment.failure and not observations:
            raise EnvironmentFailed(environment.failure)
        last = {seen.key: seen for seen in observations}
        for verdict in judge.judge(observations):
            seen = last[verdict.case_id, verdict.surface, verdict.aspect]
            found.append(Seen(place, environment, verdict, seen))
    return found


def most_telling(seen: Sequence[Seen], case: Case) -> Seen:
    """What is not as expected, if anything; the first route first, and its aspects in their order."""
    sayable = [one for one in seen if one.verdict.status != "unsupported"]
    if not sayable:
        raise NothingSelected(no_way(case, [f"{one.verdict.surface.route}: {one.verdict.observed}" for one in seen]))
    if failed := [one for one in sayable if one.verdict.status == "harness_error"]:
        tell(f"{failed[0].verdict.surface}: {one_line(failed[0].verdict.diagnosis)}")
    routes: list[Surface] = list(dict.fromkeys(one.observation.surface for one in seen))
    return min(
        sayable,
        key=lambda one: (
            one.verdict.as_expected,
            one.verdict.aspect == "declared",
            routes.index(one.verdict.surface),
            PROBES.index(one.verdict.aspect),
        ),
    )
