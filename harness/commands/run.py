"""``convarith run``: observe, judge and report."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from cases.case import Case
from harness import store
from harness.commands.explore import Exploration, make_small
from harness.commands.progress import Progress
from harness.commands.report import publish
from harness.commands.selection import CaseSelection, SurfaceSelection, of_shard, shards
from harness.errors import AS_EXPECTED, FAILED, UNEXPECTED, NothingSelected, UsageError
from harness.observe.supervisor import Limits
from harness.pipeline import conduct
from harness.report.model import Judged

_ALL_CASES, _ALL_SURFACES, _NO_RANDOM = CaseSelection(), SurfaceSelection(), Exploration()


@dataclass(frozen=True)
class _Asked:
    """All that a run was asked, as ``run.json`` keeps it."""

    cases: CaseSelection
    surfaces: SurfaceSelection
    explore: Exploration
    shard: str
    limits: Limits
    digest: str = ""  # of the cases' ids

    def remembered(self, places: Iterable[tuple[Any, object]], chosen: Iterable[Case]) -> dict[str, Any]:
        return {
            "cases": self.cases.remembered(),
            "surfaces": self.surfaces.remembered(places),
            "explore": asdict(self.explore),
            "shard": self.shard,
            "limits": asdict(self.limits),
            "digest": digest(chosen),
        }


def run(
    *,
    cases: CaseSelection = _ALL_CASES,
    surfaces: SurfaceSelection = _ALL_SURFACES,
    explore: Exploration = _NO_RANDOM,
    shard: str = "",
    jobs: Annotated[int, Parameter(alias="-j")] = 0,
    timeout: float = 300.0,
    start_timeout: float = 180.0,
    memory: int = 0,
    out: Path | None = None,
    resume: bool = False,
    exit_zero: bool = False,
) -> int:
    """Observe layers, judge them against the theory, and report.

    The summary is shown; the reports and tables are left in the output directory.

    Parameters
    ----------
    shard
        K/N: of the cases, by their ids, the K-th of N parts; 'convarith merge' unites the runs.
    jobs
        Worker processes at once; as many as there are processors, if left out.
    timeout
        Seconds for one case.
    start_timeout
        Seconds for a framework to start.
    memory
        MiB that a worker may hold: a case that takes more counts as crashed. No limit, if left out.
    out
        Output directory, which must be new or empty; reports/DATE-TIME if left out.
    resume
        Go on with the run in the output directory, as it was asked for, where it was interrupted.
    exit_zero
        End with 0 where a disagreement alone would end with 1. The report is the same.
    """
    if timeout <= 0 or start_timeout <= 0 or jobs < 0 or memory < 0:
        raise UsageError("--timeout and --start-timeout are more than 0 seconds, --jobs and --memory are not negative")
    asked = _Asked(cases, surfaces, explore, shard, Limits(start_timeout, timeout, memory))
    if resume:
        if out is None:
            raise UsageError("--resume goes on with the run in a directory: say which with --out")
        if asked != _Asked(_ALL_CASES, _ALL_SURFACES, _NO_RANDOM, "", Limits()):
            raise UsageError("--resume goes on with what the run was asked for: leave out all but --out and --jobs")
        record = store.read_run(out)
        if record.complete:
            judged = Judged.of(store.verdicts(out))
            publish(out, record, judged)
            return exit_code(record, judged, forgiving=exit_zero)
        asked = _remembered(record, out)
    places = asked.surfaces.places()
    chosen = list(asked.explore.cases(asked.cases))
    if asked.shard:
        chosen = list(of_shard(chosen, asked.shard))
    if not chosen:
        raise NothingSelected("the selection holds no case; convarith list shows what a grid holds")
    work = shards(chosen, places, asked.explore.kinds(asked.cases))
    if resume:
        assert out is not None
        folder = out
        if asked.digest != digest(chosen):
            raise UsageError(f"{folder} cannot be gone on with: the grid has other cases than it had; start a new run")
    else:
        now = datetime.now(timezone.utc)
        folder = out or Path("reports") / now.strftime("%Y%m%d-%H%M%S")
        record = store.Run(
            version=version("convarith"),
            asked=_told(asked),
            selection=asked.remembered(places, chosen),
            cases=len(chosen),
            started=now.isoformat(timespec="seconds"),
        )
        store.create(folder, record)
    for sentence in asked.surfaces.missing():
        print(f"convarith: {sentence}", file=sys.stderr)

    workers = jobs or os.cpu_count() or 1
    with Progress(work) as progress:
        record, judged = conduct(
            record, chosen, work, folder, workers=workers, limits=asked.limits, notice=progress.count
        )
    publish(folder, record, judged)
    if asked.explore.random is not None:
        make_small(record, judged.unexpected, work, folder, workers=workers, limits=asked.limits)
    for failure in (place.failure for place in record.environments if place.failure):
        print(f"convarith: {failure}", file=sys.stderr)
    return exit_code(record, judged, forgiving=exit_zero)


def exit_code(run: store.Run, judged: Judged, *, forgiving: bool = False) -> int:
    """How a run ends the program. Only disagreements can be forgiven, never a failure of the harness itself."""
    failed = any(place.failure for place in run.environments) or judged.counts["harness_error"]
    if failed or not run.complete:
        return FAILED
    return AS_EXPECTED if forgiving or not judged.unexpected else UNEXPECTED


def digest(cases: Iterable[Case]) -> str:
    """A name for a selection of cases: equal ones, and only they, have equal digests."""
    told = hashlib.blake2b(digest_size=12)
    for name in sorted(case.id for case in cases):
        told.update(f"{name}\n".encode())
    return told.hexdigest()


def _told(asked: _Asked) -> dict[str, str]:
    told = {**asked.explore.asked(asked.cases), "device": asked.surfaces.device}
    others = {"mode": asked.surfaces.mode, "switch": asked.surfaces.switch, "shard": asked.shard}
    return {**told, **{name: text for name, text in others.items() if text}}


def _remembered(record: store.Run, folder: Path) -> _Asked:
    try:
        return msgspec.convert(record.selection, _Asked)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"{folder} cannot be gone on with: its run.json does not say what was asked ({error}); start a new run"
        ) from error
