"""The direct convolution that equals a transposed one (S7): its input and its kernel, worked out by hand in 1-d."""

from __future__ import annotations

import numpy as np
import pytest

from cases.case import Axis, Case
from cases.direct import equivalent, flipped, padded_size, stretched_impulses


def transposed(*axes: Axis, channels_in: int = 1, channels_out: int = 1, groups: int = 1) -> Case:
    return Case(op="conv_transpose", axes=axes, channels_in=channels_in, channels_out=channels_out, groups=groups)


@pytest.mark.parametrize(
    ("axis", "size"),
    [
        pytest.param(Axis(2, 3), 2 + 2 + 2, id="R8: two zeros at each end"),
        pytest.param(Axis(6, 4, p_before=2, p_after=2), 1 + 6 + 1, id="R9: p' = 4 - 2 - 1 = 1"),
        pytest.param(Axis(5, 3, p_before=1, p_after=1), 1 + 5 + 1, id="R10: p' = p"),
        pytest.param(Axis(7, 3, p_before=2, p_after=2), 7, id="R11: p' = 0"),
        pytest.param(Axis(2, 3, 2), 2 + 3 + 2, id="R12: x becomes x 0 x"),
        pytest.param(Axis(3, 3, 2, 1, 1), 1 + 5 + 1, id="R13: x x x becomes x 0 x 0 x"),
        pytest.param(Axis(3, 3, 2, 1, 1, a=1), 1 + 5 + 1 + 1, id="R14: one more zero at the end"),
        pytest.param(Axis(2, 1, 4), 5, id="x 0 0 0 x"),
        pytest.param(Axis(3, 2, 1, 1, 1, d=3), 2 + 3 + 2, id="dilated: k̂ = 4, p' = 2"),
        pytest.param(Axis(5, 3, 1, 3, 3), 5 - 1 - 1, id="p' = -1 crops one unit at each end"),
        pytest.param(Axis(4, 3, 1, 3, 0), 4 - 1 + 2, id="crops at one end, pads at the other"),
        pytest.param(Axis(1, 1, 1, 1, 1), 1 - 1 - 1, id="crops more than there is"),
    ],
)
def test_the_stretched_input_is_padded_or_cropped(axis: Axis, size: int) -> None:
    assert padded_size(axis) == size


def test_the_equivalent_has_unit_strides_and_no_padding_of_its_own() -> None:
    layer = transposed(Axis(3, 3, 2, 1, 1, a=1), Axis(2, 2, d=3), channels_in=2, channels_out=4, groups=2)
    assert equivalent(layer) == Case(
        op="conv", axes=(Axis(8, 3), Axis(8, 2, d=3)), channels_in=2, channels_out=4, groups=2
    )


def test_the_equivalent_keeps_how_the_layer_is_built_and_says_its_padding_in_numbers() -> None:
    layer = Case(
        op="conv_transpose", axes=(Axis(4, 3, 1, 1, 1),), padding="same", dtype="float64", layout="channels_last"
    )
    assert equivalent(layer) == Case(op="conv", axes=(Axis(6, 3),), dtype="float64", layout="channels_last")


def test_the_equivalent_has_no_bias() -> None:
    """The bias of the layer is a number added to it, and no matter of the direct convolution."""
    layer = Case(op="conv_transpose", axes=(Axis(4, 3, 1, 1, 1),), bias=True, batch=2, dtype="int8")
    assert equivalent(layer) == Case(op="conv", axes=(Axis(6, 3),), batch=2, dtype="int8")


def test_there_is_no_equivalent_where_the_crop_leaves_nothing() -> None:
    gone, one_left = Axis(2, 1, 1, 1, 1), Axis(3, 1, 1, 1, 1)
    assert equivalent(transposed(one_left)) == Case(op="conv", axes=(Axis(1, 1),))
    assert equivalent(transposed(gone)) is None
    assert equivalent(transposed(one_left, gone)) is None


def test_impulses_are_stretched_and_padded() -> None:
    """i' = 2, k = 2, s = 3, a = 1: one zero, x 0 0 x, one zero, and one more for a."""
    impulses = stretched_impulses(transposed(Axis(2, 2, 3, a=1)))
    assert impulses.tolist() == [[[0, 1, 0, 0, 0, 0, 0]], [[0, 0, 0, 0, 1, 0, 0]]]
    assert not impulses.flags.writeable


def test_dilation_pads_by_the_effective_kernel() -> None:
    """i' = 2, k = 2, d = 3, so k̂ = 4; p = 1 leaves p' = 2 zeros at each end."""
    impulses = stretched_impulses(transposed(Axis(2, 2, 1, 1, 1, d=3)))
    assert impulses.tolist() == [[[0, 0, 1, 0, 0, 0]], [[0, 0, 0, 1, 0, 0]]]


def test_impulses_that_the_crop_removes_leave_zeros() -> None:
    """k = 1, p = 1, so p' = -1: of three units, only the middle one is left."""
    assert stretched_impulses(transposed(Axis(3, 1, 1, 1, 1))).tolist() == [[[0]], [[1]], [[0]]]


def test_the_two_ends_are_cropped_each_by_its_own() -> None:
    """k = 2 and p = (3, 0): p' = (-2, 1). Of x y z, z is left, with a zero after it."""
    assert stretched_impulses(transposed(Axis(3, 2, 1, 3, 0))).tolist() == [[[0, 0]], [[0, 0]], [[1, 0]]]
    assert stretched_impulses(transposed(Axis(3, 2, 1, 0, 3))).tolist() == [[[0, 1]], [[0, 0]], [[0, 0]]]


def test_each_feature_map_has_its_own_impulses() -> None:
    """Two maps of two units, k = 1, s = 2: units unrolled feature map first."""
    impulses = stretched_impulses(transposed(Axis(2, 1, 2), channels_in=2, channels_out=2, groups=2))
    assert impulses.tolist() == [
        [[1, 0, 0], [0, 0, 0]],
        [[0, 0, 1], [0, 0, 0]],
        [[0, 0, 0], [1, 0, 0]],
        [[0, 0, 0], [0, 0, 1]],
    ]


def test_axes_are_stretched_and_padded_apart() -> None:
    """Rows: k = 1, s = 2, so x 0 x. Columns: k = 2, s = 1, so 0 x x 0."""
    impulses = stretched_impulses(transposed(Axis(2, 1, 2), Axis(2, 2)))
    assert impulses.tolist() == [
        [[[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]],
        [[[0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]]],
        [[[0, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0]]],
        [[[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]]],
    ]


def test_the_kernel_is_turned_by_180_degrees() -> None:
    line = transposed(Axis(4, 3))
    assert flipped(line, np.array([[[1, 2, 3]]])).tolist() == [[[3, 2, 1]]]
    plane = transposed(Axis(4, 2), Axis(4, 3))
    assert flipped(plane, np.array([[[[1, 2, 3], [4, 5, 6]]]])).tolist() == [[[[6, 5, 4], [3, 2, 1]]]]


def test_input_and_output_maps_change_places() -> None:
    """From 2 input maps with 3 output maps each, to 3 output maps with 2 input maps each."""
    layer = transposed(Axis(4, 2), channels_in=2, channels_out=3)
    kernel = np.array([[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]]])
    assert flipped(layer, kernel).tolist() == [[[2, 1], [8, 7]], [[4, 3], [10, 9]], [[6, 5], [12, 11]]]


def test_maps_change_places_within_their_group_only() -> None:
    widening = transposed(Axis(4, 3), channels_in=2, channels_out=4, groups=2)
    kernel = np.array([[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]])
    assert flipped(widening, kernel).tolist() == [[[3, 2, 1]], [[6, 5, 4]], [[9, 8, 7]], [[12, 11, 10]]]

    narrowing = transposed(Axis(4, 2), channels_in=4, channels_out=2, groups=2)
    kernel = np.array([[[1, 2]], [[3, 4]], [[5, 6]], [[7, 8]]])
    assert flipped(narrowing, kernel).tolist() == [[[2, 1], [4, 3]], [[6, 5], [8, 7]]]
