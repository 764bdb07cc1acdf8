"""What the other ways to say a padding are, and when they come to the same: worked out by hand."""

from __future__ import annotations

from math import prod

import pytest

from cases.layer import Layer
from harness.errors import UsageError
from harness.investigate import question
from harness.investigate.padding import others, theory_of, when
from harness.investigate.question import Question


def asked(text: str, *sizes: int) -> Question:
    return question.of_layer(text, sizes or None, None, None)


def found(one: Question) -> dict[str, tuple[tuple[tuple[int, int], ...], str, str]]:
    return {other.label: (other.theory.ends, other.sentence, other.when) for other in others(one.layer, one.shown)}


def test_same_is_another_operator_of_the_same_size_where_the_input_is_even() -> None:
    told = found(asked("torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)", 6, 6))
    assert told["padding 'same'"] == (
        ((0, 1), (0, 1)),
        "pads (0, 1), as SAME does; p = 1 says (1, 1): every tap sits one input later",
        "where i is odd, along every axis",
    )
    # One unit of padding at the far end is never reached where i is even, so it does not matter.
    assert told["padding 'same_lower'"] == (((1, 0), (1, 0)), "", "at every size")
    assert "padding 'valid'" not in told  # its output is smaller


def test_same_is_the_same_where_the_input_is_odd() -> None:
    assert found(asked("torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)", 7, 5))["padding 'same'"][1] == ""


def test_axes_are_told_apart() -> None:
    told = found(asked("keras.layers.Conv2D(8, (3, 5), strides=(2, 1), padding='same')", 6, 7))
    assert told["p = 1×2"] == (
        ((1, 1), (2, 2)),
        "along H pads (1, 0), as SAME_LOWER does; 'same' says (0, 1): every tap sits one input earlier",
        "H: i is odd; W: every size",
    )


def test_torch_s_transposed_padding_is_not_same_where_k_less_s_is_odd() -> None:
    told = found(asked("torch.nn.ConvTranspose1d(1, 1, 5, stride=2, padding=2, output_padding=1)", 3))
    ends, sentence, times = told["padding 'same'"]
    assert (ends, times) == (((1, 2),), "at no size")  # the crop is (1, 2) there and (2, 1) here
    assert sentence
    told = found(asked("torch.nn.ConvTranspose1d(1, 1, 4, stride=2, padding=1)", 3))
    assert told["padding 'same'"][1:] == ("", "at every size")  # k̂ - s is even


def test_an_average_s_divisor_is_another_way() -> None:
    told = found(asked("torch.nn.AvgPool1d(3, 2, 1)", 6))
    assert told["padding not counted in the divisor"] == (
        ((1, 1),), "divisor leaves the padding out: 1/2 where 1/3", "at no size"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("k", "s", "p", "said"),
    [
        (7, 2, 3, "where i is odd, along every axis"),  # the stem of ResNet: p = (3, 3) against (2, 3)
        (3, 1, 1, "at every size"),  # R3
        (4, 1, 2, "at no size"),  # of another size even
        (5, 3, 2, "where i mod 3 is 1, along every axis"),  # SAME pads 4, 2, 3 for i mod 3 of 1, 0, 2
    ],
)
def test_when_numbers_are_same(k: int, s: int, p: int, said: str) -> None:
    numbers = Layer(op="conv", k=(k,), s=(s,), d=(1,), p=((p, p),))
    same = Layer(op="conv", k=(k,), s=(s,), d=(1,), padding="same")
    assert when(numbers, same) == said
    assert when(same, numbers) == said


def test_the_theory_s_operator_is_drawn_along_each_axis_once() -> None:
    told = theory_of(asked("torch.nn.Conv2d(1, 1, (3, 2), stride=2, padding=(1, 0))", 6, 6).case)
    assert [axis for axis, _ in told.matrices] == ["H", "W"]
    assert told.matrices[0][1].splitlines() == ["2 3 · · · ·", "· 1 2 3 · ·", "· · · 1 2 3"]
    assert [axis for axis, _ in theory_of(asked("torch.nn.Conv2d(1, 1, 3)", 5, 5).case).matrices] == ["H and W"]


def test_a_large_input_is_looked_at_on_a_small_one_that_is_padded_alike() -> None:
    one = asked("keras.layers.Conv2D(8, 7, strides=2, padding='same')", 224, 225)
    assert prod(one.shown) < 300
    assert [small % 2 for small in one.shown] == [0, 1]
    assert theory_of(one.case).ends == ((2, 3), (3, 3))


@pytest.mark.parametrize(
    ("sizes", "said"),
    [((2, 2), "nothing to compute, o = 0×0 for an input of 2×2"), ((6, 6, 6), "an input of 3 sizes: the layer has 2")],
)
def test_sizes_that_leave_nothing_are_refused(sizes: tuple[int, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        asked("torch.nn.Conv2d(3, 8, 3)", *sizes)


def test_few_feature_maps_are_looked_at_and_their_groups_kept() -> None:
    assert asked("torch.nn.Conv2d(64, 128, 3)", 5, 5).case.channels_in == 1
    case = asked("torch.nn.Conv2d(64, 64, 3, groups=64)", 5, 5).case
    assert (case.channels_in, case.channels_out, case.groups) == (2, 2, 2)
    case = asked("torch.nn.Conv2d(64, 128, 3, groups=8)", 5, 5).case
    assert (case.channels_in, case.channels_out, case.groups) == (4, 4, 2)
