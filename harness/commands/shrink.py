"""``convarith shrink``: from a case that disagrees to the smallest that still disagrees in the same way."""

from __future__ import annotations

import shlex
import sys
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cases.case import Case, parse
from harness import judge, store
from harness.commands import asked as asking
from harness.commands.observing import most_telling, observed, read
from harness.commands.printing import tell
from harness.commands.surfaces import SurfaceSelection
from harness.errors import EnvironmentFailed, NothingSelected, UsageError
from harness.observe.probe import probes_of
from harness.observe.supervisor import Limits, Minder, Place
from harness.records import EXPECTED_STATUSES, Job, Observation, Probe, Surface, Verdict
from harness.report.summary import asked_for
from harness.report.text import count, one_line
from harness.rules.causes import cause
from harness.shrink import ATTEMPTS, Shrunk, shrink_together, weight

SLOW = 20  # attempts where each may take as long as it is allowed to

_Key = tuple[str, Surface, Probe]
_Sort = tuple[str, str]  # a status, and the cause in words without numbers


def shrink(
    what: str,
    *,
    framework: Annotated[str, Parameter(alias="-f")] = "",
    where: str | None = None,
    route: str = "*",
    mode: str | None = None,
    switch: str = "",
    aspect: Probe | None = None,
    attempts: int = ATTEMPTS,
    timeout: float = 300.0,
) -> None:
    """Find the smallest case that still shows the same disagreement: the same status, for the same cause.

    Parameters
    ----------
    what
        A case, by its id or the name of one of the guide's figures; or, with --where, a run's directory.
    framework
        Of a case: NAME, NAME=PYTHON for the interpreter of another environment, or what to install.
    where
        Of a run: an SQL predicate over the columns of its table 'verdicts'. From each sort of disagreement among them
        the smallest is gone on from, in the environments of the run.
    route
        Of a case: only routes that match this pattern.
    mode
        Of a case: only modes that match this pattern; plain and declared ones, if left out.
    switch
        Of a case: the process with this switch.
    aspect
        Of a case: the first that is not as expected, if left out.
    attempts
        How many cases are tried at most, from each that is begun with.
    timeout
        Seconds for one case.
    """
    if timeout <= 0 or attempts < 1:
        raise UsageError("--timeout is more than 0 seconds, and --attempts at least 1")
    limits = Limits(case=timeout)
    if where is not None:
        if framework or (route, mode, switch, aspect) != ("*", None, "", None):
            raise UsageError(
                "--where chooses among the verdicts of a run: leave out -f, --route, --mode, --switch, --aspect"
            )
        wrong = _of_run(Path(what), where)
        places = {place.where: place for place, _ in _asked(Path(what)).places()}
    else:
        if not framework:
            raise UsageError(
                "say in which framework the case disagrees: -f NAME; or which verdicts of a run: --where SQL"
            )
        surfaces = SurfaceSelection(framework=(framework,), route=route, mode=mode, switch=switch)
        seen = most_telling(observed(read(what), surfaces.places(), aspect, limits), read(what))
        if seen.verdict.as_expected:
            raise NothingSelected(f"{seen.verdict.case_id} is as expected wherever it was observed: nothing disagrees")
        wrong, places = [seen.verdict], {seen.place.where: seen.place}
    for number, (where_, some) in enumerate(_by_place(wrong).items()):
        if where_ not in places:
            raise EnvironmentFailed(f"{'/'.join(filter(None, where_))} is not to be observed here any more")
        for found in _shrunk(places[where_], some, attempts, limits):
            sys.stdout.write(("\n" if number or found.number else "") + _told(found))


@dataclass(frozen=True, slots=True)
class _Found:
    """What came of one disagreement."""

    number: int
    first: Verdict
    smallest: Verdict
    shrunk: Shrunk


def _asked(folder: Path) -> SurfaceSelection:
    return asking.of(store.read_run(folder), folder).surfaces


def _of_run(folder: Path, where: str) -> list[Verdict]:
    """Of each sort of disagreement in a run that a predicate holds for, the smallest."""
    held = ", ".join(f"'{status}'" for status in sorted(EXPECTED_STATUSES))
    columns = "case_id, framework, route, mode, switch, release, aspect, status, expected, observed, diagnosis"
    sql = f"SELECT {columns} FROM verdicts WHERE ({where}) AND status NOT IN ({held})"  # noqa: S608 - the user's own query
    smallest: dict[tuple[Surface, str, _Sort], Verdict] = {}
    for case_id, framework, route, mode, switch, release, aspect, status, *said in store.query(folder, sql).rows:
        surface = Surface(framework, route, mode, switch or "", release or "")
        expected, observed_, diagnosis = (text or "" for text in said)
        verdict = Verdict(
            case_id=case_id, surface=surface, aspect=aspect, relationships=(), status=status,
            expected=expected, observed=observed_, diagnosis=diagnosis,
        )  # fmt: skip
        key = surface, aspect, _sort(verdict)
        if key not in smallest or weight(parse(case_id)) < weight(parse(smallest[key].case_id)):
            smallest[key] = verdict
    if not smallest:
        raise NothingSelected(f'{folder} has no disagreement where "{where}"')
    return sorted(smallest.values(), key=lambda verdict: (verdict.surface, verdict.aspect, verdict.case_id))


def _by_place(verdicts: Iterable[Verdict]) -> dict[tuple[str, str, str], list[Verdict]]:
    found: dict[tuple[str, str, str], list[Verdict]] = {}
    for verdict in verdicts:
        found.setdefault(verdict.surface.where, []).append(verdict)
    return found


def _sort(verdict: Verdict) -> _Sort:
    return verdict.status, cause(verdict.status, verdict.observed, verdict.diagnosis)


def _shrunk(place: Place, wrong: Sequence[Verdict], attempts: int, limits: Limits) -> list[_Found]:
    """Search from all disagreements in one place, side by side, in one process."""
    known: dict[_Key, Verdict] = {(one.case_id, one.surface, one.aspect): one for one in wrong}
    with Minder(place, limits, threading.Event(), judge.is_evidence) as minder:

        def shows(asked: list[tuple[int, Case]]) -> list[bool]:
            keys = [(case.id, wrong[number].surface, wrong[number].aspect) for number, case in asked]
            _look(minder, known, (key for key in keys if key not in known and key[2] in probes_of(parse(key[0]))))
            found = [
                key in known and _sort(known[key]) == _sort(wrong[n]) for key, (n, _) in zip(keys, asked, strict=True)
            ]
            if sys.stderr.isatty():
                tell(f"{count(len(known), 'case')} seen, the last {keys[-1][0]}")
            return found

        most = [min(attempts, SLOW) if one.status == "timed_out" else attempts for one in wrong]
        ends = shrink_together([parse(one.case_id) for one in wrong], shows, most)
    return [
        _Found(number, one, known[end.case.id, one.surface, one.aspect], end)
        for number, (one, end) in enumerate(zip(wrong, ends, strict=True))
    ]


def _look(minder: Minder, known: dict[_Key, Verdict], keys: Iterable[_Key]) -> None:
    """Observe what is not known."""
    jobs: dict[tuple[str, Surface], Job] = {}
    for case_id, surface, aspect in dict.fromkeys(keys):
        job = jobs.get((case_id, surface), Job(case_id, surface, ()))
        jobs[case_id, surface] = replace(job, probes=(*job.probes, aspect))
    seen: list[Observation] = []
    environment = minder.mind(list(jobs.values()), seen.append)
    if environment.failure:
        raise EnvironmentFailed(environment.failure)
    for verdict in judge.judge(seen):
        known[verdict.case_id, verdict.surface, verdict.aspect] = verdict


def _told(found: _Found) -> str:
    smallest, surface = found.smallest, found.smallest.surface
    rest = "nothing smaller shows it" if found.shrunk.finished else "the attempts ran out"
    words = ["convarith", "repro", smallest.case_id, "-f", asked_for(surface), "--route", surface.route]
    words += ["--mode", surface.mode, *(("--switch", surface.switch) if surface.switch else ())]
    lines = [
        f"{found.first.case_id}, {surface}, {smallest.aspect}: {smallest.status}",
        f"  smallest: {smallest.case_id}; tried {found.shrunk.tried}, {rest}",
        f"  expected: {one_line(smallest.expected, 200)}; observed: {one_line(smallest.observed, 200)}",
        *([f"  {one_line(smallest.diagnosis, 300)}"] if smallest.diagnosis else []),
        f"    {shlex.join([*words, '--aspect', smallest.aspect])}",
    ]
    return "\n".join(lines) + "\n"
