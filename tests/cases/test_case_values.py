"""What an axis and a case say of themselves, and which values they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from cases.case import DTYPES, Axis, Case


@pytest.mark.parametrize(
    ("letters", "told"),
    [
        ({"i": -1, "k": 1}, "i = -1: i is at least 0"),
        ({"i": 5, "k": 0}, "k = 0: k is at least 1"),
        ({"i": 5, "k": 3, "s": 0}, "s = 0: s is at least 1"),
        ({"i": 5, "k": 3, "p_before": -1}, "p_before = -1: p_before is at least 0"),
        ({"i": 5, "k": 3, "p_after": -2}, "p_after = -2: p_after is at least 0"),
        ({"i": 5, "k": 3, "d": 0}, "d = 0: d is at least 1"),
        ({"i": 5, "k": 3, "a": -1}, "a = -1: a is at least 0"),
    ],
)
def test_a_size_out_of_its_range_is_refused(letters: dict[str, int], told: str) -> None:
    with pytest.raises(ValueError, match=f"^{told}$"):
        Axis(**letters)


def test_the_least_of_each_is_accepted() -> None:
    assert Axis(i=0, k=1, s=1, p_before=0, p_after=0, d=1, a=0) == Axis(0, 1)


@pytest.mark.parametrize(("k", "d", "k_hat"), [(1, 1, 1), (1, 5, 1), (3, 1, 3), (3, 2, 5), (2, 4, 5), (4, 3, 10)])
def test_the_effective_kernel_spans_its_taps_and_the_gaps_between(k: int, d: int, k_hat: int) -> None:
    taps = [tap * d for tap in range(k)]
    assert Axis(9, k, d=d).k_hat == k_hat == taps[-1] - taps[0] + 1


def test_p_is_one_number_only_where_both_ends_have_the_same() -> None:
    assert Axis(5, 3, p_before=2, p_after=2).p == 2
    with pytest.raises(ValueError, match=r"\(1, 2\) is not one number"):
        _ = Axis(5, 3, p_before=1, p_after=2).p


AXIS = Axis(5, 3)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"op": "conv", "axes": ()}, "at least one spatial axis"),
        ({"op": "conv", "axes": (AXIS,) * 10}, "at most nine, not 10"),
        ({"op": "conv", "axes": (Axis(5, 3), Axis(5, 3, a=1))}, "a is of a transposed convolution alone"),
        ({"op": "max_pool", "axes": (Axis(5, 3, a=1),)}, "a is of a transposed convolution alone"),
        ({"op": "avg_pool", "axes": (AXIS,), "channels_in": 2, "channels_out": 3}, "as many output as input channels"),
        ({"op": "max_pool", "axes": (AXIS,), "channels_in": 2, "channels_out": 2, "groups": 2}, "no groups"),
        ({"op": "conv", "axes": (AXIS,), "channels_in": 4, "channels_out": 6, "groups": 4}, "groups = 4 .* 4 and 6"),
        ({"op": "conv", "axes": (AXIS,), "channels_in": 6, "channels_out": 4, "groups": 4}, "groups = 4 .* 6 and 4"),
        ({"op": "conv_transpose", "axes": (AXIS,), "channels_in": 3, "channels_out": 3, "groups": 2}, "groups = 2"),
        ({"op": "avg_pool", "axes": (AXIS,), "bias": True}, "pooling has no bias"),
        ({"op": "max_pool", "axes": (AXIS,), "bias": True}, "pooling has no bias"),
        ({"op": "conv", "axes": (AXIS,), "ceil_mode": True}, "only pooling has a ceil mode"),
        ({"op": "conv_transpose", "axes": (AXIS,), "ceil_mode": True}, "only pooling has a ceil mode"),
        ({"op": "conv", "axes": (AXIS,), "count_include_pad": False}, "only average pooling has a divisor"),
        ({"op": "max_pool", "axes": (AXIS,), "count_include_pad": False}, "only average pooling has a divisor"),
        ({"op": "max_pool", "axes": (AXIS,), "divisor": 3}, "only average pooling has a divisor"),
        ({"op": "avg_pool", "axes": (AXIS,), "divisor": 0}, "divisor = 0: a divisor is at least 1"),
        ({"op": "avg_pool", "axes": (AXIS,), "dtype": "int32"}, "average of integers"),
        ({"op": "avg_pool", "axes": (AXIS,), "dtype": "int8"}, "average of integers"),
        ({"op": "conv", "axes": (AXIS,), "batch": -1}, "batch = -1: a batch is at least 0"),
    ],
)
def test_a_layer_that_cannot_be_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Case(**fields)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"groups": 0}, "channels 1 and 1, groups 0: channels are at least 0, groups at least 1"),
        ({"channels_in": -1}, "channels -1 and 1, groups 1: channels are at least 0, groups at least 1"),
        ({"channels_out": -2}, "channels 1 and -2, groups 1: channels are at least 0, groups at least 1"),
        ({"channels_in": -1, "channels_out": -1, "op": "max_pool"}, "channels -1 and -1, groups 1"),
    ],
)
def test_a_layer_of_less_than_no_feature_maps_or_no_groups_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Case(**{"op": "conv", "axes": (AXIS,), **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {"op": "conv", "axes": (AXIS,) * 9},
        {"op": "conv", "channels_in": 0},
        {"op": "conv", "channels_in": 0, "channels_out": 0, "groups": 3},
        {"op": "max_pool", "channels_in": 0, "channels_out": 0},
        {"op": "conv", "batch": 0},
        {"op": "conv_transpose", "bias": True, "batch": 1},
        {"op": "max_pool", "ceil_mode": True, "dtype": "int8"},
        {"op": "avg_pool", "ceil_mode": True, "count_include_pad": False, "divisor": 1, "dtype": "bfloat16"},
        {"op": "conv", "dtype": "int32"},
    ],
)
def test_an_odd_layer_is_a_layer(fields: dict[str, Any]) -> None:
    case = Case(**{"axes": (AXIS,), **fields})
    assert {name: getattr(case, name) for name in fields} == fields


def test_a_case_answers_for_its_axes() -> None:
    case = Case(op="conv_transpose", axes=(Axis(5, 3, 2, 1, 0, 1, 1), Axis(6, 2, 1, 0, 2, 3, 0)))
    assert case.rank == 2
    assert case.each("i") == (5, 6)
    assert case.each("k") == (3, 2)
    assert case.each("s") == (2, 1)
    assert case.each("p_before") == (1, 0)
    assert case.each("p_after") == (0, 2)
    assert case.each("d") == (1, 3)
    assert case.each("a") == (1, 0)
    assert case.each("k_hat") == (3, 4)


def test_a_case_answers_for_its_operation() -> None:
    def told(case: Case) -> tuple[bool, bool]:
        return case.pools, case.transposed

    assert told(Case(op="conv", axes=(AXIS,))) == (False, False)
    assert told(Case(op="conv_transpose", axes=(AXIS,))) == (False, True)
    assert told(Case(op="avg_pool", axes=(AXIS,))) == (True, False)
    assert told(Case(op="max_pool", axes=(AXIS,))) == (True, False)


def test_a_case_answers_for_its_element_type() -> None:
    """Integers have no gradient."""
    floating = {dtype: Case(op="conv", axes=(AXIS,), dtype=dtype).floating for dtype in DTYPES}
    assert floating == {
        "float64": True,
        "float32": True,
        "float16": True,
        "bfloat16": True,
        "int32": False,
        "int8": False,
    }


def test_a_case_is_padded_where_any_axis_is_at_any_end() -> None:
    assert not Case(op="conv", axes=(AXIS, AXIS)).padded
    assert Case(op="conv", axes=(AXIS, Axis(5, 3, p_before=1))).padded
    assert Case(op="conv", axes=(Axis(5, 3, p_after=1), AXIS)).padded


def test_a_case_is_square_where_its_axes_are_equal() -> None:
    assert Case(op="conv", axes=(AXIS, AXIS, AXIS)).square
    assert not Case(op="conv", axes=(AXIS, AXIS, Axis(5, 3, p_after=1))).square
