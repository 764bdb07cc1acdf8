"""Where the window lands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cases.case import Axis
from harness.frameworks.base import Call, Result

from ...fakes.loops import size
from .making import POOLS, Fault, exchanging, layer, of, right, with_axes, with_case, with_output


@of("conv")
@layer
def input_shifted(call: Call) -> Result:
    """Each unit stands where its neighbour should."""
    x = np.zeros_like(call.x)
    x[..., 1:] = call.x[..., :-1]
    return right(replace(call, x=x))


@of("conv", *POOLS)
def padded_at_the_far_end_alone(call: Call) -> Result:
    return right(with_axes(call, lambda x: replace(x, p_before=0, p_after=x.p_before + x.p_after)))


def the_odd_zero_at_the_other_end(call: Call) -> Result:
    """'same' taken for 'same_lower', and the other way round."""
    if call.case.padding not in ("same", "same_lower"):
        return right(call)
    return right(with_axes(call, lambda x: replace(x, p_before=x.p_after, p_after=x.p_before)))


@of("conv")
def same_of_the_undilated_kernel(call: Call) -> Result:
    """The padding of 'same' follows from k where it should from k̂."""

    def padded(x: Axis) -> Axis:
        total = max((-(-x.i // x.s) - 1) * x.s + x.k - x.i, 0)
        return replace(x, p_before=total // 2, p_after=total - total // 2)

    return right(with_axes(call, padded) if call.case.padding == "same" else call)


@of("conv")
def causal_taken_for_same(call: Call) -> Result:
    if call.case.padding != "causal":
        return right(call)
    return right(with_axes(call, lambda x: replace(x, p_before=x.p_before // 2, p_after=-(-x.p_before // 2))))


@of("conv", *POOLS)
def one_stride_for_all_axes(call: Call) -> Result:
    return right(with_axes(call, lambda x: replace(x, s=call.case.axes[0].s)))


@of("conv")
@layer
def strides_begin_at_the_second_row(call: Call) -> Result:
    """Of the unit-stride output each s-th row is kept, but the first of them is dropped in place of the last."""
    dense = with_axes(call, lambda x: replace(x, s=1, p_after=x.p_after + x.s))
    if min(size(call.case)) < 1:
        return right(call)
    kept = tuple(
        slice(x.s > 1, (x.s > 1) + (o - 1) * x.s + 1, x.s) for x, o in zip(call.case.axes, size(call.case), strict=True)
    )
    return with_output(right(dense), lambda y: y[(slice(None), slice(None), *kept)])


def dilation_ignored(call: Call) -> Result:
    return right(with_axes(call, lambda x: replace(x, d=1)))


@of("conv")
@layer
def dilation_ignored_in_a_right_shape(call: Call) -> Result:
    if min(size(call.case)) < 1:
        return right(call)
    kept = tuple(slice(0, o) for o in size(call.case))
    dense = with_axes(call, lambda x: replace(x, d=1))
    return with_output(right(dense), lambda y: y[(slice(None), slice(None), *kept)])


@of("conv", *POOLS)
def rounded_up(call: Call) -> Result:
    """Ceil mode without being asked: a last window that overhangs sees zeros there."""
    return right(with_axes(call, lambda x: replace(x, p_after=x.p_after + x.s - 1)))


@of(*POOLS)
def rounded_down(call: Call) -> Result:
    """Ceil mode asked for, and ignored."""
    return right(with_case(call, ceil_mode=False))


@of(*POOLS)
def rounded_up_into_the_far_padding(call: Call) -> Result:
    """Ceil mode that keeps a window that starts in the far padding."""
    if not call.case.ceil_mode:
        return right(call)
    rest = {x: -(x.i + x.p_before + x.p_after - x.k_hat) % x.s for x in call.case.axes}
    return right(with_axes(with_case(call, ceil_mode=False), lambda x: replace(x, p_after=x.p_after + rest[x])))


FAULTS = (
    # Equivalent direct convolutions have no padding and unit strides, but their dilation.
    Fault(
        input_shifted,
        """conv; forward adjoint; wrong_operator
           conv_transpose; direct; wrong_operator""",
        red="R1 R2 R3 R4 R5 R6 R15 S4 S5 S7",
    ),
    Fault(
        padded_at_the_far_end_alone,
        "conv avg_pool max_pool; forward adjoint; wrong_operator",
        red="R2 R3 R4 R6 R15 X1 X7 X9 X12",
        hidden_in="conv1d.i5.k3.s1.p0.d1 conv1d.i5.k3.s3.p0_1.d1 conv1d.i6.k3.s2.same.p0_1.d1",
    ),
    Fault(
        the_odd_zero_at_the_other_end,
        "conv conv_transpose avg_pool max_pool; forward adjoint; wrong_operator",
        red="X1 X2 X3 X15 X16",
        hidden_in="conv1d.i5.k3.s2.same.p1.d1",
    ),
    Fault(
        same_of_the_undilated_kernel,
        "conv; forward adjoint; wrong_shape",
        red="X1 X3 S12",
        hidden_in="conv1d.i5.k4.s1.same.p1_2.d1 conv1d.i6.k3.s2.same.p0_1.d1",
    ),
    Fault(
        causal_taken_for_same,
        "conv; forward adjoint; wrong_operator",
        red="X4",
    ),
    Fault(
        one_stride_for_all_axes,
        "conv avg_pool max_pool; forward adjoint; wrong_shape",
        red="S1 S2 S3",
        hidden_in="conv2d.i3x3.k2x2.s1x1.p1x1.d1x1",
    ),
    Fault(
        strides_begin_at_the_second_row,
        "conv; forward adjoint; wrong_operator",
        red="R5 R6 S1",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    Fault(
        dilation_ignored,
        """conv; forward adjoint; wrong_shape wrong_operator
           conv_transpose; forward adjoint direct; wrong_shape
           avg_pool max_pool; forward adjoint; wrong_shape""",
        red="R15 X5 X7 X13 S12",
        hidden_in="conv1d.i6.k3.s2.p1.d1 conv_transpose1d.i3.k3.s2.p0.d1.a0",
    ),
    Fault(
        dilation_ignored_in_a_right_shape,
        """conv; forward adjoint; wrong_operator
           conv_transpose; direct; wrong_operator""",
        red="R15 S12 S7",
    ),
    Fault(
        rounded_up,
        """conv max_pool; forward adjoint; wrong_shape
           avg_pool; forward adjoint; wrong_shape wrong_operator""",
        red="R5 R7 X7 S3 S11",
        hidden_in="conv1d.i5.k3.s1.p0.d1 conv1d.i5.k3.s2.same.p1.d1",
    ),
    Fault(
        rounded_down,
        "avg_pool; forward adjoint; wrong_shape",
        red="X8 X11",
        hidden_in="avg_pool1d.i5.k2.s2.p1.d1.ceil",
    ),
    Fault(
        rounded_up_into_the_far_padding,
        """avg_pool; forward adjoint; wrong_shape wrong_operator
           max_pool; forward adjoint; wrong_shape""",
        red="X8 X11",
        hidden_in="avg_pool1d.i5.k3.s3.p0_1.d1.ceil.nopad",
    ),
    *(
        Fault(
            exchanging(*letters),
            f"conv conv_transpose{direct_too} avg_pool max_pool; forward adjoint; wrong_shape",
            red="S2 S6 S10",
            name=f"axes_exchanged_in_{letters[0]}",
        )
        for letters, direct_too in ((("s",), ""), (("p_before", "p_after"), ""))
    ),
    Fault(
        exchanging("d"),
        """conv; forward adjoint; wrong_shape
           conv_transpose; forward adjoint direct; wrong_shape""",
        red="S2 S5 S6 S7 S12",
        name="axes_exchanged_in_d",
    ),
    Fault(
        of(*POOLS)(exchanging("k")),
        "avg_pool max_pool; forward adjoint; wrong_shape",
        red="S2 S10",
        name="axes_exchanged_in_k",
    ),
)
