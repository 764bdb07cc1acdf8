"""``convarith run``: observe, judge and report."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from contextlib import nullcontext
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from harness import store
from harness.commands.asked import Asked, digest, of
from harness.commands.explore import Exploration, make_small
from harness.commands.ledger import Ledger
from harness.commands.progress import Progress
from harness.commands.report import conclude
from harness.commands.selection import CaseSelection, of_shard
from harness.commands.surfaces import SurfaceSelection, shards
from harness.commands.varying import observed_again
from harness.deviations.settled import Settled
from harness.errors import AS_EXPECTED, FAILED, UNEXPECTED, NothingSelected, UsageError
from harness.observe.supervisor import Limits
from harness.pipeline import conduct
from harness.records import Verdict
from harness.report.model import Judged
from harness.report.text import one_line
from harness.spread import named

ON_ONE_GPU = 4  # workers, unless it is said otherwise: each holds a context of its own, some 500 MiB

_DEFAULT, _SHIPPED = Asked(), Ledger()


def run(
    *,
    cases: CaseSelection = _DEFAULT.cases,
    surfaces: SurfaceSelection = _DEFAULT.surfaces,
    explore: Exploration = _DEFAULT.explore,
    shard: str = "",
    jobs: Annotated[int, Parameter(alias="-j")] = 0,
    timeout: float = 300.0,
    start_timeout: float = 180.0,
    memory: int = 0,
    engine: str = "",
    vary: bool = True,
    out: Path | None = None,
    resume: bool = False,
    exit_zero: bool = False,
    github: Annotated[bool, Parameter(negative=())] = False,
    ledger: Ledger = _SHIPPED,
) -> int:
    """Observe layers, judge them against the theory, and report.

    The summary is shown; the reports and tables are left in the output directory.

    Parameters
    ----------
    shard
        K/N: of the cases, by their ids, the K-th of N parts; 'convarith merge' unites the runs.
    jobs
        Worker processes at once; if left out, as many as there are processors, and no more than 4 on a GPU.
    timeout
        Seconds for one case.
    start_timeout
        Seconds for a framework to start.
    memory
        MiB that a worker may hold: a case that takes more counts as crashed. No limit, if left out.
    engine
        What runs the work: 'dask' (a cluster of this machine's processes), 'dask=ADDRESS' (one whose scheduler is
        there), or MODULE:CALLABLE, which is called with the number of workers and gives a concurrent.futures.Executor.
        This process and its workers, if left out.
    vary
        Observe disagreements that are not known again, the smallest of each kind: with other switches, in other modes,
        layouts, element types and batches, to see on which they depend. --no-vary leaves that out.
    out
        Output directory, which must be new or empty; reports/DATE-TIME if left out.
    resume
        Go on with the run in the output directory, as it was asked for, where it was interrupted.
    exit_zero
        End with 0 where a disagreement alone would end with 1. The report is the same.
    github
        Print annotations for GitHub Actions, at most ten: one for each rule that is not known.
    """
    if timeout <= 0 or start_timeout <= 0 or jobs < 0 or memory < 0:
        raise UsageError("--timeout and --start-timeout are more than 0 seconds, --jobs and --memory are not negative")
    entries = ledger.entries()
    asked = Asked(cases, surfaces, explore, shard, Limits(start_timeout, timeout, memory), vary)
    record = None
    if resume:
        record, folder = _begun(asked, out)
        if record.complete and (store.has_varied(folder) or not record.selection.get("vary")):
            judged, found = conclude(folder, record, entries, github=github)
            return exit_code(record, judged, found, forgiving=exit_zero)
        asked = of(record, folder)
    places = asked.surfaces.places()
    chosen = list(asked.explore.cases(asked.cases))
    kinds = asked.explore.kinds(asked.cases)
    name = digest(chosen, kinds)
    if not chosen:
        raise NothingSelected("the selection holds no case; convarith list shows what a grid holds")
    if asked.shard:
        chosen = list(of_shard(chosen, asked.shard))
    work = shards(chosen, places, kinds)
    if record is None:
        now = datetime.now(timezone.utc)
        folder = out or Path("reports") / now.strftime("%Y%m%d-%H%M%S")
        record = store.Run(
            version=version("convarith"),
            asked=asked.told(),
            selection=asked.remembered(places, name),
            cases=len(chosen),
            started=now.isoformat(timespec="seconds"),
        )
        store.create(folder, record)
    elif asked.digest != name:
        raise UsageError(f"{folder} cannot be gone on with: the grid has other cases than it had; start a new run")
    for sentence in asked.surfaces.missing():
        print(f"convarith: {sentence}", file=sys.stderr)

    most = os.cpu_count() or 1
    workers = jobs or (min(most, ON_ONE_GPU) if asked.surfaces.device == "gpu" else most)

    def again(closed: store.Run, verdicts: Collection[Verdict]) -> store.Run:
        taken = [shard.place for shard in work]
        return observed_again(closed, verdicts, taken, folder, asked, workers=workers, engine=engine)

    try:
        with named(engine, workers) if engine else nullcontext() as others, Progress() as progress:
            if not record.complete:
                record, _ = conduct(
                    record, chosen, work, folder, workers=workers, limits=asked.limits, watcher=progress, engine=others
                )
        judged, found = conclude(folder, record, entries, again, github=github)
    except KeyboardInterrupt:
        print(f"convarith: to go on: {store.how_to_go_on(folder)}", file=sys.stderr)
        raise
    if asked.explore.random is not None:
        make_small(record, judged.unexpected, work, folder, workers=workers, limits=asked.limits)
    for failure in (place.failure for place in record.environments if place.failure):
        print(f"convarith: {one_line(failure, 1000)}", file=sys.stderr)
    return exit_code(record, judged, found, forgiving=exit_zero)


def _begun(asked: Asked, out: Path | None) -> tuple[store.Run, Path]:
    """The run to go on with."""
    if out is None:
        raise UsageError("--resume goes on with the run in a directory: say which with --out")
    if asked != _DEFAULT:
        raise UsageError(
            "--resume goes on with what the run was asked for: leave out all but --out, --jobs, --engine, --known, "
            "--no-known, --exit-zero, --github"
        )
    record, ours = store.read_run(out), version("convarith")
    if record.version != ours:
        raise UsageError(
            f"{out} was begun by convarith {record.version}, and this is {ours}, which may judge otherwise: go on with "
            "that release, or start a new run"
        )
    return record, out


def exit_code(run: store.Run, judged: Judged, found: Settled, *, forgiving: bool = False) -> int:
    """How a run ends the program. Only disagreements can be forgiven, never a failure of the harness itself."""
    failed = any(place.failure for place in run.environments) or judged.counts["harness_error"]
    if failed or not run.complete:
        return FAILED
    return AS_EXPECTED if forgiving or not (judged.different or found.findings) else UNEXPECTED
