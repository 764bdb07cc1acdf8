"""X1 to X6, padding by name, full and uneven, against what the frameworks document, by counting and searching."""

from __future__ import annotations

import itertools
import math

import pytest

from cases.case import Axis, Op

from .by_counting import (
    BOX,
    SLIDING,
    Ends,
    around,
    case_of,
    claimed,
    dealt,
    least_total,
    same,
    spoken_of,
    taps,
    windows,
)

# X1, X2, X3: SAME


@pytest.mark.parametrize("op", SLIDING)
def test_x1_same_is_the_least_padding_for_a_window_at_every_sth_unit_dealt_end_first(op: Op) -> None:
    for i, k, s, d in BOX:
        ends = same(i, k, s, d)
        assert claimed("X1", case_of(op, Axis(i, k, s, *ends, d), "same")) == len(range(0, i, s))
        for other in around(ends):
            assert spoken_of("X1", case_of(op, Axis(i, k, s, *other, d), "same")) is (other == ends)


@pytest.mark.parametrize("op", SLIDING)
def test_x2_same_lower_is_dealt_beginning_first(op: Op) -> None:
    for i, k, s, d in BOX:
        ends = dealt(least_total(i, k, s, d), end_first=False)
        assert claimed("X2", case_of(op, Axis(i, k, s, *ends, d), "same_lower")) == len(range(0, i, s))
        for other in around(ends):
            assert spoken_of("X2", case_of(op, Axis(i, k, s, *other, d), "same_lower")) is (other == ends)


def test_x1_and_x2_as_tensorflow_documents_same() -> None:
    """https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2, of an input without units too."""
    for i, k, s, d in itertools.product(range(10), range(1, 6), range(1, 5), range(1, 4)):
        filter_size = (k - 1) * d + 1
        along = max(filter_size - s, 0) if i % s == 0 else max(filter_size - i % s, 0)
        top, bottom = along // 2, along - along // 2
        assert claimed("X1", case_of("conv", Axis(i, k, s, top, bottom, d), "same")) == math.ceil(i / s)
        assert claimed("X2", case_of("conv", Axis(i, k, s, bottom, top, d), "same_lower")) == math.ceil(i / s)


@pytest.mark.parametrize(
    ("i", "k", "s", "d", "ends", "o"),
    [
        pytest.param(6, 3, 2, 1, (0, 1), 3, id="even size, stride 2: not the (1, 1) of p = 1"),
        pytest.param(5, 3, 2, 1, (1, 1), 3, id="odd size, stride 2: the same as p = 1"),
        pytest.param(224, 7, 2, 1, (2, 3), 112, id="the ResNet stem"),
        pytest.param(5, 4, 1, 1, (1, 2), 5, id="even kernel"),
        pytest.param(5, 2, 1, 3, (1, 2), 5, id="even kernel, odd dilation: from the effective kernel"),
        pytest.param(2, 2, 1, 1, (0, 1), 2, id="a window of two"),
        pytest.param(5, 1, 3, 1, (0, 0), 2, id="s > k: nothing to pad"),
        pytest.param(4, 9, 4, 1, (2, 3), 1, id="one window"),
    ],
)
def test_x1_and_x2_of_cases_from_the_field(i: int, k: int, s: int, d: int, ends: Ends, o: int) -> None:
    assert claimed("X1", case_of("conv", Axis(i, k, s, *ends, d), "same")) == o
    assert claimed("X2", case_of("conv", Axis(i, k, s, *ends[::-1], d), "same_lower")) == o


def test_x3_torchs_same_keeps_the_size_with_unit_strides_and_has_no_other() -> None:
    for i, k, s, d in BOX:
        total = taps(k, d)[-1]  # one unit less than the window spans
        ends = dealt(total, end_first=True)
        case = case_of("conv", Axis(i, k, s, *ends, d), "same")
        assert spoken_of("X3", case) is (s == 1)
        if s == 1:
            assert claimed("X3", case) == i == len(windows(i + total, k, 1, d))
            for other in around(ends):
                assert spoken_of("X3", case_of("conv", Axis(i, k, 1, *other, d), "same")) is (other == ends)


# X4, X5, X6: one end, full, uneven


def test_x4_causal_pads_so_that_the_first_window_ends_at_the_first_unit() -> None:
    for i, k, s, d in BOX:
        before = -min(0 - tap for tap in taps(k, d))
        size = claimed("X4", case_of("conv", Axis(i, k, s, before, 0, d), "causal"))
        assert size == len(windows(before + i, k, s, d)) == len(range(0, i, s))
        for other in around((before, 0)):
            assert spoken_of("X4", case_of("conv", Axis(i, k, s, *other, d), "causal")) is (other == (before, 0))


def test_x4_of_a_case_from_the_field() -> None:
    """i = 5, k = 3, s = 2: the rows [3 0 0 0 0], [1 2 3 0 0], [0 0 1 2 3]."""
    assert claimed("X4", case_of("conv", Axis(5, 3, 2, 2, 0), "causal")) == 3


def test_x5_full_padding_has_every_window_that_meets_a_unit_from_the_first_one_on() -> None:
    for i, k, s, d in BOX:
        reach = taps(k, d)[-1]
        starts = [start for start in range(-reach, i, s) if start <= i - 1 and start + reach >= 0]
        case = case_of("conv", Axis(i, k, s, reach, reach, d))
        assert spoken_of("X5", case) is (s > 1 or d > 1)
        if s > 1 or d > 1:
            assert claimed("X5", case) == len(starts)
            for other in around((reach, reach)):
                assert spoken_of("X5", case_of("conv", Axis(i, k, s, *other, d))) is (other == (reach, reach))


PADDINGS = [(0, 0), (1, 1), (2, 2), (0, 1), (2, 0), (3, 1), (1, 4)]


def test_x6_padding_that_differs_at_the_two_ends() -> None:
    for (i, k, s, d), ends in itertools.product(BOX, PADDINGS):
        case = case_of("conv", Axis(i, k, s, *ends, d))
        assert spoken_of("X6", case) is (ends[0] != ends[1])
        if ends[0] != ends[1]:
            assert max(claimed("X6", case), 0) == len(windows(sum(ends) + i, k, s, d))
