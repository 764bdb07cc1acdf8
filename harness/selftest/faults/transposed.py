"""Transposed convolutions."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from cases.case import Axis
from harness.frameworks.base import Call, Result
from harness.selftest.faults.making import Array, an_axis, changed, fault, layer, of, with_axes, with_output
from harness.selftest.loops import size
from harness.selftest.planting import Right

_PADDED_OUTPUT = of("conv_transpose", such=an_axis(lambda x: x.a > 0))


@fault("The output padding stands before the output, not after it.", cause="output_padding", where=_PADDED_OUTPUT)
@layer
def output_padding_at_the_top(call: Call, right: Right) -> Result:
    if min(size(call.case)) < 1:
        return right(call)
    painted = right(with_axes(call, lambda x: replace(x, p_before=0, p_after=0, a=0)))
    around = [(0, 0), (0, 0), *((x.a, 0) for x in call.case.axes)]
    kept = tuple(slice(x.p_before, x.p_before + o) for x, o in zip(call.case.axes, size(call.case), strict=True))
    return with_output(painted, lambda y: np.pad(y, around)[(slice(None), slice(None), *kept)])


@fault("The output padding is ignored.", cause="output_padding", where=_PADDED_OUTPUT)
def output_padding_ignored(call: Call, right: Right) -> Result:
    return right(with_axes(call, lambda x: replace(x, a=0)))


@fault(
    "The output is cropped at the far end alone.",
    cause="padding",
    where=of("conv_transpose", such=an_axis(lambda x: x.p_before > 0)),
)
def cropped_at_the_far_end_alone(call: Call, right: Right) -> Result:
    return right(with_axes(call, lambda x: replace(x, p_before=0, p_after=x.p_before + x.p_after)))


@fault("The output is not cropped: p is ignored.", cause="padding", where=of("conv_transpose", such=lambda c: c.padded))
def not_cropped(call: Call, right: Right) -> Result:
    return right(with_axes(call, lambda x: replace(x, p_before=0, p_after=0)))


@fault(
    "Rows that no tap reaches are never written.",
    cause="unwritten",
    where=of("conv_transpose"),
)
def rubbish_where_nothing_reaches(call: Call, right: Right) -> Result:
    axes = call.case.axes

    def unwritten(y: Array) -> Array:
        for number, x in enumerate(axes, start=2):
            reached = {u * x.s + t * x.d - x.p_before for u, t in itertools.product(range(x.i), range(x.k))}
            rows = [row for row in range(y.shape[number]) if row not in reached]
            np.moveaxis(y, number, 0)[rows] = 1e30
        return y

    return changed(call, right, unwritten)


@fault(
    "Padding is taken for that of the stretched input, p', as in jax.lax.conv_transpose: k̂ - 1 - p is cropped.",
    cause="padding",
    where=of("conv_transpose", such=lambda case: case.padding == "explicit"),
)
def padding_of_the_stretched_input(call: Call, right: Right) -> Result:
    def meant(x: Axis) -> Axis:
        return replace(x, p_before=max(x.k_hat - 1 - x.p_before, 0), p_after=max(x.k_hat - 1 - x.p_after, 0))

    return right(with_axes(call, meant))


@fault(
    "No more is cropped than the kernel reaches: a negative p' is taken for zero.",
    cause="padding",
    where=of("conv_transpose", such=an_axis(lambda x: max(x.p_before, x.p_after) > x.k_hat - 1)),
)
def never_cropped_by_more_than_the_kernel(call: Call, right: Right) -> Result:
    return right(
        with_axes(
            call, lambda x: replace(x, p_before=min(x.p_before, x.k_hat - 1), p_after=min(x.p_after, x.k_hat - 1))
        )
    )


@fault(
    "The stride of a transposed convolution is ignored.",
    cause="stride",
    where=of("conv_transpose", such=an_axis(lambda x: x.s > 1)),
)
def not_stretched(call: Call, right: Right) -> Result:
    return right(with_axes(call, lambda x: replace(x, s=1)))


FAULTS = (
    output_padding_at_the_top,
    output_padding_ignored,
    cropped_at_the_far_end_alone,
    not_cropped,
    rubbish_where_nothing_reaches,
    padding_of_the_stretched_input,
    never_cropped_by_more_than_the_kernel,
    not_stretched,
)
