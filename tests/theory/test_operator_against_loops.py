"""The theory's operators against loops that do what a layer does: cut windows out of a padded input, one by one.

The loops number the units of an input, pad the numbers with -1, and lay the window on them. Nothing is shared with the
theory, which adds up indices and never pads anything. For a transposed convolution the loops paint: each input unit
paints the kernel onto a canvas, from which the padding is cropped.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cases.case import Axis, Case, Op
from cases.direct import equivalent, flipped, stretched_impulses
from cases.stimuli import scramble
from harness.theory.expected import expected

quick = settings(derandomize=True, deadline=None, max_examples=150)

Integers = NDArray[np.int64]
Matrix = NDArray[np.float64]


def span(axis: Axis) -> int:
    """From the window's first tap to its last, with the gaps of the dilation."""
    return 1 + sum(axis.d for _ in range(axis.k - 1))


def windows(canvas: Integers, axes: Sequence[Axis], starts: Iterable[Sequence[int]]) -> Iterator[Integers]:
    """What the window shows at each placement, row-major."""
    for corner in itertools.product(*starts):
        cut = (slice(at, at + span(axis), axis.d) for at, axis in zip(corner, axes, strict=True))
        yield canvas[tuple(cut)].reshape(-1)


def fitting(size: int, axis: Axis) -> list[int]:
    """Where the window may begin on a padded axis: every s units, while it fits."""
    places, at = [], 0
    while at + span(axis) <= size:
        places.append(at)
        at += axis.s
    return places


def seen(case: Case) -> tuple[tuple[int, ...], list[Integers]]:
    """Output sizes, and for each output of one feature map the numbers of the units under the window's taps."""
    sizes = case.each("i")
    numbers = np.arange(math.prod(sizes), dtype=np.int64).reshape(sizes)
    canvas = np.pad(numbers, [(axis.p_before, axis.p_after) for axis in case.axes], constant_values=-1)
    starts = [fitting(size, axis) for size, axis in zip(canvas.shape, case.axes, strict=True)]
    return tuple(map(len, starts)), list(windows(canvas, case.axes, starts))


def convolution(case: Case, kernel: Integers) -> tuple[tuple[int, ...], Matrix]:
    """Output shape and matrix of a convolution with a kernel of shape (n, m / groups, k_1 … k_N)."""
    sizes, shown = seen(case)
    units = math.prod(case.each("i"))
    matrix = np.zeros((case.channels_out * len(shown), case.channels_in * units))
    per_group_out, per_group_in = case.channels_out // case.groups, case.channels_in // case.groups
    for n in range(case.channels_out):
        first = n // per_group_out * per_group_in
        for m in range(per_group_in):
            taps = kernel[n, m].reshape(-1)
            for place, numbers in enumerate(shown):
                real = numbers >= 0
                matrix[n * len(shown) + place, (first + m) * units + numbers[real]] = taps[real]
    return (case.channels_out, *sizes), matrix


def painting(case: Case, kernel: Integers) -> tuple[tuple[int, ...], Matrix]:
    """Output shape and matrix of a transposed convolution with a kernel of shape (m, n / groups, k_1 … k_N)."""
    painted = [(axis.i - 1) * axis.s + span(axis) + axis.a for axis in case.axes]
    kept = [slice(axis.p_before, size - axis.p_after) for size, axis in zip(painted, case.axes, strict=True)]
    sizes = tuple(max(size - axis.p_before - axis.p_after, 0) for size, axis in zip(painted, case.axes, strict=True))
    canvas = np.full(painted, -1, dtype=np.int64)
    if min(sizes) > 0:
        canvas[tuple(kept)] = np.arange(math.prod(sizes), dtype=np.int64).reshape(sizes)
    shown = list(windows(canvas, case.axes, [[u * axis.s for u in range(axis.i)] for axis in case.axes]))

    units, outputs = len(shown), math.prod(sizes)
    matrix = np.zeros((case.channels_out * outputs, case.channels_in * units))
    per_group_out, per_group_in = case.channels_out // case.groups, case.channels_in // case.groups
    for m in range(case.channels_in):
        first = m // per_group_in * per_group_out
        for n in range(per_group_out):
            taps = kernel[m, n].reshape(-1)
            for unit, numbers in enumerate(shown):
                real = numbers >= 0
                matrix[(first + n) * outputs + numbers[real], m * units + unit] = taps[real]
    return (case.channels_out, *sizes), matrix


def counted(*shape: int) -> Integers:
    """A kernel of the taps 1, 2, 3 … in row-major order."""
    return np.arange(1, math.prod(shape) + 1, dtype=np.int64).reshape(shape)


@dataclass(frozen=True)
class Most:
    """The largest sizes that are drawn, in one, two and three dimensions."""

    i: tuple[int, int, int] = (8, 6, 4)
    k: tuple[int, int, int] = (5, 4, 3)
    s: int = 4
    d: int = 3
    groups: int = 3


@st.composite
def layers(draw: st.DrawFn, op: Op, most: Most = Most()) -> Case:
    """Layers of one to three unequal axes, with paddings that differ at the two ends, channels and groups."""
    rank = draw(st.integers(1, 3))
    axis = st.builds(
        Axis,
        i=st.integers(1, most.i[rank - 1]),
        k=st.integers(1, most.k[rank - 1]),
        s=st.integers(1, most.s),
        p_before=st.integers(0, 3),
        p_after=st.integers(0, 3),
        d=st.integers(1, most.d),
        a=st.integers(0, most.s + 1) if op == "conv_transpose" else st.just(0),
    )
    groups = draw(st.integers(1, most.groups))
    channels_in, channels_out = (groups * draw(st.integers(1, 2)) for _ in range(2))
    if op in ("avg_pool", "max_pool"):
        channels_in = channels_out = draw(st.integers(1, 3))
        groups = 1
    axes = tuple(draw(st.lists(axis, min_size=rank, max_size=rank)))
    return Case(op=op, axes=axes, channels_in=channels_in, channels_out=channels_out, groups=groups)


def agree(case: Case, shape: tuple[int, ...], matrix: Matrix) -> None:
    theory = expected(case)
    assert theory.shape == shape
    assert theory.defined == (math.prod(shape) > 0)
    assert (theory.operator.rows, theory.operator.columns) == matrix.shape
    assert np.array_equal(theory.operator.dense(), matrix)
    assert (np.diff(theory.operator.indices) > 0).all()


@quick
@given(layers("conv"))
def test_a_convolution_is_what_the_loops_do(case: Case) -> None:
    kernel = counted(case.channels_out, case.channels_in // case.groups, *case.each("k"))
    agree(case, *convolution(case, kernel))


@quick
@given(layers("conv_transpose"))
def test_a_transposed_convolution_is_what_painting_does(case: Case) -> None:
    kernel = counted(case.channels_in, case.channels_out // case.groups, *case.each("k"))
    agree(case, *painting(case, kernel))


def one_axis(op: Op) -> list[Case]:
    """Every 1-d layer of a box, with paddings that differ."""
    return [
        Case(op=op, axes=(Axis(i, k, s, p_before, p_after, d, a),))
        for i, k, s, d in itertools.product(range(1, 6), range(1, 4), range(1, 4), range(1, 3))
        for p_before, p_after in itertools.product(range(3), range(3))
        for a in (range(s) if op == "conv_transpose" else range(1))
    ]


def test_every_one_dimensional_convolution_of_a_box_is_what_the_loops_do() -> None:
    for case in one_axis("conv"):
        shape, matrix = convolution(case, counted(1, 1, *case.each("k")))
        theory = expected(case)
        assert theory.shape == shape, case
        assert np.array_equal(theory.operator.dense(), matrix), case


def test_every_one_dimensional_transposed_convolution_of_a_box_is_what_painting_does() -> None:
    for case in one_axis("conv_transpose"):
        shape, matrix = painting(case, counted(1, 1, *case.each("k")))
        theory = expected(case)
        assert theory.shape == shape, case
        assert np.array_equal(theory.operator.dense(), matrix), case


def test_an_input_of_no_units_gives_outputs_of_padding_alone() -> None:
    case = Case(op="conv", axes=(Axis(0, 2, 1, 1, 2),))
    agree(case, (1, 2), np.zeros((2, 0)))


def associated(case: Case) -> Case:
    """The convolution that a transposed layer is the transpose of: it takes an input of size o', with o' by R14."""
    sizes = [x.s * (x.i - 1) + x.a + span(x) - x.p_before - x.p_after for x in case.axes]
    axes = tuple(replace(axis, i=max(size, 0), a=0) for size, axis in zip(sizes, case.axes, strict=True))
    return replace(case, op="conv", axes=axes, channels_in=case.channels_out, channels_out=case.channels_in)


@quick
@given(layers("conv_transpose"))
def test_s6_a_transposed_convolution_is_the_transpose_of_its_convolution(case: Case) -> None:
    case = replace(case, axes=tuple(replace(axis, a=axis.a % axis.s) for axis in case.axes))
    direct = associated(case)
    if min(direct.each("i")) < 1:  # cropped away: there is no such convolution
        assert not expected(case).defined
        return
    kernel = counted(direct.channels_out, direct.channels_in // direct.groups, *direct.each("k"))
    shape, matrix = convolution(direct, kernel)
    assert shape == (case.channels_in, *case.each("i"))
    agree(case, (case.channels_out, *direct.each("i")), matrix.T)


@quick
@given(layers("conv_transpose", Most(i=(6, 4, 2), k=(4, 3, 2), s=3, d=2, groups=2)))
def test_s7_a_transposed_convolution_is_a_direct_one_of_the_stretched_input(case: Case) -> None:
    direct = equivalent(case)
    if direct is None:  # cropped away
        assert not expected(case).defined
        return
    kernel = counted(case.channels_in, case.channels_out // case.groups, *case.each("k"))
    shape, matrix = convolution(direct, flipped(case, kernel))
    impulses = stretched_impulses(case)
    agree(case, shape, matrix @ impulses.reshape(len(impulses), -1).T)


@quick
@given(layers("conv") | layers("conv_transpose") | layers("avg_pool"))
def test_s5_the_backward_pass_of_a_linear_layer_has_the_operators_rows(case: Case) -> None:
    theory = expected(case)
    assert np.array_equal(theory.adjoint.dense(), theory.operator.dense())


def pooling(case: Case, rows: Sequence[Matrix]) -> Matrix:
    """One block for each feature map: a map is pooled by itself."""
    block = np.array(rows).reshape(len(rows), math.prod(case.each("i")))
    return np.array(np.kron(np.eye(case.channels_in), block), dtype=np.float64)


@quick
@given(layers("avg_pool"))
def test_an_average_pooling_is_what_the_loops_do(case: Case) -> None:
    sizes, shown = seen(case)
    units = np.arange(math.prod(case.each("i")))
    rows = [np.isin(units, numbers) / np.float32(math.prod(case.each("k"))) for numbers in shown]
    agree(case, (case.channels_in, *sizes), pooling(case, rows))


@quick
@given(layers("max_pool"))
def test_a_maximum_pooling_is_what_the_loops_do(case: Case) -> None:
    sizes, shown = seen(case)
    units = np.arange(math.prod(case.each("i")))
    matrix = pooling(case, [np.isin(units, numbers).astype(float) for numbers in shown])
    matrix[~matrix.any(axis=1)] = -np.inf  # the maximum of nothing, whatever the input is
    agree(case, (case.channels_in, *sizes), matrix)


@quick
@given(layers("max_pool"))
def test_the_backward_pass_of_a_maximum_pooling_finds_the_maximum(case: Case) -> None:
    _, shown = seen(case)
    units = math.prod(case.each("i"))
    rows = np.zeros((case.channels_in * len(shown), case.channels_in * units))
    for m, values in enumerate(scramble(case).reshape(case.channels_in, units)):
        for place, numbers in enumerate(shown):
            real = [number for number in numbers.tolist() if number >= 0]
            if real:
                rows[m * len(shown) + place, m * units + max(real, key=values.tolist().__getitem__)] = 1
    assert np.array_equal(expected(case).adjoint.dense(), rows)


@pytest.mark.parametrize("op", ["conv", "conv_transpose"])
def test_each_group_sees_its_own_feature_maps_only(op: Op) -> None:
    """Two groups: 4 → 2 maps of one unit with k = 1, where the matrix is the kernel itself."""
    case = Case(op=op, axes=(Axis(1, 1),), channels_in=4, channels_out=2, groups=2)
    assert expected(case).operator.dense().tolist() == [[1, 2, 0, 0], [0, 0, 3, 4]]
