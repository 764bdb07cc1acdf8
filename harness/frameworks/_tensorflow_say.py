"""How each of TensorFlow's functions says a case. Plain data: nothing here needs TensorFlow.

Where a function's documentation says that something is impossible, the route has no way to say it. What it takes and
then refuses is an answer, and left to be observed.
"""

from __future__ import annotations

from typing import Any

from cases.case import Case
from cases.claims import BY_ID, claims
from harness.frameworks.arrays import SPATIAL, letters
from harness.frameworks.base import Spelling, Unsupported

NN = "tf.nn"
CONVOLUTION = "tf.nn.convolution"
CONV_TRANSPOSE = "tf.nn.conv_transpose"
POOL = "tf.nn.pool"
DEPTHWISE = "tf.nn.depthwise_conv2d"

_NAMES = {
    "conv": "conv{}d",
    "conv_transpose": "conv{}d_transpose",
    "avg_pool": "avg_pool{}d",
    "max_pool": "max_pool{}d",
}
_OPS = {
    CONVOLUTION: ("conv",),
    CONV_TRANSPOSE: ("conv_transpose",),
    POOL: ("avg_pool", "max_pool"),
    DEPTHWISE: ("conv",),
}
_PADS_IN_NUMBERS = ("conv2d", "conv2d_transpose", "max_pool1d", "max_pool2d", "depthwise_conv2d")
_STRIDE_LEFT_OUT = {CONVOLUTION: "1", POOL: "1"}  # of all others it has to be given


def say(case: Case, route: str) -> Spelling | Unsupported:
    """How a route says a case, or why it cannot."""
    if not 1 <= case.rank <= 3:
        return Unsupported(f"tf.nn's functions have 1 to 3 spatial axes, not {case.rank}")
    if case.op not in _OPS.get(route, (case.op,)):
        return Unsupported(f"{route} computes another operation")
    function = f"{NN}.{_NAMES[case.op].format(case.rank)}" if route == NN else route
    if reason := _cannot(case, function):
        return Unsupported(reason)
    data = letters(case.rank, first=case.layout == "channels_first")
    kernel = "" if case.pools else SPATIAL[case.rank] + ("OI" if case.transposed else "IO")
    if route == DEPTHWISE and case.groups > 1:
        kernel = "HWIM"  # M, the multiplier: the output maps of one input map
    return Spelling(
        function,
        {"padding": _padding(case, data), "data_format": data, **_arguments(case, function, data)},
        data,
        kernel,
        stride=_STRIDE_LEFT_OUT.get(route, ""),
        divisor="the units that are no padding" if case.op == "avg_pool" else "",
    )


def in_order(data: str, maps: int, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """(maps, sizes) in the order of the data's letters, without the batch."""
    return (maps, *sizes) if data[1] == "C" else (*sizes, maps)


def _arguments(case: Case, function: str, data: str) -> dict[str, Any]:
    """The arguments that differ from function to function."""
    if function == POOL:
        return {
            "window_shape": case.each("k"),
            "pooling_type": "AVG" if case.op == "avg_pool" else "MAX",
            "strides": case.each("s"),
            "dilations": case.each("d"),
        }
    if function == DEPTHWISE:
        return {"strides": _every(case, "s", data), "dilations": case.each("d")}
    # In three dimensions the functions of one rank take a number for every dimension of the data only.
    every = case.rank == 3 and function not in {CONVOLUTION, CONV_TRANSPOSE}
    k, s, d = (_every(case, letter, data) if every else case.each(letter) for letter in "ksd")
    if case.pools:
        return {"ksize": k, "strides": s}
    if function == f"{NN}.conv1d":  # it alone has its own name and form for the stride
        return {"stride": case.axes[0].s, "dilations": d}
    arguments: dict[str, Any] = {"strides": s, "dilations": d}
    if case.transposed:
        # The caller has to name the size of the output, so the case's claim is handed over; TensorFlow
        # refuses it where it finds it inconsistent. The batch stands in front when the call is made.
        arguments["output_shape"] = in_order(data, case.channels_out, BY_ID[claims(case)[0]].size(case))
    return arguments


def _cannot(case: Case, function: str) -> str:
    """Why a function cannot say a case; empty if it can.

    What it can say and refuses, a stride together with a dilation or an element type, is TensorFlow's answer.
    """
    name = function.removeprefix(f"{NN}.")
    pads = case.padding == "explicit" and case.padded
    if case.padding in ("same_lower", "causal"):
        return f"{function} has no padding '{case.padding}' by name"
    if case.bias:
        return f"{function} has no bias"
    if case.ceil_mode:
        return f"{function} has no ceil mode"
    if pads and name not in _PADS_IN_NUMBERS:
        return f"{function} pads by name only"
    if case.pools and set(case.each("d")) != {1} and function != POOL:
        return f"{function} has no dilation"
    if case.divisor is not None or (case.op == "avg_pool" and case.padded and case.count_include_pad):
        return f"{function} divides by the number of units that are no padding"
    if function == DEPTHWISE and (case.rank != 2 or case.groups != case.channels_in):
        return f"{function} convolves each of the input maps by itself, in two dimensions"
    if case.transposed and case.groups != 1:
        return f"{function} has no groups"
    if case.transposed and not claims(case):
        return f"{function} takes the output's size, and none is claimed for this case"
    return ""


def _padding(case: Case, data: str) -> Any:
    """The ``padding`` argument: a name, or pairs for every dimension of the data where the function takes them."""
    if case.padding != "explicit":
        return case.padding.upper()
    if not case.padded:
        return "VALID"
    ends = {letter: [axis.p_before, axis.p_after] for letter, axis in zip(SPATIAL[case.rank], case.axes, strict=True)}
    return [ends.get(letter, [0, 0]) for letter in data]


def _every(case: Case, letter: str, data: str) -> tuple[int, ...]:
    """Values of a letter, one for every dimension of the data."""
    return (1, *in_order(data, 1, case.each(letter)))
