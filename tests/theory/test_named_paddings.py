"""What a padding's name is claimed to mean in numbers, against the formulas of those who coined the names.

Each framework documents, or has in its source, another formula for the same thing. The theory's operator with the
numbers that :func:`cases.conventions.numbers` gives must have the size that the name promises.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from cases.case import Axis, Case, Op, Padding
from cases.conventions import numbers
from harness.theory.expected import expected
from harness.theory.matrix import output_size


def span(k: int, d: int) -> int:
    return 1 + sum(d for _ in range(k - 1))


def box() -> Iterator[Axis]:
    """Both parities of everything, strides wider than the window, windows wider than the input."""
    for i, k, s, d in itertools.product(range(1, 12), range(1, 8), range(1, 6), range(1, 4)):
        yield Axis(i, k, s, d=d)


def meant(op: Op, padding: Padding, axis: Axis) -> Axis:
    found = numbers(op, padding, axis)
    assert found is not None, f"'{padding}' has a meaning for {axis}"
    assert (found.i, found.k, found.s, found.d) == (axis.i, axis.k, axis.s, axis.d)
    return found


def size(op: Op, axis: Axis) -> int:
    return output_size(Case(op=op, axes=(axis,)))[0]


def ends(axis: Axis) -> tuple[int, int]:
    return axis.p_before, axis.p_after


@pytest.mark.parametrize("op", ["conv", "avg_pool", "max_pool"])
def test_same_pads_as_tensorflow_documents_it(op: Op) -> None:
    """TensorFlow's notes on padding have two cases: the stride divides the input's size, or it does not."""
    for axis in box():
        i, s, k_hat = axis.i, axis.s, span(axis.k, axis.d)
        total = max(k_hat - s, 0) if i % s == 0 else max(k_hat - i % s, 0)
        upper, lower = meant(op, "same", axis), meant(op, "same_lower", axis)
        assert ends(upper) == (total // 2, total - total // 2), axis
        assert ends(lower) == (total - total // 2, total // 2), axis
        assert size(op, upper) == size(op, lower) == sum(1 for _ in range(0, i, s)), axis


def test_same_with_unit_strides_pads_as_torch_computes_it() -> None:
    """torch pads d(k - 1) in all, half of it rounded down before, whatever the input's size is."""
    for axis in box():
        if axis.s == 1:
            total = axis.d * (axis.k - 1)
            assert ends(meant("conv", "same", axis)) == (total // 2, total - total // 2), axis
            assert size("conv", meant("conv", "same", axis)) == axis.i, axis


def test_causal_outputs_see_nothing_that_comes_later() -> None:
    """The last tap of output w meets unit s·w, and so each output sees that unit and earlier ones."""
    for axis in box():
        causal = meant("conv", "causal", axis)
        assert size("conv", causal) == sum(1 for _ in range(0, axis.i, axis.s)), axis
        rows = expected(Case(op="conv", axes=(causal,))).operator.dense()
        for w, row in enumerate(rows):
            assert row[axis.s * w] == axis.k, axis  # the taps are 1 … k
            assert not row[axis.s * w + 1 :].any(), axis


def test_valid_is_no_padding() -> None:
    for op in ("conv", "conv_transpose", "avg_pool", "max_pool"):
        found = meant(op, "valid", Axis(5, 3, 2, 7, 7, 2, a=1 if op == "conv_transpose" else 0))
        assert ends(found) == (0, 0)
        assert found.a == (op == "conv_transpose")


def test_same_of_a_transposed_convolution_crops_as_jax_computes_it() -> None:
    """jax.lax pads the stretched input, of s(i - 1) + 1 units, by k + s - 2 in all: the crop is what k - 1 lacks.

    Where the stride is wider than the window, all k - 1 are padded before, and the output gets rows of zeros.
    """
    for axis in box():
        s, k_hat = axis.s, span(axis.k, axis.d)
        total = k_hat + s - 2
        before = k_hat - 1 if s > k_hat - 1 else -(-total // 2)
        same = meant("conv_transpose", "same", axis)
        assert size("conv_transpose", same) == s * axis.i, axis
        assert k_hat - 1 - same.p_before == before, axis
        assert k_hat - 1 - same.p_after + same.a == total - before, axis


def test_same_of_a_transposed_convolution_is_the_transpose_of_same() -> None:
    """From o' = s·i' - a units the convolution with SAME leads to i', and its transpose back to as many."""
    for axis, a in itertools.product(box(), range(5)):
        if a >= axis.s or axis.s * axis.i - a < 1:
            continue
        there = meant("conv", "same", Axis(axis.s * axis.i - a, axis.k, axis.s, d=axis.d))
        back = meant("conv_transpose", "same", Axis(axis.i, axis.k, axis.s, d=axis.d, a=a))
        convolution = expected(Case(op="conv", axes=(there,)))
        transposed = expected(Case(op="conv_transpose", axes=(back,)))
        assert convolution.shape == (1, axis.i)
        assert transposed.shape == (1, axis.s * axis.i - a)
        assert (transposed.operator.dense() == convolution.operator.dense().T).all(), axis


def test_a_size_that_no_same_leads_to_has_no_numbers() -> None:
    """⌈o'/s⌉ = i' allows a = 0 … s - 1; and a convolution needs an input."""
    assert numbers("conv_transpose", "same", Axis(3, 3, 2, a=1)) is not None
    assert numbers("conv_transpose", "same", Axis(3, 3, 2, a=2)) is None
    assert numbers("conv_transpose", "same", Axis(3, 3, 2, a=6)) is None


@pytest.mark.parametrize("op", ["avg_pool", "max_pool", "conv_transpose"])
def test_causal_is_of_convolutions_alone(op: Op) -> None:
    assert numbers(op, "causal", Axis(5, 3)) is None


@pytest.mark.parametrize(
    ("op", "padding", "axis", "before_after_a"),
    [
        ("conv", "same", Axis(6, 3, 2), (0, 1, 0)),
        ("conv", "same", Axis(5, 3, 2), (1, 1, 0)),
        ("conv", "same", Axis(224, 7, 2), (2, 3, 0)),  # the first layer of a ResNet
        ("conv", "same", Axis(5, 4), (1, 2, 0)),
        ("conv", "same_lower", Axis(5, 4), (2, 1, 0)),
        ("conv", "same", Axis(5, 2, d=3), (1, 2, 0)),
        ("conv", "same", Axis(5, 1, 3), (0, 0, 0)),
        ("conv", "causal", Axis(5, 3, 2), (2, 0, 0)),
        ("conv", "causal", Axis(5, 3, d=2), (4, 0, 0)),
        ("avg_pool", "same", Axis(2, 2), (0, 1, 0)),
        ("conv_transpose", "same", Axis(4, 9, 4), (2, 3, 0)),
        ("conv_transpose", "same", Axis(3, 5, 2), (1, 2, 0)),
        ("conv_transpose", "same", Axis(3, 2, 4), (0, 0, 2)),
        ("conv_transpose", "same", Axis(3, 3, 2, a=1), (1, 1, 0)),  # a size of 5, not 6
        ("conv_transpose", "valid", Axis(3, 3, 2, a=1), (0, 0, 1)),
    ],
    ids=str,
)
def test_numbers_known_from_the_field(
    op: Op, padding: Padding, axis: Axis, before_after_a: tuple[int, int, int]
) -> None:
    found = meant(op, padding, axis)
    assert (found.p_before, found.p_after, found.a) == before_after_a


def test_rows_known_from_the_field() -> None:
    """SAME with i = 6, k = 3, s = 2 begins at the first unit, where p = 1 would begin before it."""
    same = meant("conv", "same", Axis(6, 3, 2))
    assert expected(Case(op="conv", axes=(same,), padding="same")).operator.dense().tolist() == [
        [1, 2, 3, 0, 0, 0],
        [0, 0, 1, 2, 3, 0],
        [0, 0, 0, 0, 1, 2],
    ]
    causal = meant("conv", "causal", Axis(5, 3, 2))
    assert expected(Case(op="conv", axes=(causal,), padding="causal")).operator.dense().tolist() == [
        [3, 0, 0, 0, 0],
        [1, 2, 3, 0, 0],
        [0, 0, 1, 2, 3],
    ]


@pytest.mark.parametrize(
    ("axis", "column"),
    [
        # k = 9, s = 4: the crop begins with 2; k = 5, s = 2: with 1. The first unit's column, from the top.
        (Axis(4, 9, 4), [3, 4, 5, 6, 7, 8, 9]),
        (Axis(3, 5, 2), [2, 3, 4, 5]),
    ],
    ids=str,
)
def test_columns_known_from_the_field(axis: Axis, column: list[int]) -> None:
    same = meant("conv_transpose", "same", axis)
    operator = expected(Case(op="conv_transpose", axes=(same,), padding="same")).operator.dense()
    assert operator[:, 0].tolist() == column + [0] * (len(operator) - len(column))
