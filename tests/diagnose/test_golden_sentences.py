"""Each kind of cause, from an operator built by loops: the sentence, word for word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cases import stimuli
from cases.case import parse
from harness.diagnose import KINDS, Diagnosis, diagnose
from harness.operator import Operator
from harness.records import Probe
from harness.theory.expected import expected

from .by_loops import Along, Array, convolution, of, taps, turned

ONE = np.ones((1, 1, 3))
ONE_UNIT = "conv2d.i1x1.k2x2.s2x2.p2x2.d2x2.c1to2"
PARTLY_SEEN = "conv1d.i5.k3.s3.p4_0.d2.c2to3"  # its first tap meets padding alone


def conv(
    case: str, *axes: Along, probe: Probe = "forward", flip: tuple[int, ...] = (), border: str = "zero"
) -> Diagnosis:
    return of(case, convolution(axes, np.flip(taps(case), axis=tuple(axis + 2 for axis in flip)), border), probe)


def transposed(case: str, *axes: Along, flip: tuple[int, ...] = ()) -> Diagnosis:
    return of(case, turned(convolution(axes, np.flip(taps(case), axis=tuple(axis + 2 for axis in flip)))))


def right(case: str, probe: Probe = "forward") -> Array:
    """What should come out, to be spoilt."""
    theory, layer = expected(parse(case)), parse(case)
    operator = theory.adjoint if probe == "adjoint" else theory.operator
    return operator.dense().reshape(*theory.shape, layer.channels_in, *layer.each("i"))


def with_kernel(case: str, kernel: NDArray[Any], *axes: Along) -> Diagnosis:
    return of(case, convolution(axes, kernel))


def shape_alone(case: str, shape: tuple[int | None, ...]) -> Diagnosis:
    theory = expected(parse(case))
    return diagnose(parse(case), "declared", theory, wanted=(2, *theory.shape), shape=shape, operator=None)


def one_column(case: str, probe: Probe, y: Array) -> Diagnosis:
    theory = expected(parse(case))
    shape = (1, *theory.shape)
    return diagnose(parse(case), probe, theory, wanted=shape, shape=shape, operator=Operator.of(y.reshape(-1, 1)))


def without_the_last() -> Diagnosis:
    """Four impulses and zeros, in calls of three, whose last gives zeros: so no bias is taken off of the others."""
    case = "conv1d.i4.k2.s1.p0.d1.c1to2.batch3.bias"
    operator = right(case) + stimuli.bias(parse(case))[:, None, None, None]
    operator[..., 2] = 0
    return of(case, operator)


def last_output(case: str, value: float, probe: Probe = "forward") -> Diagnosis:
    operator = right(case, probe)
    operator[0, -1] = value
    return of(case, operator, probe)


def last_input(case: str, value: float, probe: Probe = "forward") -> Diagnosis:
    operator = right(case, probe)
    operator[..., -1] = value
    return of(case, operator, probe)


def in_eight_bits(taps_: Array) -> Array:
    """Above 256 there are even numbers alone, and of two equally near the one that is a multiple of four."""
    return np.where(taps_ > 256, 2 * np.round(taps_ / 2), taps_)


def bordered_maximum() -> Diagnosis:
    operator = right("max_pool1d.i6.k3.s2.p1.d1")
    operator[0, 0] = 0 - stimuli.MAX_POOL_GROUND
    return of("max_pool1d.i6.k3.s2.p1.d1", operator)


def unread_shift() -> Diagnosis:
    operator = np.roll(right("conv1d.i5.k3.s1.p1.d1"), -1, axis=-1)
    operator[..., -1] = 0
    return of("conv1d.i5.k3.s1.p1.d1", operator)


FOUR, SQUARE = "conv1d.i6.k3.s2.p1.d1", "conv2d.i4x4.k2x2.s1x1.p0x0.d1x1"
GROUPED, MAPS = "conv1d.i3.k2.s1.p0.d1.c4to4.g2", "conv1d.i3.k2.s1.p0.d1.c2to3"
PLAIN = Along(3, 2, 2)
AVERAGE = "avg_pool2d.i4x3.k3x2.s1x2.p0x1.d1x1"

# kinds, the sentence, what was observed
GOLDEN: list[tuple[str, str, Diagnosis]] = [
    (
        "padding",
        "pads (0, 1), as SAME does; p = 1 says (1, 1): every tap sits one input later",
        conv(FOUR, Along(6, 3, 3, 2, 1, 0)),
    ),
    (
        "padding",
        "gradient: pads (0, 1), as SAME does; p = 1 says (1, 1): every tap sits one input later",
        conv(FOUR, Along(6, 3, 3, 2, 1, 0), probe="adjoint"),
    ),
    (
        "padding",
        "pads (1, 0), as SAME_LOWER does; 'same' says (0, 1): every tap sits one input earlier",
        conv("conv1d.i6.k3.s2.same.p0_1.d1", Along(6, 3, 3, 2, 1, 1)),
    ),
    (
        "padding",
        "pads (-1, 1); p = 0 says (0, 0): every tap sits one input later",
        conv("conv1d.i5.k3.s1.p0.d1", Along(5, 3, 3, 1, 1, -1)),
    ),
    (
        "padding",
        "along H pads (0, 2); p = 1 says (1, 1): every tap sits one input later",
        conv("conv2d.i4x4.k3x2.s1x1.p1x0.d1x1", Along(4, 4, 3), Along(4, 3, 2)),
    ),
    (
        "padding",
        "crops (2, 3), as SAME does; p = 4 and a = 3 say (4, 1): every tap sits 2 outputs later",
        transposed("conv_transpose1d.i4.k9.s4.p4.d1.a3", Along(16, 4, 9, 4, 1, 2)),
    ),
    ("stride", "s = 3 where s = 2 is claimed", conv("conv1d.i7.k3.s2.p0.d1", Along(7, 2, 3, 3))),
    (
        "stride",
        "strides ignored: s = 1×1 where s = 2×1 is claimed",
        conv("conv2d.i5x4.k2x2.s2x1.p0x0.d1x1", Along(5, 4, 2), Along(4, 3, 2)),
    ),
    (
        "dilation",
        "dilation ignored: d = 1 where d = 2 is claimed",
        conv("conv1d.i7.k3.s1.p0.d2", Along(7, 5, 3)),
    ),
    (
        "axes_exchanged",
        "d exchanged between the axes: d = 2×1",
        conv("conv2d.i5x5.k2x2.s1x1.p0x0.d1x2", Along(5, 3, 2, 1, 2), Along(5, 4, 2)),
    ),
    (
        "axes_exchanged",
        "the axes are exchanged: windows step H along W, W along H of the input",
        of(SQUARE, np.swapaxes(convolution([Along(4, 3, 2)] * 2, taps(SQUARE)), 4, 5)),
    ),
    (
        "rounded_up",
        "rounded up: o = 3 where ⌊3/2⌋ + 1 = 2",
        conv("conv1d.i6.k3.s2.p0.d1", Along(6, 3, 3, 2)),
    ),
    (
        "rounded_down",
        "rounded down: o = 1 where ceil mode says 2",
        of("max_pool1d.i5.k3.s3.p0.d1.ceil", convolution([Along(5, 1, 3, 3)], ONE)),
    ),
    (
        "missing_outputs",
        "the last window is missing: o = 2 where o = 3 is claimed",
        conv("conv1d.i5.k3.s1.p0.d1", Along(5, 2, 3)),
    ),
    (
        "extra_outputs",
        "o = 4 where o = 3 is claimed: what is more holds 0 whatever the input",
        of("conv1d.i5.k3.s1.p0.d1", np.pad(right("conv1d.i5.k3.s1.p0.d1"), [(0, 0), (0, 1), (0, 0), (0, 0)])),
    ),
    (
        "output_padding",
        "output padding at the top: a = 1 stands before the output, not after it",
        transposed("conv_transpose1d.i3.k3.s2.p1.d1.a1", Along(6, 3, 3, 2, 1, 0)),
    ),
    (
        "output_padding",
        "output padding ignored: o = 5 where a = 1 says 6",
        transposed("conv_transpose1d.i3.k3.s2.p1.d1.a1", Along(5, 3, 3, 2, 1, 1)),
    ),
    (
        "border",
        "the padding is not made of zeros, but circular: the other end's units",
        conv("conv1d.i5.k3.s1.p1.d1", Along(5, 5, 3, 1, 1, 1), border="circular"),
    ),
    (
        "border",
        "the padding is not made of zeros, but the border's unit, repeated",
        conv("conv1d.i5.k3.s1.p1.d1", Along(5, 5, 3, 1, 1, 1), border="edge"),
    ),
    (
        "border",
        "what is cropped is not dropped, but added, circular: to the other end",
        of(
            "conv_transpose1d.i5.k3.s1.p1.d1.a0",
            turned(convolution([Along(5, 5, 3, 1, 1, 1)], taps("conv_transpose1d.i5.k3.s1.p1.d1.a0"), "circular")),
        ),
    ),
    (
        "border",
        "what is cropped is not dropped, but added, to the border",
        of(
            "conv_transpose1d.i5.k3.s1.p1.d1.a0",
            turned(convolution([Along(5, 5, 3, 1, 1, 1)], taps("conv_transpose1d.i5.k3.s1.p1.d1.a0"), "edge")),
        ),
    ),
    (
        "axes_exchanged",
        "o = 5×1×6: that is o for d exchanged between H and W; shape 2×1×5×5×4 expected, 2×1×5×1×6 declared",
        shape_alone("conv3d.i5x7x7.k1x3x2.s1x1x1.p0x0x0.d1x1x3", (2, 1, 5, 1, 6)),
    ),
    (
        "border",
        "the padding is not made of zeros, but the border's unit, repeated; divisor counts them: 3 everywhere",
        of(
            "avg_pool1d.i4.k3.s2.same.p0_1.d1.nopad",
            convolution([Along(4, 2, 3, 2)], ONE, "edge") * np.float64(np.float32(1 / 3)),
        ),
    ),
    (
        "border",
        "gradient: the padding is not made of zeros, but the border's unit, repeated; "
        "divisor counts them: 6 everywhere",
        of(
            "avg_pool2d.i4x3.k3x2.s1x1.same.p1x0_1.d1x1.nopad",
            (
                convolution([Along(4, 4, 3, 1, 1, 1), Along(3, 3, 2)], np.ones((1, 1, 3, 2)), "edge").astype(np.float32)
                / np.float32(6)
            ).astype(np.float64),
            "adjoint",
        ),
    ),
    ("flip", "kernel flipped", conv(FOUR, Along(6, 3, 3, 2, 1, 1), flip=(0,))),
    ("flip", "kernel flipped", transposed("conv_transpose1d.i3.k3.s2.p0.d1.a0", Along(7, 3, 3, 2), flip=(0,))),
    ("flip", "kernel flipped along W alone", conv(SQUARE, Along(4, 3, 2), Along(4, 3, 2), flip=(1,))),
    (
        "flip padding",
        "pads (0, 1), as SAME does; p = 1 says (1, 1): every tap sits one input later; and kernel flipped",
        conv(FOUR, Along(6, 3, 3, 2, 1, 0), flip=(0,)),
    ),
    (
        "kernel_order",
        "kernel's memory in the order OIWH, read as OIHW",
        with_kernel(SQUARE, taps(SQUARE).swapaxes(2, 3), Along(4, 3, 2), Along(4, 3, 2)),
    ),
    (
        "kernel_order",
        "kernel's memory in the order IOW, read as OIW",
        with_kernel(MAPS, taps(MAPS).swapaxes(0, 1).reshape(3, 2, 2), PLAIN),
    ),
    (
        "maps_permuted",
        "input maps in reversed order: map 0 holds 1, 1 holds 0",
        with_kernel(PARTLY_SEEN, taps(PARTLY_SEEN)[:, ::-1], Along(5, 2, 3, 3, 2, 4)),
    ),
    (
        "maps_permuted",
        "output maps in reversed order: map 0 holds 2, 2 holds 0",
        with_kernel(MAPS, taps(MAPS)[::-1], PLAIN),
    ),
    ("maps_ignored", "input map 1 not added", with_kernel(MAPS, taps(MAPS) * [[[1], [0]]], PLAIN)),
    (
        "groups",
        "output maps of the groups interleaved: map 1 holds 2, 2 holds 1",
        of(GROUPED, right(GROUPED)[[0, 2, 1, 3]]),
    ),
    ("scale", "gradient: every tap times 1/2", of(FOUR, right(FOUR) / 2, "adjoint")),
    ("taps", "tap 0 is doubled: 2 where 1", with_kernel(FOUR, np.array([[[2, 2, 3]]]), Along(6, 3, 3, 2, 1, 1))),
    ("taps", "tap 1 is missing", with_kernel(FOUR, np.array([[[1, 0, 3]]]), Along(6, 3, 3, 2, 1, 1))),
    (
        "rounded_taps",
        "taps rounded to 8 significant bits, those of bfloat16: 256 where 257",
        of("conv1d.i1.k1.s1.p0.d1.c17to16", in_eight_bits(right("conv1d.i1.k1.s1.p0.d1.c17to16"))),
    ),
    (
        "remembered_kernel",
        "a later call uses the kernel of the first one",
        of(
            "conv1d.i1.k1.s1.p0.d1.c12to11.int8",
            1 + (right("conv1d.i1.k1.s1.p0.d1.c12to11.int8") - 1) % 127 * 128,
        ),
    ),
    (
        "divisor",
        "divisor counts the padding: 1/6 where 1/3",
        of(f"{AVERAGE}.nopad", right(AVERAGE)),
    ),
    (
        "divisor",
        "gradient: divisor leaves the padding out: 1/3 where 1/6",
        of(AVERAGE, right(f"{AVERAGE}.nopad"), "adjoint"),
    ),
    (
        "divisor",
        "divides by the whole window, what lies beyond the padding counted: 1/3 where 1/2",
        of(
            "avg_pool1d.i5.k3.s3.p0.d1.ceil",
            (right("avg_pool1d.i5.k3.s3.p0.d1.ceil") > 0) * np.float64(np.float32(1 / 3)),
        ),
    ),
    (
        "divisor",
        "divides by the whole window, divisor = 3 ignored: 1/2 where 1/3",
        of("avg_pool1d.i4.k2.s2.p0.d1.div3", right("avg_pool1d.i4.k2.s2.p0.d1")),
    ),
    (
        "divisor",
        "gradient: does not divide, but adds up: 1 where 1/3",
        of("avg_pool1d.i5.k3.s1.p0.d1", convolution([Along(5, 3, 3)], ONE), "adjoint"),
    ),
    (
        "reciprocal",
        "reciprocals are not rounded to float32: 0.333333333 where 0.333333343",
        of("avg_pool1d.i5.k3.s1.p0.d1", convolution([Along(5, 3, 3)], ONE) / 3),
    ),
    ("padding_value", "the padding is made of 0: the maximum of windows that meet it", bordered_maximum()),
    (
        "empty_maximum",
        "the maximum of nothing is 0 where -inf is claimed",
        of("max_pool1d.i2.k2.s1.p1.d3", np.full((1, 1, 1, 2), 2.0)),
    ),
    (
        "gradient_place",
        "gradient: goes to the first unit of each window, not to its maximum",
        of("max_pool1d.i6.k3.s1.p0.d1", np.eye(6)[:4].reshape(1, 4, 1, 6), "adjoint"),
    ),
    (
        "gradient_place",
        "gradient: from output (0, 0), over padding alone, to input (1, 0), where there should be none",
        of("max_pool1d.i1.k2.s1.p1.d2.c2", np.array([0.0, 1, 0, 0]).reshape(2, 1, 2, 1), "adjoint"),
    ),
    ("bias", "bias missing", one_column("conv1d.i4.k3.s1.p0.d1.bias", "bias", np.zeros(2))),
    ("bias", "bias times 2", one_column("conv1d.i4.k3.s1.p0.d1.c1to2.bias", "bias", np.array([2, 2, 4, 4]))),
    (
        "bias",
        "bias of another map: map 0 has that of 1, 1 has that of 0",
        one_column("conv1d.i4.k3.s1.p0.d1.c1to2.bias", "bias", np.array([2, 2, 1, 1])),
    ),
    ("offset", "1 added to every output", of(FOUR, right(FOUR) + 1)),
    (
        "clipped",
        "negative sums come out as 0, as through a ReLU that nobody asked for",
        one_column(FOUR, "dense", np.maximum(expected(parse(FOUR)).dense.dense(), 0)),  # type: ignore[union-attr]
    ),
    (
        "rounding",
        "the same but for rounding: no tap is off by more than 1e-07 of itself",
        of(FOUR, right(FOUR) * (1 + 1e-7)),
    ),
    ("unwritten", "nan whatever the input: output 2; no tap explains that", last_output(FOUR, np.nan)),
    (
        "unwritten",
        "gradient: nan for input 5, whatever output it comes from",
        last_input(FOUR, np.nan, "adjoint"),
    ),
    ("unread", "gradient: no gradient for input 5", last_input(FOUR, 0, "adjoint")),
    (
        "padding unread",
        "pads (2, 0), as causal padding does; p = 1 says (1, 1): every tap sits one input earlier; "
        "and not read: input 4",
        unread_shift(),
    ),
    (
        "stray",
        "10 of 10 entries that should be 0 are not, but numbers like 1e-30: no tap explains them",
        of(FOUR, np.where(right(FOUR) == 0, 1e-30, right(FOUR))),
    ),
    (
        "accumulated",
        "gradient: each holds the sum of all before it: what one call gives is not cleared before the next",
        of(FOUR, np.cumsum(right(FOUR), axis=1), "adjoint"),
    ),
    (
        "displaced unwritten",
        "0 whatever the input: output 1; and output 2 holds what belongs to output 1",
        of("conv1d.i5.k3.s1.p0.d1", right("conv1d.i5.k3.s1.p0.d1")[:, [0, 1, 1]] * [[[[1]], [[0]], [[1]]]]),
    ),
    (
        "batch",
        "all 6 inputs of a call give what the first of them should",
        of(FOUR, np.repeat(right(FOUR)[..., :1], 6, axis=-1)),
    ),
    ("batch", "the last of 3 inputs of a call gives zeros", without_the_last()),
    (
        "dilation",
        "as for d ignored",
        with_kernel(ONE_UNIT, taps(ONE_UNIT), Along(1, 2, 2, 2, 1, 2), Along(1, 2, 2, 2, 1, 2)),
    ),
    (
        "axes_exchanged",
        "o = 5×2: that is o for d exchanged between the axes; shape 2×1×3×4 expected, 2×1×5×2 declared",
        shape_alone("conv2d.i7x6.k3x3.s1x1.p0x0.d2x1", (2, 1, 5, 2)),
    ),
    (
        "shape",
        "the batch's axis is missing; shape 2×1×3 expected, 1×3 declared",
        shape_alone("conv1d.i5.k3.s1.p0.d1", (1, 3)),
    ),
]


@pytest.mark.parametrize(
    ("kinds", "sentence", "found"), [pytest.param(*one, id=f"{number} {one[0]}") for number, one in enumerate(GOLDEN)]
)
def test_a_cause_is_said(kinds: str, sentence: str, found: Diagnosis) -> None:
    assert found.sentence == sentence
    assert found.kinds == set(kinds.split())


def test_every_kind_has_a_golden_sentence() -> None:
    said = {kind for kinds, _, _ in GOLDEN for kind in kinds.split()}
    assert said | {"not_added", "rounded_inputs"} == set(KINDS)  # these two are planted


def test_two_small_matrices_stand_below_the_sentence() -> None:
    assert str(conv(FOUR, Along(6, 3, 3, 2, 1, 0))).splitlines() == [
        "pads (0, 1), as SAME does; p = 1 says (1, 1): every tap sits one input later",
        "",
        "expected",
        "2 3 · · · ·",
        "· 1 2 3 · ·",
        "· · · 1 2 3",
        "",
        "observed",
        "1 2 3 · · ·",
        "· · 1 2 3 ·",
        "· · · · 1 2",
    ]


def test_a_matrix_is_cut_along_the_axis_that_differs_and_where_there_is_something_to_see() -> None:
    found = conv("conv2d.i5x5.k2x2.s1x1.p0x0.d1x2", Along(5, 3, 2, 1, 2), Along(5, 4, 2))
    assert found.expected.splitlines()[0] == "2 4 · · ·"
    assert found.observed.splitlines()[0] == "1 · 3 · ·"


def test_large_matrices_are_cut() -> None:
    found = conv("conv1d.i20.k3.s1.p1.d1", Along(20, 20, 3, 1, 1, 0))
    lines = found.observed.splitlines()
    assert len(lines) == 9
    assert lines[0] == "1 2 3 · · · · · · · · · …"
    assert lines[-1] == "…"
