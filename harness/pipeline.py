"""One way through the house: cases → observe → judge, and the run's directory with what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from cases.case import Case
from harness import judge, store
from harness.errors import ConvarithError
from harness.observe.engine import Shard, observe_all
from harness.observe.supervisor import Limits, Sink
from harness.records import Observation, Verdict

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
) -> tuple[store.Run, list[Verdict]]:
    """Observe shards of a run, judge what was seen, and close the run.

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
        How many shards are observed at once.
    limits : Limits
    notice : callable, optional
        Told of every observation, from the thread that made it.

    Returns
    -------
    Run
        As it is closed: with its environments, its time, and whether it is complete.
    list of Verdict

    Raises
    ------
    ConvarithError
        The directory can no longer be written. What was observed until then is kept.
    """
    began = time.monotonic()
    names = ["-".join(filter(None, (shard.place.framework, shard.place.switch))) for shard in shards]
    files = [store.ObservationFile(folder / "observations" / f"{name}.jsonl") for name in names]

    def sink(number: int) -> Sink:
        def take(seen: Observation) -> None:
            # An operator that is as expected is known by its digest; one that is not is evidence.
            files[number].append(seen if judge.is_evidence(seen) else replace(seen, operator=None))
            if notice is not None:
                notice(seen)

        return take

    try:
        environments = observe_all(shards, workers, sink, limits)
        verdicts = list(judge.judge(store.observations(folder)))
        run = replace(
            run,
            environments=tuple(environments),
            complete=_is_complete(shards, verdicts),
            seconds=round(time.monotonic() - began, 1),
        )
        store.close(folder, run, cases, verdicts)
    except OSError as error:
        raise ConvarithError(
            f"{folder} can no longer be written ({error.strerror}): what was observed until then is kept there"
        ) from error
    finally:
        for file in files:
            file.close()
    return run, verdicts


def _is_complete(shards: Sequence[Shard], verdicts: Sequence[Verdict]) -> bool:
    """Whether there is a verdict on every probe of every job."""
    judged = {(verdict.case_id, verdict.surface, verdict.aspect) for verdict in verdicts}
    return all(
        (job.case_id, job.surface, probe) in judged for shard in shards for job in shard.jobs for probe in job.probes
    )
