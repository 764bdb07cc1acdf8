"""What layers are fed is exact in their element type: taps as digits, pass by pass, and biases beside them."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cases.case import DTYPES, Axis, Case, Dtype, Op
from cases.stimuli import bias, combined, kernel, passes, scramble

quick = settings(derandomize=True, deadline=None, max_examples=100)

# How many consecutive integers from 1 on an element type has: 2 to the number of its significant bits, or its maximum.
INTEGERS: dict[Dtype, int] = {
    "float64": 2**53,
    "float32": 2**24,
    "float16": 2048,
    "bfloat16": 256,
    "int32": 2147483647,
    "int8": 127,
}
MAXIMA = {"int32": 2147483647, "int8": 127}


def kept(numbers: NDArray[Any], dtype: Dtype) -> NDArray[np.float64]:
    """The numbers as an element type holds them."""
    if dtype in MAXIMA:
        assert (numbers <= MAXIMA[dtype]).all()
    held = numbers.astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    return held.astype(np.float64)


@st.composite
def layers(draw: st.DrawFn) -> Case:
    """Layers with few taps, and with more than the narrow types have integers."""
    op: Op = draw(st.sampled_from(["conv", "conv_transpose"]))
    axes = tuple(Axis(9, k) for k in draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    groups = draw(st.integers(1, 3))
    return Case(
        op=op,
        axes=axes,
        channels_in=groups * draw(st.integers(1, 12)),
        channels_out=groups * draw(st.integers(1, 12)),
        groups=groups,
        bias=draw(st.booleans()),
        dtype=draw(st.sampled_from(DTYPES)),
    )


@quick
@given(layers())
def test_every_digit_is_an_integer_that_the_element_type_has(case: Case) -> None:
    for digits in passes(case):
        assert digits.min() >= 1  # so that a tap that is missing shows in every pass
        assert digits.max() <= INTEGERS[case.dtype]
        assert np.array_equal(kept(digits, case.dtype), digits)


@quick
@given(layers())
def test_a_tap_and_a_bias_have_a_sum_that_the_element_type_has(case: Case) -> None:
    added = bias(case)
    assert added.shape == (case.channels_out,)
    assert added.min() >= 1
    assert np.array_equal(kept(added, case.dtype), added)
    if case.bias:
        for digits in passes(case):
            sums = np.array([digits.min() + added.min(), digits.max() + added.max()])
            assert np.array_equal(kept(sums, case.dtype), sums)


@quick
@given(layers())
def test_the_digits_of_two_taps_are_never_all_alike(case: Case) -> None:
    """So that no tap can be taken for another; and no line of taps along an axis reads the same backwards."""
    digits = np.stack(passes(case), axis=-1)
    taps = [tuple(tap) for tap in digits.reshape(-1, digits.shape[-1]).tolist()]
    assert len(set(taps)) == len(taps)
    for axis in range(digits.ndim - 1):
        line = np.moveaxis(digits, axis, 0)
        assert len(line) == 1 or (line != line[::-1]).any(axis=(0, -1)).all()


@quick
@given(layers(), st.integers(0, 2**32 - 1))
def test_digits_are_combined_to_the_taps(case: Case, seed: int) -> None:
    """Of any operator: entries that are some of the taps, or zeros."""
    taps = kernel(case).reshape(-1)
    chosen = np.random.default_rng(seed).integers(-1, taps.size, (5, 7))
    operator = np.where(chosen >= 0, taps[chosen], 0)
    shown = [np.where(chosen >= 0, digits.reshape(-1)[chosen], 0).astype(float) for digits in passes(case)]
    assert np.array_equal(combined(case, shown), operator)


@pytest.mark.parametrize(
    ("dtype", "biased", "maps", "number"),
    [
        # maps² taps of k = 1
        ("float64", False, 40, 1),
        ("float32", True, 40, 1),
        ("int32", True, 40, 1),
        ("bfloat16", False, 16, 1),  # 256 taps: as many as there are integers
        ("bfloat16", False, 17, 2),
        ("bfloat16", True, 11, 1),  # 121 taps, 128 beside a bias
        ("bfloat16", True, 12, 2),
        ("float16", False, 45, 1),  # 2025
        ("float16", False, 46, 2),  # 2116
        ("int8", False, 11, 1),
        ("int8", False, 12, 2),  # 144 taps, of 127
        ("int8", True, 7, 1),
        ("int8", True, 8, 2),  # 64 taps, of 63
        ("int8", True, 63, 2),  # 63²: all pairs of digits
        ("int8", True, 64, 3),
        ("int8", False, 127, 2),
        ("int8", False, 128, 3),
    ],
)
def test_there_are_as_many_passes_as_the_taps_need(dtype: Dtype, biased: bool, maps: int, number: int) -> None:
    case = Case(op="conv", axes=(Axis(3, 1),), channels_in=maps, channels_out=maps, bias=biased, dtype=dtype)
    assert len(passes(case)) == number


def test_the_digits_of_a_tap() -> None:
    """144 taps in int8: the first 127 are 1 … 127 and 1, the others begin again, with 2."""
    case = Case(op="conv", axes=(Axis(3, 1),), channels_in=12, channels_out=12, dtype="int8")
    low, high = (digits.reshape(-1).tolist() for digits in passes(case))
    assert low == [*range(1, 128), *range(1, 18)]
    assert high == [1] * 127 + [2] * 17


def test_passes_that_contradict_each_other_show_no_tap() -> None:
    """An entry in one pass and none in the other, either way; both none is none."""
    case = Case(op="conv", axes=(Axis(3, 1),), channels_in=12, channels_out=12, dtype="int8")
    low, high = np.array([[5.0, 0.0, 5.0, 0.0]]), np.array([[2.0, 2.0, 0.0, 0.0]])
    found = combined(case, [low, high])
    assert np.array_equal(found, [[127 + 5, np.nan, np.nan, 0]], equal_nan=True)


@pytest.mark.parametrize("rubbish", [np.nan, np.inf, -np.inf, 0.5, 1e30])
def test_rubbish_in_one_pass_is_no_tap(rubbish: float) -> None:
    case = Case(op="conv", axes=(Axis(3, 1),), channels_in=12, channels_out=12, dtype="int8")
    taps = set(kernel(case).reshape(-1).tolist())
    for first, second in ((rubbish, 1.0), (1.0, rubbish)):
        (found,) = combined(case, [np.array([first]), np.array([second])]).tolist()
        assert found not in taps


def test_a_layer_without_taps_has_one_pass_of_none() -> None:
    for m, n in ((0, 3), (3, 0), (0, 0)):
        (digits,) = passes(Case(op="conv", axes=(Axis(3, 2),), channels_in=m, channels_out=n, dtype="int8"))
        assert digits.shape == (n, m, 2)


@pytest.mark.parametrize("dtype", DTYPES)
def test_biases_are_distinct_as_long_as_the_element_type_allows(dtype: Dtype) -> None:
    """Half of its integers are for the biases, and half for the taps."""
    most = min(INTEGERS[dtype] // 2, 300)
    case = Case(op="conv", axes=(Axis(3, 1),), channels_out=most, bias=True, dtype=dtype)
    assert bias(case).tolist() == list(range(1, most + 1))
    if most < 300:
        more = Case(op="conv", axes=(Axis(3, 1),), channels_out=most + 2, bias=True, dtype=dtype)
        assert bias(more).tolist() == [*range(1, most + 1), 1, 2]


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_the_input_of_a_maximum_keeps_its_order_in_the_element_type(dtype: Dtype) -> None:
    """No two units may become equal: of equal ones, each framework takes the one it likes. 4096 are beyond 2048."""
    case = Case(op="max_pool", axes=(Axis(16, 3),) * 3, dtype=dtype)
    units = scramble(case).reshape(-1)
    held = kept(units, dtype)
    assert len(set(held.tolist())) == units.size
    assert np.isfinite(held).all()
    assert (held < 0).all()


def test_every_window_has_one_maximum_in_bfloat16() -> None:
    """Two maps of 8 × 6 × 8 units: 768 numbers, while a map has 384 of its own, and a window 27."""
    axes = (Axis(8, 3), Axis(6, 3), Axis(8, 3))
    case = Case(op="max_pool", axes=axes, channels_in=2, channels_out=2, dtype="bfloat16")
    for units in kept(scramble(case), "bfloat16"):
        windows = np.sort(np.lib.stride_tricks.sliding_window_view(units, (3, 3, 3)).reshape(-1, 27), axis=1)
        assert (windows[:, -1] > windows[:, -2]).all()
