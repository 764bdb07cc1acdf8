"""What the operator C of a case costs, against the plainest way to make it: ``python benchmarks/theory.py``.

Prints medians over random cases and the ratio of the two, measured side by side in one run.
"""

from __future__ import annotations

import itertools
import random
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from cases.case import Axis, Case
from harness.theory import matrix
from harness.theory.expected import expected

REPEATS = 7


def main() -> None:
    """Print the table."""
    chance = random.Random(20)
    print(f"{'median of':<32}{'C':>10}{'C + expected':>14}{'one by one':>13}{'ratio':>9}")
    for rank, most in ((1, 8), (2, 8), (3, 6)):
        for op in ("conv", "conv_transpose"):
            cases = [_case(chance, op, rank, most) for _ in range(200)]
            fast = statistics.median(_seconds(partial(matrix.structure.__wrapped__, case)) for case in cases)
            whole = statistics.median(_seconds(partial(_expected, case)) for case in cases)
            slow = statistics.median(_seconds(partial(_one_by_one, case), 1) for case in cases[:20])
            print(
                f"{f'{op}, {rank}-d, i ≤ {most}':<32}{fast * 1e6:>7.1f} µs{whole * 1e6:>11.1f} µs"
                f"{slow * 1e6:>10.0f} µs{slow / fast:>8.0f}×"
            )


def _case(chance: random.Random, op: str, rank: int, most: int) -> Case:
    axes = []
    for _ in range(rank):
        s = chance.randint(1, 3)
        transposed = op == "conv_transpose"
        p = chance.randint(0, 3)
        axes.append(
            Axis(
                i=chance.randint(3, most),
                k=chance.randint(1, 5),
                s=s,
                p_before=p,
                p_after=p,
                a=chance.randrange(s) if transposed else 0,
            )
        )
    return Case(op="conv_transpose" if op == "conv_transpose" else "conv", axes=tuple(axes))


def _expected(case: Case) -> None:
    matrix.structure.cache_clear()
    expected(case)


def _one_by_one(case: Case) -> None:
    """Visit every window and every tap of it in turn, along all axes at once."""
    transposed = case.op == "conv_transpose"
    sizes = matrix.output_size(case)
    windows, units = (case.each("i"), sizes) if transposed else (sizes, case.each("i"))
    dense = np.zeros((*windows, *units))
    for window in itertools.product(*map(range, windows)):
        for number, tap in enumerate(itertools.product(*map(range, case.each("k"))), start=1):
            unit = tuple(w * x.s + t * x.d - x.p_before for w, t, x in zip(window, tap, case.axes, strict=True))
            if all(0 <= u < n for u, n in zip(unit, units, strict=True)):
                dense[window + unit] = number


def _seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


if __name__ == "__main__":
    main()
