"""X7 to X12, poolings, against what the frameworks document, by counting and searching."""

from __future__ import annotations

import itertools
import math

import pytest

from cases.case import Axis, Case, Op

from .by_counting import BOX, POOLS, Ends, case_of, claimed, dealt, least_total, same, spoken_of, taps, windows

PADDINGS = [(0, 0), (1, 1), (2, 2), (0, 1), (2, 0), (3, 1), (1, 4)]


@pytest.mark.parametrize("op", POOLS)
def test_x7_a_padded_or_dilated_pooling_has_as_many_windows_as_fit(op: Op) -> None:
    for (i, k, s, d), ends in itertools.product(BOX, PADDINGS):
        case = case_of(op, Axis(i, k, s, *ends, d))
        assert spoken_of("X7", case) is (ends != (0, 0) or d > 1)
        if ends != (0, 0) or d > 1:
            assert max(claimed("X7", case), 0) == len(windows(sum(ends) + i, k, s, d))


@pytest.mark.parametrize("op", POOLS)
def test_x7_and_x8_as_torch_documents_pooling(op: Op) -> None:
    """The output formula of torch.nn.MaxPool2d, whose padding is at most half of the effective window."""
    for i, k, s, d in BOX:
        for p in range((taps(k, d)[-1] + 1) // 2 + 1):
            exact = (i + 2 * p - d * (k - 1) - 1) / s + 1
            if p or d > 1:
                assert claimed("X7", case_of(op, Axis(i, k, s, p, p, d))) == math.floor(exact)
            rounded_up = math.ceil(exact)
            if (rounded_up - 1) * s >= i + p:
                rounded_up -= 1
            assert claimed("X8", case_of(op, Axis(i, k, s, p, p, d), ceil=True)) == rounded_up


@pytest.mark.parametrize("op", POOLS)
def test_x8_windows_may_overhang_if_they_start_in_the_input_or_the_padding_before_it(op: Op) -> None:
    """They go on until one reaches the far end. It is defined for paddings of at most half a window."""
    for (i, k, s, d), ends in itertools.product(BOX, PADDINGS):
        defined = max(ends) <= (taps(k, d)[-1] + 1) / 2
        assert spoken_of("X8", case_of(op, Axis(i, k, s, *ends, d), ceil=True)) is defined
        if not defined:
            continue
        padded = ends[0] + i + ends[1]
        fitting = windows(padded, k, s, d)
        after = fitting[-1] + s if fitting else 0
        all_reached = bool(fitting) and fitting[-1] + taps(k, d)[-1] == padded - 1
        starts_inside = after < ends[0] + i
        # Of windows that do not fit at all, one is left over only if it would begin less than s units too early.
        near = bool(fitting) or taps(k, d)[-1] + 1 - padded < s
        more = not all_reached and starts_inside and near
        assert max(claimed("X8", case_of(op, Axis(i, k, s, *ends, d), ceil=True)), 0) == len(fitting) + more


@pytest.mark.parametrize(
    ("axis", "floor", "ceil"),
    [
        pytest.param(Axis(5, 2, 2, 1, 1), 3, 3, id="plainly rounded up it would be 4: that one starts in the padding"),
        pytest.param(Axis(5, 2, 2), 2, 3, id="the third window overhangs"),
        pytest.param(Axis(6, 2, 2), 3, 3, id="nothing is left over"),
        pytest.param(Axis(6, 3, 2, 1, 1), 3, 4, id="the fourth starts at the last unit"),
        pytest.param(Axis(2, 3, 2), 0, 1, id="not one fits, and one overhangs"),
        pytest.param(Axis(1, 5, 2), -1, -1, id="too small for an overhang"),
    ],
)
def test_x8_rounds_up_where_it_may(axis: Axis, floor: int, ceil: int) -> None:
    assert claimed("R7" if not axis.p else "X7", case_of("max_pool", axis)) == floor
    assert claimed("X8", case_of("max_pool", axis, ceil=True)) == ceil


@pytest.mark.parametrize(("name", "op"), [("X9", "avg_pool"), ("X12", "max_pool")])
def test_x9_and_x12_speak_of_every_padded_pooling_however_its_padding_is_said(name: str, op: Op) -> None:
    for i, k, s, d in BOX:
        by_name = {"same": same(i, k, s, d), "same_lower": dealt(least_total(i, k, s, d), end_first=False)}
        said = [*(("explicit", ends) for ends in PADDINGS), *by_name.items(), ("valid", (0, 0))]
        for padding, ends in said:
            case = case_of(op, Axis(i, k, s, *ends, d), padding)  # type: ignore[arg-type]
            assert spoken_of(name, case) is (ends != (0, 0)), case
            if ends != (0, 0):
                assert max(claimed(name, case), 0) == len(windows(sum(ends) + i, k, s, d))


@pytest.mark.parametrize("ends", PADDINGS)
def test_x10_a_divisor_of_the_callers_is_no_matter_of_size(ends: Ends) -> None:
    for i, k, s, d in BOX:
        case = Case(op="avg_pool", axes=(Axis(i, k, s, *ends, d),), divisor=3)
        assert max(claimed("X10", case), 0) == len(windows(sum(ends) + i, k, s, d))


def test_x11_an_average_in_ceil_mode_has_the_size_of_any_pooling_in_ceil_mode() -> None:
    for (i, k, s, d), ends in itertools.product(BOX, PADDINGS):
        axis = Axis(i, k, s, *ends, d)
        average, maximum = (case_of(op, axis, ceil=True) for op in POOLS)
        assert spoken_of("X11", average) is spoken_of("X8", maximum)
        if spoken_of("X8", maximum):
            assert claimed("X11", average) == claimed("X8", maximum)
