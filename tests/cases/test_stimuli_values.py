"""Kernels and inputs that tell hypotheses apart: no two taps alike, no palindrome, one maximum in every window."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.case import OPS, Axis, Case
from cases.stimuli import kernel, kernel_shape, scramble

quick = settings(derandomize=True, deadline=None, max_examples=200)


@st.composite
def small_case(draw: st.DrawFn) -> Case:
    op = draw(st.sampled_from(OPS))
    axes = draw(st.lists(st.builds(Axis, i=st.integers(0, 7), k=st.integers(1, 5)), min_size=1, max_size=3))
    groups = draw(st.integers(1, 3))
    channels_in, channels_out = (groups * draw(st.integers(1, 3)) for _ in range(2))
    if op in ("avg_pool", "max_pool"):
        groups, channels_out = 1, channels_in
    return Case(op=op, axes=tuple(axes), channels_in=channels_in, channels_out=channels_out, groups=groups)


@pytest.mark.parametrize(
    ("case", "shape"),
    [
        (Case(op="conv", axes=(Axis(9, 3), Axis(9, 2))), (1, 1, 3, 2)),
        (Case(op="conv", axes=(Axis(9, 3),), channels_in=4, channels_out=6), (6, 4, 3)),
        (Case(op="conv", axes=(Axis(9, 3),), channels_in=4, channels_out=6, groups=2), (6, 2, 3)),
        (Case(op="conv_transpose", axes=(Axis(9, 3),), channels_in=4, channels_out=6), (4, 6, 3)),
        (Case(op="conv_transpose", axes=(Axis(9, 3),), channels_in=4, channels_out=6, groups=2), (4, 3, 3)),
    ],
)
def test_a_kernel_has_the_shape_of_the_convolutions(case: Case, shape: tuple[int, ...]) -> None:
    assert kernel_shape(case) == shape
    assert kernel(case).shape == shape


def test_taps_are_counted_row_major() -> None:
    case = Case(op="conv", axes=(Axis(9, 3), Axis(9, 2)), channels_in=2)
    assert kernel(case).tolist() == [[[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]]]]


@quick
@given(small_case())
def test_no_two_taps_are_alike_and_none_is_zero(case: Case) -> None:
    taps = kernel(case).reshape(-1).tolist()
    assert len(set(taps)) == len(taps)
    assert 0 not in taps


@quick
@given(small_case())
def test_no_line_of_a_kernel_is_a_palindrome(case: Case) -> None:
    taps = kernel(case)
    for axis, size in enumerate(taps.shape):
        lines = np.moveaxis(taps, axis, -1).reshape(-1, size)
        alike = (lines == lines[:, ::-1]).all(axis=1)
        assert not alike.any() or size == 1, f"axis {axis} of {taps.tolist()}"


@quick
@given(small_case())
def test_an_input_is_of_different_numbers_all_below_zero(case: Case) -> None:
    units = scramble(case)
    assert units.shape == (case.channels_in, *(axis.i for axis in case.axes))
    assert len(set(units.reshape(-1).tolist())) == units.size
    assert (units < 0).all()


@quick
@given(small_case())
def test_an_input_of_more_than_two_units_is_in_no_order(case: Case) -> None:
    steps = np.diff(scramble(case).reshape(-1))
    assert steps.size < 2 or ((steps > 0).any() and (steps < 0).any())
