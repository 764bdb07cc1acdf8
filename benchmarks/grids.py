"""What generating the shipped grids costs, and the theory of their cases: ``python benchmarks/grids.py``.

Prints the time and the rate of each grid against that of making the bare records, and the median over a grid's cases
of all that is expected of one.
"""

from __future__ import annotations

import itertools
import resource
import statistics
import sys
import time
from collections.abc import Iterable

from cases import generate, grid
from cases.case import Axis, Case
from harness.theory import matrix
from harness.theory.expected import expected

SAMPLE = 17  # every so many of the nightly cases are looked at


def main() -> None:
    """Print the table."""
    bare = _rate(Case(op="conv", axes=(Axis(number % 7, 3),)) for number in range(100_000))[1]
    print(f"{'bare records':<16}{100_000:>10} cases{'':>10}{bare:>12,.0f} cases/s")
    for name in ("smoke", "pull-request", "nightly", "exhaustive"):
        number, rate, seconds = _rate(generate.cases(grid.load(name)))
        print(f"{name:<16}{number:>10} cases{seconds:>8.2f} s{rate:>12,.0f} cases/s{rate / bare:>7.2f} of bare")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "linux" else 1024 * 1024)
    print(f"peak memory, the cases of all of them streamed: {peak} MB")

    times = []
    for case in itertools.islice(generate.cases(grid.load("nightly")), 0, None, SAMPLE):
        once = []
        for _ in range(3):
            matrix.structure.cache_clear()
            began = time.perf_counter()
            expected(case)
            once.append(time.perf_counter() - began)
        times.append(min(once))
    print(f"theory of a nightly case: median {statistics.median(times) * 1e6:.0f} µs of {len(times)} cases")


def _rate(cases: Iterable[Case]) -> tuple[int, float, float]:
    began = time.perf_counter()
    number = sum(1 for _ in cases)
    seconds = time.perf_counter() - began
    return number, number / seconds, seconds


if __name__ == "__main__":
    main()
