"""What the padding is made of, and what an average divides by."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from harness.frameworks.base import Call, Raised, Result, Returned
from harness.selftest.faults.making import changed, fault, layer, of, with_axes, with_case
from harness.selftest.loops import size
from harness.selftest.planting import Fault, Right

# What the padding is made of


def _padding_by(mode: str, says: str) -> Fault:
    """Padding of another kind than zeros."""

    @layer
    def answer(call: Call, right: Right) -> Result:
        if min(size(call.case)) < 1:
            return right(call)
        around = [(0, 0), (0, 0), *((x.p_before, x.p_after) for x in call.case.axes)]
        padded = with_axes(call, lambda x: replace(x, i=x.i + x.p_before + x.p_after, p_before=0, p_after=0))
        return right(replace(padded, x=np.pad(call.x, around, mode=mode)))  # type: ignore[call-overload]

    # Of no units there is nothing to pad with.
    where = of("conv", such=lambda case: case.padded and 0 not in case.each("i"))
    return fault(says, cause="border", where=where, name=f"padding_by_{mode}")(answer)


@fault(
    "Maxima are taken of an input that is padded with zeros, where nothing should be.",
    cause="padding_value",
    where=of("max_pool"),
)
def maximum_padded_with_zeros(call: Call, right: Right) -> Result:
    around = [(0, 0), (0, 0), *((x.p_before, x.p_after) for x in call.case.axes)]
    padded = with_axes(call, lambda x: replace(x, i=x.i + x.p_before + x.p_after, p_before=0, p_after=0))
    result = right(replace(padded, x=np.pad(call.x, around)))
    if not call.pull_back or isinstance(result, Raised):
        return result
    inside = tuple(slice(x.p_before, x.p_before + x.i) for x in call.case.axes)
    return Returned(result.shape, result.array[(slice(None), slice(None), *inside)])


_OF_NOTHING = "windows that see padding alone"


def _maximum_of_nothing_is(value: float, called: str, name: str) -> Fault:
    def answer(call: Call, right: Right) -> Result:
        return changed(call, right, lambda y: np.where(np.isneginf(y), value, y))

    return fault(
        f"The maximum of nothing is {called}.",
        cause="empty_maximum",
        where=of("max_pool"),
        needs=_OF_NOTHING,
        name=f"maximum_of_nothing_is_{name}",
    )(answer)


# What an average divides by


@fault(
    "Padding counts in the divisor, though it is told not to.",
    cause="divisor",
    where=of("avg_pool", such=lambda case: not case.count_include_pad),
    needs="divisors without padding",
)
def padding_counts(call: Call, right: Right) -> Result:
    return right(with_case(call, count_include_pad=True))


@fault("Padding does not count in the divisor, though it should.", cause="divisor", where=of("avg_pool"))
def padding_does_not_count(call: Call, right: Right) -> Result:
    return right(with_case(call, count_include_pad=False))


@fault(
    "In ceil mode the divisor counts even what lies beyond the padding.",
    cause="divisor",
    where=of("avg_pool", such=lambda case: case.count_include_pad and case.divisor is None and case.ceil_mode),
    needs="ceil mode",
)
def the_whole_window_counts(call: Call, right: Right) -> Result:
    return right(with_case(call, divisor=math.prod(call.case.each("k"))))


@fault(
    "A divisor that is given is ignored.",
    cause="divisor",
    where=of("avg_pool", such=lambda case: case.divisor is not None),
    needs="given divisors",
)
def divisor_ignored(call: Call, right: Right) -> Result:
    return right(with_case(call, divisor=None))


@fault("An average divides by the first axis's window alone.", cause="divisor", where=of("avg_pool"))
def divided_by_the_first_axis_alone(call: Call, right: Right) -> Result:
    return right(with_case(call, divisor=call.case.axes[0].k))


@fault("An average is a sum: nothing is divided.", cause="divisor", where=of("avg_pool"))
def not_divided(call: Call, right: Right) -> Result:
    return right(with_case(call, divisor=1))


@fault("An average's reciprocal is not rounded to the element type.", cause="reciprocal", where=of("avg_pool"))
def averaged_in_more_bits(call: Call, right: Right) -> Result:
    return right(with_case(call, dtype="float64"))


FAULTS = (
    _padding_by("wrap", "The padding is circular: the other end's units."),
    _padding_by("edge", "The padding repeats the unit at the edge."),
    _padding_by("reflect", "The padding mirrors the units at the edge."),
    maximum_padded_with_zeros,
    _maximum_of_nothing_is(0.0, "0", "zero"),
    _maximum_of_nothing_is(float(np.finfo(np.float32).min), "the lowest finite number", "the_lowest_number"),
    _maximum_of_nothing_is(math.nan, "not a number", "not_a_number"),
    padding_counts,
    padding_does_not_count,
    the_whole_window_counts,
    divisor_ignored,
    divided_by_the_first_axis_alone,
    not_divided,
    averaged_in_more_bits,
)
