"""The record of a linear layer: a matrix kept as its non-zero entries, with a digest for its content."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness.operator import Operator

quick = settings(derandomize=True, deadline=None, max_examples=300)

Matrix = NDArray[np.float64]

NOT_A_NUMBER = [
    0x7FF8000000000000,  # quiet
    0xFFF8000000000000,  # negative
    0x7FF8000000000001,  # with a payload
    0x7FF0000000000001,  # signalling
    0xFFFFFFFFFFFFFFFF,
]


def of_bits(bits: int) -> Matrix:
    return np.array([[bits]], dtype=np.uint64).view(np.float64)


VALUES = st.sampled_from([0.0, 0.0, 1.0, -2.5, -0.0, math.inf, -math.inf, math.nan])


@st.composite
def matrices(draw: st.DrawFn) -> Matrix:
    """Small matrices of few values, so that equal ones are common; some without rows or columns."""
    rows, columns = draw(st.integers(0, 2)), draw(st.integers(0, 3))
    flat = draw(st.lists(VALUES, min_size=rows * columns, max_size=rows * columns))
    return np.array(flat, dtype=np.float64).reshape(rows, columns)


def same(one: Matrix, other: Matrix) -> bool:
    """Whether two matrices have the same shape and the same numbers; a NaN is the same news as another."""
    return one.shape == other.shape and np.array_equal(one, other, equal_nan=True)


def test_only_what_is_not_zero_is_kept() -> None:
    operator = Operator.of(np.array([[0, 5, 0], [7, 0, -1]]))
    assert (operator.rows, operator.columns) == (2, 3)
    assert operator.indices.tolist() == [1, 3, 5]
    assert operator.values.tolist() == [5, 7, -1]


@quick
@given(matrices())
def test_a_matrix_comes_back_dense(matrix: Matrix) -> None:
    assert same(Operator.of(matrix).dense(), matrix)


@quick
@given(matrices())
def test_a_matrix_comes_back_from_json(matrix: Matrix) -> None:
    operator = Operator.of(matrix)
    text = json.dumps(operator.to_json(), allow_nan=False)
    back = Operator.from_json(json.loads(text))
    assert same(back.dense(), matrix)
    assert back.digest == operator.digest
    assert back.indices.tolist() == operator.indices.tolist()
    assert back.indices.dtype == np.int64
    assert back.values.dtype == np.float64


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (2, 2)])
def test_a_matrix_of_nothing_keeps_its_shape(shape: tuple[int, int]) -> None:
    operator = Operator.of(np.zeros(shape))
    assert operator.indices.size == operator.values.size == 0
    assert operator.dense().shape == shape
    assert Operator.from_json(operator.to_json()).dense().shape == shape


@quick
@given(matrices(), matrices())
def test_digests_are_equal_where_the_matrices_are_and_only_there(one: Matrix, other: Matrix) -> None:
    assert (Operator.of(one).digest == Operator.of(other).digest) == same(one, other)


@quick
@given(matrices(), VALUES, st.data())
def test_a_digest_sees_each_single_entry(matrix: Matrix, value: float, data: st.DataObject) -> None:
    if matrix.size == 0:
        return
    changed = matrix.copy()
    changed[data.draw(st.tuples(*(st.integers(0, size - 1) for size in matrix.shape)))] = value
    assert (Operator.of(changed).digest == Operator.of(matrix).digest) == same(changed, matrix)


def test_a_digest_tells_where_an_entry_stands_and_how_large_the_matrix_is() -> None:
    flat = np.array([1.0, 0, 0, 0, 0, 0])
    shapes = [flat.reshape(shape) for shape in ((1, 6), (6, 1), (2, 3), (3, 2))]
    turned = [flat.reshape(2, 3)[::-1], flat.reshape(2, 3)[:, ::-1], flat.reshape(2, 3).T]
    digests = [Operator.of(matrix).digest for matrix in (*shapes, *turned)]
    assert len(set(digests)) == len(digests) - 1  # the transposed one is the one of shape (3, 2)
    assert digests[3] == digests[-1]


def test_a_digest_sees_only_that_something_is_not_a_number() -> None:
    digests = {Operator.of(of_bits(bits)).digest for bits in NOT_A_NUMBER}
    assert len(digests) == 1
    assert digests.isdisjoint({Operator.of(np.array([[value]])).digest for value in (0.0, 1.0, math.inf, -math.inf)})


@pytest.mark.parametrize("bits", NOT_A_NUMBER, ids=hex)
def test_what_is_not_a_number_stays_one(bits: int) -> None:
    operator = Operator.of(of_bits(bits))
    assert np.isnan(operator.dense()).all()
    assert np.isnan(Operator.from_json(operator.to_json()).dense()).all()


def test_a_negative_zero_is_a_zero() -> None:
    assert Operator.of(np.array([[-0.0, 1.0]])).digest == Operator.of(np.array([[0.0, 1.0]])).digest


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float16, np.float32, np.float64, np.bool_])
def test_the_number_type_of_a_matrix_is_no_part_of_its_content(dtype: Any) -> None:
    matrix = np.array([[1, 0], [0, 1]])
    assert Operator.of(matrix.astype(dtype)).digest == Operator.of(matrix).digest
    assert Operator.of(np.asfortranarray(matrix.astype(dtype))).digest == Operator.of(matrix).digest


def test_a_matrix_is_read_row_major_however_it_lies_in_memory() -> None:
    matrix = np.array([[1.0, 2.0, 0.0], [0.0, 3.0, 4.0]])
    assert Operator.of(np.asfortranarray(matrix)).dense().tolist() == matrix.tolist()
    assert Operator.of(matrix.T).dense().tolist() == matrix.T.tolist()
