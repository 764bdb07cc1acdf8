"""How ``jax.lax`` says a case. Pure: from the case's parameters alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from cases.case import Axis, Case
from harness.frameworks.arrays import SPATIAL, letters
from harness.frameworks.base import Spelling, Unsupported

LAX = "jax.lax"
UNTURNED = "jax.lax.conv_transpose(transpose_kernel=False)"
# Releases before 0.9.0 have no such argument and refuse it with a TypeError, which is their answer to this call as it
# is written: `rejected`, with the message that says why. What can be said is decided here, where no release is known.
CONSISTENT = "jax.lax.conv_transpose(use_consistent_padding=True)"

OURS = ("computation", "divisor")  # what a pooling's spelling says beside the arguments of reduce_window


def say(case: Case, route: str) -> Spelling | Unsupported:
    """How a function of ``jax.lax`` is called for a case, or why there is no way to."""
    if not 1 <= case.rank <= 3:
        return Unsupported(f"this adapter says 1 to 3 spatial axes, not {case.rank}")
    if case.bias:
        return Unsupported("jax.lax's functions have no bias")
    if case.padding == "causal":
        return Unsupported("jax.lax has no causal padding by name")
    # XLA compiles channels-last programs 25 times faster on a CPU, so it is the default here.
    data = letters(case.rank, first=case.layout == "channels_first")
    if case.transposed:
        return _transposed(case, data, route)
    if route != LAX:
        return Unsupported("jax.lax.conv_transpose makes transposed convolutions only")
    return _pooling(case, data) if case.pools else _convolution(case, data)


def _convolution(case: Case, data: str) -> Spelling:
    kernel = SPATIAL[case.rank] + "IO"
    pads: Any = case.padding.upper()
    if case.padding == "explicit":
        pads = [(axis.p_before, axis.p_after) for axis in case.axes]
    return Spelling(
        "jax.lax.conv_general_dilated",
        {
            "window_strides": case.each("s"),
            "padding": pads,
            "rhs_dilation": case.each("d"),
            "dimension_numbers": (data, kernel, data),
            "feature_group_count": case.groups,
        },
        data,
        kernel,
    )


def _transposed(case: Case, data: str, route: str) -> Spelling | Unsupported:
    spatial = SPATIAL[case.rank]
    if reason := cannot_transpose(case, "jax.lax.conv_transpose"):
        return Unsupported(reason)
    pads: Any = case.padding.upper()
    if case.padding == "explicit":
        pads = [stretched_padding(axis) for axis in case.axes]
        if route == CONSISTENT:
            # These numbers are the convolution's own. One that is padded a units less at its far end leaves nothing
            # uncovered there, and its transpose is a units larger; less than nothing is a crop.
            pads = [(axis.p_before, axis.p_after - axis.a) for axis in case.axes]
    arguments: dict[str, Any] = {
        "strides": case.each("s"),
        "padding": pads,
        "rhs_dilation": case.each("d"),
        "dimension_numbers": (data, spatial + "IO", data),
        "transpose_kernel": route != UNTURNED,
    }
    if route == CONSISTENT:
        arguments["use_consistent_padding"] = True
    if route == UNTURNED:  # the kernel is used as it is, by an ordinary convolution of the stretched input
        return Spelling("jax.lax.conv_transpose", arguments, data, spatial + "IO", flip=True)
    # With transpose_kernel JAX turns the kernel and takes the I and O of the forward convolution.
    return Spelling("jax.lax.conv_transpose", arguments, data, spatial + "OI")


def cannot_transpose(case: Case, function: str) -> str:
    """Why a function built on ``jax.lax.conv_transpose`` cannot say a case; empty if it can."""
    if case.groups != 1:
        return f"{function} has no groups"
    if case.padding in ("same_lower", "causal"):
        return f"{function} has no {case.padding.upper()}"
    if case.padding != "explicit" and any(_size(axis) != _chosen(axis, case.padding) for axis in case.axes):
        return f"with a padding by name, {function} chooses the output's size itself"
    return ""


def stretched_padding(axis: Axis) -> tuple[int, int]:
    """The guide's p' with a at the far end: JAX's numbers pad the stretched input and not the convolution's (X18)."""
    return axis.k_hat - 1 - axis.p_before, axis.k_hat - 1 - axis.p_after + axis.a


def _size(x: Axis) -> int:
    return x.s * (x.i - 1) + x.a + x.k_hat - x.p_before - x.p_after


def _chosen(x: Axis, padding: str) -> int:
    """The size that ``conv_transpose`` makes of a padding by name (X15, X17)."""
    return x.s * x.i if padding == "same" else x.s * x.i + max(x.k_hat - x.s, 0)


def _pooling(case: Case, data: str) -> Spelling | Unsupported:
    if case.ceil_mode:
        return Unsupported("jax.lax.reduce_window has no ceil mode")
    if case.op == "avg_pool" and case.padded and not case.count_include_pad:
        return Unsupported("an average by jax.lax.reduce_window divides by one number in every window")

    def each(values: Any, other: Any) -> Any:
        """Values of the axes, and another for batch and feature maps, in the order of the data."""
        return (other, other, *values) if data[1] == "C" else (other, *values, other)

    pads: Any = case.padding.upper()
    if case.padding == "explicit":
        pads = list(each([(axis.p_before, axis.p_after) for axis in case.axes], (0, 0)))
    arguments = {
        "computation": "jax.lax.add" if case.op == "avg_pool" else "jax.lax.max",
        "window_dimensions": each(case.each("k"), 1),
        "window_strides": each(case.each("s"), 1),
        "padding": pads,
        "window_dilation": each(case.each("d"), 1),
    }
    if case.op == "max_pool":
        return Spelling("jax.lax.reduce_window", arguments, data, stride="1")
    arguments["divisor"] = case.divisor or int(np.prod(case.each("k")))
    return Spelling("jax.lax.reduce_window", arguments, data, stride="1", divisor="what the caller divides by")
