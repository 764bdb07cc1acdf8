"""Kernels and inputs that tell hypotheses apart: no two taps alike, no palindrome, one maximum in every window."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.case import DTYPES, OPS, Axis, Case, Dtype, parse
from cases.stimuli import EXACT, base, bias, combined, kernel, kernel_shape, passes, scramble

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


def test_many_inputs_of_float16_are_different_numbers_of_it() -> None:
    units = scramble(parse("max_pool2d.i140x140.k2x2.s1x1.p0x0.d1x1.float16"))
    assert len(set(units.reshape(-1).tolist())) == 140 * 140
    assert (units.astype(np.float16) == units).all()
    assert (units < 0).all()


# The significant bits of a floating-point number: every integer up to 2 to that power is one.
SIGNIFICANT = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_largest_exact_integer_is_that_of_the_element_type(dtype: Dtype) -> None:
    integers = {"int32": 2147483647, "int8": 127}
    assert EXACT[dtype] == (2 ** SIGNIFICANT[dtype] if dtype in SIGNIFICANT else integers[dtype])


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_beyond_it_an_element_type_misses_integers(dtype: Dtype) -> None:
    last = EXACT[dtype]
    few = np.arange(last - 100, last + 1)
    assert few.astype(dtype).astype(np.int64).tolist() == few.tolist()
    assert int(np.asarray(last + 1).astype(dtype)) != last + 1


def wide(*, taps: int, dtype: Dtype = "bfloat16", with_bias: bool = False) -> Case:
    """A layer with this many taps, along one axis."""
    return Case(op="conv", axes=(Axis(taps, taps),), dtype=dtype, bias=with_bias)


@pytest.mark.parametrize(
    ("case", "number"),
    [
        pytest.param(wide(taps=256), 1, id="bfloat16 has the integers up to 256"),
        pytest.param(wide(taps=257), 2, id="and not 257"),
        pytest.param(wide(taps=128, with_bias=True), 1, id="with a bias, half of them"),
        pytest.param(wide(taps=129, with_bias=True), 2, id="so that the sum is exact"),
        pytest.param(wide(taps=127, dtype="int8"), 1, id="int8 has 127"),
        pytest.param(wide(taps=128, dtype="int8"), 2, id="and not 128"),
        pytest.param(wide(taps=127 * 127 + 1, dtype="int8"), 3, id="two digits are not always enough"),
        pytest.param(wide(taps=2000, dtype="float16"), 1, id="float16 has 2048"),
        pytest.param(wide(taps=70_000, dtype="float32"), 1, id="float32 has them all"),
        pytest.param(Case(op="conv", axes=(Axis(5, 3),), channels_in=0), 1, id="no taps at all"),
    ],
)
def test_a_kernel_takes_as_many_passes_as_its_taps_have_digits(case: Case, number: int) -> None:
    assert len(passes(case)) == number


digits = st.builds(
    wide,
    taps=st.integers(1, 3000),
    dtype=st.sampled_from(DTYPES),
    with_bias=st.booleans(),
)


@quick
@given(digits)
def test_every_digit_is_exact_even_with_the_bias(case: Case) -> None:
    most = EXACT[case.dtype] - (int(bias(case).max()) if case.bias else 0)
    for digit in passes(case):
        assert digit.shape == kernel(case).shape
        assert 1 <= digit.min() <= digit.max() <= most
        assert digit.max() <= base(case)


@quick
@given(digits)
def test_the_digits_together_are_the_taps(case: Case) -> None:
    together = combined(case, [digit.astype(np.float64) for digit in passes(case)])
    assert together.tolist() == kernel(case).tolist()


def test_an_entry_that_no_tap_explains_is_no_number() -> None:
    """The taps 300 and 2, in digits of 256: 300 is 43 + 256, so its digits are 44 and 2; those of 2 are 2 and 1."""
    case = wide(taps=300)
    low, high = (digit.reshape(-1)[[299, 1]].astype(np.float64) for digit in passes(case))
    assert (low.tolist(), high.tolist()) == ([44, 2], [2, 1])
    absent = np.zeros(2)
    assert combined(case, [low, high]).tolist() == [300, 2]
    assert combined(case, [absent, absent]).tolist() == [0, 0]
    assert np.isnan(combined(case, [low, absent])).all()
    assert np.isnan(combined(case, [absent, high])).all()
    assert np.isnan(combined(case, [low, np.array([2.0, 0])])).tolist() == [False, True]


def test_a_bias_is_a_number_of_its_own_for_each_output_map() -> None:
    case = Case(op="conv", axes=(Axis(5, 3),), channels_in=2, channels_out=5, bias=True)
    assert bias(case).tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_bias_of_many_output_maps_is_never_zero_and_exact(dtype: Dtype) -> None:
    case = Case(op="conv", axes=(Axis(5, 3),), channels_out=1000, bias=True, dtype=dtype)
    assert bias(case).min() == 1
    assert int(bias(case).max()) + base(case) <= EXACT[dtype]
    assert (np.diff(bias(case)) != 0).all()
