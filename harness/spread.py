"""Shards on executors: those of the standard library, a cluster's, anybody's.

The unit of work is a shard, and :func:`observe_shard` is a pure function from its jobs to the lines of an observations
file: it needs nothing but its arguments and an interpreter that has the framework, and whoever runs it twice has the
same twice. So an executor that loses a worker may run its shards again somewhere else.
"""

from __future__ import annotations

import importlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from harness import judge
from harness.errors import EnvironmentFailed, UsageError
from harness.observe.engine import Shard
from harness.observe.supervisor import Limits, observe
from harness.records import Environment, Observation
from harness.store import log

_AHEAD = 2  # shards for each worker that are handed over before they can be run


@dataclass(frozen=True, slots=True)
class Engine:
    """What runs shards.

    Attributes
    ----------
    executor : Executor
    workers : int
        How many it runs at once.
    lost : tuple of type
        What it raises when its workers are gone and it has no others.
    """

    executor: Executor
    workers: int
    lost: tuple[type[Exception], ...] = (BrokenExecutor,)


Take = Callable[[int, bytes], None]
Met = Callable[[Environment], None]


def observe_shard(shard: Shard, limits: Limits) -> tuple[bytes, Environment]:
    """Observe a shard in a worker process of its own; returns the lines of a file, and where it was observed."""
    lines: list[bytes] = []

    def take(seen: Observation) -> None:
        lines.append(log.line(judge.kept(seen)))

    environment = observe(shard.place, shard.jobs, take, limits, evidence=judge.is_evidence)
    return b"".join(lines), environment


def observe_on(engine: Engine, shards: Sequence[Shard], limits: Limits, *, take: Take, met: Met) -> list[Environment]:
    """Observe all shards on an executor.

    Parameters
    ----------
    engine : Engine
    shards : sequence of Shard
    limits : Limits
    take : callable
        Takes a shard's number and its lines, in the order in which they come.
    met : callable
        Told of the environment that a shard was observed in, before its lines are taken.

    Returns
    -------
    list of Environment
        One for each place, in the order in which places come first.
    """
    waiting = deque(_in_turns(shards))
    running: dict[Future[tuple[bytes, Environment]], int] = {}
    found: dict[object, Environment] = {}
    try:
        while waiting or running:
            while waiting and len(running) < _AHEAD * engine.workers:
                number = waiting.popleft()
                known = found.get(shards[number].place)
                if known is None or known.failure is None:  # a place that fails is given no more
                    running[engine.executor.submit(observe_shard, shards[number], limits)] = number
            done = wait(running, return_when=FIRST_COMPLETED).done if running else ()
            for future in sorted(done, key=lambda future: future.exception() is not None):  # first what there is
                number = running.pop(future)
                lines, environment = future.result()
                if environment.facts:
                    met(environment)
                take(number, lines)
                place = shards[number].place
                found[place] = environment if place not in found else found[place].joined(environment)
    finally:
        for future in running:
            future.cancel()
    return [found[place] for place in dict.fromkeys(shard.place for shard in shards)]


def _in_turns(shards: Sequence[Shard]) -> Iterator[int]:
    """The shards' numbers, of each place in turn: every framework is begun early."""
    left: dict[object, deque[int]] = {}
    for number, shard in enumerate(shards):
        left.setdefault(shard.place, deque()).append(number)
    while left:
        for place in list(left):
            yield left[place].popleft()
            if not left[place]:
                del left[place]


@contextmanager
def named(name: str, workers: int) -> Iterator[Engine]:
    """The engine that a user names.

    Parameters
    ----------
    name : str
        'dask' for a cluster of this machine's processes, 'dask=ADDRESS' for one whose scheduler is there, or
        'MODULE:CALLABLE' for what is called with the number of workers, such as
        'concurrent.futures:ProcessPoolExecutor'.
    workers : int

    Raises
    ------
    UsageError
        There is none of that name.
    EnvironmentFailed
        It needs what is not installed.
    """
    with ExitStack() as held:
        if name.partition("=")[0] == "dask":
            yield _dask(held, name.partition("=")[2], workers)
            return
        module, _, attribute = name.partition(":")
        try:
            made = getattr(importlib.import_module(module), attribute)(workers)
        except (ImportError, AttributeError, ValueError, TypeError) as error:
            raise UsageError(
                f"--engine {name}: no such executor ({error}); there are dask, dask=ADDRESS and MODULE:CALLABLE, such "
                "as concurrent.futures:ProcessPoolExecutor"
            ) from error
        if not isinstance(made, Executor):
            raise UsageError(f"--engine {name}: that makes no concurrent.futures.Executor")
        yield Engine(held.enter_context(made), workers)


def _dask(held: ExitStack, address: str, workers: int) -> Engine:
    try:
        import distributed
    except ModuleNotFoundError as error:
        raise EnvironmentFailed(
            "--engine dask needs distributed, which is missing here; install it with: pip install 'convarith[cluster]'"
        ) from error
    try:
        # A shard minds a process of its own, so that its worker needs one thread.
        scheduler = address or held.enter_context(
            distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
        )
        client = held.enter_context(distributed.Client(scheduler))
    except (OSError, ValueError) as error:
        raise EnvironmentFailed(f"--engine dask={address}: no scheduler answers there ({error})") from error
    threads = sum(client.nthreads().values()) if address else workers
    return Engine(client.get_executor(pure=False), max(1, threads), (BrokenExecutor, distributed.KilledWorker))
