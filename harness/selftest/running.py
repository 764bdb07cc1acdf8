"""Grids gone through, several faults at a time: each is looked for in a process of a pool."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from harness.selftest.faults import BY_NAME
from harness.selftest.planting import Fault
from harness.selftest.score import Clean, Score, Selected, clean, look_for

_CHUNK = 500  # cases of the perfect framework that are observed at a time


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a grid."""

    grid: str
    verdicts: int
    unexpected: tuple[str, ...]
    scores: tuple[Score, ...]


def run(
    grids: Sequence[Selected],
    faults: Sequence[Fault],
    workers: int,
    done: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """Observe the perfect framework on every grid, and look for every fault in it, in some processes at a time.

    Parameters
    ----------
    grids : sequence of Selected
    faults : sequence of Fault
        Of those that have names in :data:`harness.selftest.faults.BY_NAME`.
    workers : int
        How many processes; with 1 it is done in this one.
    done : callable, optional
        Told of each grid when it is done.
    """
    if workers == 1:
        results = []
        for grid in grids:
            scores = [look_for(grid, fault) for fault in faults]
            parts = [clean(grid, 0, len(grid.cases))]
            results.append(_result(grid, scores, parts))
            done(results[-1])
        return results
    results = []
    # Not forked: this process may have frameworks, and with them threads.
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _take, (tuple(grids),))
    with pool:
        futures = [
            (
                [pool.submit(_look_for, number, fault.name) for fault in faults],
                [pool.submit(_clean, number, start) for start in range(0, len(grid.cases), _CHUNK)],
            )
            for number, grid in enumerate(grids)
        ]
        try:
            for grid, (looked, cleaned) in zip(grids, futures, strict=True):
                results.append(_result(grid, [one.result() for one in looked], [one.result() for one in cleaned]))
                done(results[-1])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return results


def _result(grid: Selected, scores: Sequence[Score], parts: Sequence[Clean]) -> Result:
    unexpected = tuple(text for part in parts for text in part.unexpected)
    return Result(grid.name, sum(part.verdicts for part in parts), unexpected, tuple(scores))


_given: Sequence[Selected] = ()  # of a worker process, what it was begun with


def _take(grids: Sequence[Selected]) -> None:
    global _given  # noqa: PLW0603 - how a process of a pool is told once for all its work
    _given = grids


def _look_for(grid: int, fault: str) -> Score:
    return look_for(_given[grid], BY_NAME[fault])


def _clean(grid: int, start: int) -> Clean:
    return clean(_given[grid], start, start + _CHUNK)
