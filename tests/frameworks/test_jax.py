"""The routes and modes of JAX: what they say, what they run, and what is so by default."""

from __future__ import annotations

import sys

import pytest

from cases.case import parse
from harness import judge
from harness.commands.surfaces import SurfaceSelection, shards
from harness.frameworks import registry
from harness.frameworks._jax_say import CONSISTENT, LAX, UNTURNED
from harness.frameworks.base import COMPUTED, Spelling, Unsupported
from harness.frameworks.jax import Jax
from harness.observe.supervisor import observe
from harness.records import Observation

from . import alone

TRANSPOSED = "conv_transpose2d.i3x4.k3x2.s2x3.p1x0.d1x1.a1x2.c2to3"
SAME = "conv_transpose1d.i3.k3.s2.same.p0_1.d1.a0.c2to3"


def said(route: str, case: str) -> Spelling:
    found = Jax.say(parse(case), route)
    assert isinstance(found, Spelling), found
    return found


def test_a_kernel_that_is_not_turned_by_jax_is_turned_before() -> None:
    turned, used = said(LAX, TRANSPOSED), said(UNTURNED, TRANSPOSED)
    assert (turned.kernel, turned.flip, turned.arguments["transpose_kernel"]) == ("HWOI", False, True)
    assert (used.kernel, used.flip, used.arguments["transpose_kernel"]) == ("HWIO", True, False)
    assert used.arguments["padding"] == turned.arguments["padding"] == [(1, 2), (1, 3)]


@pytest.mark.parametrize(
    ("case", "padding"),
    [
        (TRANSPOSED, [(1, 0), (0, -2)]),  # p1x0 with a1x2: a is taken off the far end
        ("conv_transpose1d.i3.k3.s2.p0_2.d2.a1.c2to3", [(0, 1)]),
        (SAME, "SAME"),
    ],
)
def test_consistent_padding_is_the_convolutions_own(case: str, padding: object) -> None:
    found = said(CONSISTENT, case)
    assert found.arguments["padding"] == padding
    assert found.arguments["use_consistent_padding"] is True
    assert "use_consistent_padding" not in said(LAX, case).arguments


@pytest.mark.parametrize("route", [UNTURNED, CONSISTENT])
def test_conv_transpose_alone_says_transposed_convolutions_alone(route: str) -> None:
    assert Jax.routes[route].ops == ("conv_transpose",)
    for case in ("conv1d.i6.k3.s2.p0.d1", "max_pool1d.i6.k3.s2.p0.d1", "avg_pool1d.i6.k3.s2.p0.d1"):
        found = Jax.say(parse(case), route)
        assert isinstance(found, Unsupported)
        assert "transposed convolutions only" in found.reason
    # so it has no direct convolution to look at either
    probes = Jax.routes[route].modes["jit"].probes
    assert set(probes) == set(COMPUTED) - {"direct"}


def test_a_maximum_has_no_linear_transpose() -> None:
    places = SurfaceSelection(framework=(f"jax={sys.executable}",), mode="linear_transpose").places()
    ((_, (way,)),) = places
    assert way.ops == ("conv", "conv_transpose", "avg_pool")
    assert way.probes == ("adjoint",)
    cases = [parse(f"{op}1d.i6.k3.s2.p0.d1.c2") for op in ("max_pool", "avg_pool")]
    ((job,),) = [shard.jobs for shard in shards(cases, places, lambda case: ())]
    assert job.case_id == cases[1].id
    assert Jax.routes[LAX].seen("jit") == ("conv", "conv_transpose", "avg_pool", "max_pool")


@pytest.mark.parametrize("framework", ["jax", "flax"])
@pytest.mark.parametrize("switch", ["threads=3", "onednn=off"])
def test_a_switch_that_there_is_not_is_refused(framework: str, switch: str) -> None:
    kind = registry.load(registry.BUILT_IN[framework])
    with pytest.raises(ValueError, match=f"{framework} has no switch '{switch}'"):
        kind("cpu", switch)


# Cases of every kind that JAX computes as the theory says, on all its surfaces.
AGREED = [
    "conv2d.i4x5.k3x2.s2x1.p1_0x0_2.d1x2.c4to6.g2.batch3",
    "conv1d.i5.k3.s2.same_lower.p1.d1.batch1.bfloat16",
    "conv1d.i4.k2.s1.p3.d1.float16.channels_first",
    "conv1d.i2.k3.s1.p0.d1.c2to3",  # o = 0
    "conv1d.i5.k2.s3.p0.d2.int8",
    "conv2d.i3x2.k2x2.s1x1.p0x1.d1x1.batch0.float64",
    "conv_transpose2d.i3x4.k5x3.s2x3.p2x1.d1x1.a1x2.c2to3.batch3",
    "conv_transpose1d.i3.k2.s1.p2.d1.a0.c2to3",  # p' < 0
    "conv_transpose1d.i3.k3.s2.p0_2.d2.a1.c2to3.bfloat16",
    "conv_transpose1d.i3.k5.s2.valid.p0.d1.a0.c3to2",
    SAME,
    "conv_transpose1d.i3.k3.s2.p1.d1.a0.c2to3.int32.channels_first",
    "avg_pool2d.i4x5.k3x2.s2x1.p1_0x1.d1x2.c2.div5.float16",
    "avg_pool1d.i5.k3.s2.same.p1.d1.c2.batch3.bfloat16",
    "max_pool2d.i4x5.k3x2.s2x1.p1x0.d1x1.c2.batch3",
    "max_pool1d.i5.k2.s1.p1.d1.int32",
]


@pytest.mark.frameworks
@pytest.mark.parametrize("switch", ["", "threads=2"])
def test_every_surface_agrees_on_cases_of_every_kind(switch: str) -> None:
    places = SurfaceSelection(framework=(f"jax={sys.executable}",)).places()
    ((place, ways),) = [(place, ways) for place, ways in places if place.switch == switch]
    assert len(ways) == (8 if not switch else 3)
    kinds = {way.kind for way in ways if way.kind}
    ((_, jobs),) = [(shard.place, shard.jobs) for shard in shards(map(parse, AGREED), [(place, ways)], lambda _: kinds)]
    seen: list[Observation] = []
    environment = observe(place, jobs, seen.append)
    assert environment.failure is None
    # XLA's pool on a CPU has as many threads as it was told, whatever the machine has
    assert environment.facts["threads"] == ("2" if switch else "1")
    assert environment.facts["x64"] == "on"
    assert environment.facts["jaxlib"]
    verdicts = list(judge.judge(seen))
    assert [(str(v.surface), v.case_id, v.aspect, v.observed) for v in verdicts if not v.as_expected] == []
    said = {way.surface: [v for v in verdicts if v.surface == way.surface and v.status == "agrees"] for way in ways}
    assert all(len({v.case_id for v in found}) > 5 for found in said.values())


MODES = """
import json
import numpy as np
from cases.case import parse
from harness.frameworks.base import Call, Raised
from harness.frameworks.jax import LAX, Jax

class Watched(Jax):
    '''Its layers note what they are given, and one is not to be had.'''
    def _layer(self, call):
        layer = super()._layer(call)
        if call.case.channels_out == 3:
            raise TypeError("no such layer")
        def noted(x, kernel):
            seen.append([isinstance(x, self._jax.core.Tracer), len(x)])
            return layer(x, kernel)
        return noted

adapter = Watched("cpu")
def run(mode, wanted, *names):
    seen.clear()
    calls = []
    for name in names:
        case = parse(name)
        rows = 1 if wanted == "gradients" else 5
        x = np.zeros((rows, case.channels_in, *case.each("i")))
        kernel = np.ones((case.channels_out, case.channels_in, *case.each("k")))
        calls.append(Call(case, LAX, mode, Jax.say(case, LAX), kernel, None, x, wanted))
    return [result.error if isinstance(result, Raised) else list(result.shape) for result in adapter.run(calls)]

seen, told = [], {}
jax = adapter._jax
one, three = "conv1d.i4.k3.s1.p0.d1.batch2", "conv1d.i4.k3.s1.p0.d1.c1to3"
for mode, wanted in (("jit", "output"), ("eager", "output"), ("eval_shape", "shape")):
    told[mode] = [run(mode, wanted, one, three, one), list(seen)]
compiled, jax.jit = jax.jit, None
told["eager without jit"] = run("eager", "output", one) + run("eager", "gradients", one)
told["jit without jit"] = run("jit", "output", one)
jax.jit, jax.vjp = compiled, None
told["transposed without vjp"] = run("linear_transpose", "gradients", one)
told["jit without vjp"] = run("jit", "gradients", one)
print("RESULT" + json.dumps(told))
"""


@pytest.mark.frameworks
def test_a_mode_does_what_its_name_says() -> None:
    told = alone.result(MODES)
    # A layer that cannot be made is refused by itself, and a layer is given two inputs at once and then the fifth.
    for mode, shape in (("jit", [5, 1, 2]), ("eager", [5, 1, 2]), ("eval_shape", [5, 1, 2])):
        assert told[mode][0] == [shape, "TypeError", shape], mode
    jit, eager, eval_shape = (told[mode][1] for mode in ("jit", "eager", "eval_shape"))
    assert jit == [[True, 2], [True, 1]] * 2
    assert eager == [[False, 2], [False, 2], [False, 1]] * 2
    assert eval_shape == [[True, 5]] * 2
    # Without jax.jit there is no program, and without jax.vjp no vector-Jacobian product.
    assert told["eager without jit"] == [[5, 1, 2], [1, 1, 2]]
    assert told["jit without jit"] == ["TypeError"]
    assert told["transposed without vjp"] == [[1, 1, 2]]
    assert told["jit without vjp"] == ["TypeError"]


DEFAULTS = """
import json
import jax
from jax import lax

x = jax.numpy.arange(1.0, 8.0).reshape(1, 7, 1)
k = jax.numpy.ones((3, 1, 1))
def refused(call):
    try:
        call()
    except TypeError as error:
        return str(error)
    return ""
window = dict(window_dimensions=(1, 3, 1), padding=[(0, 0), (1, 0), (0, 0)])
def sums(**given):
    return lax.reduce_window(x, 0.0, lax.add, **window, **given).ravel().tolist()
print("RESULT" + json.dumps([
    refused(lambda: lax.conv_general_dilated(x, k, padding="VALID")),
    refused(lambda: lax.conv_transpose(x, k, padding="VALID")),
    sums(), sums(window_strides=(1, 1, 1)),
]))
"""


@pytest.mark.frameworks
def test_what_is_so_by_default() -> None:
    convolution, transposed, left_out, given = alone.result(DEFAULTS)
    assert "missing" in convolution
    assert "window_strides" in convolution
    assert said(LAX, "conv1d.i7.k3.s1.p0.d1").stride == ""
    assert "missing" in transposed
    assert "strides" in transposed
    assert {said(route, SAME).stride for route in Jax.routes} == {""}
    assert left_out == given == [3, 6, 9, 12, 15, 18]  # sums, padding and all: dividing is the caller's
    average, maximum = (said(LAX, f"{op}_pool1d.i7.k3.s1.p1_0.d1") for op in ("avg", "max"))
    assert (average.stride, maximum.stride) == ("1", "1")
    assert (average.divisor, maximum.divisor) == ("what the caller divides by", "")
