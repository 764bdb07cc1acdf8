"""Answers: shapes, errors, numbers that are nearly right, and rows that nobody wrote."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from harness.frameworks.base import Call, Raised, Result, Returned
from harness.selftest.faults.making import (
    CONVOLUTIONS,
    POOLS,
    Array,
    an_axis,
    changed,
    fault,
    of,
    with_gradient,
)
from harness.selftest.loops import size
from harness.selftest.planting import Fault, Right

# Shapes


@fault(
    "There is a row of zeros too many along the last axis.",
    cause="extra_outputs",
    wanted=("output",),
)
def a_row_too_many(call: Call, right: Right) -> Result:
    def longer(y: Array) -> Array:
        return np.concatenate([y, np.zeros_like(y[..., :1])], axis=-1)

    return changed(call, right, longer)


@fault(
    "The last row along the last axis is missing.",
    cause="missing_outputs",
    wanted=("output",),
)
def a_row_too_few(call: Call, right: Right) -> Result:
    return changed(call, right, lambda y: y[..., :-1])


@fault("The axis of the batch is missing.", cause="shape", wanted=("output",))
def batch_axis_lost(call: Call, right: Right) -> Result:
    return changed(call, right, lambda y: y[0] if len(y) else y)


@fault(
    "The axes of the output are in reversed order.",
    cause="axes_exchanged",
    where=lambda case: case.rank > 1,
    wanted=("output",),
)
def output_axes_reversed(call: Call, right: Right) -> Result:
    return changed(call, right, lambda y: y.transpose(0, 1, *range(y.ndim - 1, 1, -1)))


@fault(
    "Nothing to compute is answered by an empty tensor, but with one feature map too many.",
    cause="shape",
)
def nothing_of_a_wrong_shape(call: Call, right: Right) -> Result:
    result = right(call)
    if isinstance(result, Raised):
        sizes = [max(o, 0) for o in size(call.case)]
        return Returned((len(call.x), call.case.channels_out + 1, *sizes), np.zeros(0))
    return result


@fault(
    "Where there is nothing to do, the input itself is handed back.",
    cause="shape",
    where=lambda case: case.batch == 0 or 0 in case.each("i"),
    wanted=("output",),
    needs="empty batches",
)
def the_input_is_handed_back(call: Call, right: Right) -> Result:
    return Returned(call.x.shape, call.x) if call.x.size == 0 else right(call)


# Errors, and what should be one


@fault("There is a result where there is nothing to compute.")
def something_where_there_is_nothing(call: Call, right: Right) -> Result:
    result = right(call)
    if not isinstance(result, Raised):
        return result
    shape = (call.case.channels_out, *(max(o, 1) for o in size(call.case)))
    if call.pull_back:
        return Returned((1, *shape), np.zeros((math.prod(shape), *call.x.shape[1:])))
    return Returned((len(call.x), *shape), np.zeros((len(call.x), *shape)))


@fault(
    "A pooling that is padded by more than half of its window is refused.",
    where=of(*POOLS, such=an_axis(lambda x: max(x.p_before, x.p_after) > x.k // 2)),
)
def refused_with_half_a_window_of_padding(_call: Call, _right: Right) -> Result:
    return Raised("RuntimeError", "pad should be at most half of kernel size")


@fault("A layer without inputs is refused.", needs="empty batches")
def refused_without_inputs(call: Call, right: Right) -> Result:
    if call.x.size == 0:
        return Raised("RuntimeError", "expected a non-empty input")
    return right(call)


@fault(
    "A layer with both a stride and a dilation is refused.",
    where=of(*CONVOLUTIONS, such=lambda case: max(case.each("s")) > 1 and max(case.each("d")) > 1),
)
def refused_with_stride_and_dilation(_call: Call, _right: Right) -> Result:
    return Raised("ValueError", "strides > 1 not supported in conjunction with dilation_rate > 1")


# Numbers


def _last_row_is(value: float, called: str) -> Fault:
    def answer(call: Call, right: Right) -> Result:
        def unwritten(y: Array) -> Array:
            y[..., -1:] = value
            return y

        return changed(call, right, unwritten)

    return fault(
        f"The last row along the last axis is never written: it has what memory had, {called}.",
        cause="unwritten",
        wanted=("output",),
        name=f"last_row_is_{value:g}",
    )(answer)


@fault(
    "The last unit of the last output map is not a number.",
    cause="unwritten",
    wanted=("output",),
)
def not_a_number_in_a_corner(call: Call, right: Right) -> Result:
    def spoilt(y: Array) -> Array:
        y.reshape(len(y), math.prod(y.shape[1:]))[:, -1:] = math.nan
        return y

    return changed(call, right, spoilt)


@fault("The input is never read: what zeros give is given, and gradients are zeros.", cause="unread")
def nothing_is_read(call: Call, right: Right) -> Result:
    if call.pull_back:
        return with_gradient(call, right, np.zeros_like)
    return right(replace(call, x=np.zeros_like(call.x)))


@fault("Every number is off by rounding.", cause="rounding", wanted=("output",))
def noise_of_rounding(call: Call, right: Right) -> Result:
    return changed(call, right, lambda y: y * (1 + 1e-7))


@fault("Zeros are tiny numbers.", cause="stray", wanted=("output",))
def noise_where_zeros_should_be(call: Call, right: Right) -> Result:
    return changed(call, right, lambda y: np.where(y == 0, 1e-30, y))


FAULTS = (
    a_row_too_many,
    a_row_too_few,
    batch_axis_lost,
    output_axes_reversed,
    nothing_of_a_wrong_shape,
    the_input_is_handed_back,
    something_where_there_is_nothing,
    refused_with_half_a_window_of_padding,
    refused_without_inputs,
    refused_with_stride_and_dilation,
    _last_row_is(math.nan, "not a number"),
    _last_row_is(1e30, "a large number"),
    _last_row_is(0.0, "zeros"),
    not_a_number_in_a_corner,
    nothing_is_read,
    noise_of_rounding,
    noise_where_zeros_should_be,
)
