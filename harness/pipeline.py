"""One way through the house: cases → observe → judge, and the run's directory with what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from cases.case import Case
from harness import judge, store
from harness.errors import ConvarithError, UsageError
from harness.observe.engine import Shard, observe_all, split
from harness.observe.supervisor import Limits, Sink
from harness.records import Environment, Observation
from harness.report.model import Judged
from harness.spread import Engine, observe_on
from harness.store import log


class Watcher(Protocol):
    """Who looks on while a run is observed."""

    def begin(self, work: Sequence[Shard], /) -> None:
        """So much is to be done."""

    def count(self, seen: Observation, /) -> None:
        """One more observation has been made. Called from the thread that made it."""


def conduct(
    run: store.Run,
    cases: Sequence[Case],
    shards: Sequence[Shard],
    folder: Path,
    *,
    workers: int,
    limits: Limits,
    watcher: Watcher | None = None,
    engine: Engine | None = None,
) -> tuple[store.Run, Judged]:
    """Observe what of a run is not observed yet, judge all that was, and close the run.

    Parameters
    ----------
    run : Run
        Of a directory that :func:`harness.store.create` has made.
    cases : sequence of Case
        All that the shards' jobs speak of.
    shards : sequence of Shard
        One for each framework and switch.
    folder : Path
        The run's directory.
    workers : int
        How many worker processes there are at once.
    limits : Limits
    watcher : Watcher, optional
    engine : Engine, optional
        Runs the shards in place of this process's own workers.

    Returns
    -------
    Run
        As it is closed: with its environments, its time, and whether it is complete.
    Judged
        Its verdicts; all of them are in its tables.

    Raises
    ------
    ConvarithError
        The directory can no longer be written. What was observed until then is kept.
    """
    began = time.monotonic()
    try:
        with store.held(folder):
            left = list(split(_left(shards, folder), workers if engine is None else 1))
            if watcher is not None:
                watcher.begin(left)
            book = _Book(run, folder)
            if engine is None:
                environments = _observe(left, folder, book, workers=workers, limits=limits, watcher=watcher)
            else:
                environments = _observe_on(engine, left, folder, book, limits=limits, watcher=watcher)
            return close(
                replace(run, environments=_united(book.run.environments, environments)),
                cases,
                folder,
                probes=sum(len(job.probes) for shard in shards for job in shard.jobs),
                began=began,
            )
    except OSError as error:
        raise ConvarithError(
            f"{folder} can no longer be written ({error.strerror}): what was observed until then is kept there; when "
            f"there is room, go on by: {store.how_to_go_on(folder)}"
        ) from error


def _observe(
    pieces: Sequence[Shard], folder: Path, book: _Book, *, workers: int, limits: Limits, watcher: Watcher | None
) -> list[Environment]:
    first = log.next_number(folder)

    @contextmanager
    def sink(number: int) -> Iterator[Sink]:
        place = pieces[number].place
        path = folder / "observations" / log.name(place.where, first + number)
        with store.ObservationFile(path) as file:

            def take(seen: Observation) -> None:
                file.append(judge.kept(seen))
                judge.expectation(seen.case_id)  # while others observe
                if watcher is not None:
                    watcher.count(seen)

            yield take

    return observe_all(pieces, workers, sink, limits, evidence=judge.is_evidence, met=book.met)


def _observe_on(
    engine: Engine, pieces: Sequence[Shard], folder: Path, book: _Book, *, limits: Limits, watcher: Watcher | None
) -> list[Environment]:
    first = log.next_number(folder)

    def take(number: int, lines: bytes) -> None:
        place = pieces[number].place
        store.write_whole(folder / "observations" / log.name(place.where, first + number), lines)
        if watcher is not None:
            for seen in log.read(lines.splitlines()):
                watcher.count(seen)

    try:
        return observe_on(engine, pieces, limits, take=take, met=book.met)
    except engine.lost as error:
        raise ConvarithError(
            f"the engine has lost its workers ({type(error).__name__}): what was observed until then is kept; go on "
            f"by: {store.how_to_go_on(folder)}"
        ) from error


class _Book:
    """Keeps the record of a run that is being observed: which environments it is observed in, from the first on."""

    def __init__(self, run: store.Run, folder: Path) -> None:
        self.run, self._folder, self._lock = run, folder, threading.Lock()

    def met(self, environment: Environment) -> None:
        """A worker is ready. Its environment must be the one that the run was begun in."""
        with self._lock:
            known = next((one for one in self.run.environments if one.where == environment.where), None)
            if known is not None and (told := known.differs(environment)):
                raise UsageError(
                    f"{self._folder} cannot be gone on with here: {told}, when it was begun and now; start a new run"
                )
            if known is None or not known.facts:
                self.run = replace(self.run, environments=_united(self.run.environments, [environment]))
                store.write_run(self._folder, self.run)


def close(
    run: store.Run, cases: Sequence[Case], folder: Path, *, probes: int, began: float
) -> tuple[store.Run, Judged]:
    """Judge what was observed, and write the tables and ``run.json``.

    Parameters
    ----------
    run : Run
        With its environments.
    cases : sequence of Case
    folder : Path
    probes : int
        How many verdicts a complete run has.
    began : float
        When this process began to observe, by the monotonic clock.
    """
    store.close(folder, cases, run.environments, judge.judge_in_order)
    judged = Judged.read(folder)
    complete = judged.total == probes and not any(place.failure for place in run.environments)
    run = replace(run, complete=complete, seconds=round(run.seconds + time.monotonic() - began, 1))
    store.write_run(folder, run)
    return run, judged


def _left(shards: Sequence[Shard], folder: Path) -> Iterator[Shard]:
    """What of some work has not been observed yet. A place stays, to be looked at, even if all has."""
    for shard in shards:
        seen = store.keys(folder, shard.place.where)
        if not seen:
            yield shard
            continue
        jobs = (
            replace(job, probes=tuple(p for p in job.probes if (job.case_id, job.surface, p) not in seen))
            for job in shard.jobs
        )
        yield Shard(shard.place, [job for job in jobs if job.probes])


def _united(earlier: Sequence[Environment], now: Sequence[Environment]) -> tuple[Environment, ...]:
    """Environments of a run that was gone on with: what is known now, and of others what was known."""
    before = {place.where: place for place in earlier}
    known = {}
    for place in now:
        was = before.pop(place.where, place)
        known[place.where] = replace(place, facts=place.facts or was.facts)
    return (*known.values(), *before.values())
