"""Answers: shapes, errors, and numbers that are nearly right."""

from __future__ import annotations

import math

import numpy as np

from harness.frameworks.base import Call, Raised, Result, Returned

from ...fakes.loops import size
from .making import POOLS, Answer, Array, Fault, changed, of, right

# Shapes and errors


def a_row_too_many(call: Call) -> Result:
    def longer(y: Array) -> Array:
        return np.concatenate([y, np.zeros_like(y[..., :1])], axis=-1)

    return changed(call, longer)


def a_row_too_few(call: Call) -> Result:
    return changed(call, lambda y: y[..., :-1])


def last_row_is(value: float) -> Answer:
    """The last row of the output is never written: it has what memory had."""

    def answer(call: Call) -> Result:
        def unwritten(y: Array) -> Array:
            y[..., -1] = value
            return y

        return changed(call, unwritten)

    return answer


def batch_axis_lost(call: Call) -> Result:
    return changed(call, lambda y: y[0] if len(y) else y)


def nothing_of_a_wrong_shape(call: Call) -> Result:
    """Nothing to compute is answered by an empty tensor, but with one feature map too many."""
    result = right(call)
    if isinstance(result, Raised):
        return Returned((len(call.x), call.case.channels_out + 1, *(0,) * call.case.rank), np.zeros(0))
    return result


def something_where_there_is_nothing(call: Call) -> Result:
    result = right(call)
    if not isinstance(result, Raised):
        return result
    shape = (call.case.channels_out, *(max(o, 1) for o in size(call.case)))
    if call.pull_back:
        return Returned((1, *shape), np.zeros((math.prod(shape), *call.x.shape[1:])))
    return Returned((len(call.x), *shape), np.zeros((len(call.x), *shape)))


@of(*POOLS)
def refused_with_half_a_window_of_padding(call: Call) -> Result:
    if any(max(x.p_before, x.p_after) > x.k // 2 for x in call.case.axes):
        return Raised("RuntimeError", "pad should be at most half of kernel size")
    return right(call)


def refused_without_inputs(call: Call) -> Result:
    if call.x.size == 0:
        return Raised("RuntimeError", "expected a non-empty input")
    return right(call)


# Numbers


def noise_of_rounding(call: Call) -> Result:
    return changed(call, lambda y: y * (1 + 1e-7))


def noise_where_zeros_should_be(call: Call) -> Result:
    return changed(call, lambda y: np.where(y == 0, 1e-30, y))


def zeros_are_negative(call: Call) -> Result:
    return changed(call, lambda y: np.where(y == 0, -0.0, y))


FAULTS = (
    *(
        Fault(
            fault,
            """conv; forward bias; wrong_shape
               conv_transpose; forward direct bias; wrong_shape
               avg_pool max_pool; forward; wrong_shape""",
            red="R1 R7 R8 S4 S7 S10",
            hidden_in="conv1d.i2.k3.s1.p0.d1",
        )
        for fault in (a_row_too_many, a_row_too_few, batch_axis_lost)
    ),
    *(
        Fault(
            last_row_is(value),
            """conv; forward bias; wrong_operator
               conv_transpose; forward direct bias; wrong_operator
               avg_pool max_pool; forward; wrong_operator""",
            red="R1 R7 R8 S4 S7 S8 S10",
            name=f"last_row_is_{value:g}",
        )
        for value in (math.nan, 1e30, 0.0)
    ),
    Fault(
        nothing_of_a_wrong_shape,
        "conv conv_transpose max_pool; forward adjoint; wrong_shape",
        red="R1 R5 R7 R9",
    ),
    Fault(
        something_where_there_is_nothing,
        "conv conv_transpose max_pool; forward adjoint; accepted",
        red="R1 R5 R7 R9",
    ),
    Fault(
        refused_with_half_a_window_of_padding,
        "max_pool; forward adjoint; rejected",
        red="X7 X12",
        hidden_in="max_pool1d.i6.k3.s2.p1.d1",
    ),
    Fault(
        refused_without_inputs,
        "conv; forward adjoint bias; rejected",
        red="R1",
        hidden_in="conv1d.i3.k2.s1.p0.d1.batch1",
    ),
    Fault(
        noise_of_rounding,
        """conv; forward bias; wrong_operator
           conv_transpose; forward direct bias; wrong_operator
           avg_pool max_pool; forward; wrong_operator""",
        red="R1 R7 R8 S4 S7 S8 S10",
    ),
    Fault(
        noise_where_zeros_should_be,
        """conv avg_pool; forward; wrong_operator
           conv_transpose; forward direct; wrong_operator""",
        red="R1 R7 R8 S4 S7 S8 S10",
    ),
)
