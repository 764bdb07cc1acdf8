"""What shows where an input has several units alone: sums, negative outputs, inputs with many digits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harness.frameworks.base import Call, Raised, Result, Returned

from ...fakes.loops import size
from .making import CONVOLUTIONS, changed, impulses, of, right, to_eight_bits, with_bias, with_case


@of("conv_transpose")
def overlaps_overwritten(call: Call) -> Result:
    """Where the kernels that several units paint overlap, the last one stays, where they should add up."""
    if call.pull_back or len(call.x) == 0 or min(size(call.case)) < 1:
        return right(call)
    outputs = []
    for x in call.x:
        y = np.zeros((call.case.channels_out, *size(call.case)))
        for unit, value in zip(impulses(call), x.reshape(-1), strict=True):
            if value:
                result = right(replace(call, x=value * unit[None], bias=None))
                assert isinstance(result, Returned)
                y = np.where(result.array[0] != 0, result.array[0], y)
        outputs.append(with_bias(call, y))
    return Returned((len(outputs), *outputs[0].shape), np.array(outputs))


def greatest_of_the_input_maps(call: Call) -> Result:
    """Over the input maps the maximum is taken, where there should be the sum."""
    if call.pull_back or call.case.pools or call.case.channels_in == 0 or isinstance(right(call), Raised):
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


@of(*CONVOLUTIONS)
def never_below_zero(call: Call) -> Result:
    """An activation that nobody asked for."""
    return changed(call, lambda y: np.maximum(y, 0))


@of("max_pool")
def the_last_that_exceeds_the_first(call: Call) -> Result:
    """A maximum that compares each unit of a window with the first one, and not with the greatest so far."""
    result = right(call)
    if call.pull_back or isinstance(result, Raised):
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


def inputs_rounded(call: Call) -> Result:
    """To eight significant bits."""
    return right(call if call.pull_back else replace(call, x=to_eight_bits(call.x)))
