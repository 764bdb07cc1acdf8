"""TensorFlow's functions, modes and switches: what is said, held against TensorFlow itself where it can be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from cases.case import parse
from harness import judge
from harness.frameworks import _tensorflow_traced
from harness.frameworks.base import Spelling, Unsupported
from harness.frameworks.tensorflow import TensorFlow
from harness.observe.probe import probes_of
from harness.observe.supervisor import Place, observe
from harness.records import Job, Observation, Surface

ROOT = Path(__file__).parents[2]
REFERENCE = "harness.frameworks.tensorflow:TensorFlow"
MODES = ("eager", "function", "function_unknown", "xla", "graph")


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


def test_an_unknown_switch_is_refused() -> None:
    with pytest.raises(ValueError, match="no switch 'threads=3': there are TF_ENABLE_ONEDNN_OPTS=0, "):
        TensorFlow("cpu", "threads=3")


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


def program(text: str, *arguments: str, **environment: str) -> str:
    """A process of its own, so that what TensorFlow prints and warns of is its own."""
    done = subprocess.run(
        [sys.executable, "-c", text, *arguments],
        cwd=ROOT,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.frameworks
def test_what_is_left_out_is_as_said() -> None:
    found = json.loads(program(LEFT_OUT, json.dumps(UNIT_STRIDES)).rpartition("RESULT")[2])
    assert found.pop("divisors") == [[1.5, 2.0]] * 4  # of the second window, 2 / 1
    assert found == {f"{route} {case}": said(route, case).stride for route, case in UNIT_STRIDES}
    for route, case in UNIT_STRIDES:
        wanted = "the units that are no padding" if parse(case).op == "avg_pool" else ""
        assert said(route, case).divisor == wanted


# One layer, once, with what oneDNN says of itself.
SWITCHED = """
import json, sys
import numpy as np
from cases.case import parse
from harness.frameworks.base import (Call)
from harness.frameworks.tensorflow import TensorFlow

adapter, case = TensorFlow("cpu", sys.argv[1]), parse("conv2d.i9x9.k3x3.s1x1.p0x0.d1x1.c16to16")
call = Call(case, "tf.nn", "eager", adapter.say(case, "tf.nn"), np.ones((16, 16, 3, 3)), None, np.ones((2, 16, 9, 9)))
(result,) = adapter.run([call])
assert float(result.array[0, 0, 0, 0]) == 144
print("RESULT" + json.dumps(adapter.facts()))
"""


@lru_cache
def switched(switch: str) -> tuple[dict[str, str], str]:
    """The facts, and what oneDNN printed."""
    printed, _, facts = program(SWITCHED, switch, ONEDNN_VERBOSE="1").rpartition("RESULT")
    return json.loads(facts), printed


@pytest.mark.frameworks
def test_without_a_switch_there_is_onednn_and_one_thread() -> None:
    facts, printed = switched("")
    assert facts["version"].count(".") == 2
    assert facts["git_version"].startswith("v")
    assert facts["device"] == "cpu"
    assert (facts["onednn"], facts["threads"], facts["ONEDNN_MAX_CPU_ISA"]) == ("on", "1", "default")
    assert "nthr:1" in printed
    assert "exec,cpu,convolution" in printed


@pytest.mark.frameworks
@pytest.mark.parametrize(
    ("switch", "fact", "value", "proof"),
    [
        ("ONEDNN_MAX_CPU_ISA=SSE41", "ONEDNN_MAX_CPU_ISA", "SSE41", "isa:Intel SSE4.1\n"),
        ("ONEDNN_MAX_CPU_ISA=AVX2", "ONEDNN_MAX_CPU_ISA", "AVX2", "isa:Intel AVX2\n"),
        ("threads=2", "threads", "2", "nthr:2"),
    ],
)
def test_a_switch_changes_what_onednn_does(switch: str, fact: str, value: str, proof: str) -> None:
    facts, printed = switched(switch)
    assert facts[fact] == value
    assert proof in printed
    assert facts["onednn"] == "on"


@pytest.mark.frameworks
def test_onednn_can_be_switched_off() -> None:
    facts, printed = switched("TF_ENABLE_ONEDNN_OPTS=0")
    assert facts["onednn"] == "off"
    assert "convolution" not in printed
    assert set(TensorFlow.switches) == {
        "TF_ENABLE_ONEDNN_OPTS=0", "ONEDNN_MAX_CPU_ISA=SSE41", "ONEDNN_MAX_CPU_ISA=AVX2", "threads=2",
    }  # fmt: skip


# Layers that tell what they are given: how many inputs at once, of which static shape, and whether they are run at all.
SPYING = """
import json, sys
import numpy as np
from cases.case import parse
from harness.frameworks.base import (Call, Raised)
from harness.frameworks.tensorflow import TensorFlow

class Spying(TensorFlow):
    def _layer(self, call, kernel, bias):
        tf = self._tf
        made = super()._layer(call, kernel, bias)
        def layer(x):
            traced.append(x.shape.as_list())
            if call.case.channels_in == 5:
                raise KeyError("traced")
            if call.case.channels_in == 7:
                tf.debugging.Assert(False, ["executed"])
            if call.mode != "xla":
                x = tf.ensure_shape(tf.numpy_function(lambda x: (ran.append(x.shape[0]), x)[1], [x], x.dtype), x.shape)
            return made(x)
        return layer

adapter, found = Spying("cpu"), {}
for mode in adapter.routes["tf.nn"].modes:
    for batch in (None, 3):
        traced, ran, calls, texts = [], [], [], []
        for maps in (2, 5, 3, 7, 1):
            name = f"conv2d.i4x5.k2x2.s1x1.p0x0.d1x1.c{maps}to2" + (f".batch{batch}" if batch else "")
            case = parse(name)
            x = np.random.default_rng(0).integers(0, 9, (7, maps, 4, 5)).astype("float32")
            kernel = np.ones((2, maps, 2, 2))
            wanted = "shape" if mode == "graph" else "output"
            calls.append(Call(case, "tf.nn", mode, adapter.say(case, "tf.nn"), kernel, None, x, wanted))
        results = []
        for call, result in zip(calls, adapter.run(calls)):
            if isinstance(result, Raised):
                results.append(result.error.rpartition(".")[2])
                texts.append(result.text)
            elif mode == "graph":
                results.append(list(result.shape))
            else:
                x = call.x.sum(axis=1, keepdims=True)
                y = x[:, :, 1:, 1:] + x[:, :, :-1, 1:] + x[:, :, 1:, :-1] + x[:, :, :-1, :-1]
                assert (result.array == np.repeat(y, 2, axis=1)).all()
                results.append("right")
        found[f"{mode} {batch}"] = [results, traced, sorted(set(ran)), texts]
print("RESULT" + json.dumps(found))
"""


@lru_cache
def spied() -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = json.loads(program(SPYING).rpartition("RESULT")[2])
    return found


@pytest.mark.frameworks
@pytest.mark.parametrize("batch", [None, 3])
@pytest.mark.parametrize("mode", ["eager", "function", "function_unknown"])
def test_an_error_costs_its_own_layer_alone(mode: str, batch: int | None) -> None:
    results, _, _, texts = spied()[f"{mode} {batch}"]
    assert results == ["right", "KeyError", "right", "InvalidArgumentError", "right"]
    assert texts[0] == "'traced'"
    assert "executed" in texts[1]
    if mode != "eager":  # neither where in the harness it was made, nor which of the functions that it made it was
        assert "File" not in texts[1]
        assert "__inference" not in texts[1]


@pytest.mark.frameworks
def test_layers_are_given_no_more_than_a_batch() -> None:
    for mode in ("eager", "function", "function_unknown"):
        assert spied()[f"{mode} None"][2] == [7]
        assert spied()[f"{mode} 3"][2] == [1, 3]


@pytest.mark.frameworks
def test_a_traced_layer_knows_its_sizes_or_does_not() -> None:
    assert [7, 4, 5, 2] in spied()["function None"][1]
    assert {tuple(shape[:3]) for shape in spied()["function 3"][1]} == {(3, 4, 5), (1, 4, 5)}
    for batch in (None, 3):
        assert {tuple(shape[:3]) for shape in spied()[f"function_unknown {batch}"][1]} == {(None, None, None)}
        # Once for all sizes: the three that are well are traced as often as the failure of the fourth asks for.
        assert spied()[f"function_unknown {batch}"][1].count([None, None, None, 2]) == 2


@pytest.mark.frameworks
def test_a_graph_is_never_run() -> None:
    for batch in (None, 3):
        results, _, ran, _ = spied()[f"graph {batch}"]
        assert ran == []
        # An assertion that fails only when it is run does not fail here.
        assert results == [[7, 2, 3, 4], "KeyError", [7, 2, 3, 4], [7, 2, 3, 4], [7, 2, 3, 4]]


def test_a_refusal_is_told_without_what_differs_from_run_to_run() -> None:
    stack = "Graph execution error:\n\nDetected at node conv_7/MaxPool_12 defined at (most recent call last):\n"
    stack += '  File "/tmp/here/worker.py", line 9, in main\n    run()\n\n  File "/tmp/here/a.py", line 1, in b\n\n'
    message = "{{function_node __inference_program_8}} Left padding 1 is too large\n\t [[{{node conv_7/MaxPool_12}}]]"
    for text in (f"{stack}{message} [Op:__inference_program_8]", message):
        made = _tensorflow_traced.told(ValueError(text))
        assert made.error == "ValueError"
        assert made.text == "Left padding 1 is too large\n\t [[{{node conv/MaxPool}}]]"
    text = "No padding.\n\ttf2xla conversion failed while converting __inference_program_8[x=1]. Run again."
    assert _tensorflow_traced.told(ValueError(text)).text == "No padding."


# One layer that is called once, and another that is called nine times.
TURNS = """
import json
import tensorflow as tf
from harness.frameworks._tensorflow_traced import Task, run

ran = {}
def counting(name):
    def count(x):
        ran[name] = ran.get(name, 0) + 1
        return x + ran[name]
    return lambda x: tf.numpy_function(count, [x], tf.float32)

parts = [(tf.constant([float(number)]),) for number in range(9)]
outputs, refused = run(tf, {3: Task(counting("one"), parts[:1], (0,)), 5: Task(counting("many"), parts, (0,))}, "CPU")
print("RESULT" + json.dumps([ran, [[float(y[0]) for y in outputs[number]] for number in (3, 5)], len(refused)]))
"""


@pytest.mark.frameworks
def test_a_layer_is_called_as_often_as_it_has_parts() -> None:
    ran, outputs, refused = json.loads(program(TURNS).rpartition("RESULT")[2])
    assert ran == {"one": 1, "many": 9}
    assert outputs == [[1.0], [2.0 * number + 1 for number in range(9)]]
    assert refused == 0


# What XLA cannot compile, and TensorFlow can run.
COMPILED = """
import json
import numpy as np
from cases.case import parse
from harness.frameworks.base import (Call, Raised)
from harness.frameworks.tensorflow import TensorFlow

class Uncompilable(TensorFlow):
    def _layer(self, call, kernel, bias):
        tf = self._tf
        return lambda x: tf.ensure_shape(tf.numpy_function(lambda x: x, [x], x.dtype), x.shape)

adapter, case = Uncompilable("cpu"), parse("conv1d.i4.k1.s1.p0.d1")
found = {}
for mode in ("function", "xla"):
    call = Call(case, "tf.nn", mode, adapter.say(case, "tf.nn"), np.ones((1, 1, 1)), None, np.ones((2, 1, 4)))
    (result,) = adapter.run([call])
    found[mode] = result.text if isinstance(result, Raised) else "returned"
print("RESULT" + json.dumps(found))
"""


@pytest.mark.frameworks
def test_xla_compiles() -> None:
    found = json.loads(program(COMPILED).rpartition("RESULT")[2])
    assert found["function"] == "returned"
    assert "XLA" in found["xla"]


WELL = [
    # Each depthwise multiplier and order; the transposed convolution's shape with a batch of its own; dilated where
    # the N-dimensional functions rearrange the input in space and batch, which unknown sizes make another program.
    ("tf.nn.depthwise_conv2d", "conv2d.i5x4.k3x2.s2x2.p0x0.d1x1.c2to6.g2"),
    ("tf.nn.depthwise_conv2d", "conv2d.i5x6.k2x3.s1x1.valid.p0x0.d1x1.c3to3.g3"),
    ("tf.nn.depthwise_conv2d", "conv2d.i5x6.k2x3.s1x1.p0x0.d2x1.c1to3.batch2"),
    ("tf.nn.depthwise_conv2d", "conv2d.i5x6.k2x3.s1x1.p1_0x0_2.d1x1.c2to4.g2.bfloat16"),
    ("tf.nn.conv_transpose", "conv_transpose2d.i3x2.k3x2.s2x3.p0x0.d1x1.a1x0.c3to2.batch3"),
    ("tf.nn.conv_transpose", "conv_transpose1d.i4.k5.s3.p0.d1.a2.c2to3.float64"),
    ("tf.nn.convolution", "conv2d.i7x6.k3x2.s1x1.p0x0.d2x3.c2to3"),
    ("tf.nn.convolution", "conv1d.i7.k3.s1.same.p2.d2.c2to3.batch2"),
    ("tf.nn.convolution", "conv3d.i3x4x5.k2x1x3.s1x2x2.p0x0x0.d1x1x1.c2to3.float64"),
    ("tf.nn.pool", "avg_pool2d.i6x7.k3x2.s1x1.p0x0.d1x2.c2"),
    ("tf.nn.pool", "max_pool1d.i7.k3.s1.p0.d2.c2"),
    ("tf.nn.pool", "avg_pool1d.i5.k2.s1.same.p0_1.d1.c2.nopad"),
    ("tf.nn", "conv2d.i3x4.k2x2.s1x1.p1x0.d1x1.c2to3.int32"),
    ("tf.nn", "max_pool1d.i6.k3.s2.p1.d1.c2"),
]


@lru_cache
def observed() -> dict[tuple[str, str, str], dict[str, str]]:
    """The statuses of each aspect of each of these layers in each mode."""
    jobs = [
        Job(case, Surface("tensorflow", route, mode), tuple(p for p in probes_of(parse(case)) if p in how.probes))
        for mode in MODES
        for route, case in WELL
        for how in (TensorFlow.routes[route].modes[mode],)
    ]
    seen: list[Observation] = []
    assert observe(Place("tensorflow", REFERENCE, sys.executable), jobs, seen.append).failure is None
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    for verdict in judge.judge(seen):
        key = (verdict.surface.route, verdict.case_id, verdict.surface.mode)
        found.setdefault(key, {})[verdict.aspect] = verdict.status
    return found


@pytest.mark.frameworks
@pytest.mark.parametrize(
    ("route", "case", "mode"),
    # XLA has no pooling with padding in numbers.
    [(route, case, mode) for route, case in WELL for mode in MODES if (mode, case) != ("xla", WELL[-1][1])],
)
def test_a_layer_is_right_in_every_mode(route: str, case: str, mode: str) -> None:
    statuses = observed()[route, case, mode]
    assert set(statuses.values()) == {"agrees"}, statuses
    assert ("declared" if mode == "graph" else "forward") in statuses
    assert ("adjoint" in statuses) == (mode != "graph" and parse(case).floating)
