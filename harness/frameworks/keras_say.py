"""How Keras says a case, whichever backend computes it: its layers, and the functions of ``keras.ops``.

A depthwise convolution can be said by two functions each time, so the ones made for it are routes of their own.
"""

from __future__ import annotations

from typing import Any

from cases.case import Case
from harness.frameworks.arrays import SPATIAL, letters
from harness.frameworks.base import Spelling, Unsupported

LAYERS, DEPTHWISE_LAYERS = "keras.layers", "keras.layers.DepthwiseConv"
OPS, DEPTHWISE_OPS = "keras.ops", "keras.ops.depthwise_conv"

_FUNCTIONS = {
    (LAYERS, "conv"): "keras.layers.Conv{}D",
    (LAYERS, "conv_transpose"): "keras.layers.Conv{}DTranspose",
    (LAYERS, "avg_pool"): "keras.layers.AveragePooling{}D",
    (LAYERS, "max_pool"): "keras.layers.MaxPooling{}D",
    (DEPTHWISE_LAYERS, "conv"): "keras.layers.DepthwiseConv{}D",
    (OPS, "conv"): "keras.ops.conv",
    (OPS, "conv_transpose"): "keras.ops.conv_transpose",
    (OPS, "avg_pool"): "keras.ops.average_pool",
    (OPS, "max_pool"): "keras.ops.max_pool",
    (DEPTHWISE_OPS, "conv"): "keras.ops.depthwise_conv",
}


def is_layer(route: str) -> bool:
    """Whether a route makes layers, which are built and then called; the others are functions of input and kernel."""
    return route in (LAYERS, DEPTHWISE_LAYERS)


def is_depthwise(route: str) -> bool:
    """Whether a route's kernels have the axes (spatial, input map, output map of that input map)."""
    return route in (DEPTHWISE_LAYERS, DEPTHWISE_OPS)


def say(case: Case, route: str) -> Spelling | Unsupported:
    """How Keras is told of a case, or why there is no way to.

    Keras pads by name only. No padding has a name, 'valid', so a case with p = 0 in numbers can be said too.
    """
    if (route, case.op) not in _FUNCTIONS:
        return Unsupported(f"{route} is of convolutions alone")
    function = _FUNCTIONS[route, case.op].format(case.rank)
    if reason := _cannot(case, route, function):
        return Unsupported(reason)
    data = letters(case.rank, first=case.layout == "channels_first")
    arguments: dict[str, Any] = {
        "strides": case.each("s"),
        "padding": "valid" if case.padding == "explicit" else case.padding,
        "data_format": "channels_first" if case.layout == "channels_first" else "channels_last",
    }
    if case.pools:
        arguments["pool_size"] = case.each("k")
        divisor = "the units that are no padding" if case.op == "avg_pool" else ""
        return Spelling(function, arguments, data, stride="the window", divisor=divisor)
    arguments["dilation_rate"] = case.each("d")
    if case.transposed and (given := output_padding(case)) is not None:
        if min(given) < 0:
            return Unsupported(f"{function} has no output padding below 0")
        arguments["output_padding"] = given
    if is_layer(route):
        arguments |= {"kernel_size": case.each("k"), "use_bias": case.bias}
        if is_depthwise(route):
            arguments["depth_multiplier"] = case.channels_out // case.channels_in
        else:
            arguments["filters"] = case.channels_out
        if route == LAYERS and not case.transposed:
            arguments["groups"] = case.groups  # the functions see the groups in the kernel's shape
    # A depthwise kernel is said alike: I are the input maps, O the output maps that are made of each.
    kernel = SPATIAL[case.rank] + ("OI" if case.transposed else "IO")
    return Spelling(function, arguments, data, kernel, stride="1")


def _cannot(case: Case, route: str, function: str) -> str:
    """Why Keras has no way to say a case; empty if it has."""
    most = 2 if is_depthwise(route) else 3
    if not 1 <= case.rank <= most:
        return f"{route} has 1 to {most} spatial axes, not {case.rank}"
    if is_layer(route) and not case.pools and not case.floating:
        return "Keras's layers have weights in floating point"
    if case.bias and not is_layer(route):
        return f"{function} has no bias"
    if is_depthwise(route) and (case.groups != case.channels_in or case.channels_in == 0):
        return f"{function} convolves each input map alone"
    if case.padding == "same_lower" or (case.padding == "causal" and function != "keras.layers.Conv1D"):
        return f"{function} has no padding '{case.padding}'"
    if case.ceil_mode:
        return f"{function} has no ceil mode"
    if case.divisor is not None or (case.op == "avg_pool" and case.padded and case.count_include_pad):
        return f"{function} divides by the number of units that are no padding"
    if case.padding == "explicit" and case.padded:
        return f"{function} pads by name only; explicit padding takes a layer of its own"
    if case.pools and set(case.each("d")) != {1}:
        return f"{function} has no dilation"
    if case.transposed and case.groups != 1:
        return f"{function} has no groups"
    return ""


def output_padding(case: Case) -> tuple[int, ...] | None:
    """The argument ``output_padding``; None where a name alone leads to the case's size (X15, X17).

    Given, it counts from (i' - 1)s + k̂ where nothing is padded, and from (i' - 1)s + (k̂ mod 2) by the name 'same'.
    """
    left_out, given = case.padding != "explicit", []
    for x in case.axes:
        cropped = x.p_before + x.p_after
        o = x.s * (x.i - 1) + x.a + x.k_hat - cropped
        left_out &= o == (x.s * x.i if case.padding == "same" else x.s * x.i + max(x.k_hat - x.s, 0))
        given.append(x.a + (2 * (x.k_hat // 2) - cropped if case.padding == "same" else 0))
    return None if left_out else tuple(given)
