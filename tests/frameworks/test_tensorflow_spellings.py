"""What TensorFlow's functions are told, and what they do where they are not told, held against TensorFlow itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cases.case import parse
from harness.frameworks.base import Spelling, Unsupported
from harness.frameworks.tensorflow import TensorFlow

from . import alone


def said(route: str, case: str) -> Spelling:
    spelling = TensorFlow.say(parse(case), route)
    assert isinstance(spelling, Spelling), spelling
    return spelling


@pytest.mark.parametrize(
    ("route", "case", "arguments", "data", "kernel"),
    [
        (
            "tf.nn.convolution", "conv3d.i3x4x5.k2x1x3.s1x2x2.same.p0_1x0x1.d1x1x1.c2to3",
            {"strides": (1, 2, 2), "padding": "SAME", "data_format": "NDHWC", "dilations": (1, 1, 1)},
            "NDHWC", "DHWIO",
        ),
        (
            "tf.nn.convolution", "conv1d.i9.k3.s1.p0.d2.c2to3.channels_first",
            {"strides": (1,), "padding": "VALID", "data_format": "NCW", "dilations": (2,)}, "NCW", "WIO",
        ),
        (
            "tf.nn.conv_transpose", "conv_transpose3d.i2x3x2.k3x2x1.s1x2x1.p0x0x0.d1x1x1.a0x1x0.c2to3",
            {
                # o' = 1·1+3 = 4, 2·2+1+2 = 7, 1·1+1 = 2
                "strides": (1, 2, 1), "padding": "VALID", "data_format": "NDHWC", "dilations": (1, 1, 1),
                "output_shape": (4, 7, 2, 3),
            },
            "NDHWC", "DHWOI",
        ),
        (
            "tf.nn.pool", "avg_pool2d.i6x7.k3x2.s1x1.p0x0.d1x2.c2",
            {
                "window_shape": (3, 2), "pooling_type": "AVG", "strides": (1, 1), "padding": "VALID",
                "data_format": "NHWC", "dilations": (1, 2),
            },
            "NHWC", "",
        ),
        (
            "tf.nn.pool", "max_pool1d.i6.k3.s2.same.p0_1.d1.c2.channels_first",
            {
                "window_shape": (3,), "pooling_type": "MAX", "strides": (2,), "padding": "SAME",
                "data_format": "NCW", "dilations": (1,),
            },
            "NCW", "",
        ),
        (
            "tf.nn.depthwise_conv2d", "conv2d.i6x7.k3x2.s2x1.p1x0_2.d1x1.c2to6.g2",
            {
                "strides": (1, 2, 1, 1), "padding": [[0, 0], [1, 1], [0, 2], [0, 0]], "data_format": "NHWC",
                "dilations": (1, 1),
            },
            "NHWC", "HWIM",
        ),
        (
            "tf.nn.depthwise_conv2d", "conv2d.i6x7.k3x2.s1x1.valid.p0x0.d1x2.c1to3.channels_first",
            {"strides": (1, 1, 1, 1), "padding": "VALID", "data_format": "NCHW", "dilations": (1, 2)},
            "NCHW", "HWIO",
        ),
        (
            "tf.nn", "max_pool1d.i6.k3.s2.p1.d1.c2",
            {"ksize": (3,), "strides": (2,), "padding": [[0, 0], [1, 1], [0, 0]], "data_format": "NWC"}, "NWC", "",
        ),
        (
            "tf.nn", "conv3d.i3x4x5.k2x1x3.s1x2x3.p0x0x0.d1x1x2.c2to3.channels_first",
            {
                "strides": (1, 1, 1, 2, 3), "padding": "VALID", "data_format": "NCDHW", "dilations": (1, 1, 1, 1, 2),
            },
            "NCDHW", "DHWIO",
        ),
    ],
)  # fmt: skip
def test_a_layer_is_said(route: str, case: str, arguments: dict[str, Any], data: str, kernel: str) -> None:
    spelling = said(route, case)
    assert dict(spelling.arguments) == arguments
    assert (spelling.data, spelling.kernel, spelling.flip) == (data, kernel, False)
    assert spelling.function.startswith(route)


@pytest.mark.parametrize(
    ("route", "case", "reason"),
    [
        ("tf.nn.convolution", "conv2d.i6x7.k3x2.s1x1.p1x0.d1x1", "tf.nn.convolution pads by name only"),
        ("tf.nn.convolution", "max_pool1d.i6.k3.s1.p0.d1", "another operation"),
        ("tf.nn.conv_transpose", "conv_transpose2d.i3x3.k3x3.s1x1.p1x1.d1x1.a0x0", "pads by name only"),
        ("tf.nn.conv_transpose", "conv_transpose1d.i3.k3.s2.p0.d1.a0.c2to2.g2", "has no groups"),
        ("tf.nn.pool", "max_pool1d.i6.k3.s1.p1.d1", "pads by name only"),
        ("tf.nn.pool", "avg_pool1d.i6.k3.s1.same.p1.d1", "divides by the number of units that are no padding"),
        ("tf.nn.pool", "max_pool1d.i6.k3.s1.p0.d1.ceil", "has no ceil mode"),
        ("tf.nn.depthwise_conv2d", "conv2d.i6x7.k3x2.s1x1.p0x0.d1x1.c2to4", "each of the input maps by itself"),
        ("tf.nn.depthwise_conv2d", "conv1d.i6.k3.s1.p0.d1", "in two dimensions"),
        ("tf.nn", "avg_pool1d.i6.k3.s1.p0.d2", "has no dilation"),
        ("tf.nn", "conv1d.i6.k3.s1.causal.p2_0.d1", "has no padding 'causal' by name"),
        ("tf.nn", "conv1d.i6.k3.s1.p0.d1.bias", "has no bias"),
    ],
)
def test_what_a_function_cannot_say_has_a_reason(route: str, case: str, reason: str) -> None:
    spelling = TensorFlow.say(parse(case), route)
    assert isinstance(spelling, Unsupported), spelling
    assert reason in spelling.reason


# Of each function, calls that leave the stride out, and what the same call gives with strides of 1 and of the window.
# Of those that average, the mean of a window of two over the numbers 1 and 2, the second window half in the padding.
LEFT_OUT = """
import json, sys
import numpy as np
import tensorflow as tf
from cases.case import parse
from harness.frameworks.tensorflow import TensorFlow

found = {}
for route, name in json.loads(sys.argv[1]):
    case = parse(name)
    said = TensorFlow.say(case, route)
    function = getattr(tf.nn, said.function.rpartition(".")[2])
    sizes = {"N": 1, "C": case.channels_in, **dict(zip("HW"[-case.rank:], case.each("i")))}
    x = np.random.default_rng(0).random([sizes[one] for one in said.data], "float32")
    weights = []
    if said.kernel:
        sizes = {"I": case.channels_in, "O": case.channels_out, "M": case.channels_out // case.groups,
                 **dict(zip("HW"[-case.rank:], case.each("k")))}
        weights = [tf.ones([sizes[one] for one in said.kernel])]
    arguments = {key: value for key, value in said.arguments.items() if key not in ("stride", "strides")}
    if "output_shape" in arguments:
        arguments["output_shape"] = (1, *arguments["output_shape"])
    try:
        bare = function(x, *weights, **arguments)
    except TypeError:  # an argument is missing, and it is this one
        function(x, *weights, **{**said.arguments, **arguments})
        found[f"{route} {name}"] = ""
        continue
    whole = function(x, *weights, **{**arguments, "strides": said.arguments["strides"]})
    same = bare.shape == whole.shape and bool(tf.reduce_all(bare == whole))
    found[f"{route} {name}"] = "1" if same else "another"
one = tf.reshape([1.0, 2.0], (1, 2, 1))
found["divisors"] = [
    tf.reshape(y, -1).numpy().tolist()
    for y in (
        tf.nn.avg_pool1d(one, 2, 1, "SAME"),
        tf.nn.avg_pool2d(one[None], (1, 2), 1, "SAME"),
        tf.nn.avg_pool3d(one[None, None], (1, 1, 1, 2, 1), (1, 1, 1, 1, 1), "SAME"),
        tf.nn.pool(one, (2,), "AVG", padding="SAME"),
    )
]
print("RESULT" + json.dumps(found))
"""
UNIT_STRIDES = [
    ("tf.nn", "conv1d.i6.k3.s1.p0.d1"),
    ("tf.nn", "conv2d.i6x7.k3x2.s1x1.p0x0.d1x1"),
    ("tf.nn", "conv_transpose1d.i6.k3.s1.p0.d1.a0"),
    ("tf.nn", "conv_transpose2d.i6x7.k3x2.s1x1.p0x0.d1x1.a0x0"),
    ("tf.nn", "avg_pool1d.i6.k3.s1.p0.d1"),
    ("tf.nn", "avg_pool2d.i6x7.k3x2.s1x1.p0x0.d1x1"),
    ("tf.nn", "max_pool1d.i6.k3.s1.p0.d1"),
    ("tf.nn", "max_pool2d.i6x7.k3x2.s1x1.p0x0.d1x1"),
    ("tf.nn.convolution", "conv2d.i6x7.k3x2.s1x1.p0x0.d1x1"),
    ("tf.nn.conv_transpose", "conv_transpose2d.i6x7.k3x2.s1x1.p0x0.d1x1.a0x0"),
    ("tf.nn.pool", "avg_pool2d.i6x7.k3x2.s1x1.p0x0.d1x1"),
    ("tf.nn.pool", "max_pool2d.i6x7.k3x2.s1x1.p0x0.d1x1"),
    ("tf.nn.depthwise_conv2d", "conv2d.i6x7.k3x2.s1x1.p0x0.d1x1.c2to4.g2"),
]


@pytest.mark.frameworks
def test_what_is_left_out_is_as_said() -> None:
    found = alone.result(LEFT_OUT, json.dumps(UNIT_STRIDES), CUDA_VISIBLE_DEVICES="-1")
    assert found.pop("divisors") == [[1.5, 2.0]] * 4  # of the second window, 2 / 1
    assert found == {f"{route} {case}": said(route, case).stride for route, case in UNIT_STRIDES}
    for route, case in UNIT_STRIDES:
        wanted = "the units that are no padding" if parse(case).op == "avg_pool" else ""
        assert said(route, case).divisor == wanted
