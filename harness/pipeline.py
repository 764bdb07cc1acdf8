"""One way through the house: cases → observe → judge, and the run's directory with what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from cases.case import Case
from harness import judge, store
from harness.errors import ConvarithError
from harness.observe.engine import Shard, observe_all, split
from harness.observe.supervisor import Limits, Sink
from harness.records import Environment, Observation
from harness.report.model import Judged
from harness.store import log

Notice = Callable[[Observation], None]


def conduct(
    run: store.Run,
    cases: Sequence[Case],
    shards: Sequence[Shard],
    folder: Path,
    *,
    workers: int,
    limits: Limits,
    notice: Notice | None = None,
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
    notice : callable, optional
        Told of every observation, from the thread that made it.

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
    pieces = list(split(_left(shards, folder)))
    first = log.next_number(folder)

    @contextmanager
    def sink(number: int) -> Iterator[Sink]:
        place = pieces[number].place
        path = folder / "observations" / log.name(place.framework, place.switch, first + number)
        with store.ObservationFile(path) as file:

            def take(seen: Observation) -> None:
                # An operator that is as expected is known by its digest; one that is not is evidence.
                file.append(seen if judge.is_evidence(seen) else replace(seen, operator=None))
                if notice is not None:
                    notice(seen)

            yield take

    try:
        environments = observe_all(pieces, workers, sink, limits, judge.is_evidence)
        return close(
            replace(run, environments=_united(run.environments, environments)),
            cases,
            folder,
            probes=sum(len(job.probes) for shard in shards for job in shard.jobs),
            began=began,
        )
    except OSError as error:
        raise ConvarithError(
            f"{folder} can no longer be written ({error.strerror}): what was observed until then is kept there; when "
            f"there is room, go on by: convarith run --resume --out {folder}"
        ) from error


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
    judged = Judged.of(store.close(folder, cases, run.environments, judge.judge_in_order))
    complete = judged.total == probes and not any(place.failure for place in run.environments)
    run = replace(run, complete=complete, seconds=round(run.seconds + time.monotonic() - began, 1))
    store.write_run(folder, run)
    return run, judged


def _left(shards: Sequence[Shard], folder: Path) -> Iterator[Shard]:
    """What of some work has not been observed yet. A place stays, to be looked at, even if all has."""
    seen = set(store.keys(folder))
    for shard in shards:
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
    known = {(place.framework, place.switch): place for place in (*earlier, *now)}
    return tuple(known.values())
