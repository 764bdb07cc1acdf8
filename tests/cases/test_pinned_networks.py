"""Networks as chains of layers: each takes what the one before gives, in the sizes that the papers print."""

from __future__ import annotations

import itertools

import pytest

from cases.case import Axis, Case
from cases.claims import BY_ID, claims
from cases.networks import NETWORKS
from harness.theory.matrix import output_size

each = pytest.mark.parametrize("name", NETWORKS)

# As printed in figure 2 of LeCun et al. 1998, the input included: maps @ size.
LENET5 = ["1@32x32", "6@28x28", "6@14x14", "16@10x10", "16@5x5", "120@1x1"]
# As printed in figure 1 of Radford et al. 2015, sizes alone: a generator of few feature maps here.
DCGAN = [4, 8, 16, 32, 64]


def test_the_networks_that_there_are() -> None:
    assert list(NETWORKS) == ["lenet5", "dcgan", "dcgan_same"]


@each
def test_a_layer_takes_what_the_one_before_gives(name: str) -> None:
    for before, after in itertools.pairwise(NETWORKS[name]):
        assert after.case.channels_in == before.maps, after.name
        assert after.case.each("i") == (before.size, before.size), after.name


@each
def test_what_is_printed_is_what_every_claim_and_the_operator_say(name: str) -> None:
    for layer in NETWORKS[name]:
        assert layer.case.channels_out == layer.maps, layer.name
        assert output_size(layer.case) == (layer.size, layer.size), layer.name
        assert claims(layer.case), layer.name
        for claim in claims(layer.case):
            assert BY_ID[claim].size(layer.case) == (layer.size, layer.size), (layer.name, claim)


def test_lenet5_has_the_maps_and_sizes_of_its_paper() -> None:
    layers = NETWORKS["lenet5"]
    first = layers[0].case
    printed = [(first.channels_in, first.axes[0].i), *((layer.maps, layer.size) for layer in layers)]
    assert [f"{maps}@{size}x{size}" for maps, size in printed] == LENET5
    assert [layer.name for layer in layers] == ["C1", "S2", "C3", "S4", "C5"]
    assert [layer.case.op for layer in layers] == ["conv", "avg_pool", "conv", "avg_pool", "conv"]
    assert [layer.case.each("k") for layer in layers] == [(5, 5), (2, 2), (5, 5), (2, 2), (5, 5)]
    assert [layer.case.each("s") for layer in layers] == [(1, 1), (2, 2), (1, 1), (2, 2), (1, 1)]


@pytest.mark.parametrize("name", ["dcgan", "dcgan_same"])
def test_dcgan_doubles_the_size_as_in_its_paper(name: str) -> None:
    layers = NETWORKS[name]
    assert [layers[0].case.axes[0].i, *(layer.size for layer in layers)] == DCGAN
    assert {layer.case.op for layer in layers} == {"conv_transpose"}


@pytest.mark.parametrize(
    ("name", "text", "claimed"),
    [
        ("lenet5", "conv2d.i32x32.k5x5.s1x1.p0x0.d1x1.c1to6", ("R1", "R2", "R5", "R6", "R15")),
        ("dcgan", "conv_transpose2d.i4x4.k4x4.s2x2.p1x1.d1x1.a0x0", ("R13", "R14", "X18")),
        ("dcgan_same", "conv_transpose2d.i4x4.k5x5.s2x2.same.p1_2x1_2.d1x1.a0x0", ("X15", "X16")),
    ],
)
def test_the_first_layer_is_the_one_written_by_hand(name: str, text: str, claimed: tuple[str, ...]) -> None:
    """In numbers k = 4, s = 2, p = 1; by name k = 5, s = 2, for which no symmetric p doubles the size."""
    assert NETWORKS[name][0].case.id == text
    assert claims(NETWORKS[name][0].case) == claimed


def test_no_symmetric_padding_says_the_second_form_of_dcgan() -> None:
    """o' = s(i' - 1) + a + k - 2p is 2i' for p = 2, a = 1 alone, which crops (2, 2) where 'same' crops (1, 2)."""
    doubling = [
        (p, a)
        for p in range(5)
        for a in range(2)
        if output_size(Case(op="conv_transpose", axes=(Axis(4, 5, 2, p, p, a=a),))) == (8,)
    ]
    assert doubling == [(2, 1)]
    assert NETWORKS["dcgan_same"][0].case.axes[0] == Axis(4, 5, 2, 1, 2)
