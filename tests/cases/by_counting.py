"""Sizes and paddings by counting and searching: what the conventions' formulas must come to.

A window is a list of the units that its taps meet, padding is added unit by unit, and a size is how many windows there
are.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator

from cases.case import Axis, Case, Op, Padding
from cases.claims import BY_ID, claims

Ends = tuple[int, int]

SLIDING: tuple[Op, ...] = ("conv", "avg_pool", "max_pool")
POOLS: tuple[Op, ...] = ("avg_pool", "max_pool")

BOX = list(itertools.product(range(1, 10), range(1, 6), range(1, 5), range(1, 4)))  # i, k, s, d


def taps(k: int, d: int) -> list[int]:
    """Where a window's taps are, from the first one on: d - 1 spaces between them (S12)."""
    return [tap * d for tap in range(k)]


def windows(padded: int, k: int, s: int, d: int) -> list[int]:
    """Where the windows start that fit into so many units."""
    return [start for start in range(0, padded, s) if start + taps(k, d)[-1] < padded]


def dealt(total: int, *, end_first: bool) -> Ends:
    """So many units dealt out to the two ends in turn."""
    hands = Counter((deal % 2 == 0) is end_first for deal in range(total))
    return hands[False], hands[True]


def least_total(i: int, k: int, s: int, d: int) -> int:
    """The least padding with which a window can start at every s-th unit: ⌈i/s⌉ windows."""
    return next(total for total in itertools.count() if len(windows(i + total, k, s, d)) >= len(range(0, i, s)))


def same(i: int, k: int, s: int, d: int) -> Ends:
    return dealt(least_total(i, k, s, d), end_first=True)


def same_transposed(o: int, k: int, s: int, d: int) -> tuple[int, int, int]:
    """Padding of the SAME convolution over o units, and how many units are left after its last window."""
    before, after = same(o, k, s, d)
    padded = before + o + after
    return before, after, padded - 1 - (windows(padded, k, s, d)[-1] + taps(k, d)[-1])


def case_of(op: Op, axis: Axis, padding: Padding = "explicit", *, ceil: bool = False) -> Case:
    return Case(op=op, axes=(axis,), padding=padding, ceil_mode=ceil)


def claimed(name: str, case: Case) -> int:
    """What a convention claims of a case along one axis; it must speak of it."""
    assert name in claims(case), f"{name} says nothing of {case}"
    return BY_ID[name].size(case)[0]


def spoken_of(name: str, case: Case) -> bool:
    return name in claims(case)


def around(ends: Ends) -> Iterator[Ends]:
    """Paddings near one, and that one."""
    for before, after in itertools.product((-1, 0, 1), repeat=2):
        if min(ends[0] + before, ends[1] + after) >= 0:
            yield ends[0] + before, ends[1] + after
