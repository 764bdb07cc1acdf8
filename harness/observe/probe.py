"""Impulse probing: a convolution is linear, so the outputs for all one-hot inputs are its matrix, exactly.

A probe turns a case into a call of the adapter (what to feed), and what came back into the operator it shows.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases import direct, stimuli
from cases.case import Case
from harness.frameworks.base import Adapter, Call, Returned, Unsupported
from harness.operator import Operator
from harness.records import Probe

# A maximum pooling is fed impulses of -1 over -2. Where an output is -1 its window sees the impulse, where it is -2
# it does not; anything else is made of the padding: 0 of zeros, -inf of a window that sees nothing at all.
MAX_POOL_GROUND = -2.0


def probes_of(case: Case) -> tuple[Probe, ...]:
    """The probes that a case has: the direct one is of a transposed convolution, if it leaves anything to convolve."""
    if case.transposed and direct.equivalent(case) is not None:
        return ("forward", "adjoint", "direct")
    return ("forward", "adjoint")


def prepare(adapter: type[Adapter] | Adapter, case: Case, route: str, probe: Probe) -> Call | Unsupported:
    """The call that a probe makes of a case, or why the route cannot say it."""
    kernel = None if case.pools else stimuli.kernel(case)
    x: NDArray[Any]
    if probe == "direct":
        plain = direct.equivalent(case)
        assert plain is not None, "only cases that have a direct convolution get this probe"
        assert kernel is not None
        kernel = direct.flipped(case, kernel)
        x = direct.stretched_impulses(replace(case, dtype="float32", layout="default"))
        case = plain
    elif probe == "forward":
        x = impulses((case.channels_in, *case.each("i")))
        if case.op == "max_pool":
            x = x + MAX_POOL_GROUND
    else:
        x = stimuli.scramble(case)[None] if case.op == "max_pool" else np.zeros((1, case.channels_in, *case.each("i")))
    spelling = adapter.say(case, route)
    if isinstance(spelling, Unsupported):
        return spelling
    return Call(case, route, spelling, kernel, x, pull_back=probe == "adjoint")


@lru_cache(maxsize=64)
def impulses(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """All one-hot inputs of a shape, stacked: shape (number of elements, *shape). Read-only."""
    units = math.prod(shape)
    batch = np.eye(units).reshape(units, *shape)
    batch.flags.writeable = False
    return batch


def operator(call: Call, returned: Returned) -> Operator | None:
    """The operator that a call's result shows: a row for each output, a column for each input.

    None where the shape itself forbids it: the batch was not kept, or a gradient has not its input's shape.
    """
    if call.pull_back:  # stacked gradients are the operator's rows already
        outputs = math.prod(returned.shape[1:])
        if returned.array.shape != (outputs, *call.x.shape[1:]):
            return None
        return Operator.of(returned.array.reshape(outputs, math.prod(call.x.shape[1:])))
    if returned.shape[:1] != call.x.shape[:1]:
        return None
    columns = call.x.shape[0]
    matrix = np.asarray(returned.array, dtype=np.float64).reshape(columns, math.prod(returned.shape[1:])).T
    return Operator.of(matrix - MAX_POOL_GROUND if call.case.op == "max_pool" else matrix)
