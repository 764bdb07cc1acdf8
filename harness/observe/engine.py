"""Runs shards side by side: each a place and its jobs, minded by a thread that has a worker process of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from harness.observe.child import Stopped
from harness.observe.supervisor import Limits, Place, Sink, observe
from harness.records import Environment, Job


@dataclass(frozen=True, slots=True)
class Shard:
    """Jobs for one place."""

    place: Place
    jobs: Sequence[Job]


def observe_all(
    shards: Sequence[Shard], workers: int, sink: Callable[[int], Sink], limits: Limits
) -> list[Environment]:
    """Observe all shards, some at a time.

    Parameters
    ----------
    shards : sequence of Shard
    workers : int
        How many run at once.
    sink : callable
        Given a shard's number, what takes its observations. Each is called from one thread only.
    limits : Limits

    Returns
    -------
    list of Environment
        One for each shard, in order.

    Raises
    ------
    KeyboardInterrupt
        The user ended it. All workers are dead by then, and what was observed has gone to the sinks.
    """
    stop = threading.Event()

    def work(number: int) -> Environment:
        shard = shards[number]
        try:
            return observe(shard.place, shard.jobs, sink(number), limits, stop)
        except Stopped:
            return Environment(shard.place.framework, shard.place.python, failure="stopped", switch=shard.place.switch)
        except BaseException:
            stop.set()  # an unwritable disk, or our own fault: the others need not go on
            raise

    with ThreadPoolExecutor(max_workers=workers) as pool:
        futures = [pool.submit(work, number) for number in range(len(shards))]
        try:
            return [future.result() for future in futures]
        except BaseException:
            stop.set()
            raise
