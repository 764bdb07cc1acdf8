"""``convarith repro``: one observation as a script that needs its framework alone, and what it prints here."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from cyclopts import Parameter

from cases import figures
from cases.case import Case, parse
from harness import judge
from harness.commands.printing import tell
from harness.commands.surfaces import SurfaceSelection
from harness.errors import EnvironmentFailed, NothingSelected, UsageError
from harness.frameworks import registry
from harness.frameworks.base import Unsupported
from harness.frameworks.ways import Way
from harness.observe import script
from harness.observe.probe import probes_of
from harness.observe.supervisor import Limits, Place, observe
from harness.operator import Operator
from harness.records import PROBES, Environment, Job, Observation, Probe, Surface, Verdict
from harness.report.text import clean, one_line
from harness.repro import Repro, repro
from harness.theory.expected import expected

LINES = 60  # of what a script prints, that are shown
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What was observed of a case on a surface, and where."""

    place: Place
    environment: Environment
    verdict: Verdict
    observation: Observation


def repro_case(
    case: str,
    *,
    framework: Annotated[str, Parameter(alias="-f")],
    route: str = "*",
    mode: str | None = None,
    switch: str = "",
    aspect: Probe | None = None,
    script: bool = False,
    timeout: float = 300.0,
) -> None:
    """Print a script of a few lines that shows a case in one framework, without convarith, and run it.

    What follows the script, as comments, is what it printed here and what the case was found to be; so all of it is a
    script still.

    Parameters
    ----------
    case
        A case, by its id or the name of one of the guide's figures.
    framework
        NAME, NAME=PYTHON for the interpreter of another environment, or what to install: 'jax==0.4.30'.
    route
        Only routes that match this pattern; the first on which something is not as expected, if left out, else the
        first that can say the case.
    mode
        Only modes that match this pattern; plain and declared ones, if left out.
    switch
        The process with this switch; the one without any, if left out.
    aspect
        'forward', 'adjoint', 'declared', 'dense', 'bias' or 'direct'; the first that is not as expected, if left out.
    script
        Print the script alone: nothing is observed, and no framework is needed.
    timeout
        Seconds for the script, and for observing the case.
    """
    if timeout <= 0:
        raise UsageError(f"--timeout {timeout:g}: give more than 0 seconds")
    asked = _case(case)
    if aspect is not None and aspect not in probes_of(asked):
        raise UsageError(f"--aspect {aspect}: {asked.id} has {', '.join(probes_of(asked))}")
    surfaces = SurfaceSelection(framework=(framework,), route=route, mode=mode, switch=switch)
    if script:
        sys.stdout.write(_unseen(asked, surfaces, aspect).text)
        return
    places = surfaces.places()
    shown = _most_telling(_observed(asked, places, aspect, Limits(case=timeout)), asked)
    sys.stdout.write(_whole(asked, shown, timeout))


def _case(text: str) -> Case:
    try:
        return figures.CASES.get(text) or parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _jobs(case: Case, ways: Sequence[Way], aspect: Probe | None) -> list[Job]:
    """What is to be observed: of the ways that are asked for, or cost little."""
    found = []
    for way in ways:
        wanted = tuple(probe for probe in probes_of(case) if probe in way.probes and aspect in (None, probe))
        if case.op in way.ops and way.kind in (None, "plain", "declared") and wanted:
            found.append(Job(case.id, way.surface, wanted))
    return found


def _unseen(case: Case, surfaces: SurfaceSelection, aspect: Probe | None) -> Repro:
    """The first script that there is."""
    reasons: list[str] = []
    for place, ways in surfaces.places():
        adapter = registry.load(place.reference)
        for job in _jobs(case, ways, aspect):
            made = repro(adapter, case, job.surface, job.probes[0])
            if isinstance(made, Repro):
                return made
            reasons.append(f"{job.surface.route}: {made.reason}")
    raise NothingSelected(_no_way(case, reasons))


def _no_way(case: Case, reasons: Sequence[str]) -> str:
    told = "; ".join(dict.fromkeys(reasons)) or "none of the surfaces that are asked for shows that of it"
    return f"there is no way to say {case.id}: {told}"


def _observed(
    case: Case, places: Sequence[tuple[Place, Sequence[Way]]], aspect: Probe | None, limits: Limits
) -> list[Seen]:
    found: list[Seen] = []
    for place, ways in places:
        jobs = _jobs(case, ways, aspect)
        if not jobs:
            continue
        observations: list[Observation] = []
        environment = observe(place, jobs, observations.append, limits, evidence=judge.is_evidence)
        if environment.failure and not observations:
            raise EnvironmentFailed(environment.failure)
        last = {seen.key: seen for seen in observations}
        for verdict in judge.judge(observations):
            seen = last[verdict.case_id, verdict.surface, verdict.aspect]
            found.append(Seen(place, environment, verdict, seen))
    return found


def _most_telling(seen: Sequence[Seen], case: Case) -> Seen:
    """What is not as expected, if anything; the first route first, and its aspects in their order."""
    sayable = [one for one in seen if one.verdict.status != "unsupported"]
    if not sayable:
        raise NothingSelected(_no_way(case, [f"{one.verdict.surface.route}: {one.verdict.observed}" for one in seen]))
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


def _whole(case: Case, seen: Seen, timeout: float) -> str:
    """The script, what it prints here, and the verdict, the latter two in comments."""
    surface, aspect = seen.verdict.surface, seen.verdict.aspect
    adapter = registry.load(seen.place.reference)
    crashed = seen.verdict.status == "crashed"
    made = repro(adapter, case, surface, aspect, brief=crashed, rows=_differing(case, seen.observation))
    assert not isinstance(made, Unsupported), "what was observed can be said"
    tell(f"running the script, on {surface}")
    ran = script.run(
        made.text,
        seen.place.python,
        ours=made.ours,
        limit=timeout,
        variables={name: value for name, value in QUIET.items() if name not in os.environ},
    )
    facts = seen.environment.facts
    where = ", ".join(one_line(facts[name], 100) for name in ("platform", "processor") if name in facts)
    versions = f"{seen.place.framework} {facts.get('version')} and Python {facts.get('python')}"
    if facts.get("unwritten_memory", "anything") != "anything":
        where += f", where memory that nobody wrote holds {one_line(facts['unwritten_memory'], 20)}"
    told = [f"Here, with {one_line(versions, 100)} on {where}, it prints:", "", *_printed(ran), ""]
    verdict = seen.verdict
    told.append(f"{verdict.status}: {one_line(verdict.diagnosis or f'as the theory says, {verdict.expected}')}")
    return made.text + "\n" + "".join(f"# {line}".rstrip() + "\n" for line in told)


def _printed(ran: script.Ran) -> list[str]:
    lines = clean(ran.printed, LINES * 200).splitlines()
    lines = [*lines[:LINES], *(["…"] if len(lines) > LINES else [])]
    shown = [f"    {one_line(line, 200)}" if len(line) > 200 else f"    {line}" for line in lines]
    if ran.ended.startswith("exit status"):
        last = next((line for line in reversed(clean(ran.errors[-8000:], 8000).splitlines()) if line.strip()), "")
        return [*shown, f"    {one_line(last)}", f"the process ended: {ran.ended}"]
    return [*shown, f"the process ended: {ran.ended}"] if ran.ended else shown


def _differing(case: Case, seen: Observation) -> list[int]:
    """The rows of an operator that are not as expected."""
    theory = expected(case)
    wanted = theory.adjoint if seen.probe == "adjoint" else theory.operator
    if seen.operator is None or seen.probe not in ("forward", "adjoint", "direct"):
        return []
    found = Operator.from_json(seen.operator)
    if (found.rows, found.columns) != (wanted.rows, wanted.columns):
        return []
    differs = found.dense() != wanted.dense()
    return [int(row) for row in np.flatnonzero(differs.any(axis=1))]
