"""What is so: two conventions compared by the theory's operators, over a grid that has all remainders."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cases.case import Axis, Case
from harness.atlas.pairs import Pair, Point, Same
from harness.theory.expected import expected

SIZES, KERNELS, STRIDES, DILATIONS = range(1, 13), range(1, 8), range(1, 5), range(1, 4)


def grid(pair: Pair) -> Iterator[Point]:
    """All parameters that the two are compared at: those of which the first layer sees any input at all.

    One that steps over it all, by a dilation, is whatever one likes.
    """
    for d in DILATIONS if pair.dilated else (1,):
        for s in STRIDES:
            for k in KERNELS:
                for i in SIZES:
                    x = Axis(i, k, s, d=d)
                    first = pair.first(x)
                    if first is None or expected(first).operator.indices.size:
                        yield x


def compared(pair: Pair, x: Point) -> Same:
    """Whether the second convention can be told to be the same layer as the first, or one of the same shape."""
    first = pair.first(x)
    if first is None:
        return "neither"
    best: Same = "neither"
    for other in pair.others(x):
        if _shape(first) == _shape(other):
            if _alike(first, other):
                return "operator"
            best = "shape"
    return best


def _shape(case: Case) -> tuple[int, ...]:
    return expected(case).shape


def _alike(one: Case, other: Case) -> bool:
    a, b = expected(one).operator, expected(other).operator
    return np.array_equal(a.indices, b.indices) and np.array_equal(a.values, b.values)
