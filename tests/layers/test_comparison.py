"""Two layers compared: plain functions whose parameters are known, written as loops over an index formula."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

import convarith

Array = Any
Function = Callable[[Array], Array]
KERNEL = np.array([0.5, -1.25, 3.0, 2.0])


def convolution(
    kernel: Array = KERNEL[:3], *, s: int = 1, p: tuple[int, int] = (0, 0), d: int = 1, bias: float = 0.0
) -> Function:
    """Along one axis, of one feature map."""

    def layer(x: Array) -> Array:
        padded = np.pad(x, ((0, 0), (0, 0), p))
        reach = (len(kernel) - 1) * d
        starts = range(0, padded.shape[2] - reach, s)
        y = np.stack([(padded[:, :, o : o + reach + 1 : d] * kernel).sum(axis=2) for o in starts], axis=2)
        return (y + bias).astype(np.float32)

    return layer


def transposed(kernel: Array = KERNEL, *, s: int = 2, crop: tuple[int, int] = (0, 0)) -> Function:
    def layer(x: Array) -> Array:
        size = s * (x.shape[2] - 1) + len(kernel)
        y = np.zeros((*x.shape[:2], size))
        for i in range(x.shape[2]):
            y[:, :, s * i : s * i + len(kernel)] += x[:, :, i : i + 1] * kernel
        return y[:, :, crop[0] : size - crop[1]].astype(np.float32)

    return layer


def pooled(k: int = 3, *, s: int = 2, p: tuple[int, int] = (1, 1), of: float = -np.inf) -> Function:
    def layer(x: Array) -> Array:
        padded = np.pad(x, ((0, 0), (0, 0), p), constant_values=of)
        return np.stack([padded[:, :, o : o + k].max(axis=2) for o in range(0, padded.shape[2] - k + 1, s)], axis=2)

    return layer


def averaged(*, counted: bool) -> Function:
    def layer(x: Array) -> Array:
        units = np.pad(np.ones_like(x), ((0, 0), (0, 0), (1, 1)))
        padded, n = np.pad(x, ((0, 0), (0, 0), (1, 1))), range(x.shape[2])
        sums = np.stack([padded[:, :, o : o + 3].sum(axis=2) for o in n], axis=2)
        seen = np.stack([units[:, :, o : o + 3].sum(axis=2) for o in n], axis=2)
        return (sums / (3 if counted else seen)).astype(np.float32)

    return layer


SHAPE = (1, 1, 6)
SAME, TORCH = convolution(s=2, p=(0, 1)), convolution(s=2, p=(1, 1))


def sentence(one: Function, other: Function, shape: tuple[int, ...] = SHAPE) -> str:
    found = convarith.compare(one, other, shape)
    assert not found.equal
    return found.sentence


def test_what_is_the_same_is_equal() -> None:
    found = convarith.compare(convolution(s=2, p=(1, 0)), TORCH, SHAPE)
    # the second's last unit of padding is one that no window reaches
    assert (found.equal, found.exact, found.sentence) == (True, True, "the same operator, exactly")
    assert found.paddings == (((1, 0),), ((1, 0),))
    assert found.shapes == ((1, 3), (1, 3))


def test_a_shift_is_told_with_both_paddings() -> None:
    found = convarith.compare(SAME, TORCH, SHAPE)
    assert found.sentence == "pads (0, 1) and (1, 0): every tap of the second sits 1 input earlier"
    assert found.paddings == (((0, 1),), ((1, 0),))
    rows = [line.split() for line in found.matrices[1].splitlines()]
    assert rows[0] == ["-1.25", "3", "·", "·", "·", "·"]  # the first window begins in the padding
    back = convarith.compare(TORCH, SAME, SHAPE)
    assert back.sentence == "pads (1, 0) and (0, 1): every tap of the second sits 1 input later"


@pytest.mark.parametrize(
    ("one", "other", "shape", "words"),
    [
        (convolution(), convolution(KERNEL[2::-1]), (1, 1, 6), "the second's kernel is flipped"),
        (convolution(), convolution(2 * KERNEL[:3]), (1, 1, 6), "every tap of the second is 2 times the first's"),
        (convolution(), convolution(bias=1), (1, 1, 6), "another bias: of zeros, output (0, 0) is 0 and 1"),
        (convolution(), convolution(KERNEL[1:]), (1, 1, 6), "3 of 3 taps differ: tap (0, 0, 1) is -1.25 and 3"),
        (convolution(p=(1, 1)), convolution(p=(2, 2), d=2), (1, 1, 6), "dilation 1 and 2; pads (1, 1) and (2, 2)"),
        (convolution(), convolution(s=2), (1, 1, 6), "shapes differ: 1×4 and 1×2, feature maps first; stride 1 and 2"),
        (
            transposed(crop=(1, 1)), transposed(crop=(2, 0)), (1, 1, 5),
            "crops (1, 1) and (2, 0): every tap of the second sits 1 output earlier",
        ),
        (
            pooled(), pooled(p=(0, 1)), (1, 1, 6),
            "pads (1, 0) and (0, 1): every tap of the second sits 1 input later",
        ),
        (
            pooled(), pooled(of=0.0), (1, 1, 6),
            "the padding of one is of zeros, which win over negative inputs, the other's of minus infinity",
        ),
        (averaged(counted=True), averaged(counted=False), (1, 1, 6), "other divisors: 1/3 where the second has 1/2"),
        (convolution(np.ones(3), s=2, p=(1, 1)), pooled(), (1, 1, 6), "is linear, "),
    ],
)  # fmt: skip
def test_what_differs_is_said(one: Function, other: Function, shape: tuple[int, ...], words: str) -> None:
    assert words in sentence(one, other, shape)


def test_paddings_are_those_that_were_given() -> None:
    checked = 0
    for k, s, before, after, i, d in product((1, 2, 3, 4), (1, 2, 3), (0, 1, 2), (0, 1), (7, 8), (1, 2)):
        reach = (k - 1) * d + 1
        if before >= reach or i < reach + s or reach > i:
            continue  # a window of padding alone, or too few windows to show the stride
        windows = (i + before + after - reach) // s + 1
        found = convarith.compare(convolution(KERNEL[:k], s=s, p=(before, after), d=d), TORCH, (1, 1, i))
        reached = (windows - 1) * s + reach - i - before
        if (k == 1 and s > 1) or d > 1 or reached < 1 - s:  # 1: any padding does; what is left over is not padded
            continue
        assert found.paddings[0] == ((before, reached),), (k, s, before, after, i)
        checked += 1
    assert checked > 40


def test_weights_are_compared_within_rounding() -> None:
    close = convolution(KERNEL[:3] * (1 + 1e-7))
    found = convarith.compare(convolution(), close, SHAPE)
    assert found.equal
    assert not found.exact
    assert found.sentence.startswith("the same operator, within rounding: no two entries differ by more than 2.4e-07")
    assert not convarith.compare(convolution(), close, SHAPE, rtol=0).equal
    assert not convarith.compare(convolution(), convolution(KERNEL[:3] * 1.001), SHAPE).equal
    assert convarith.compare(convolution(), convolution(KERNEL[:3] * 1.001), SHAPE, rtol=0.01).equal


def test_an_assertion_says_how() -> None:
    convarith.assert_same_operator(TORCH, TORCH, SHAPE)
    with pytest.raises(AssertionError, match=r"pads \(0, 1\) and \(1, 0\)"):
        convarith.assert_same_operator(SAME, TORCH, SHAPE)


def test_layouts_are_told_for_functions() -> None:
    def last(x: Array) -> Array:
        return np.moveaxis(TORCH(np.moveaxis(x, -1, 1)), 1, -1)

    assert convarith.compare(TORCH, last, SHAPE, layouts=(None, "channels_last")).equal


def test_a_notebook_gets_html_that_is_escaped() -> None:
    shown = convarith.compare(SAME, TORCH, SHAPE)._repr_html_()
    assert "<th>first</th>" in shown
    assert shown.count("<pre>") == 2

    def named(x: Array) -> Array:
        return pooled()(x)

    named.__qualname__ = "<script>"
    assert "<script>" not in convarith.compare(TORCH, named, SHAPE)._repr_html_()


@pytest.mark.parametrize(
    ("layer", "shape", "error", "words"),
    [
        (np.abs, SHAPE, convarith.NotComparableError, "absolute is neither linear nor a max pooling"),
        (lambda x: np.maximum(x, 0), SHAPE, convarith.NotComparableError, "neither linear nor a max pooling"),
        (lambda x: x[0], SHAPE, convarith.NotComparableError, "that is no layer of such inputs"),
        (
            lambda x: x @ np.ones((3, 3)),
            SHAPE,
            convarith.NotComparableError,
            "does not take an input of shape (1, 1, 6)",
        ),
        (TORCH, (1, 6), convarith.NotComparableError, "give (batch, feature maps, size along each axis)"),
        (TORCH, (1, 100, 10_000), convarith.NotComparableError, "too many to look at; give a smaller input_shape"),
        (3, SHAPE, TypeError, "3 is no layer"),
    ],
)
def test_what_cannot_be_compared_is_said_in_a_sentence(
    layer: Any, shape: tuple[int, ...], error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as caught:
        convarith.compare(layer, layer, shape)
    assert words in str(caught.value)
