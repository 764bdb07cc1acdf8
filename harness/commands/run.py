"""``convarith run``: observe, judge and report."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from harness import store
from harness.commands.explore import Exploration, make_small
from harness.commands.progress import Progress
from harness.commands.report import publish
from harness.commands.selection import CaseSelection, SurfaceSelection, shards
from harness.errors import AS_EXPECTED, FAILED, UNEXPECTED, NothingSelected, UsageError
from harness.observe.supervisor import Limits
from harness.pipeline import conduct
from harness.records import Verdict

_ALL_CASES, _ALL_SURFACES, _NO_RANDOM = CaseSelection(), SurfaceSelection(), Exploration()


def run(
    *,
    cases: CaseSelection = _ALL_CASES,
    surfaces: SurfaceSelection = _ALL_SURFACES,
    explore: Exploration = _NO_RANDOM,
    jobs: Annotated[int, Parameter(alias="-j")] = 0,
    timeout: float = 300.0,
    start_timeout: float = 180.0,
    out: Path | None = None,
    exit_zero: bool = False,
) -> int:
    """Observe layers, judge them against the theory, and report.

    The summary is shown; the reports and tables are left in the output directory.

    Parameters
    ----------
    jobs
        Worker processes at once; as many as there are processors, if left out.
    timeout
        Seconds for one case.
    start_timeout
        Seconds for a framework to start.
    out
        Output directory, which must be new or empty; reports/DATE-TIME if left out.
    exit_zero
        End with 0 where a disagreement alone would end with 1. The report is the same.
    """
    if timeout <= 0 or start_timeout <= 0 or jobs < 0:
        raise UsageError("--timeout and --start-timeout are more than 0 seconds, --jobs is not negative")
    places = surfaces.places()
    chosen = list(explore.cases(cases))
    if not chosen:
        raise NothingSelected("the selection holds no case; convarith list shows what a grid holds")
    work = shards(chosen, places, explore.kinds(cases))

    now = datetime.now(timezone.utc)
    folder = out or Path("reports") / now.strftime("%Y%m%d-%H%M%S")
    record = store.Run(
        version=version("convarith"),
        asked={**explore.asked(cases), "device": surfaces.device},
        cases=len(chosen),
        started=now.isoformat(timespec="seconds"),
    )
    store.create(folder, record)
    for sentence in surfaces.missing():
        print(f"convarith: {sentence}", file=sys.stderr)

    workers, limits = jobs or os.cpu_count() or 1, Limits(start_timeout, timeout)
    with Progress(work) as progress:
        record, verdicts = conduct(
            record,
            chosen,
            work,
            folder,
            workers=workers,
            limits=limits,
            notice=progress.count,
        )
    publish(folder, record, verdicts)
    if explore.random is not None:
        make_small(record, verdicts, work, folder, workers=workers, limits=limits)
    for failure in (place.failure for place in record.environments if place.failure):
        print(f"convarith: {failure}", file=sys.stderr)
    return exit_code(record, verdicts, forgiving=exit_zero)


def exit_code(run: store.Run, verdicts: Sequence[Verdict], *, forgiving: bool = False) -> int:
    """How a run ends the program. Only disagreements can be forgiven, never a failure of the harness itself."""
    failed = any(place.failure for place in run.environments) or any(v.status == "harness_error" for v in verdicts)
    if failed or not run.complete:
        return FAILED
    return AS_EXPECTED if forgiving or all(verdict.as_expected for verdict in verdicts) else UNEXPECTED
