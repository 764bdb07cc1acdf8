"""Runs shards side by side: each a place and some of its jobs, minded by a thread that has a worker process of its own.

A thread stays with a place, and its worker, as long as the place has shards left; then it takes to the place that has
most left for each of those who work on it. So every framework is begun early, and nobody waits while there is work.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from harness.observe.child import Stopped
from harness.observe.supervisor import Evidence, Limits, Met, Minder, Place, Sink, environment_of
from harness.records import Environment, Job

SHARD = 1000  # jobs; what is lost at most when the machine that has them is
_TOGETHER = 100  # jobs that are not parted: so many share a compilation
_EACH = 4  # shards for each worker: so much of a place's work may be left to one alone at the end


@dataclass(frozen=True, slots=True)
class Shard:
    """Jobs for one place."""

    place: Place
    jobs: Sequence[Job]


def split(shards: Iterable[Shard], workers: int = 1, most: int = SHARD) -> Iterator[Shard]:
    """The same work in shards, small enough that many workers can share a place's; a place without jobs stays.

    Parameters
    ----------
    shards : iterable of Shard
    workers : int
        How many there are that can go on with a place where another is at work; 1 if each shard starts anew.
    most : int
        Jobs of a shard, at most.
    """
    for shard in shards:
        size, jobs = most, max(len(shard.jobs), 1)
        if workers > 1:
            size = min(most, math.ceil(jobs / (_EACH * workers * _TOGETHER)) * _TOGETHER)
        for start in range(0, jobs, size):
            yield Shard(shard.place, shard.jobs[start : start + size])


def observe_all(
    shards: Sequence[Shard],
    workers: int,
    sink: Callable[[int], AbstractContextManager[Sink]],
    limits: Limits,
    *,
    evidence: Evidence | None = None,
    met: Met | None = None,
) -> list[Environment]:
    """Observe all shards, some at a time.

    Parameters
    ----------
    shards : sequence of Shard
    workers : int
        How many worker processes there are at once.
    sink : callable
        Given a shard's number, a context manager of what takes its observations. Each is used by one thread only.
    limits : Limits
    evidence : callable, optional
        See :func:`harness.observe.supervisor.observe`. Called from all threads.
    met : callable, optional
        Told of each worker that is ready, before it observes. Called from all threads.

    Returns
    -------
    list of Environment
        One for each place, in the order in which places come first.

    Raises
    ------
    KeyboardInterrupt
        The user ended it. All workers are dead by then, and what was observed has gone to the sinks.
    """
    board, stop = _Board(shards), threading.Event()

    def work() -> None:
        try:
            while (number := board.take()) is not None:
                place = shards[number].place
                with Minder(place, limits, stop, evidence, met) as minder:
                    while number is not None:
                        with sink(number) as take:
                            board.done(place, minder.mind(shards[number].jobs, take))
                        number = board.take(place)
        except Stopped:
            return
        except BaseException:
            stop.set()  # an unwritable disk, or our own fault: the others need not go on
            raise

    with ThreadPoolExecutor(max_workers=workers) as pool:
        futures = [pool.submit(work) for _ in range(workers)]
        try:
            for future in futures:
                future.result()
        except BaseException:
            stop.set()
            raise
    return board.environments()


class _Board:
    """Which shards are left, and who works where."""

    def __init__(self, shards: Sequence[Shard]) -> None:
        self._lock = threading.Lock()
        self._left: dict[Place, deque[int]] = {}
        for number, shard in enumerate(shards):
            self._left.setdefault(shard.place, deque()).append(number)
        self._at_work = dict.fromkeys(self._left, 0)
        self._found: dict[Place, Environment] = {}

    def take(self, staying: Place | None = None) -> int | None:
        """The next shard for one who stays at a place, or else comes free; None if there is none."""
        with self._lock:
            if staying is not None:
                if self._left[staying]:
                    return self._left[staying].popleft()
                self._at_work[staying] -= 1
                return None
            places = [place for place, left in self._left.items() if left]
            if not places:
                return None
            place = max(places, key=lambda place: len(self._left[place]) / (1 + self._at_work[place]))
            self._at_work[place] += 1
            return self._left[place].popleft()

    def done(self, place: Place, environment: Environment) -> None:
        """A shard is done, as far as it could be. A place that fails is given no more."""
        with self._lock:
            known = self._found.get(place)
            if known is not None:
                facts = {**environment.facts, **known.facts}
                environment = replace(environment, facts=facts, failure=known.failure or environment.failure)
            self._found[place] = environment
            if environment.failure is not None:
                self._left[place].clear()

    def environments(self) -> list[Environment]:
        """What is known of each place; of one that nobody came to, that it was stopped before."""
        return [self._found.get(place) or environment_of(place, {}, "stopped") for place in self._left]
