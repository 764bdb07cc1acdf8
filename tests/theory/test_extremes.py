"""The ends of every parameter's range: nothing to compute, one unit, strides and paddings wider than the window."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from cases.case import Axis, Case, Op
from harness.theory.expected import expected

FITS = Axis(4, 2)


def operator(op: Op, axis: Axis) -> list[list[float]]:
    rows: list[list[float]] = expected(Case(op=op, axes=(axis,))).operator.dense().tolist()
    return rows


@pytest.mark.parametrize(
    ("op", "axis"),
    [
        *itertools.product(
            ("conv", "avg_pool", "max_pool"),
            [
                Axis(2, 3),  # the window is wider than the input, by one
                Axis(1, 4),  # by three: a closed form goes below zero
                Axis(1, 4, 5),  # a wide stride cannot help
                Axis(2, 6, 1, 1, 2),  # nor padding that does not suffice
                Axis(3, 2, d=3),  # the dilation spreads two taps over four units
                Axis(3, 3, 1, 0, 1, 2),
                Axis(0, 1),  # no unit at all
            ],
        ),
        *itertools.product(
            ("conv_transpose",),
            [
                Axis(3, 3, 1, 2, 3),  # five units are painted, and five cropped
                Axis(1, 1, 1, 1, 1),  # one painted, two cropped
                Axis(2, 2, 3, 5, 0),  # all of the crop at one end
                Axis(2, 2, 3, 0, 5),
                Axis(2, 2, 2, 3, 3, a=1),  # not even with a unit added
            ],
        ),
    ],
    ids=str,
)
def test_nothing_to_compute_leaves_no_outputs_and_the_inputs_as_they_are(op: Op, axis: Axis) -> None:
    """A single axis suffices, wherever it stands; the others keep their sizes."""
    other = 3 if op != "conv_transpose" else 5  # of 4 units and a window of 2
    for axes, shape in (((axis,), (1, 0)), ((axis, FITS), (1, 0, other)), ((FITS, axis), (1, other, 0))):
        theory = expected(Case(op=op, axes=axes))
        assert theory.shape == shape
        assert not theory.defined
        for found in (theory.operator, theory.adjoint):
            assert (found.rows, found.columns) == (0, math.prod(x.i for x in axes))
            assert found.indices.size == found.values.size == 0
        assert (theory.bias.rows, theory.bias.columns) == (0, 1)


@pytest.mark.parametrize(
    ("op", "axis"),
    [
        ("conv", Axis(3, 3)),
        ("conv", Axis(2, 6, 1, 2, 2)),
        ("conv", Axis(4, 2, d=3)),
        ("conv_transpose", Axis(3, 3, 1, 2, 2)),
        ("conv_transpose", Axis(2, 2, 2, 2, 2, a=1)),
    ],
    ids=str,
)
def test_one_more_unit_is_one_output(op: Op, axis: Axis) -> None:
    theory = expected(Case(op=op, axes=(axis,)))
    assert theory.shape == (1, 1)
    assert theory.defined


def test_one_unit() -> None:
    assert operator("conv", Axis(1, 1)) == [[1]]
    assert operator("conv", Axis(1, 3, 1, 1, 1)) == [[2]]
    assert operator("conv", Axis(1, 3, 1, 2, 2)) == [[3], [2], [1]]
    assert operator("conv", Axis(1, 3, 5, 2, 2)) == [[3]]
    assert operator("conv_transpose", Axis(1, 3, 5)) == [[1], [2], [3]]
    assert operator("conv_transpose", Axis(1, 3, 5, 1, 1)) == [[2]]
    assert operator("avg_pool", Axis(1, 1, 9)) == [[1]]
    assert operator("max_pool", Axis(1, 2, 1, 1, 0)) == [[1]]


def test_a_stride_wider_than_the_window_steps_over_units() -> None:
    """k = 2, s = 3: every third unit is in no window, and gets no gradient. The transpose leaves it at zero."""
    assert operator("conv", Axis(6, 2, 3)) == [[1, 2, 0, 0, 0, 0], [0, 0, 0, 1, 2, 0]]
    assert operator("conv_transpose", Axis(2, 2, 3)) == [[1, 0], [2, 0], [0, 0], [0, 1], [0, 2]]
    assert operator("max_pool", Axis(6, 2, 3)) == [[1, 1, 0, 0, 0, 0], [0, 0, 0, 1, 1, 0]]


def test_a_padding_of_a_window_or_more_has_outputs_that_see_no_unit() -> None:
    """k = 2 with three zeros at each end of two units: two windows before, two after, and three between."""
    assert operator("conv", Axis(2, 2, 1, 3, 3)) == [[0, 0], [0, 0], [2, 0], [1, 2], [0, 1], [0, 0], [0, 0]]
    assert operator("avg_pool", Axis(2, 2, 1, 3, 0)) == [[0, 0], [0, 0], [1 / 2, 0], [1 / 2, 1 / 2]]
    never = -np.inf
    assert operator("max_pool", Axis(2, 2, 1, 3, 0)) == [[never, never], [never, never], [1, 0], [1, 1]]


def test_a_crop_of_a_window_or_more_drops_whole_units() -> None:
    """Three units of k = 2 with stride 1 paint four; cropping three leaves the last tap of the last one."""
    assert operator("conv_transpose", Axis(3, 2, 1, 3, 0)) == [[0, 0, 2]]
    assert operator("conv_transpose", Axis(3, 2, 1, 0, 3)) == [[1, 0, 0]]
    assert operator("conv_transpose", Axis(3, 2, 1, 1, 2)) == [[2, 1, 0]]


def test_a_dilated_window_may_straddle_the_input() -> None:
    """Two taps three apart with a zero at each end of two units: both meet padding, and the maximum is of nothing."""
    axis = Axis(2, 2, 1, 1, 1, 3)
    assert operator("conv", axis) == [[0, 0]]
    assert operator("max_pool", axis) == [[-np.inf, -np.inf]]


@pytest.mark.parametrize("a", [2, 3, 5])
def test_output_padding_of_a_stride_or_more_adds_rows_of_zeros(a: int) -> None:
    """i' = 2, k = 2, s = 1, d = 3 paint five units; then a more that nothing reaches."""
    rows = operator("conv_transpose", Axis(2, 2, 1, d=3, a=a))
    assert rows == [[1, 0], [0, 1], [0, 0], [2, 0], [0, 2]] + [[0, 0]] * a


def test_output_padding_makes_room_before_it_adds_zeros() -> None:
    """With p_after = 1 the first added unit is the last painted one, uncropped."""
    assert operator("conv_transpose", Axis(2, 2, 1, 0, 1)) == [[1, 0], [2, 1]]
    assert operator("conv_transpose", Axis(2, 2, 1, 0, 1, a=1)) == [[1, 0], [2, 1], [0, 2]]
    assert operator("conv_transpose", Axis(2, 2, 1, 0, 1, a=2)) == [[1, 0], [2, 1], [0, 2], [0, 0]]
