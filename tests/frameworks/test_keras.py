"""Keras: what it is told of a case, whichever backend computes it, and what it makes of that on each of them."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import sys
from typing import Any

import pytest

from cases.case import parse
from harness import judge
from harness.commands.surfaces import SurfaceSelection, shards
from harness.frameworks import keras_say, registry
from harness.frameworks.base import Spelling, Unsupported
from harness.observe.supervisor import observe
from harness.records import Observation, Verdict

from . import alone

BACKENDS = ["keras-tensorflow", "keras-jax", "keras-torch"]
LAYERS, DEPTHWISE_LAYERS = "keras.layers", "keras.layers.DepthwiseConv"
OPS, DEPTHWISE_OPS = "keras.ops", "keras.ops.depthwise_conv"

GROUPED = "conv2d.i6x7.k3x2.s2x1.p0x0.d1x1.c4to6.g2.bias"
NAMED = "conv2d.i6x7.k3x3.s1x1.same.p1x1.d1x1.c2to3.channels_first"
DEPTHWISE = "conv2d.i5x6.k3x2.s1x1.p0x0.d1x2.c2to6.g2"
CAUSAL = "conv1d.i6.k3.s1.causal.p4_0.d2.c2to3"
LONGER = "conv_transpose1d.i3.k3.s2.p0.d1.a1.c2to3"
AVERAGE = "avg_pool2d.i6x7.k3x2.s2x1.same.p0_1x0_1.d1x1.c2.nopad"
MAXIMUM = "max_pool2d.i6x7.k3x2.s2x1.valid.p0x0.d1x1.c2"

CONVOLUTION = {"strides": (1, 1), "padding": "same", "data_format": "channels_first", "dilation_rate": (1, 1)}
TRANSPOSED = {"strides": (2,), "padding": "valid", "data_format": "channels_last", "dilation_rate": (1,)}
POOLING = {"strides": (2, 1), "data_format": "channels_last", "pool_size": (3, 2)}

SPELLINGS: list[tuple[str, str, str, dict[str, Any], str, str]] = [
    # route, case, function, arguments, order of the data, order of the kernel
    (
        LAYERS, NAMED, "keras.layers.Conv2D",
        {**CONVOLUTION, "filters": 3, "kernel_size": (3, 3), "groups": 1, "use_bias": False}, "NCHW", "HWIO",
    ),
    (
        LAYERS, GROUPED, "keras.layers.Conv2D",
        {
            "filters": 6, "kernel_size": (3, 2), "strides": (2, 1), "padding": "valid", "dilation_rate": (1, 1),
            "groups": 2, "use_bias": True, "data_format": "channels_last",
        },
        "NHWC", "HWIO",
    ),
    (
        LAYERS, CAUSAL, "keras.layers.Conv1D",
        {
            "filters": 3, "kernel_size": (3,), "strides": (1,), "padding": "causal", "dilation_rate": (2,),
            "groups": 1, "use_bias": False, "data_format": "channels_last",
        },
        "NWC", "WIO",
    ),
    (
        LAYERS, LONGER, "keras.layers.Conv1DTranspose",
        {**TRANSPOSED, "filters": 3, "kernel_size": (3,), "use_bias": False, "output_padding": (1,)}, "NWC", "WOI",
    ),
    (LAYERS, AVERAGE, "keras.layers.AveragePooling2D", {**POOLING, "padding": "same"}, "NHWC", ""),
    (
        DEPTHWISE_LAYERS, DEPTHWISE, "keras.layers.DepthwiseConv2D",
        {
            "depth_multiplier": 3, "kernel_size": (3, 2), "strides": (1, 1), "padding": "valid",
            "dilation_rate": (1, 2), "use_bias": False, "data_format": "channels_last",
        },
        "NHWC", "HWIO",
    ),
    (OPS, NAMED, "keras.ops.conv", CONVOLUTION, "NCHW", "HWIO"),
    (OPS, LONGER, "keras.ops.conv_transpose", {**TRANSPOSED, "output_padding": (1,)}, "NWC", "WOI"),
    (
        # The name alone leads to s·i' = 9; o' = 8 is counted from s·(i' - 1) + (k mod 2) = 7.
        OPS, "conv_transpose1d.i3.k5.s3.same.p1_2.d1.a0.c2to3", "keras.ops.conv_transpose",
        {**TRANSPOSED, "strides": (3,), "padding": "same", "output_padding": (1,)}, "NWC", "WOI",
    ),
    (
        OPS, "conv_transpose1d.i3.k5.s3.same.p1.d1.a0.c2to3", "keras.ops.conv_transpose",
        {**TRANSPOSED, "strides": (3,), "padding": "same"}, "NWC", "WOI",
    ),
    (OPS, MAXIMUM, "keras.ops.max_pool", {**POOLING, "padding": "valid"}, "NHWC", ""),
    (OPS, AVERAGE, "keras.ops.average_pool", {**POOLING, "padding": "same"}, "NHWC", ""),
    (
        DEPTHWISE_OPS, DEPTHWISE, "keras.ops.depthwise_conv",
        {"strides": (1, 1), "padding": "valid", "dilation_rate": (1, 2), "data_format": "channels_last"},
        "NHWC", "HWIO",
    ),
]  # fmt: skip


@pytest.mark.parametrize("framework", BACKENDS)
@pytest.mark.parametrize(
    ("route", "case", "function", "arguments", "data", "kernel"),
    SPELLINGS,
    ids=[f"{spelling[2]}-{number}" for number, spelling in enumerate(SPELLINGS)],
)
def test_spelling(
    framework: str, route: str, case: str, function: str, arguments: dict[str, Any], data: str, kernel: str
) -> None:
    said = registry.load(registry.BUILT_IN[framework]).say(parse(case), route)
    assert isinstance(said, Spelling), said
    assert (said.function, said.data, said.kernel, said.flip) == (function, data, kernel, False)
    assert dict(said.arguments) == arguments


@pytest.mark.parametrize(
    ("route", "case", "reason"),
    [
        (LAYERS, "conv2d.i6x7.k3x2.s1x1.p1x0.d1x1", "keras.layers.Conv2D pads by name only"),
        (LAYERS, "conv4d.i3x3x3x3.k1x1x1x1.s1x1x1x1.p0x0x0x0.d1x1x1x1", "1 to 3 spatial axes, not 4"),
        (DEPTHWISE_LAYERS, "conv3d.i3x3x3.k1x1x1.s1x1x1.p0x0x0.d1x1x1", "1 to 2 spatial axes, not 3"),
        (LAYERS, "conv1d.i6.k3.s1.p0.d1.int32", "weights in floating point"),
        (OPS, "conv1d.i6.k3.s1.p0.d1.bias", "keras.ops.conv has no bias"),
        (DEPTHWISE_OPS, "conv1d.i6.k3.s1.p0.d1.c4to4.g2", "convolves each input map alone"),
        (LAYERS, "conv2d.i5x5.k3x3.s1x1.causal.p2_0x2_0.d1x1", "keras.layers.Conv2D has no padding 'causal'"),
        (OPS, "conv1d.i5.k3.s1.causal.p2_0.d1", "keras.ops.conv has no padding 'causal'"),
        (DEPTHWISE_LAYERS, "conv1d.i5.k3.s1.causal.p2_0.d1", "has no padding 'causal'"),
        (LAYERS, "conv1d.i5.k4.s1.same_lower.p2_1.d1", "has no padding 'same_lower'"),
        (OPS, "max_pool1d.i6.k3.s2.p0.d1.ceil", "no ceil mode"),
        (OPS, "max_pool1d.i6.k3.s1.p0.d2", "no dilation"),
        (LAYERS, "avg_pool1d.i6.k3.s1.same.p1.d1", "the number of units that are no padding"),
        (LAYERS, "avg_pool1d.i6.k3.s1.p0.d1.div2", "the number of units that are no padding"),
        (OPS, "conv_transpose1d.i3.k3.s2.p0.d1.a0.c2to2.g2", "no groups"),
        (OPS, "conv_transpose1d.i3.k3.s2.same.p2.d1.a1", "no output padding below 0"),
        (DEPTHWISE_OPS, "max_pool1d.i6.k3.s1.p0.d1", "is of convolutions alone"),
    ],
)
def test_what_keras_cannot_say_has_a_reason(route: str, case: str, reason: str) -> None:
    said = keras_say.say(parse(case), route)
    assert isinstance(said, Unsupported), said
    assert reason in said.reason


@pytest.mark.parametrize(
    ("route", "case", "arguments"),
    [
        # What Keras may refuse but can be told of is Keras's to refuse.
        (LAYERS, "conv1d.i7.k2.s2.p0.d2", {"strides": (2,), "dilation_rate": (2,)}),
        (LAYERS, "conv_transpose1d.i3.k3.s1.p0.d2.a1", {"strides": (1,), "output_padding": (1,)}),
        (LAYERS, "max_pool1d.i6.k3.s1.p0.d1.int8", {"pool_size": (3,)}),
        (OPS, "conv1d.i6.k3.s1.p0.d1.int32", {"strides": (1,)}),
    ],
)
def test_what_keras_can_be_told_of_is_said(route: str, case: str, arguments: dict[str, Any]) -> None:
    said = keras_say.say(parse(case), route)
    assert isinstance(said, Spelling), said
    assert {name: said.arguments[name] for name in arguments} == arguments


def test_keras_is_installed_with_its_own_backend_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def installed(*packages: str) -> list[str]:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: name if name in packages else None)
        return [name for name in BACKENDS if registry.load(registry.BUILT_IN[name]).is_installed()]

    assert installed("keras", "jax") == ["keras-jax"]
    assert installed("keras", "tensorflow", "torch") == ["keras-tensorflow", "keras-torch"]
    assert installed("tensorflow", "jax", "torch") == []


# Groups, depthwise, bias, batches, element types, layouts, causal padding, output padding, nothing to compute.
EVERYWHERE = [
    GROUPED,
    NAMED,
    DEPTHWISE,
    CAUSAL,
    LONGER,
    MAXIMUM,
    "conv1d.i6.k3.s1.same.p2.d2.c3to6.g3.bias",
    "conv2d.i4x3.k3x2.s2x2.same.p0_1x0_1.d1x1.c2to4.g2.batch1",
    "conv2d.i5x4.k3x2.s1x1.p0x0.d1x1.c2to4.g2.channels_first",
    "conv2d.i5x4.k3x2.s1x1.p0x0.d1x1.c2to3.batch3.bias",
    "conv2d.i5x4.k3x2.s1x1.p0x0.d1x1.c2to3.bias.bfloat16",
    "conv2d.i5x4.k3x2.s1x1.p0x0.d1x1.c2to3.bias.float16",
    "conv2d.i5x4.k3x2.s1x1.p0x0.d1x1.c2to3.bias.float64",
    "conv3d.i3x4x5.k2x1x3.s1x2x2.p0x0x0.d1x1x1.c2to3.channels_first",
    "conv1d.i5.k3.s1.causal.p4_0.d2.c2to3.bias.channels_first",
    "conv_transpose2d.i3x4.k3x5.s2x3.same.p0_1x1.d1x1.a0x0.c2to3.bias",
    "conv_transpose2d.i3x4.k2x4.s3x5.valid.p0x0.d1x1.a1x1.c2to3.bfloat16",
    "conv_transpose2d.i3x4.k3x2.s2x1.p0x0.d1x1.a0x0.c2to3.batch1",
    "avg_pool2d.i6x7.k3x3.s1x1.same.p1x1.d1x1.c3.nopad.channels_first",
    "max_pool1d.i6.k3.s2.same.p0_1.d1.c2.bfloat16",
    "max_pool2d.i6x6.k3x3.s2x2.p0x0.d1x1.c2.int8",
    "avg_pool1d.i1.k2.s1.p0.d1.c2",
    "avg_pool1d.i7.k3.s2.p0.d1.c2.float64",  # a third as a float32 or a bfloat16 has it is another number
    "avg_pool1d.i7.k3.s2.p0.d1.c2.bfloat16",
]
STRIDED_AND_DILATED = "conv2d.i7x7.k2x3.s2x2.p0x0.d2x2.c2to4.g2"


def verdicts(framework: str, ids: list[str]) -> list[Verdict]:
    """Verdicts on cases by every surface of a framework that costs no compilation of its own."""
    here = SurfaceSelection(framework=(f"{framework}={sys.executable}",))
    seen: list[Observation] = []
    for shard in shards(map(parse, ids), list(here.places()), lambda _: ("plain", "declared")):
        environment = observe(shard.place, shard.jobs, seen.append)
        assert environment.failure is None
        backend = framework.removeprefix("keras-")
        assert f" on {backend} " in environment.facts["version"]
        assert environment.facts["threads"] == "1"
    return list(judge.judge(seen))


@pytest.mark.frameworks
@pytest.mark.parametrize("framework", BACKENDS)
def test_keras_agrees_with_the_theory_on_every_backend(framework: str) -> None:
    found = verdicts(framework, [*EVERYWHERE, STRIDED_AND_DILATED])
    by_surface: dict[tuple[str, str], dict[str, set[str]]] = {}
    for v in found:
        by_surface.setdefault((v.surface.route, v.surface.mode), {}).setdefault(v.case_id, set()).add(v.status)
    assert {mode for _, mode in by_surface} == {
        "jit" if framework == "keras-jax" else "eager", "compute_output_shape", "symbolic"
    }  # fmt: skip
    for (route, mode), statuses in by_surface.items():
        for name in EVERYWHERE:
            if parse(name).op not in registry.load(registry.BUILT_IN[framework]).routes[route].ops:
                continue
            if route == OPS and mode == "symbolic" and ".g" in name and ".bias" not in name:
                # Keras compares the input's maps with the kernel's, whether or not there are groups.
                assert statuses[name] == {"rejected"}, (route, mode, name)
            elif isinstance(keras_say.say(parse(name), route), Unsupported):
                # A transposed convolution's direct one has no bias, which the functions cannot say.
                assert statuses[name] in ({"unsupported"}, {"agrees", "unsupported"}), (route, mode, name)
            else:
                assert statuses[name] == {"agrees"}, (route, mode, name)
    # A layer refuses a stride together with a dilation, however it is asked; those made for depthwise ones do not.
    refused = {(route, mode) for (route, mode), of in by_surface.items() if of[STRIDED_AND_DILATED] == {"rejected"}}
    assert {(LAYERS, mode) for route, mode in by_surface if route == LAYERS} <= refused
    assert DEPTHWISE_LAYERS not in {route for route, _ in refused}


# One process runs a backend, so that what it prints and warns of is its own.
PROGRAM = """
import dataclasses, json, sys
import numpy as np
from cases import stimuli
from cases.case import parse
from harness.frameworks.base import Call, Raised
from harness.frameworks.registry import BUILT_IN, load


adapter, found = load(BUILT_IN[sys.argv[1]])("cpu"), {}
for route, name, leave_out in json.loads(sys.argv[2]):
    case = parse(name)
    said = adapter.say(case, route)
    arguments = {key: value for key, value in said.arguments.items() if key != leave_out}
    x = np.ones((2, case.channels_in, *case.each("i")))
    kernel = None if case.pools else stimuli.kernel(case)
    mode = next(iter(adapter.routes[route].modes))
    call = Call(case, route, mode, dataclasses.replace(said, arguments=arguments), kernel, None, x)
    (result,) = adapter.run([call])
    found[f"{route} {case.op}"] = (
        result.text if isinstance(result, Raised) else [result.shape[2:], np.asarray(result.array).tolist()]
    )
print("RESULT" + json.dumps({"found": found, "modules": sorted(sys.modules)}))
"""


def run(framework: str, calls: list[tuple[str, str, str]]) -> dict[str, Any]:
    """What the layers of cases return for ones, told of all but one argument, and the modules that were imported."""
    told: dict[str, Any] = alone.result(PROGRAM, framework, json.dumps(calls))
    return told


@pytest.mark.frameworks
@pytest.mark.parametrize("framework", BACKENDS)
def test_a_stride_that_is_left_out_is_what_the_spelling_says(framework: str) -> None:
    calls = [
        (LAYERS, "conv2d.i6x7.k3x2.s2x3.p0x0.d1x1.c2to3", "strides"),
        (LAYERS, "conv_transpose1d.i4.k3.s2.valid.p0.d1.a0.c2to3", "strides"),
        (LAYERS, "avg_pool1d.i7.k3.s2.p0.d1", "strides"),
        (LAYERS, "max_pool1d.i7.k3.s2.p0.d1", "strides"),
        (DEPTHWISE_LAYERS, "conv1d.i6.k3.s2.p0.d1.c2to4.g2", "strides"),
        (OPS, "conv2d.i6x7.k3x2.s2x3.p0x0.d1x1.c2to3", "strides"),
        (OPS, "conv_transpose1d.i4.k3.s2.valid.p0.d1.a0.c2to3", "strides"),
        (OPS, "avg_pool1d.i7.k3.s2.p0.d1", "strides"),
        (OPS, "max_pool1d.i7.k3.s2.p0.d1", "strides"),
        (DEPTHWISE_OPS, "conv1d.i6.k3.s2.p0.d1.c2to4.g2", "strides"),
    ]
    found = run(framework, calls)["found"]
    for route, name, _ in calls:
        case = parse(name)
        said = keras_say.say(case, route)
        assert isinstance(said, Spelling)
        if framework == "keras-jax" and route == OPS and case.pools:
            # Keras's default is (batch, window, maps) already when its function for JAX puts batch and maps around it.
            assert "inconsistent window_strides and window_dimensions" in found[f"{route} {case.op}"]
            continue
        strides = {"1": (1,) * case.rank, "the window": case.each("k")}[said.stride]
        told = dataclasses.replace(
            case, axes=tuple(dataclasses.replace(x, s=s) for x, s in zip(case.axes, strides, strict=True))
        )
        sizes = [
            x.s * (x.i - 1) + x.k if case.transposed else (x.i - x.k) // x.s + 1 for x in told.axes
        ]  # nothing is padded and nothing dilated
        assert found[f"{route} {case.op}"][0] == sizes, (route, name)


@pytest.mark.frameworks
@pytest.mark.parametrize("framework", BACKENDS)
def test_an_average_divides_by_what_the_spelling_says(framework: str) -> None:
    name = "avg_pool1d.i4.k3.s1.same.p1.d1.nopad"
    found = run(framework, [(LAYERS, name, ""), (OPS, name, "")])["found"]
    for route in (LAYERS, OPS):
        said = keras_say.say(parse(name), route)
        assert isinstance(said, Spelling)
        assert said.divisor == "the units that are no padding"
        # Of ones: counted padding would make 2/3 at both ends.
        assert found[f"{route} avg_pool"] == [[4], [[[1.0, 1.0, 1.0, 1.0]]] * 2]


@pytest.mark.frameworks
@pytest.mark.parametrize(
    ("framework", "others"), [("keras-jax", ["tensorflow", "torch"]), ("keras-torch", ["tensorflow"])]
)
def test_keras_imports_no_other_backend(framework: str, others: list[str]) -> None:
    modules = run(framework, [(LAYERS, "conv1d.i4.k3.s1.p0.d1", "")])["modules"]
    assert "keras" in modules
    assert not set(others) & set(modules)
