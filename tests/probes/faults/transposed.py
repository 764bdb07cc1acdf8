"""Transposed convolutions."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from cases.case import Axis
from harness.frameworks.base import Call, Result

from ...fakes.loops import size
from .making import Array, Fault, changed, layer, of, right, with_axes, with_output


@of("conv_transpose")
@layer
def output_padding_at_the_top(call: Call) -> Result:
    if min(size(call.case)) < 1:
        return right(call)
    painted = right(with_axes(call, lambda x: replace(x, p_before=0, p_after=0, a=0)))
    around = [(0, 0), (0, 0), *((x.a, 0) for x in call.case.axes)]
    kept = tuple(slice(x.p_before, x.p_before + o) for x, o in zip(call.case.axes, size(call.case), strict=True))
    return with_output(painted, lambda y: np.pad(y, around)[(slice(None), slice(None), *kept)])


def output_padding_ignored(call: Call) -> Result:
    return right(with_axes(call, lambda x: replace(x, a=0)))


@of("conv_transpose")
def rubbish_where_nothing_reaches(call: Call) -> Result:
    """Rows that no tap reaches are never written."""
    axes = call.case.axes

    def unwritten(y: Array) -> Array:
        for number, x in enumerate(axes, start=2):
            reached = {u * x.s + t * x.d - x.p_before for u, t in itertools.product(range(x.i), range(x.k))}
            rows = [row for row in range(y.shape[number]) if row not in reached]
            np.moveaxis(y, number, 0)[rows] = 1e30
        return y

    return changed(call, unwritten)


@of("conv_transpose")
def padding_of_the_stretched_input(call: Call) -> Result:
    """Numbers taken for p' where they are meant as p, as in jax.lax.conv_transpose: p = k̂ - 1 - p' is cropped."""

    def meant(x: Axis) -> Axis:
        return replace(x, p_before=max(x.k_hat - 1 - x.p_before, 0), p_after=max(x.k_hat - 1 - x.p_after, 0))

    return right(with_axes(call, meant) if call.case.padding == "explicit" else call)


@of("conv_transpose")
def never_cropped_by_more_than_the_kernel(call: Call) -> Result:
    """A negative p' is taken for zero."""
    return right(
        with_axes(
            call, lambda x: replace(x, p_before=min(x.p_before, x.k_hat - 1), p_after=min(x.p_after, x.k_hat - 1))
        )
    )


FAULTS = (
    Fault(
        output_padding_at_the_top,
        "conv_transpose; forward adjoint; wrong_operator",
        red="R14 X13 X14 X16 S6 S8",
        hidden_in="conv_transpose1d.i3.k3.s2.p0.d1.a0",
    ),
    Fault(
        output_padding_ignored,
        "conv_transpose; forward adjoint; wrong_shape",
        red="R14 X13 X14 X16 S6 S8",
        hidden_in="conv_transpose1d.i3.k3.s2.p0.d1.a0",
    ),
    Fault(
        rubbish_where_nothing_reaches,
        "conv_transpose; forward; wrong_operator",
        red="R12 R14 X14 X16 S6 S8",
        hidden_in="conv_transpose1d.i3.k3.s2.p1.d1.a1",
    ),
    Fault(
        padding_of_the_stretched_input,
        """conv_transpose; forward adjoint; wrong_shape accepted
           conv_transpose; bias; wrong_shape""",
        red="R8 R12 R13 R14 X18",
        hidden_in="conv_transpose1d.i4.k3.s1.p1.d1.a0 conv_transpose1d.i3.k3.s2.p1.d1.a1",
    ),
    Fault(
        never_cropped_by_more_than_the_kernel,
        "conv_transpose; forward adjoint; wrong_shape accepted",
        red="R9 R13 X18",
        hidden_in="conv_transpose1d.i4.k3.s1.p2.d1.a0",
    ),
)
