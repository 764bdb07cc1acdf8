"""What is expected of each aspect, by examples worked out by hand."""

from __future__ import annotations

import math

import pytest

from cases.case import Axis, Case, Dtype, Op
from cases.stimuli import scramble
from harness.theory.expected import expected


@pytest.mark.parametrize(
    ("dtype", "axes", "value"),
    [
        # In float32, of 24 significant bits, 1/9 = 14913080.89 / 2**27 and 1/3 = 11184810.67 / 2**25.
        ("float32", (Axis(5, 3), Axis(5, 3)), 14913081 / 2**27),
        ("float32", (Axis(5, 3),), 11184811 / 2**25),
        ("float32", (Axis(6, 2), Axis(6, 4), Axis(3, 2)), 1 / 16),
        # In float64, of 53, 1/3 = 6004799503160661.33 / 2**54.
        ("float64", (Axis(5, 3),), 6004799503160661 / 2**54),
        ("float64", (Axis(5, 5), Axis(2, 2)), 0.1),
    ],
)
def test_an_average_divides_by_the_window_size_as_the_element_type_rounds(
    dtype: Dtype, axes: tuple[Axis, ...], value: float
) -> None:
    operator = expected(Case(op="avg_pool", axes=axes, dtype=dtype)).operator
    assert set(operator.values.tolist()) == {value}


def test_an_average_divides_by_the_whole_window_where_it_overlaps_the_padding() -> None:
    case = Case(op="avg_pool", axes=(Axis(3, 2, 2, 1, 0),))
    assert expected(case).operator.dense().tolist() == [[0.5, 0, 0], [0, 0.5, 0.5]]


def test_a_maximum_sees_its_window() -> None:
    case = Case(op="max_pool", axes=(Axis(5, 2, 2),))
    assert expected(case).operator.dense().tolist() == [[1, 1, 0, 0, 0], [0, 0, 1, 1, 0]]


def test_a_maximum_sends_each_cotangent_to_the_largest_unit() -> None:
    case = Case(op="max_pool", axes=(Axis(6, 2, 2, 1, 1),))
    assert scramble(case).tolist() == [[-6, -1, -2, -3, -4, -5]]
    assert expected(case).adjoint.dense().tolist() == [
        [1, 0, 0, 0, 0, 0],  # a padding of zeros would have won here, and in the last window
        [0, 1, 0, 0, 0, 0],
        [0, 0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0, 1],
    ]


def test_the_maximum_of_padding_alone_is_minus_infinity_and_has_no_gradient() -> None:
    """i = 2, k = 1, p = (1, 0): the first window sees nothing, whatever the input is, of whichever feature map."""
    theory = expected(Case(op="max_pool", axes=(Axis(2, 1, 1, 1, 0),), channels_in=2, channels_out=2))
    never = -math.inf
    assert theory.operator.dense().tolist() == [
        [never, never, never, never],
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [never, never, never, never],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
    ]
    assert theory.adjoint.dense().tolist() == [
        [0, 0, 0, 0],
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
    ]


@pytest.mark.parametrize(("dtype", "least"), [("int8", -128), ("int32", -(2**31)), ("bfloat16", -math.inf)])
def test_the_maximum_of_padding_alone_is_the_least_number_that_there_is(dtype: Dtype, least: float) -> None:
    """Integers have no infinity. Impulses stand on a ground of -2, which the operator does not have any more."""
    theory = expected(Case(op="max_pool", axes=(Axis(2, 1, 1, 1, 0),), dtype=dtype))
    assert theory.operator.dense().tolist() == [[least + 2, least + 2], [1, 0], [0, 1]]


def test_the_average_of_padding_alone_is_zero() -> None:
    for counted in (True, False):
        case = Case(op="avg_pool", axes=(Axis(2, 1, 1, 1, 0),), count_include_pad=counted)
        assert expected(case).operator.dense().tolist() == [[0, 0], [1, 0], [0, 1]]


@pytest.mark.parametrize("op", ["conv", "avg_pool", "max_pool"])
def test_a_window_larger_than_the_input_has_nothing_to_compute(op: Op) -> None:
    theory = expected(Case(op=op, axes=(Axis(4, 2), Axis(2, 3)), channels_in=2, channels_out=2))
    assert theory.shape == (2, 3, 0)
    assert not theory.defined
    for operator in (theory.operator, theory.adjoint):
        assert (operator.rows, operator.columns, operator.values.size) == (0, 16, 0)


def test_a_padding_larger_than_what_is_painted_has_nothing_to_compute() -> None:
    theory = expected(Case(op="conv_transpose", axes=(Axis(4, 2), Axis(2, 1, 1, 2, 1)), channels_out=2))
    assert theory.shape == (2, 5, 0)
    assert not theory.defined
    assert (theory.operator.rows, theory.operator.columns, theory.operator.values.size) == (0, 8, 0)


def test_a_shape_counts_the_output_maps_first() -> None:
    there = Case(op="conv", axes=(Axis(5, 3), Axis(6, 2, 2)), channels_in=2, channels_out=4, groups=2)
    back = Case(op="conv_transpose", axes=(Axis(3, 3), Axis(3, 2, 2)), channels_in=4, channels_out=2, groups=2)
    assert expected(there).shape == (4, 3, 3)
    assert expected(back).shape == (2, 5, 6)
    assert expected(there).defined


def test_a_bias_is_what_each_map_gives_of_zeros() -> None:
    """Three output maps of two units: 1, 2 and 3 are added. The operator itself knows nothing of it."""
    biased = expected(Case(op="conv", axes=(Axis(4, 3),), channels_in=2, channels_out=3, bias=True))
    plain = expected(Case(op="conv", axes=(Axis(4, 3),), channels_in=2, channels_out=3))
    assert biased.bias.dense().tolist() == [[1], [1], [2], [2], [3], [3]]
    assert plain.bias.dense().tolist() == [[0], [0], [0], [0], [0], [0]]
    assert biased.operator.digest == plain.operator.digest
    assert biased.adjoint.digest == plain.adjoint.digest


def test_a_bias_reaches_units_that_no_tap_does() -> None:
    """k = 1, s = 2: between the two painted units of the output lies one that is the bias alone."""
    theory = expected(Case(op="conv_transpose", axes=(Axis(2, 1, 2),), bias=True))
    assert theory.operator.dense().tolist() == [[1, 0], [0, 0], [0, 1]]
    assert theory.bias.dense().tolist() == [[1], [1], [1]]


@pytest.mark.parametrize(
    ("case", "shape", "rows", "columns"),
    [
        # Two axes, 5 × 4 units, k = 3 × 2: 3 × 3 windows, and 7 × 5 units painted.
        (Case(op="conv", axes=(Axis(5, 3), Axis(4, 2)), channels_in=0, channels_out=2), (2, 3, 3), 18, 0),
        (Case(op="conv", axes=(Axis(5, 3), Axis(4, 2)), channels_in=2, channels_out=0), (0, 3, 3), 0, 40),
        (Case(op="conv_transpose", axes=(Axis(5, 3), Axis(4, 2)), channels_in=2, channels_out=0), (0, 7, 5), 0, 40),
        (Case(op="conv", axes=(Axis(5, 3),), channels_in=0, channels_out=0), (0, 3), 0, 0),
        (Case(op="conv", axes=(Axis(5, 3),), channels_in=0, channels_out=4, groups=2), (4, 3), 12, 0),
        (Case(op="conv", axes=(Axis(5, 3),), channels_in=1, channels_out=0), (0, 3), 0, 5),
        (Case(op="conv_transpose", axes=(Axis(5, 3),), channels_in=0, channels_out=3), (3, 7), 21, 0),
        (Case(op="conv_transpose", axes=(Axis(5, 3),), channels_in=0, channels_out=1), (1, 7), 7, 0),
    ],
    ids=str,
)
def test_without_feature_maps_sizes_remain(case: Case, shape: tuple[int, ...], rows: int, columns: int) -> None:
    """No input map makes an operator without columns, no output map one without rows; the axes do not care."""
    theory = expected(case)
    assert theory.shape == shape
    assert theory.defined == (case.channels_out > 0)
    for operator in (theory.operator, theory.adjoint):
        assert (operator.rows, operator.columns) == (rows, columns)
        assert operator.indices.size == operator.values.size == 0


def test_without_input_maps_the_bias_remains() -> None:
    theory = expected(Case(op="conv", axes=(Axis(4, 3),), channels_in=0, channels_out=2, bias=True))
    assert theory.bias.dense().tolist() == [[1], [1], [2], [2]]
