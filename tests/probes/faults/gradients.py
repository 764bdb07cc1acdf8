"""Gradients: the layer itself is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harness.frameworks.base import Call, Result

from .kernels import kernel_flipped, transposed_kernel_flipped
from .making import Array, Fault, of, right, with_case, with_gradient


def gradient_halved(call: Call) -> Result:
    return with_gradient(call, lambda rows: rows / 2)


def gradient_of_a_flipped_kernel(call: Call) -> Result:
    flip = kernel_flipped if call.case.op == "conv" else transposed_kernel_flipped
    return flip(call) if call.pull_back else right(call)


def gradient_wrong_with_strides(call: Call) -> Result:
    """Twice what it should be, where a stride is more than one."""
    strided = any(x.s > 1 for x in call.case.axes)
    return with_gradient(call, lambda rows: rows * 2) if strided else right(call)


def gradients_accumulated(call: Call) -> Result:
    """What one cotangent gives is not cleared before the next."""
    return with_gradient(call, lambda rows: np.cumsum(rows, axis=0))


def no_gradient_of_the_last_unit(call: Call) -> Result:
    def cut(rows: Array) -> Array:
        rows[..., -1] = 0
        return rows

    return with_gradient(call, cut)


def gradient_without_its_last_unit(call: Call) -> Result:
    return with_gradient(call, lambda rows: rows[..., :-1])


@of("max_pool")
def gradient_to_the_first_unit(call: Call) -> Result:
    """Of a window, wherever its maximum is."""
    if not call.pull_back:
        return right(call)
    units = np.arange(call.x.size, 0, -1).reshape(call.x.shape)
    return right(replace(call, x=units))


@of("max_pool")
def gradient_split_among_all_units(call: Call) -> Result:
    """As if the maximum were an average."""
    return right(with_case(call, op="avg_pool", count_include_pad=False) if call.pull_back else call)


FAULTS = (
    Fault(
        gradient_halved,
        "conv conv_transpose avg_pool max_pool; adjoint; wrong_operator",
        red="S5 S6",
    ),
    Fault(
        gradient_of_a_flipped_kernel,
        "conv conv_transpose; adjoint; wrong_operator",
        red="S5 S6",
        hidden_in="conv1d.i5.k1.s3.p0.d1",
    ),
    Fault(
        gradient_wrong_with_strides,
        "conv conv_transpose avg_pool max_pool; adjoint; wrong_operator",
        red="S5 S6",
        hidden_in="conv1d.i5.k3.s1.p1.d1 conv_transpose1d.i4.k3.s1.p1.d1.a0",
    ),
    Fault(
        gradients_accumulated,
        "conv conv_transpose avg_pool max_pool; adjoint; wrong_operator",
        red="S5 S6",
        hidden_in="conv1d.i1.k1.s1.p0.d1.c12to11.int8",  # integers have no gradient
    ),
    Fault(
        no_gradient_of_the_last_unit,
        "conv conv_transpose avg_pool max_pool; adjoint; wrong_operator",
        red="S5 S6",
        hidden_in="conv1d.i6.k3.s2.p0.d1 max_pool1d.i6.k3.s2.p0.d1",  # where that unit has none
    ),
    Fault(
        gradient_without_its_last_unit,
        "conv conv_transpose avg_pool max_pool; adjoint; wrong_operator",
        red="S5 S6",
    ),
    Fault(
        gradient_to_the_first_unit,
        "max_pool; adjoint; wrong_operator",
        red="R7 X7 X12",
        hidden_in="max_pool1d.i5.k2.s2.p1.d1.ceil",  # where the first unit of each window is the maximum
    ),
    Fault(
        gradient_split_among_all_units,
        "max_pool; adjoint; wrong_operator",
        red="R7 X7 X8 X12",
    ),
)
