"""How ``keras.layers`` says a case, whichever backend computes it."""

from __future__ import annotations

from typing import Any

from cases.case import Case
from harness.frameworks.base import SPATIAL, Spelling, Unsupported, letters

LAYERS = "keras.layers"

_NAMES = {
    "conv": "Conv{}D",
    "conv_transpose": "Conv{}DTranspose",
    "avg_pool": "AveragePooling{}D",
    "max_pool": "MaxPooling{}D",
}


def say(case: Case) -> Spelling | Unsupported:
    """How a Keras layer is made for a case, or why there is none.

    Keras pads by name only. No padding has a name, 'valid', so a case with p = 0 in numbers can be said too.
    """
    if not 1 <= case.rank <= 3:
        return Unsupported(f"Keras's layers have 1 to 3 spatial axes, not {case.rank}")
    if not case.floating:
        return Unsupported("Keras's layers compute in floating point")
    padding: str = case.padding
    if padding == "same_lower" or (padding == "causal" and case.rank != 1):
        return Unsupported(f"Keras has no padding '{padding}'{' in more than one dimension' * (padding == 'causal')}")
    if case.ceil_mode:
        return Unsupported("Keras's pooling layers have no ceil mode")
    if case.divisor is not None or (case.padded and case.op == "avg_pool" and case.count_include_pad):
        return Unsupported("Keras's average pooling divides by the number of units that are no padding")
    if padding == "explicit":
        if any(case.each("p_before")) or any(case.each("p_after")):
            return Unsupported("Keras's layers pad by name only; explicit padding takes a layer of its own")
        padding = "valid"
    data = letters(case.rank, first=case.layout == "channels_first")
    arguments: dict[str, Any] = {
        "strides": case.each("s"),
        "padding": padding,
        "data_format": "channels_first" if case.layout == "channels_first" else "channels_last",
    }
    if case.pools:
        if set(case.each("d")) != {1}:
            return Unsupported("Keras's pooling layers have no dilation")
        arguments["pool_size"] = case.each("k")
        return Spelling(f"{LAYERS}.{_NAMES[case.op].format(case.rank)}", arguments, data)
    arguments |= {
        "filters": case.channels_out,
        "kernel_size": case.each("k"),
        "dilation_rate": case.each("d"),
        "use_bias": case.bias,
    }
    if case.transposed:
        if case.groups != 1:
            return Unsupported("Keras's transposed convolutions have no groups")
        said = _output_padding(case)
        if isinstance(said, Unsupported):
            return said
        arguments |= said
    else:
        arguments["groups"] = case.groups
    kernel = SPATIAL[case.rank] + ("OI" if case.transposed else "IO")
    return Spelling(f"{LAYERS}.{_NAMES[case.op].format(case.rank)}", arguments, data, kernel)


def _output_padding(case: Case) -> dict[str, Any] | Unsupported:
    """The argument ``output_padding``; none where a name alone leads to the case's size (X15, X17).

    Given, it counts from (i' - 1)s + k̂ where nothing is padded, and from (i' - 1)s + (k̂ mod 2) by the name 'same'.
    """
    left_out, given = True, []
    for x in case.axes:
        cropped = x.p_before + x.p_after
        o = x.s * (x.i - 1) + x.a + x.k_hat - cropped
        left_out &= o == (x.s * x.i if case.padding == "same" else x.s * x.i + max(x.k_hat - x.s, 0))
        given.append(x.a + (2 * (x.k_hat // 2) - cropped if case.padding == "same" else 0))
    if case.padding != "explicit" and left_out:
        return {}
    if not all(0 <= a < x.s for a, x in zip(given, case.axes, strict=True)):
        return Unsupported("Keras's output padding is at least 0 and less than the stride")
    return {"output_padding": tuple(given)}
