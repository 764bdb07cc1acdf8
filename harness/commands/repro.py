"""``convarith repro``: one observation as a script that needs its framework alone, and what it prints here."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import numpy as np
from cyclopts import Parameter

from cases.case import Case
from harness.commands.observing import Seen, jobs, most_telling, no_way, observed, read
from harness.commands.printing import tell
from harness.commands.surfaces import SurfaceSelection
from harness.errors import NothingSelected, UsageError
from harness.frameworks import registry
from harness.frameworks.base import Unsupported
from harness.observe import script
from harness.observe.probe import probes_of
from harness.observe.supervisor import Limits
from harness.operator import Operator
from harness.records import Observation, Probe
from harness.report.text import clean, one_line
from harness.repro import Repro, repro
from harness.theory.expected import expected

LINES = 60  # of what a script prints, that are shown
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}


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
    asked = read(case)
    if aspect is not None and aspect not in probes_of(asked):
        raise UsageError(f"--aspect {aspect}: {asked.id} has {', '.join(probes_of(asked))}")
    surfaces = SurfaceSelection(framework=(framework,), route=route, mode=mode, switch=switch)
    if script:
        sys.stdout.write(_unseen(asked, surfaces, aspect).text)
        return
    places = surfaces.places()
    shown = most_telling(observed(asked, places, aspect, Limits(case=timeout)), asked)
    sys.stdout.write(_whole(asked, shown, timeout))


def _unseen(case: Case, surfaces: SurfaceSelection, aspect: Probe | None) -> Repro:
    """The first script that there is."""
    reasons: list[str] = []
    for adapter, ways in surfaces.ways():
        for job in jobs(case, ways, aspect):
            made = repro(adapter, case, job.surface, job.probes[0])
            if isinstance(made, Repro):
                return made
            reasons.append(f"{job.surface.route}: {made.reason}")
    raise NothingSelected(no_way(case, reasons))


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
