"""What the padding is made of, and what an average divides by."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from harness.frameworks.base import Call, Raised, Result, Returned

from ...fakes.loops import size
from .making import Answer, Fault, changed, layer, of, right, with_axes, with_case

# What the padding is made of


def padding_made_by(mode: str) -> Answer:
    """Padding of another kind than zeros."""

    @of("conv")
    @layer
    def answer(call: Call) -> Result:
        if not call.case.padded or min(size(call.case)) < 1:
            return right(call)
        around = [(0, 0), (0, 0), *((x.p_before, x.p_after) for x in call.case.axes)]
        padded = with_axes(call, lambda x: replace(x, i=x.i + x.p_before + x.p_after, p_before=0, p_after=0))
        return right(replace(padded, x=np.pad(call.x, around, mode=mode)))  # type: ignore[call-overload]

    return answer


@of("max_pool")
def maximum_padded_with_zeros(call: Call) -> Result:
    """The input is padded like a convolution's, and pooled then."""
    around = [(0, 0), (0, 0), *((x.p_before, x.p_after) for x in call.case.axes)]
    padded = with_axes(call, lambda x: replace(x, i=x.i + x.p_before + x.p_after, p_before=0, p_after=0))
    result = right(replace(padded, x=np.pad(call.x, around)))
    if not call.pull_back or isinstance(result, Raised):
        return result
    inside = tuple(slice(x.p_before, x.p_before + x.i) for x in call.case.axes)
    return Returned(result.shape, result.array[(slice(None), slice(None), *inside)])


def maximum_of_nothing_is_zero(call: Call) -> Result:
    return changed(call, lambda y: np.where(np.isneginf(y), 0, y))


def maximum_of_nothing_is_the_lowest_number(call: Call) -> Result:
    return changed(call, lambda y: np.where(np.isneginf(y), np.finfo(np.float32).min, y))


# What an average divides by


@of("avg_pool")
def padding_counts(call: Call) -> Result:
    return right(with_case(call, count_include_pad=True))


@of("avg_pool")
def padding_does_not_count(call: Call) -> Result:
    return right(with_case(call, count_include_pad=False))


@of("avg_pool")
def the_whole_window_counts(call: Call) -> Result:
    """Even what lies beyond the padding, in ceil mode."""
    whole = math.prod(call.case.each("k"))
    counted = call.case.count_include_pad and call.case.divisor is None
    return right(with_case(call, divisor=whole) if counted else call)


@of("avg_pool")
def divisor_ignored(call: Call) -> Result:
    return right(with_case(call, divisor=None))


@of("avg_pool")
def divided_by_the_first_axis_alone(call: Call) -> Result:
    return right(with_case(call, divisor=call.case.axes[0].k))


@of("avg_pool")
def averaged_in_more_bits(call: Call) -> Result:
    """The reciprocal is not rounded to the element type."""
    return right(with_case(call, dtype="float64"))


FAULTS = (
    *(
        Fault(
            padding_made_by(mode),
            "conv; forward adjoint; wrong_operator",
            red="R2 R3 R4 R6 R15 X1 X2 X3 X4 X5 X6",
            hidden_in="conv1d.i5.k3.s1.p0.d1",
            name=f"padding_by_{mode}",
        )
        for mode in ("wrap", "edge", "reflect")
    ),
    Fault(
        maximum_padded_with_zeros,
        "max_pool; forward adjoint; wrong_operator wrong_shape",
        red="X7 X12 S10",
        hidden_in="max_pool1d.i6.k3.s2.p0.d1",
    ),
    Fault(
        maximum_of_nothing_is_zero,
        "max_pool; forward; wrong_operator",
        red="X12",
        hidden_in="max_pool1d.i6.k3.s2.p1.d1",
    ),
    Fault(
        maximum_of_nothing_is_the_lowest_number,
        "max_pool; forward; wrong_operator",
        red="X12",
        hidden_in="max_pool1d.i6.k3.s2.p1.d1",
    ),
    Fault(
        padding_counts,
        "avg_pool; forward adjoint; wrong_operator",
        red="X9 X11 S10",
        hidden_in="avg_pool1d.i6.k3.s2.p0.d1 avg_pool1d.i6.k3.s2.p1.d1",
    ),
    Fault(
        padding_does_not_count,
        "avg_pool; forward adjoint; wrong_operator",
        red="X1 X9 X11 S10",
        hidden_in="avg_pool1d.i6.k3.s2.p0.d1 avg_pool1d.i6.k3.s2.p1.d1.nopad avg_pool1d.i5.k3.s3.p0.d1.ceil",
    ),
    Fault(
        the_whole_window_counts,
        "avg_pool; forward adjoint; wrong_operator",
        red="X11",
        hidden_in="avg_pool1d.i5.k2.s2.p1.d1.ceil",
    ),
    Fault(
        divisor_ignored,
        "avg_pool; forward adjoint; wrong_operator",
        red="X10",
    ),
    Fault(
        divided_by_the_first_axis_alone,
        "avg_pool; forward adjoint; wrong_operator",
        red="S2 X9 X10 X11",
        hidden_in="avg_pool1d.i6.k3.s2.p1.d1",
    ),
    Fault(
        averaged_in_more_bits,
        "avg_pool; forward adjoint; wrong_operator",
        red="R7 X9 X10 X11",
        hidden_in="avg_pool1d.i2.k2.s1.same.p0_1.d1",
    ),
)
