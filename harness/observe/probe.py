"""Impulse probing: a convolution is linear, so the outputs for all one-hot inputs are its matrix, exactly.

A probe turns a case into calls of the adapter (what to feed), and what came back into the operator it shows. There is
one call, and more where the taps exceed what the element type has exactly: then each call has one digit of the taps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases import direct, stimuli
from cases.case import Case
from harness.frameworks.base import Adapter, Call, Returned, Spelling, Unsupported, Wanted
from harness.operator import Operator
from harness.records import Probe


def probes_of(case: Case) -> tuple[Probe, ...]:
    """The probes that a case has.

    Integers have no gradient. The direct convolution is of a transposed one alone, if it leaves anything to convolve.
    What comes of zeros is looked at where there is a bias, or no element to put an impulse in. A dense input is fed
    where its sums are exact in the element type.
    """
    if case.channels_in == 0 or 0 in case.each("i"):
        return ("bias", "declared")
    probes: list[Probe] = ["forward"]
    if case.floating:
        probes.append("adjoint")
    if case.transposed and case.batch is None and direct.equivalent(case) is not None:
        probes.append("direct")
    if case.bias and case.batch != 0:
        probes.append("bias")
    if case.batch != 0 and stimuli.amplitude(case):
        probes.append("dense")
    probes.append("declared")
    return tuple(probes)


def prepare(
    adapter: type[Adapter] | Adapter, case: Case, route: str, mode: str, probe: Probe
) -> list[Call] | Unsupported:
    """The calls that a probe makes of a case, or why the route cannot say it."""
    x: NDArray[Any]
    layer = case
    if probe == "direct":
        plain = direct.equivalent(case)
        assert plain is not None, "only cases that have a direct convolution get this probe"
        x = direct.stretched_impulses(case)
        layer = plain
    elif probe == "forward":
        # With a bias, what an input of zeros gives is taken off again.
        x = impulses((case.channels_in, *case.each("i")), zeros=int(case.bias))
        if case.op == "max_pool":
            x += stimuli.MAX_POOL_GROUND
    elif probe == "adjoint" and case.op == "max_pool":
        x = stimuli.scramble(case)[None]
    elif probe == "dense":
        x = stimuli.dense(case)[None]
    elif probe == "declared":  # nothing is computed of it
        x = np.zeros((stimuli.declared_batch(case), case.channels_in, *case.each("i")))
    else:
        x = np.zeros((1, case.channels_in, *case.each("i")))
    if case.batch == 0:
        x = x[:0]
    spelling = _said(adapter.say, layer, route)
    if isinstance(spelling, Unsupported):
        return spelling
    kernels: Sequence[NDArray[Any] | None] = [None] if case.pools else stimuli.passes(case)
    if probe == "declared":
        kernels = kernels[:1]
    if probe == "direct":
        kernels = [direct.flipped(case, kernel) for kernel in kernels if kernel is not None]
    bias = stimuli.bias(layer) if layer.bias else None
    wanted: Wanted = {"adjoint": "gradients", "declared": "shape"}.get(probe, "output")  # type: ignore[assignment]
    return [Call(layer, route, mode, spelling, kernel, bias, x, wanted) for kernel in kernels]


@lru_cache(maxsize=64)
def _said(say: Callable[[Case, str], Spelling | Unsupported], case: Case, route: str) -> Spelling | Unsupported:
    """What an adapter says of a case; its probes follow each other, and are of one layer."""
    return say(case, route)


def impulses(shape: tuple[int, ...], zeros: int = 0) -> NDArray[np.float64]:
    """All one-hot inputs of a shape, stacked, and behind them so many of zeros: shape (number, *shape)."""
    units = math.prod(shape)
    batch = np.zeros((units + zeros) * units)
    batch[: units * units : units + 1] = 1
    return batch.reshape(units + zeros, *shape)


def operator(case: Case, probe: Probe, calls: Sequence[Call], results: Sequence[Returned]) -> Operator | None:
    """The operator that the results of a probe's calls show: a row for each output, a column for each input.

    None where there is none to see, or the shape itself forbids it: the batch was not kept, or a gradient has not its
    input's shape.
    """
    if probe == "declared":
        return None
    matrices = [_matrix(probe, call, result) for call, result in zip(calls, results, strict=True)]
    known = [matrix for matrix in matrices if matrix is not None]
    if len(known) < len(matrices) or len({matrix.shape for matrix in known}) > 1:
        return None
    if len(known) == 1 or probe in ("bias", "dense"):  # there a pass shows no tap
        return Operator.of(known[0])
    return Operator.of(stimuli.combined(case, [matrix.astype(np.float64) for matrix in known]))


def _matrix(probe: Probe, call: Call, result: Returned) -> NDArray[Any] | None:
    """What one call shows, in the element type that it came in, if nothing has to be computed of it."""
    outputs = math.prod([size or 0 for size in result.shape[1:]])
    array = np.asarray(result.array)
    if call.pull_back:  # stacked gradients are the operator's rows already
        rows = outputs if call.x.shape[0] else 0
        if array.shape != (rows, *call.x.shape[1:]):
            return None
        return array.reshape(rows, math.prod(call.x.shape[1:]))
    if result.shape[:1] != call.x.shape[:1]:
        return None
    matrix = array.reshape(call.x.shape[0], outputs).T
    if probe != "forward":  # only the impulses have zeros behind them, or lie on a ground
        return matrix
    if call.bias is not None and matrix.shape[1]:
        matrix = matrix.astype(np.float64)
        matrix = matrix[:, :-1] - matrix[:, -1:]
    return matrix.astype(np.float64) - stimuli.MAX_POOL_GROUND if call.case.op == "max_pool" else matrix


def shape(case: Case, probe: Probe, result: Returned) -> tuple[int | None, ...]:
    """The shape that was returned for the impulses alone."""
    inputs = result.shape[0] if result.shape else None
    if case.bias and probe == "forward" and inputs is not None and inputs > 1:
        return (inputs - 1, *result.shape[1:])
    return result.shape
