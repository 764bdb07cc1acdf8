"""1/c as each element type rounds it, against exact fractions, and against ``ml_dtypes`` for bfloat16."""

from __future__ import annotations

from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

from cases.case import Axis, Case, Dtype
from harness.theory.expected import expected, reciprocals

SIGNIFICANT: dict[Dtype, int] = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}
SMALLEST_NORMAL: dict[Dtype, int] = {"float64": -1022, "float32": -126, "float16": -14, "bfloat16": -126}

# Every divisor that a window of a few hundred cells can have, as far as the element type has it exactly, and some more.
DIVISORS: dict[Dtype, list[int]] = {
    "float64": [*range(1, 2049), 12345, 2**24 + 1, 10**9 + 7],
    "float32": [*range(1, 2049), 12345, 2**24 - 1],
    "float16": [*range(1, 2049), 2049, 4097, 12345],
    "bfloat16": [*range(1, 257)],
}


def nearest(value: Fraction, dtype: Dtype) -> float:
    """The nearest number of an element type, to even where two are as near; ``round`` of a fraction does that."""
    exponent = 0
    while Fraction(2) ** exponent > value:
        exponent -= 1
    step = Fraction(2) ** (max(exponent, SMALLEST_NORMAL[dtype]) - SIGNIFICANT[dtype] + 1)
    return float(round(value / step) * step)


@pytest.mark.parametrize("dtype", DIVISORS)
def test_a_reciprocal_is_the_nearest_number_of_the_element_type(dtype: Dtype) -> None:
    divisors = DIVISORS[dtype]
    found = reciprocals(np.array(divisors), dtype)
    assert found.dtype == np.float64
    assert found.tolist() == [nearest(Fraction(1, divisor), dtype) for divisor in divisors]


def test_a_reciprocal_of_bfloat16_is_that_of_ml_dtypes() -> None:
    one = np.ones((), dtype=ml_dtypes.bfloat16)
    divisors = np.arange(1, 257)
    found = one / divisors.astype(ml_dtypes.bfloat16)
    assert reciprocals(divisors, "bfloat16").tolist() == found.astype(np.float64).tolist()


@pytest.mark.parametrize(
    ("dtype", "third", "ninth"),
    [
        # 1/3 and 1/9 in as many significant bits as the type has, rounded to the nearest.
        ("float64", 6004799503160661 / 2**54, 8006399337547548 / 2**56),
        ("float32", 11184811 / 2**25, 14913081 / 2**27),
        ("float16", 1365 / 2**12, 1820 / 2**14),
        ("bfloat16", 171 / 2**9, 228 / 2**11),
    ],
)
def test_an_average_s_entries_are_reciprocals_of_its_element_type(dtype: Dtype, third: float, ninth: float) -> None:
    line = expected(Case(op="avg_pool", axes=(Axis(4, 3),), dtype=dtype)).operator
    square = expected(Case(op="avg_pool", axes=(Axis(4, 3), Axis(3, 3)), dtype=dtype)).operator
    assert set(line.values.tolist()) == {third}
    assert set(square.values.tolist()) == {ninth}


def test_windows_of_one_layer_may_have_several_divisors() -> None:
    """k = 3 with one zero at each end that does not count: 1/2 at the ends, 1/3 between."""
    axis = Axis(4, 3, 1, 1, 1)
    operator = expected(Case(op="avg_pool", axes=(axis,), count_include_pad=False, dtype="bfloat16")).operator
    third = 171 / 2**9
    assert operator.dense().tolist() == [
        [1 / 2, 1 / 2, 0, 0],
        [third, third, third, 0],
        [0, third, third, third],
        [0, 0, 1 / 2, 1 / 2],
    ]
