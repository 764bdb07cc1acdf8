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
    padding: str = case.padding
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
        "use_bias": False,
    }
    if case.transposed:
        if case.groups != 1:
            return Unsupported("Keras's transposed convolutions have no groups")
        # Said always: left out, Keras derives an output padding of its own, which is not 0 where k < s.
        arguments["output_padding"] = case.each("a")
    else:
        arguments["groups"] = case.groups
    kernel = SPATIAL[case.rank] + ("OI" if case.transposed else "IO")
    return Spelling(f"{LAYERS}.{_NAMES[case.op].format(case.rank)}", arguments, data, kernel)
