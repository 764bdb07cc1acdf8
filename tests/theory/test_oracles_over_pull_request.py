"""Independent oracles agree with the theory over the whole grid 'pull-request', wherever they have an answer.

ONNX's reference evaluator and SciPy are asked every layer of the grid that has something to compute, but for where they
are limited or wrong (``test_operator_against_onnx`` says where). The loops of ``harness.selftest`` are
held against the theory in all aspects by ``tests/selftest``. Element types, batches, biases and layouts are no matter
of the operator: layers that differ in these alone are one.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import scipy.signal
from numpy.typing import NDArray

from cases import generate, grid
from cases.case import Case
from harness.theory.expected import expected

from .test_operator_against_onnx import (
    agree,
    by_one_at_most,
    counted,
    evaluate,
    fits,
    half,
    impulses,
    paints,
    sees_units,
    steps,
    window,
)
from .test_operator_against_scipy import every

pytestmark = pytest.mark.slow

INPUTS = 3  # of integers, whose sums are exact
LARGE = 1 << 14  # entries of a pooling's operator that the evaluator takes seconds for
# How many layers of the grid each is asked: of 561, 786, 551 and 346; and SciPy of convolutions alone.
LEAST = {"conv": 561, "conv_transpose": 649, "avg_pool": 442, "max_pool": 251}
SCIPY_LEAST = 561


@cache
def layers() -> tuple[Case, ...]:
    """The layers of the grid that have something to compute."""
    plain = dict.fromkeys(
        replace(case, dtype="float32", batch=None, bias=False, layout="default")
        for case in generate.cases(grid.load("pull-request"))
    )
    return tuple(case for case in plain if expected(case).defined and min(case.channels_in, *case.each("i")) > 0)


def fed(case: Case) -> NDArray[np.float32]:
    shape = (INPUTS, case.channels_in, *case.each("i"))
    return np.random.default_rng(7).integers(-9, 10, shape).astype(np.float32)


def times(case: Case, x: NDArray[np.float32]) -> NDArray[np.float64]:
    """The theory's operator times some inputs."""
    theory = expected(case).operator
    rows, columns = np.divmod(theory.indices, theory.columns)
    products = theory.values * x.reshape(len(x), -1)[:, columns]
    return np.array([np.bincount(rows, weights=one, minlength=theory.rows) for one in products])


def kernel_of(case: Case) -> NDArray[np.float32]:
    ends = (case.channels_in, case.channels_out) if case.transposed else (case.channels_out, case.channels_in)
    return counted(ends[0], ends[1] // case.groups, *case.each("k"))


def onnx_can(case: Case) -> bool:
    """Whether the reference evaluator is right about a layer, or has an answer at all."""
    if case.op == "conv":
        return all(map(fits, case.axes))
    if case.op == "conv_transpose":
        one_map = case.groups == case.channels_in == case.channels_out
        # It refuses an output padding that is not less than the stride.
        return all(map(paints, case.axes)) and (case.groups == 1 or one_map) and all(x.a < x.s for x in case.axes)
    if case.divisor is not None:  # there is no such thing in ONNX
        return False
    if math.prod((case.channels_in, *case.each("i"))) * expected(case).operator.rows > LARGE:
        return False
    if case.op == "max_pool":
        seen = all(sees_units(axis, ceil=case.ceil_mode) and (half(axis) or not case.ceil_mode) for axis in case.axes)
        return seen and (steps(case) or not case.padded)
    if case.ceil_mode:
        return all(map(by_one_at_most, case.axes))
    return all(map(fits, case.axes)) and (case.count_include_pad or all(map(sees_units, case.axes)))


def test_onnx_s_reference_evaluator_agrees() -> None:
    held: Counter[str] = Counter()
    for case in filter(onnx_can, layers()):
        held[case.op] += 1
        if case.op == "max_pool":
            options = {"ceil_mode": int(case.ceil_mode)}
            agree(case, evaluate("MaxPool", [impulses(case)], outputs=2, **options, **window(case))[0])
        elif case.op == "avg_pool":
            options = {"ceil_mode": int(case.ceil_mode), "count_include_pad": int(case.count_include_pad)}
            agree(case, evaluate("AveragePool", [impulses(case)], **options, **window(case))[0])
        else:
            x = fed(case)
            kind = "ConvTranspose" if case.transposed else "Conv"
            others: dict[str, Any] = {"output_padding": case.each("a")} if case.transposed else {}
            (answer,) = evaluate(kind, [x, kernel_of(case)], group=case.groups, **others, **window(case))
            assert answer.shape[1:] == expected(case).shape, case.id
            assert np.array_equal(times(case, x), answer.reshape(INPUTS, -1)), case.id
    assert {op: held[op] >= least for op, least in LEAST.items()} == dict.fromkeys(LEAST, True), held


def test_scipy_s_correlation_agrees() -> None:
    held = 0
    for case in layers():
        if case.op != "conv" or not all(map(fits, case.axes)):
            continue
        held += 1
        x, taps = fed(case), kernel_of(case)
        spread = np.zeros((*taps.shape[:2], *(axis.k_hat for axis in case.axes)))
        spread[every(1, 1, *case.each("d"))] = taps
        padded = np.pad(x, [(0, 0), (0, 0), *zip(case.each("p_before"), case.each("p_after"), strict=True)])
        n, m = case.channels_out // case.groups, case.channels_in // case.groups
        answer = np.array(
            [
                [
                    sum(
                        scipy.signal.correlate(one[out // n * m + j], spread[out, j], mode="valid", method="direct")
                        for j in range(m)
                    )[every(*case.each("s"))]
                    for out in range(case.channels_out)
                ]
                for one in padded
            ]
        )
        assert np.array_equal(times(case, x), answer.reshape(INPUTS, -1)), case.id
    assert held >= SCIPY_LEAST, held


def test_most_layers_of_the_grid_are_asked() -> None:
    assert sum(map(onnx_can, layers())) >= 0.8 * len(layers())
