"""The convolution's operator against SciPy: its convolution matrices in 1-d, its correlation in N dimensions."""

from __future__ import annotations

import itertools
import math

import numpy as np
import scipy.linalg
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.case import Axis, Case
from harness.theory.expected import expected

quick = settings(derandomize=True, deadline=None, max_examples=150)


def test_one_axis_is_every_s_th_row_of_scipys_full_matrix() -> None:
    """``convolution_matrix`` flips its kernel, as signal processing does, so it is given the kernel turned.

    Its 'full' mode is R4's padding of k - 1 zeros; less padding drops as many rows at either end.
    """
    for i, k, s in itertools.product(range(1, 8), range(1, 5), range(1, 4)):
        full = scipy.linalg.convolution_matrix(np.arange(k, 0, -1), i, mode="full")
        for p_before, p_after in itertools.product(range(k), repeat=2):
            case = Case(op="conv", axes=(Axis(i, k, s, p_before, p_after),))
            rows = full[k - 1 - p_before : len(full) - (k - 1 - p_after) : s]
            assert np.array_equal(expected(case).operator.dense(), rows), case


def test_scipys_named_modes_are_the_guides_paddings() -> None:
    """'valid' is no padding, 'same' half padding, 'full' full padding (R1, R3, R4); SciPy swaps its inputs if i < k."""
    for k in range(1, 6):
        for i, (mode, p) in itertools.product(range(k, 8), (("valid", 0), ("same", k // 2), ("full", k - 1))):
            if mode == "same" and k % 2 == 0:
                continue
            case = Case(op="conv", axes=(Axis(i, k, 1, p, p),))
            matrix = scipy.linalg.convolution_matrix(np.arange(k, 0, -1), i, mode=mode)
            assert np.array_equal(expected(case).operator.dense(), matrix), case


@st.composite
def layers(draw: st.DrawFn) -> Case:
    """Convolutions of one to three unequal axes, several feature maps, whose window fits on every axis."""
    rank = draw(st.integers(1, 3))
    axis = st.builds(
        Axis,
        i=st.integers(1, (0, 12, 7, 4)[rank]),
        k=st.integers(1, 4),
        s=st.integers(1, 3),
        p_before=st.integers(0, 3),
        p_after=st.integers(0, 3),
        d=st.integers(1, 3),
    ).filter(lambda x: x.p_before + x.i + x.p_after > (x.k - 1) * x.d)
    axes = draw(st.lists(axis, min_size=rank, max_size=rank))
    return Case(op="conv", axes=tuple(axes), channels_in=draw(st.integers(1, 3)), channels_out=draw(st.integers(1, 3)))


def every(*steps: int) -> tuple[slice, ...]:
    """Every so many elements along each axis."""
    return tuple(slice(None, None, step) for step in steps)


@quick
@given(layers(), st.integers(0, 2**32 - 1))
def test_the_operator_times_an_input_is_scipys_correlation(case: Case, seed: int) -> None:
    """Padding by ``np.pad``, dilation by a kernel with zeros between its taps (S12), strides by slicing (S1)."""
    units = np.random.default_rng(seed).integers(-9, 10, (case.channels_in, *case.each("i")))
    shape = (case.channels_out, case.channels_in, *case.each("k"))
    taps = np.arange(1, math.prod(shape) + 1).reshape(shape)
    spread = np.zeros((*shape[:2], *(d * (k - 1) + 1 for k, d in zip(case.each("k"), case.each("d"), strict=True))))
    spread[every(1, 1, *case.each("d"))] = taps
    padded = np.pad(units, [(0, 0), *zip(case.each("p_before"), case.each("p_after"), strict=True)])

    maps = [
        sum(scipy.signal.correlate(padded[m], spread[n, m], mode="valid", method="direct") for m in range(shape[1]))
        for n in range(shape[0])
    ]
    strided = np.array(maps)[every(1, *case.each("s"))]

    theory = expected(case)
    assert theory.shape == strided.shape
    assert np.array_equal(theory.operator.dense() @ units.reshape(-1), strided.reshape(-1))
