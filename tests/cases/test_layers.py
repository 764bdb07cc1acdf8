"""A layer without its input's size is the right case at each size, and the smaller sizes show what larger ones do."""

from __future__ import annotations

import pytest

from cases.case import Axis
from cases.layer import Layer


def same(k: int, s: int, d: int = 1) -> Layer:
    return Layer(op="conv", k=(k,), s=(s,), d=(d,), padding="same")


@pytest.mark.parametrize(
    ("layer", "i", "ends"),
    [
        (same(3, 2), 6, (0, 1)),
        (same(3, 2), 5, (1, 1)),
        (same(7, 2), 224, (2, 3)),  # the stem of ResNet
        (same(4, 1), 5, (1, 2)),
        (same(2, 1, 3), 5, (1, 2)),  # from k̂ = 4, not from k
    ],
)
def test_what_same_pads_depends_on_the_size(layer: Layer, i: int, ends: tuple[int, int]) -> None:
    assert layer.at((i,)).axes == (Axis(i, layer.k[0], layer.s[0], *ends, layer.d[0]),)


@pytest.mark.parametrize(
    ("more", "o", "crop"),
    [
        ({"padding": "same"}, 8, (1, 2)),  # s·i', and the crop of SAME from 8 to 4 with k = 5
        ({"padding": "valid"}, 11, (0, 0)),  # s·i' + k - s
        ({"padding": "same", "rest": (1,)}, 7, (2, 2)),  # one less
        ({"padding": "same", "size": (7,)}, 7, (2, 2)),
        ({"padding": "valid", "size": (12,)}, 12, (0, -1)),
        ({"p": ((2, 2),), "a": (1,)}, 8, (2, 1)),
        ({"p": ((1, 2),), "size": (9,)}, 9, (1, 1)),
    ],
)
def test_a_transposed_convolution_has_the_size_it_is_told(
    more: dict[str, object], o: int, crop: tuple[int, int]
) -> None:
    layer = Layer(op="conv_transpose", k=(5,), s=(2,), d=(1,), **more)  # type: ignore[arg-type]
    (axis,) = layer.at((4,)).axes
    assert axis.s * (axis.i - 1) + axis.k_hat - axis.p_before - axis.p_after + axis.a == o
    assert (axis.p_before, axis.p_after - axis.a) == crop


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"padding": "same", "size": (9,)}, "no output of 9 units"),
        ({"padding": "same", "size": (6,)}, "no output of 6 units"),
        ({"padding": "valid", "size": (13,)}, "no output of 13 units"),
        ({"padding": "causal"}, "padding 'causal' has no meaning there"),
    ],
)
def test_a_size_that_cannot_be_is_refused(more: dict[str, object], said: str) -> None:
    layer = Layer(op="conv_transpose", k=(5,), s=(2,), d=(1,), **more)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="^" + said.split(":", maxsplit=1)[0]):
        layer.at((4,))


def test_as_many_sizes_as_axes_are_needed() -> None:
    with pytest.raises(ValueError, match="an input of 2 sizes: the layer has 1 spatial axis"):
        same(3, 2).at((6, 6))


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize("s", [1, 2, 3, 4])
@pytest.mark.parametrize("d", [1, 2])
def test_a_smaller_size_is_padded_alike(k: int, s: int, d: int) -> None:
    layer = same(k, s, d)
    for i in range(1, 60):
        (small,) = layer.like((i,))
        assert small <= i
        mine, theirs = layer.at((i,)).axes[0], layer.at((small,)).axes[0]
        assert (mine.p_before, mine.p_after) == (theirs.p_before, theirs.p_after)


def test_residues_are_of_every_axis_with_every_other() -> None:
    layer = Layer(op="conv", k=(3, 2), s=(2, 3), d=(1, 1), padding="same")
    sizes = list(layer.all_residues())
    assert {(i % 2, j % 3) for i, j in sizes} == {(a, b) for a in range(2) for b in range(3)}
    assert len(sizes) == 6
