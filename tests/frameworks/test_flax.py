"""Flax's layers: how they are said, that they agree, and what is so by default."""

from __future__ import annotations

import sys

import pytest

from cases.case import parse
from harness import judge
from harness.commands.surfaces import SurfaceSelection, shards
from harness.frameworks.base import Spelling, Unsupported
from harness.frameworks.flax import LINEN, NNX, TURNED, Flax
from harness.observe.supervisor import observe
from harness.records import Observation

from . import alone

TRANSPOSED = "conv_transpose2d.i3x4.k3x2.s2x3.p1x0.d1x1.a1x2.c2to3.bias"


def said(route: str, case: str) -> Spelling:
    found = Flax.say(parse(case), route)
    assert isinstance(found, Spelling), found
    return found


def test_a_convolution() -> None:
    case = "conv2d.i6x7.k3x2.s2x1.p1x0.d1x2.c4to6.g2"
    arguments = {
        "kernel_size": (3, 2), "strides": (2, 1), "padding": (1, 0), "kernel_dilation": (1, 2), "use_bias": False,
        "feature_group_count": 2,
    }  # fmt: skip
    found = said(LINEN, case)
    assert (found.function, found.data, found.kernel, found.flip) == ("flax.linen.Conv", "NHWC", "HWIO", False)
    assert found.arguments == {"features": 6, **arguments}
    found = said(NNX, case)
    assert (found.function, found.data, found.kernel, found.flip) == ("flax.nnx.Conv", "NHWC", "HWIO", False)
    assert found.arguments == {"in_features": 4, "out_features": 6, **arguments}


def test_a_transposed_convolution_turns_its_kernel_on_request() -> None:
    plain, turned = said(NNX, TRANSPOSED), said(f"{NNX}.{TURNED}", TRANSPOSED)
    assert plain.function == turned.function == "flax.nnx.ConvTranspose"
    assert (plain.kernel, plain.flip, plain.arguments["transpose_kernel"]) == ("HWIO", True, False)
    assert (turned.kernel, turned.flip, turned.arguments["transpose_kernel"]) == ("HWOI", False, True)
    # k - 1 - p before, and a more after: numbers pad the stretched input
    assert plain.arguments["padding"] == turned.arguments["padding"] == ((1, 2), (1, 3))
    assert plain.arguments["use_bias"] is True
    assert said(f"{LINEN}.{TURNED}", TRANSPOSED).function == "flax.linen.ConvTranspose"


@pytest.mark.parametrize(
    ("case", "padding"),
    [
        ("conv2d.i6x7.k3x2.s1x1.p1x1.d1x1", 1),
        ("conv2d.i6x7.k3x2.s1x1.p1x2.d1x1", (1, 2)),
        ("conv2d.i6x7.k3x2.s1x1.p1x0_2.d1x1", (1, (0, 2))),
        ("conv1d.i6.k3.s2.causal.p2_0.d1", "CAUSAL"),
        ("conv1d.i6.k3.s2.same_lower.p1_0.d1", "SAME_LOWER"),
        ("conv_transpose1d.i3.k3.s2.valid.p0.d1.a0", "VALID"),
        ("conv_transpose1d.i3.k3.s1.p3.d1.a0", -1),
        ("max_pool2d.i6x7.k3x2.s1x1.p1x1.d1x1", ((1, 1), (1, 1))),
        ("avg_pool2d.i6x7.k3x2.s1x1.same.p1x0_1.d1x1", "SAME"),
    ],
)
def test_padding_as_one_writes_it(case: str, padding: object) -> None:
    for route in (NNX, LINEN):
        assert said(route, case).arguments["padding"] == padding


def test_an_average_says_whether_padding_counts() -> None:
    assert said(LINEN, "avg_pool1d.i6.k3.s2.p1.d1").arguments == {
        "window_shape": (3,), "strides": (2,), "padding": ((1, 1),), "count_include_pad": True,
    }  # fmt: skip
    assert said(NNX, "avg_pool1d.i6.k3.s2.p1.d1.nopad").arguments["count_include_pad"] is False


@pytest.mark.parametrize(
    ("route", "case", "reason"),
    [
        (NNX, "conv1d.i6.k3.s1.p0.d1.channels_first", "channels last only"),
        (NNX, "conv1d.i6.k3.s1.p0.d1.int32", "compute in floating point"),
        (LINEN, "conv2d.i6x6.k3x3.s1x1.causal.p2_0x2_0.d1x1", "one dimension only"),
        (LINEN, "conv_transpose1d.i3.k3.s2.p0.d1.a0.c2to2.g2", "no groups"),
        (LINEN, "conv_transpose1d.i3.k3.s2.valid.p0.d1.a1", "chooses the output's size itself"),
        (LINEN, "max_pool1d.i6.k3.s1.p0.d2", "no dilation"),
        (NNX, "max_pool1d.i6.k3.s2.p0.d1.ceil", "no ceil mode"),
        (NNX, "avg_pool1d.i6.k3.s1.p0.d1.div5", "no divisor of the caller's"),
        (f"{NNX}.{TURNED}", "conv1d.i6.k3.s1.p0.d1", "transposed convolutions only"),
    ],
)
def test_what_flax_cannot_say_has_a_reason(route: str, case: str, reason: str) -> None:
    found = Flax.say(parse(case), route)
    assert isinstance(found, Unsupported), found
    assert reason in found.reason


AGREED = [
    "conv2d.i4x5.k3x2.s2x1.p1_0x0_2.d1x2.c4to6.g2.batch3.bias",
    "conv2d.i4x5.k3x2.s1x1.p1x1.d1x1.c2to3.float64",
    "conv1d.i5.k3.s2.causal.p4_0.d2.c2to3.bias.bfloat16",
    "conv1d.i5.k4.s1.same_lower.p2_1.d1.batch1.float16",
    "conv1d.i2.k3.s1.p0.d1.c2to3",  # o = 0
    "conv3d.i2x3x2.k1x2x2.s1x2x1.p0x1x1.d1x1x1.batch0.bias",
    TRANSPOSED,
    "conv_transpose1d.i3.k2.s1.p2.d1.a0.c2to3.bfloat16",  # p' < 0
    "conv_transpose1d.i3.k3.s2.p0_2.d2.a1.c2to3.float16",
    "conv_transpose1d.i3.k5.s2.valid.p0.d1.a0.c3to2.bias.float64",
    "conv_transpose2d.i2x3.k3x4.s2x3.same.p0_1x0_1.d1x1.a0x0.batch3",
    "avg_pool2d.i4x5.k3x2.s2x1.p1_0x1.d1x1.c2.float16",
    "avg_pool2d.i4x5.k3x2.s2x1.p1_0x1.d1x1.c2.nopad",
    "avg_pool1d.i5.k3.s2.same.p1.d1.c2.batch3.nopad.bfloat16",
    "max_pool2d.i4x5.k3x2.s2x1.p1x0.d1x1.c2.batch3",
    "max_pool1d.i5.k2.s1.p1.d1.int32",
]


@pytest.mark.frameworks
def test_every_surface_agrees_on_cases_of_every_kind() -> None:
    ((place, ways),) = SurfaceSelection(framework=(f"flax={sys.executable}",)).places()
    kinds = {way.kind for way in ways if way.kind}
    ((_, jobs),) = [(shard.place, shard.jobs) for shard in shards(map(parse, AGREED), [(place, ways)], lambda _: kinds)]
    seen: list[Observation] = []
    environment = observe(place, jobs, seen.append)
    assert environment.failure is None
    verdicts = list(judge.judge(seen))
    # Flax says all of them; only ConvTranspose with a turned kernel has no say in the rest.
    assert [(str(v.surface), v.case_id, v.aspect, v.observed) for v in verdicts if v.status != "agrees"] == []
    for way in ways:
        mine = {v.case_id for v in verdicts if v.surface == way.surface}
        assert mine == {case for case in AGREED if parse(case).op in way.ops}
    assert {v.aspect for v in verdicts} == {"forward", "adjoint", "direct", "bias", "dense", "declared"}


PROGRAM = """
import json
import numpy as np
import flax, jax
from cases.case import parse
from flax import linen, nnx
from harness.frameworks.base import Call
from harness.frameworks.flax import LINEN, NNX, Flax


adapter = Flax("cpu")
x = np.ones((1, 5, 1), np.float32)
sizes = {"facts": adapter.facts(), "flax": flax.__version__, "jax": jax.__version__}
key = jax.random.key(0)
for name in ("Conv", "ConvTranspose"):
    made = getattr(nnx, name)(in_features=1, out_features=1, kernel_size=(3,), padding="VALID", rngs=nnx.Rngs(0))
    sizes[f"nnx.{name}"] = made(x).shape
    made = getattr(linen, name)(features=1, kernel_size=(3,), padding="VALID")
    sizes[f"linen.{name}"] = made.init_with_output(key, x)[0].shape
for package in (nnx, linen):
    name = package.__name__.rpartition(".")[2]
    sizes[f"{name}.max_pool"] = package.max_pool(x, (3,)).shape
    sizes[f"{name}.avg_pool"] = package.avg_pool(x, (3,), padding=[(1, 0)]).ravel().tolist()
for route in (NNX, LINEN):
    for dtype in ("float64", "bfloat16"):
        case = parse(f"conv1d.i5.k3.s1.p0.d1.bias.{dtype}")
        x, kernel = (jax.ShapeDtypeStruct(shape, dtype) for shape in ((1, 5, 1), (3, 1, 1)))
        call = Call(case, route, "jit", Flax.say(case, route), None, np.ones(1), np.ones((1, 1, 5)))
        sizes[f"{route} {dtype}"] = str(jax.eval_shape(adapter._layer(call), x, kernel).dtype)
print("RESULT" + json.dumps(sizes))
"""


@pytest.mark.frameworks
def test_what_is_so_by_default_and_what_it_computes_in() -> None:
    found = alone.result(PROGRAM)
    for package, route in (("nnx", NNX), ("linen", LINEN)):
        # Three windows in five units, and seven units of five: every stride is 1.
        assert found[f"{package}.Conv"] == [1, 3, 1]
        assert found[f"{package}.ConvTranspose"] == [1, 7, 1]
        assert found[f"{package}.max_pool"] == [1, 3, 1]
        # Two ones and a zero that is padding: it is counted.
        assert found[f"{package}.avg_pool"] == pytest.approx([2 / 3, 1, 1, 1])
        cases = ("conv1d.i5.k3.s1.p0.d1", "conv_transpose1d.i5.k3.s1.p0.d1.a0", "max_pool1d.i5.k3.s1.p0.d1")
        average = said(route, "avg_pool1d.i5.k3.s1.p1_0.d1")
        assert {said(route, case).stride for case in cases} == {average.stride} == {"1"}
        assert average.divisor == "the window, padding counted"
        for dtype in ("float64", "bfloat16"):
            assert found[f"{route} {dtype}"] == dtype
    facts = found["facts"]
    assert (facts["version"], facts["jax"]) == (found["flax"], found["jax"])
    assert {"jaxlib", "device", "platform", "matmul_precision", "x64", "threads", "XLA_FLAGS"} <= set(facts)
