"""How each route says a case, written out by hand from the frameworks' documentation. No framework is needed."""

from __future__ import annotations

from typing import Any

import pytest

from cases.case import parse
from harness.frameworks import registry
from harness.frameworks.base import Spelling, Unsupported

CONV = "conv2d.i6x7.k3x2.s2x1.p1x0.d1x2.c4to6.g2"
NAMED = "conv2d.i6x7.k3x3.s1x1.same.p1x1.d1x1.c2to3"
PLAIN = "conv2d.i6x7.k3x2.s2x1.p0x0.d1x1.c2to3"
UNEVEN = "conv2d.i6x7.k3x2.s2x1.p1_0x0_2.d1x1.c2to3"
TRANSPOSED = "conv_transpose2d.i3x4.k3x2.s2x3.p1x0.d1x1.a1x2.c2to3"
AVERAGE = "avg_pool2d.i6x7.k3x2.s2x1.p0x0.d1x1.c2"
PADDED_AVERAGE = "avg_pool2d.i6x7.k3x2.s2x1.p1x0.d1x1.c2"
MAXIMUM = "max_pool2d.i6x7.k3x2.s2x1.p1x0.d1x1.c2"
FIRST = "conv2d.i6x7.k3x2.s2x1.p0x0.d1x1.c2to3.channels_first"


def say(framework: str, route: str, case: str) -> Spelling | Unsupported:
    return registry.load(registry.BUILT_IN[framework]).say(parse(case), route)


SPELLINGS: list[tuple[str, str, str, str, dict[str, Any], str, str]] = [
    # framework, route, case, function, arguments, order of the data, order of the kernel
    (
        "torch", "torch.nn.functional", CONV, "torch.nn.functional.conv2d",
        {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 2), "groups": 2}, "NCHW", "OIHW",
    ),
    (
        "torch", "torch.nn", NAMED, "torch.nn.Conv2d",
        {
            "in_channels": 2, "out_channels": 3, "kernel_size": (3, 3), "bias": False,
            "stride": (1, 1), "padding": "same", "dilation": (1, 1), "groups": 1,
        },
        "NCHW", "OIHW",
    ),
    (
        "torch", "torch.nn.functional", TRANSPOSED, "torch.nn.functional.conv_transpose2d",
        {"stride": (2, 3), "padding": (1, 0), "output_padding": (1, 2), "dilation": (1, 1), "groups": 1},
        "NCHW", "IOHW",
    ),
    (
        "torch", "torch.nn", MAXIMUM, "torch.nn.MaxPool2d",
        {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0), "dilation": (1, 1), "ceil_mode": False},
        "NCHW", "",
    ),
    (
        "tensorflow", "tf.nn", CONV, "tf.nn.conv2d",
        {
            "strides": (2, 1), "padding": [[0, 0], [1, 1], [0, 0], [0, 0]], "data_format": "NHWC",
            "dilations": (1, 2),
        },
        "NHWC", "HWIO",
    ),
    (
        "tensorflow", "tf.nn", FIRST, "tf.nn.conv2d",
        {"strides": (2, 1), "padding": "VALID", "data_format": "NCHW", "dilations": (1, 1)}, "NCHW", "HWIO",
    ),
    (
        "tensorflow", "tf.nn", TRANSPOSED, "tf.nn.conv2d_transpose",
        {
            # o' = 2·(3-1)+1+3-2 = 6, 3·(4-1)+2+2 = 13
            "strides": (2, 3), "padding": [[0, 0], [1, 1], [0, 0], [0, 0]], "data_format": "NHWC",
            "dilations": (1, 1), "output_shape": (6, 13, 3),
        },
        "NHWC", "HWOI",
    ),
    (
        "tensorflow", "tf.nn", "conv1d.i6.k3.s2.p0.d1", "tf.nn.conv1d",
        {"stride": 2, "padding": "VALID", "data_format": "NWC", "dilations": (1,)}, "NWC", "WIO",
    ),
    (
        "tensorflow", "tf.nn", AVERAGE, "tf.nn.avg_pool2d",
        {"ksize": (3, 2), "strides": (2, 1), "padding": "VALID", "data_format": "NHWC"}, "NHWC", "",
    ),
    (
        "jax", "jax.lax", UNEVEN, "jax.lax.conv_general_dilated",
        {
            "window_strides": (2, 1), "padding": [(1, 0), (0, 2)], "rhs_dilation": (1, 1),
            "dimension_numbers": ("NHWC", "HWIO", "NHWC"), "feature_group_count": 1,
        },
        "NHWC", "HWIO",
    ),
    (
        # explicit numbers pad the stretched input: k-1-p = 1 and 1, k-1-p+a = 2 and 3
        "jax", "jax.lax", TRANSPOSED, "jax.lax.conv_transpose",
        {
            "strides": (2, 3), "padding": [(1, 2), (1, 3)], "rhs_dilation": (1, 1),
            "dimension_numbers": ("NHWC", "HWIO", "NHWC"), "transpose_kernel": True,
        },
        "NHWC", "HWOI",
    ),
    (
        "jax", "jax.lax", MAXIMUM, "jax.lax.reduce_window",
        {
            "computation": "jax.lax.max", "window_dimensions": (1, 3, 2, 1), "window_strides": (1, 2, 1, 1),
            "padding": [(0, 0), (1, 1), (0, 0), (0, 0)], "window_dilation": (1, 1, 1, 1),
        },
        "NHWC", "",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("framework", "route", "case", "function", "arguments", "data", "kernel"),
    SPELLINGS,
    ids=[f"{spelling[3]}-{number}" for number, spelling in enumerate(SPELLINGS)],
)
def test_spelling(
    framework: str, route: str, case: str, function: str, arguments: dict[str, Any], data: str, kernel: str
) -> None:
    said = say(framework, route, case)
    assert isinstance(said, Spelling), said
    assert (said.function, said.data, said.kernel, said.flip) == (function, data, kernel, False)
    assert dict(said.arguments) == arguments


@pytest.mark.parametrize(
    ("framework", "route", "case", "reason"),
    [
        ("torch", "torch.nn", UNEVEN, "torch pads both ends of an axis alike"),
        (
            "torch",
            "torch.nn",
            "avg_pool2d.i6x7.k3x3.s1x1.same.p1x1.d1x1",
            "torch's pooling takes no padding 'same' by name",
        ),
        ("torch", "torch.nn", "conv1d.i6.k3.s1.p0.d1.channels_last", "channels first only"),
        ("torch", "torch.nn", "avg_pool1d.i6.k3.s1.p0.d2", "no dilation"),
        ("tensorflow", "tf.nn", "conv3d.i4x4x4.k3x3x3.s1x1x1.p1x1x1.d1x1x1", "tf.nn.conv3d pads by name only"),
        ("tensorflow", "tf.nn", PADDED_AVERAGE, "tf.nn.avg_pool2d pads by name only"),
        ("tensorflow", "tf.nn", "conv_transpose1d.i3.k3.s2.p0.d1.a0.c2to2.g2", "has no groups"),
        ("jax", "jax.lax", "conv_transpose1d.i3.k3.s2.valid.p0.d1.a1", "chooses the output's size itself"),
        ("jax", "jax.lax", "conv_transpose1d.i3.k3.s2.p0.d1.a0.c2to2.g2", "has no groups"),
    ],
)
def test_what_a_route_cannot_say_has_a_reason(framework: str, route: str, case: str, reason: str) -> None:
    said = say(framework, route, case)
    assert isinstance(said, Unsupported), said
    assert reason in said.reason
