"""What shows where an input has several units alone: sums, negative outputs, inputs with many digits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harness.frameworks.base import Call, Raised, Result, Returned
from harness.selftest.faults.making import (
    CONVOLUTIONS,
    changed,
    fault,
    impulses,
    of,
    to_eight_bits,
    with_bias,
    with_case,
)
from harness.selftest.loops import size
from harness.selftest.planting import Right


@fault(
    "Where the kernels that several units paint overlap, the last one stays, where they should add up.",
    cause="not_added",
    where=of("conv_transpose"),
    wanted=("output",),
)
def overlaps_overwritten(call: Call, right: Right) -> Result:
    if len(call.x) != 1 or not call.x.any() or min(size(call.case)) < 1:  # one impulse overlaps with none
        return right(call)
    painted = right(
        replace(call, x=call.x.reshape(-1)[:, None].reshape(-1, *(1,) * (call.x.ndim - 1)) * impulses(call), bias=None)
    )
    assert isinstance(painted, Returned)
    y = np.zeros_like(painted.array[:1])
    for alone in painted.array:
        y = np.where(alone != 0, alone, y)
    return Returned(y.shape, with_bias(call, y))


@fault(
    "Over the input maps the maximum is taken, where there should be the sum.",
    cause="not_added",
    where=of(*CONVOLUTIONS, such=lambda case: case.channels_in > 1),
    wanted=("output",),
    needs="several input maps",
)
def greatest_of_the_input_maps(call: Call, right: Right) -> Result:
    if isinstance(right(call), Raised):
        return right(call)
    alone = []
    for m in range(call.case.channels_in):
        x = np.zeros_like(call.x)
        x[:, m] = call.x[:, m]
        result = right(replace(call, x=x, bias=None))
        assert isinstance(result, Returned)
        alone.append(result.array)
    y = with_bias(call, np.max(alone, axis=0))
    return Returned(y.shape, y)


@fault(
    "Negative outputs come out as zero: an activation that nobody asked for.",
    cause="clipped",
    where=of(*CONVOLUTIONS),
    wanted=("output",),
)
def never_below_zero(call: Call, right: Right) -> Result:
    return changed(call, right, lambda y: np.maximum(y, 0))


@fault(
    "A maximum pooling compares each unit of a window with the first one, and not with the greatest so far.",
    where=of("max_pool"),
    wanted=("output",),
)
def the_last_that_exceeds_the_first(call: Call, right: Right) -> Result:
    result = right(call)
    if isinstance(result, Raised):
        return result
    sums = right(replace(with_case(call, op="avg_pool", divisor=1, dtype="float64"), x=impulses(call)))
    assert isinstance(sums, Returned)
    y = result.array.copy()
    for place in np.ndindex(y.shape):
        window = call.x[place[0]].reshape(-1)[sums.array[(slice(None), *place[1:])] > 0]
        if window.size:
            greater = window[window > window[0]]
            y[place] = greater[-1] if greater.size else window[0]
    return Returned(result.shape, y)


@fault(
    "Inputs are rounded to eight significant bits, those of bfloat16.",
    cause="rounded_inputs",
    wanted=("output",),
)
def inputs_rounded(call: Call, right: Right) -> Result:
    return right(replace(call, x=to_eight_bits(call.x)))


FAULTS = (
    overlaps_overwritten,
    greatest_of_the_input_maps,
    never_below_zero,
    the_last_that_exceeds_the_first,
    inputs_rounded,
)
