"""X1 … against the theory: each convention's closed form is the number of placements, wherever it speaks of a layer."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator

from cases.case import OPS, PADDINGS, Axis, Case
from cases.claims import BY_ID
from cases.conventions import CONVENTIONS, numbers
from harness.theory.expected import expected
from harness.theory.matrix import output_size


def layers() -> Iterator[Case]:
    """Along one axis, empty ones too: every spelling of the padding, ends that differ, ceil mode, divisors, maps."""
    sizes = itertools.product(range(7), range(1, 5), range(1, 4), range(1, 3))
    for (i, k, s, d), op, padding in itertools.product(sizes, OPS, PADDINGS):
        for a in range(max(s, d)) if op == "conv_transpose" else range(1):
            explicit = itertools.product(range(4), repeat=2) if padding == "explicit" else [(0, 0)]
            for p in explicit:
                axis = Axis(i, k, s, p[0], p[1], d, a)
                found = axis if padding == "explicit" else numbers(op, padding, axis)
                if found is None:
                    continue
                yield Case(op=op, axes=(found,), padding=padding)
                if op == "conv_transpose" and p[0] == p[1]:
                    yield Case(op=op, axes=(found,), padding=padding, channels_in=2, channels_out=3)
                if "pool" in op:
                    yield Case(op=op, axes=(found,), padding=padding, ceil_mode=True)
                if op == "avg_pool":
                    yield Case(op=op, axes=(found,), padding=padding, divisor=2)
                    yield Case(op=op, axes=(found,), padding=padding, divisor=3, ceil_mode=True)


def test_a_convention_s_size_is_the_operator_s_wherever_it_speaks() -> None:
    held: Counter[str] = Counter()
    positive: Counter[str] = Counter()
    for case in layers():
        (size,) = output_size(case)
        assert expected(case).shape[1:] == (size,), case
        for convention in CONVENTIONS:
            if convention.holds_for(case):
                (claimed,) = convention.size(case)
                assert max(claimed, 0) == size, f"{convention.id} claims {claimed} of {case}, which has {size}"
                held[convention.id] += 1
                positive[convention.id] += size > 0
    assert set(held) == {convention.id for convention in CONVENTIONS}
    assert min(held.values()) == held["X3"] == 6 * 4 * 2, held  # 6 sizes i, 4 of k, 2 of d; s = 1
    assert min(positive.values()) == positive["X3"] == 6 * 4 * 2, positive


def test_claims_may_be_zero_or_less_and_then_there_is_no_output() -> None:
    """An explicit padding does not always suffice, and a crop may be too much.

    A name leaves something of every unit. Where there is none SAME and its like have no window, nor has full padding
    of a kernel of one; a transposed convolution is not spoken of.
    """
    least: dict[str, int] = {}
    for case in layers():
        for convention in CONVENTIONS:
            if convention.holds_for(case):
                least[convention.id] = min(least.get(convention.id, 99), *convention.size(case))
    below = {name for name, size in least.items() if size < 0}
    assert {name for name, size in least.items() if size > 0} == {"X3", "X15", "X16", "X17"}
    assert {name for name, size in least.items() if size == 0} == {"X1", "X2", "X4", "X5"}
    assert below == {"X6", "X7", "X8", "X9", "X10", "X11", "X12", "X13", "X14", "X18", "X19"}


def test_the_sizes_that_a_convention_gives_along_two_axes_are_those_of_each() -> None:
    """Ceil mode: 5 units with k = s = 2 have three windows, 2 units with k = 3, s = 2 one that overhangs."""
    case = Case(op="max_pool", axes=(Axis(5, 2, 2), Axis(2, 3, 2)), ceil_mode=True)
    assert BY_ID["X8"].size(case) == output_size(case) == (3, 1)
