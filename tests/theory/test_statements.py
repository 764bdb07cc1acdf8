"""The guide's statements S1 to S12, each shown of the theory's operators.

S5, S6 and S7 need a convolution that is computed otherwise, and stand beside the loops that do it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from functools import reduce

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cases.case import Axis, Case, Op
from harness.theory.expected import expected
from harness.theory.matrix import output_size, structure

quick = settings(derandomize=True, deadline=None, max_examples=100)

Matrix = NDArray[np.float64]


def matrix(case: Case, kernel: NDArray[np.int64]) -> Matrix:
    """The operator of a layer with this kernel, dense."""
    c = structure(case)
    dense = np.zeros(c.rows * c.columns)
    dense[c.indices] = kernel.reshape(-1)[c.taps]
    return dense.reshape(c.rows, c.columns)


def dense(case: Case) -> Matrix:
    return expected(case).operator.dense()


def box(*, padded: bool = True) -> Iterator[Axis]:
    """Axes whose window fits at least once, undilated."""
    for i, k, s, p in itertools.product(range(1, 8), range(1, 5), range(1, 5), range(4 if padded else 1)):
        if i + 2 * p >= k:
            yield Axis(i, k, s, p, p)


axes = st.builds(
    Axis,
    i=st.integers(1, 6),
    k=st.integers(1, 3),
    s=st.integers(1, 3),
    p_before=st.integers(0, 2),
    p_after=st.integers(0, 2),
    d=st.integers(1, 2),
)
few_axes = st.lists(axes, min_size=1, max_size=3).map(tuple)


def test_s4_the_matrix_of_section_4_1() -> None:
    """The figure no_padding_no_strides: i = 4, k = 3, so 4 outputs of 16 inputs, with taps w00 to w22."""
    w00, w01, w02, w10, w11, w12, w20, w21, w22 = range(1, 10)
    axis = Axis(4, 3)
    assert dense(Case(op="conv", axes=(axis, axis))).tolist() == [
        [w00, w01, w02, 0, w10, w11, w12, 0, w20, w21, w22, 0, 0, 0, 0, 0],
        [0, w00, w01, w02, 0, w10, w11, w12, 0, w20, w21, w22, 0, 0, 0, 0],
        [0, 0, 0, 0, w00, w01, w02, 0, w10, w11, w12, 0, w20, w21, w22, 0],
        [0, 0, 0, 0, 0, w00, w01, w02, 0, w10, w11, w12, 0, w20, w21, w22],
    ]


# The numerical figures of chapter 1: one input, one kernel.
INPUT = np.array([[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]])
KERNEL = np.array([[0, 1, 2], [2, 2, 0], [0, 1, 2]])


def test_s4_the_numerical_figures_of_convolution() -> None:
    plain, strided = Axis(5, 3), Axis(5, 3, 2, 1, 1)
    outputs = matrix(Case(op="conv", axes=(plain, plain)), KERNEL) @ INPUT.reshape(-1)
    assert outputs.reshape(3, 3).tolist() == [[12, 12, 17], [10, 17, 19], [9, 6, 14]]
    outputs = matrix(Case(op="conv", axes=(strided, strided)), KERNEL) @ INPUT.reshape(-1)
    assert outputs.reshape(3, 3).tolist() == [[6, 17, 3], [8, 17, 13], [6, 4, 4]]


def test_s10_the_numerical_figures_of_pooling() -> None:
    axis = Axis(5, 3)
    averages = dense(Case(op="avg_pool", axes=(axis, axis), dtype="float64")) @ INPUT.reshape(-1)
    ninths = [[15, 15, 15], [9, 11, 16], [10, 7, 12]]
    assert np.allclose(averages.reshape(3, 3), np.array(ninths) / 9, rtol=1e-15)
    seen = dense(Case(op="max_pool", axes=(axis, axis)))
    maxima = (seen * INPUT.reshape(-1)).max(axis=1)
    assert maxima.reshape(3, 3).tolist() == [[3, 3, 3], [3, 3, 3], [3, 2, 3]]


@quick
@given(few_axes)
def test_s1_strides_are_subsampling(several: tuple[Axis, ...]) -> None:
    """The strided operator is every s-th row of the unit-stride one, along each axis."""
    strided = Case(op="conv", axes=several)
    unit = Case(op="conv", axes=tuple(replace(axis, s=1) for axis in several))
    columns = math.prod(unit.each("i"))
    rows = dense(unit).reshape(*expected(unit).shape[1:], columns)
    kept = rows[tuple(slice(None, None, axis.s) for axis in several)]
    assert expected(strided).shape[1:] == kept.shape[:-1]
    assert np.array_equal(dense(strided), kept.reshape(-1, columns))


@quick
@given(few_axes, st.sampled_from(["conv", "conv_transpose"]))
def test_s2_a_separable_kernel_makes_a_kronecker_product(several: tuple[Axis, ...], op: Op) -> None:
    """With a kernel that is an outer product, C is the Kronecker product of the C of each axis."""
    lines = [np.arange(axis.k) * 2 + 1 + number for number, axis in enumerate(several)]
    product: Matrix = np.ones((1, 1))
    for axis, line in zip(several, lines, strict=True):
        product = np.array(np.kron(product, matrix(Case(op=op, axes=(axis,)), line)), dtype=np.float64)
    kernel = reduce(np.multiply.outer, lines)
    assert np.array_equal(matrix(Case(op=op, axes=several), kernel), product)


def entries(case: Case) -> list[tuple[int, int, int]]:
    """(row, column, tap) of each entry."""
    c = structure(case)
    return [(*divmod(index, c.columns), tap) for index, tap in zip(c.indices.tolist(), c.taps.tolist(), strict=True)]


@quick
@given(axes, axes, st.sampled_from(["conv", "conv_transpose", "max_pool"]))
def test_s2_the_entries_of_two_axes_are_the_products_of_each_axis_own(one: Axis, two: Axis, op: Op) -> None:
    rows, columns = structure(Case(op=op, axes=(two,))).rows, two.i
    product = sorted(
        (r1 * rows + r2, c1 * columns + c2, t1 * two.k + t2)
        for (r1, c1, t1), (r2, c2, t2) in itertools.product(
            entries(Case(op=op, axes=(one,))), entries(Case(op=op, axes=(two,)))
        )
    )
    assert entries(Case(op=op, axes=(one, two))) == product


@quick
@given(few_axes, axes, st.data())
def test_s2_an_axis_size_depends_on_its_own_parameters_alone(
    several: tuple[Axis, ...], other: Axis, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(several) - 1))
    changed = (*several[:place], other, *several[place + 1 :])
    for op in ("conv", "conv_transpose", "avg_pool"):
        before, after = output_size(Case(op=op, axes=several)), output_size(Case(op=op, axes=changed))
        assert before[:place] == after[:place]
        assert before[place + 1 :] == after[place + 1 :]


def test_s3_where_s_divides_the_next_input_sizes_give_the_same_output() -> None:
    """If s divides i + 2p - k, then i … i + s - 1 share one o, and the sizes beside them have another."""
    shared = 0
    for axis in box():
        if axis.s == 1 or (axis.i + 2 * axis.p_before - axis.k) % axis.s:
            continue
        around = range(axis.i - 1, axis.i + axis.s + 1)
        before, *same, after = (output_size(Case(op="conv", axes=(replace(axis, i=i),)))[0] for i in around)
        o = same[0]
        assert (before, same, after) == (o - 1, [o] * axis.s, o + 1), axis
        shared += 1
    assert shared > 100


def test_s8_the_transpose_recovers_the_shape_of_the_input() -> None:
    """i' = o and a = (i + 2p - k) mod s give o' = i, for every convolution of the box."""
    for axis in box():
        (o,) = output_size(Case(op="conv", axes=(axis,)))
        a = (axis.i + 2 * axis.p_before - axis.k) % axis.s
        back = Case(op="conv_transpose", axes=(replace(axis, i=o, a=a),))
        assert output_size(back) == (axis.i,), f"{axis}: back to {output_size(back)}"


def test_s8_the_transpose_does_not_recover_the_input_itself() -> None:
    """i = 3, k = 2, taps 1 2: x = (1, 0, 0) becomes (1, 0), and that (1, 2, 0)."""
    there = dense(Case(op="conv", axes=(Axis(3, 2),)))
    back = dense(Case(op="conv_transpose", axes=(Axis(2, 2),)))
    assert there.tolist() == [[1, 2, 0], [0, 1, 2]]
    assert back.tolist() == [[1, 0], [2, 1], [0, 2]]
    assert (back @ there @ np.array([1, 0, 0])).tolist() == [1, 2, 0]


@quick
@given(few_axes, st.integers(1, 3), st.integers(1, 3))
def test_s9_each_output_map_sums_one_convolution_of_each_input_map(several: tuple[Axis, ...], n: int, m: int) -> None:
    """C is n by m blocks, each the C of one kernel on one map."""
    kernels = np.arange(1, n * m * math.prod(axis.k for axis in several) + 1).reshape(n, m, -1)
    alone = Case(op="conv", axes=several)
    blocks = np.block([[matrix(alone, kernels[row, column]) for column in range(m)] for row in range(n)])
    assert np.array_equal(dense(Case(op="conv", axes=several, channels_in=m, channels_out=n)), blocks)


@quick
@given(few_axes, st.sampled_from(["avg_pool", "max_pool"]), st.integers(1, 3))
def test_s10_pooling_slides_the_window_of_a_convolution(several: tuple[Axis, ...], op: Op, maps: int) -> None:
    """It sees what a convolution sees, each feature map by itself; the maximum of nothing is minus infinity."""
    seen = dense(Case(op="conv", axes=several)) != 0
    pooled = dense(Case(op=op, axes=several, channels_in=maps, channels_out=maps))
    assert np.array_equal(pooled > 0, np.kron(np.eye(maps, dtype=bool), seen))
    blind = np.tile(~seen.any(axis=1), maps)
    assert (pooled[~blind] >= 0).all()
    assert (pooled[blind] == (0 if op == "avg_pool" else -np.inf)).all()


def test_s11_units_that_the_floor_leaves_uncovered_have_zero_columns() -> None:
    """The last a = (i + 2p - k) mod s padded units are never covered; those beyond the padding are inputs."""
    uncovered = 0
    for axis in box():
        if axis.s > axis.k:  # strides that step over units leave others uncovered too
            continue
        a = (axis.i + 2 * axis.p_before - axis.k) % axis.s
        last = max(a - axis.p_after, 0)
        zero = ~dense(Case(op="conv", axes=(axis,))).any(axis=0)
        assert np.flatnonzero(zero).tolist() == list(range(axis.i - last, axis.i)), axis
        uncovered += last > 0
    assert uncovered > 20


def test_s11_in_the_figure_with_an_odd_one_the_last_row_and_column_are_uncovered() -> None:
    """padding_strides_odd without its padding: i = 6, k = 3, s = 2, where a = 1."""
    axis = Axis(6, 3, 2)
    covered = dense(Case(op="conv", axes=(axis, axis))).any(axis=0).reshape(6, 6)
    assert covered[:5, :5].all()
    assert not covered[5].any()
    assert not covered[:, 5].any()


@quick
@given(few_axes)
def test_s12_dilation_puts_spaces_between_the_taps(several: tuple[Axis, ...]) -> None:
    """A dilated convolution is an ordinary one, of a kernel with d - 1 zeros between its elements."""
    taps = np.arange(1, math.prod(axis.k for axis in several) + 1).reshape([axis.k for axis in several])
    spread = np.zeros([axis.k + (axis.k - 1) * (axis.d - 1) for axis in several], dtype=np.int64)
    spread[tuple(slice(None, None, axis.d) for axis in several)] = taps
    ordinary = tuple(replace(axis, k=size, d=1) for axis, size in zip(several, spread.shape, strict=True))
    assert np.array_equal(dense(Case(op="conv", axes=several)), matrix(Case(op="conv", axes=ordinary), spread))


def test_s12_dilation_of_one_axis_by_hand() -> None:
    """i = 5, k = 2, taps 1 2, d = 3: o = 2."""
    assert dense(Case(op="conv", axes=(Axis(5, 2, d=3),))).tolist() == [[1, 0, 0, 2, 0], [0, 1, 0, 0, 2]]
