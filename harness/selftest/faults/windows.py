"""Where the window lands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cases.case import Axis, Case
from harness.frameworks.base import Call, Result
from harness.selftest.faults.making import (
    POOLS,
    Where,
    an_axis,
    exchanging,
    fault,
    layer,
    of,
    with_axes,
    with_case,
    with_output,
)
from harness.selftest.loops import size
from harness.selftest.planting import Answer, Fault, Right

_CONV_OR_POOL = ("conv", *POOLS)


def _earlier(such: Where, says: str, name: str, needs: str = "") -> Fault:
    """Every window of some layers lands one unit earlier, along the first axis: p + 1 before, p - 1 after."""

    def answer(call: Call, right: Right) -> Result:
        first = True

        def moved(x: Axis) -> Axis:
            nonlocal first
            moves, first = first and x.p_after > 0, False
            return replace(x, p_before=x.p_before + 1, p_after=x.p_after - 1) if moves else x

        return right(with_axes(call, moved))

    where = of(*_CONV_OR_POOL, such=lambda case: case.axes[0].p_after > 0 and such(case))
    return fault(says, cause="padding", where=where, name=name, needs=needs)(answer)


def _unequal(letter: str) -> Where:
    return lambda case: len(set(case.each(letter))) > 1


@fault(
    "Every input unit stands where its neighbour along the last axis should.",
    cause="padding",
    where=of("conv"),
)
@layer
def input_shifted(call: Call, right: Right) -> Result:
    x = np.zeros_like(call.x)
    x[..., 1:] = call.x[..., :-1]
    return right(replace(call, x=x))


@fault(
    "All of the padding stands at the far end.",
    cause="padding",
    where=of(*_CONV_OR_POOL, such=an_axis(lambda x: x.p_before > 0)),
)
def padded_at_the_far_end_alone(call: Call, right: Right) -> Result:
    return right(with_axes(call, lambda x: replace(x, p_before=0, p_after=x.p_before + x.p_after)))


@fault(
    "The padding is at the near end alone, and the far end has none.",
    cause="missing_outputs",  # what follows the last window is not seen
    where=of("conv", such=an_axis(lambda x: x.p_after > 0)),
)
def not_padded_at_the_far_end(call: Call, right: Right) -> Result:
    return right(with_axes(call, lambda x: replace(x, p_after=0)))


@fault(
    "'same' is taken for 'same_lower', and the other way round: the odd zero stands at the other end.",
    cause="padding",
    where=lambda case: case.padding in ("same", "same_lower") and any(x.p_before != x.p_after for x in case.axes),
    needs="'same' outside of the guide's",
)
def the_odd_zero_at_the_other_end(call: Call, right: Right) -> Result:
    return right(with_axes(call, lambda x: replace(x, p_before=x.p_after, p_after=x.p_before)))


@fault(
    "The padding of 'same' follows from k where it should from k̂.",
    cause="padding",
    where=of("conv", such=lambda case: case.padding == "same" and any(x.d > 1 for x in case.axes)),
)
def same_of_the_undilated_kernel(call: Call, right: Right) -> Result:
    def padded(x: Axis) -> Axis:
        total = max((-(-x.i // x.s) - 1) * x.s + x.k - x.i, 0)
        return replace(x, p_before=total // 2, p_after=total - total // 2)

    return right(with_axes(call, padded))


@fault(
    "'causal' is taken for 'same': half of its padding stands at the far end.",
    cause="padding",
    where=of("conv", such=lambda case: case.padding == "causal"),
    needs="causal padding",
)
def causal_taken_for_same(call: Call, right: Right) -> Result:
    return right(with_axes(call, lambda x: replace(x, p_before=x.p_before // 2, p_after=-(-x.p_before // 2))))


@fault(
    "Each unit of padding is stretched by the dilation: p becomes p·d.",
    cause="padding",
    where=of("conv", such=lambda case: case.padding == "explicit" and any(x.d > 1 for x in case.axes) and case.padded),
)
def padding_dilated(call: Call, right: Right) -> Result:
    return right(with_axes(call, lambda x: replace(x, p_before=x.p_before * x.d, p_after=x.p_after * x.d)))


@fault(
    "All axes have the first one's stride.",
    cause="stride",
    where=of(*_CONV_OR_POOL),
    needs="unequal axes",
)
def one_stride_for_all_axes(call: Call, right: Right) -> Result:
    return right(with_axes(call, lambda x: replace(x, s=call.case.axes[0].s)))


@fault(
    "The stride is that of the first axis alone; the others have 1.",
    cause="stride",
    where=of(*_CONV_OR_POOL, such=lambda case: any(x.s > 1 for x in case.axes[1:])),
)
def strided_along_the_first_axis_alone(call: Call, right: Right) -> Result:
    first = iter((True, *(False,) * call.case.rank))
    return right(with_axes(call, lambda x: x if next(first) else replace(x, s=1)))


@fault(
    "Strides begin at the second row: of the unit-stride output the first of the kept rows is dropped.",
    cause="padding",
    where=of("conv"),
)
@layer
def strides_begin_at_the_second_row(call: Call, right: Right) -> Result:
    dense = with_axes(call, lambda x: replace(x, s=1, p_after=x.p_after + x.s))
    if min(size(call.case)) < 1:
        return right(call)
    kept = tuple(
        slice(x.s > 1, (x.s > 1) + (o - 1) * x.s + 1, x.s) for x, o in zip(call.case.axes, size(call.case), strict=True)
    )
    return with_output(right(dense), lambda y: y[(slice(None), slice(None), *kept)])


@fault("Dilation is ignored, and the output is larger for it.", cause="dilation", where=an_axis(lambda x: x.d > 1))
def dilation_ignored(call: Call, right: Right) -> Result:
    return right(with_axes(call, lambda x: replace(x, d=1)))


@fault(
    "Dilation is ignored, in an output of the right shape.",
    cause="dilation",
    where=of("conv", such=an_axis(lambda x: x.d > 1)),
)
@layer
def dilation_ignored_in_a_right_shape(call: Call, right: Right) -> Result:
    if min(size(call.case)) < 1:
        return right(call)
    kept = tuple(slice(0, o) for o in size(call.case))
    dense = with_axes(call, lambda x: replace(x, d=1))
    return with_output(right(dense), lambda y: y[(slice(None), slice(None), *kept)])


@fault(
    "Sizes are rounded up without being asked: a last window that overhangs sees zeros there.",
    cause="rounded_up",
    where=of(*_CONV_OR_POOL),
)
def rounded_up(call: Call, right: Right) -> Result:
    return right(with_axes(call, lambda x: replace(x, p_after=x.p_after + x.s - 1)))


@fault(
    "Ceil mode is ignored.",
    cause="rounded_down",
    where=of(*POOLS, such=lambda case: case.ceil_mode),
    needs="ceil mode",
)
def rounded_down(call: Call, right: Right) -> Result:
    return right(with_case(call, ceil_mode=False))


@fault(
    "Ceil mode keeps a window that starts in the far padding.",
    cause="rounded_up",
    where=of(*POOLS, such=lambda case: case.ceil_mode),
    needs="ceil mode",
)
def rounded_up_into_the_far_padding(call: Call, right: Right) -> Result:
    rest = {x: -(x.i + x.p_before + x.p_after - x.k_hat) % x.s for x in call.case.axes}
    return right(with_axes(with_case(call, ceil_mode=False), lambda x: replace(x, p_after=x.p_after + rest[x])))


def _exchanged(letter: str, answer: Answer, where: Where) -> Fault:
    called = {"s": "strides", "p_before": "paddings", "d": "dilation rates", "k": "kernel sizes"}[letter]
    return fault(
        f"The first and the last axis have each other's {called}.",
        cause="axes_exchanged",
        where=where,
        name=f"axes_exchanged_in_{letter}",
        needs="unequal axes",
    )(answer)


def _all_axes_exchanged(case: Case) -> bool:
    return case.rank > 1 and case.axes[0] != case.axes[-1]


FAULTS = (
    input_shifted,
    padded_at_the_far_end_alone,
    not_padded_at_the_far_end,
    _earlier(
        an_axis(lambda x: x.k % 2 == 0),
        "With an even kernel every window lands one unit early along the first axis.",
        "even_kernels_land_early",
    ),
    _earlier(
        lambda case: case.axes[0].i % 2 == 0,
        "On an even input size every window lands one unit early along the first axis.",
        "even_inputs_land_early",
    ),
    _earlier(
        lambda case: case.axes[0].s > case.axes[0].k_hat,
        "With a stride beyond the kernel, s > k̂, every window lands one unit early along the first axis.",
        "strides_beyond_the_kernel_land_early",
    ),
    the_odd_zero_at_the_other_end,
    same_of_the_undilated_kernel,
    causal_taken_for_same,
    padding_dilated,
    one_stride_for_all_axes,
    strided_along_the_first_axis_alone,
    strides_begin_at_the_second_row,
    dilation_ignored,
    dilation_ignored_in_a_right_shape,
    rounded_up,
    rounded_down,
    rounded_up_into_the_far_padding,
    _exchanged("s", exchanging("s"), _unequal("s")),
    _exchanged(
        "p_before",
        exchanging("p_before", "p_after"),
        lambda case: _all_axes_exchanged(case) and len({(x.p_before, x.p_after) for x in case.axes}) > 1,
    ),
    _exchanged("d", exchanging("d"), _unequal("d")),
    _exchanged("k", exchanging("k"), of(*POOLS, such=_unequal("k"))),
)
