"""What a padding's name means in numbers, against a search for them."""

from __future__ import annotations

import itertools

import pytest

from cases.case import Axis, Op, Padding
from cases.conventions import means, numbers

from .by_counting import BOX, SLIDING, Ends, dealt, least_total, same, same_transposed, taps


def test_a_names_numbers_are_those_found_by_searching() -> None:
    for i, k, s, d in BOX:
        axis = Axis(i, k, s, 7, 9, d)  # its padding is not read
        ends = same(i, k, s, d)
        lower = dealt(least_total(i, k, s, d), end_first=False)
        for op in SLIDING:
            assert numbers(op, "valid", axis) == Axis(i, k, s, 0, 0, d)
            assert numbers(op, "same", axis) == Axis(i, k, s, *ends, d)
            assert numbers(op, "same_lower", axis) == Axis(i, k, s, *lower, d)
        assert numbers("conv", "causal", axis) == Axis(i, k, s, taps(k, d)[-1], 0, d)


def test_a_names_numbers_of_a_transposed_convolution_depend_on_the_size_chosen() -> None:
    """a units more than the least of VALID, a units less than the s·i' of SAME."""
    for i, k, s, d in BOX:
        for a in range(s):
            axis = Axis(i, k, s, 7, 9, d, a)
            assert numbers("conv_transpose", "valid", axis) == Axis(i, k, s, 0, 0, d, a)
            before, after, rest = same_transposed(s * i - a, k, s, d)
            assert numbers("conv_transpose", "same", axis) == Axis(i, k, s, before, after, d, rest)


def test_an_axis_has_the_numbers_that_a_name_means_or_has_not() -> None:
    """Of a transposed convolution 'same' means other numbers for each size that can be chosen."""
    for i, k, s, d in itertools.product(range(1, 6), range(1, 5), range(1, 4), range(1, 3)):
        ends, lower = same(i, k, s, d), dealt(least_total(i, k, s, d), end_first=False)
        meant: dict[Padding, Ends] = {"valid": (0, 0), "same": ends, "same_lower": lower, "causal": (taps(k, d)[-1], 0)}
        sizes = {same_transposed(o, k, s, d) for o in range(s * (i - 1) + 1, s * i + 1)}
        for before, after in itertools.product(range(5), repeat=2):
            near, axis = (before, after), Axis(i, k, s, before, after, d)
            assert means("conv", "explicit", axis)
            for name, numbers_meant in meant.items():
                assert means("conv", name, axis) is (near == numbers_meant), (name, axis)
            for a in range(s):
                transposed = Axis(i, k, s, before, after, d, a)
                assert means("conv_transpose", "same", transposed) is ((*near, a) in sizes), transposed
                assert means("conv_transpose", "valid", transposed) is (near == (0, 0))


@pytest.mark.parametrize(
    ("op", "padding", "axis"),
    [
        ("avg_pool", "causal", Axis(5, 3, p_before=2)),
        ("max_pool", "causal", Axis(5, 3, p_before=2)),
        ("conv_transpose", "causal", Axis(5, 3, p_before=2)),
        ("conv_transpose", "same_lower", Axis(5, 3, p_before=1, p_after=1)),
        ("conv_transpose", "same", Axis(5, 3, 2, a=2)),
        ("conv_transpose", "same", Axis(0, 3, 2)),
    ],
)
def test_some_names_mean_nothing_there(op: Op, padding: Padding, axis: Axis) -> None:
    assert numbers(op, padding, axis) is None
    assert not means(op, padding, axis)
