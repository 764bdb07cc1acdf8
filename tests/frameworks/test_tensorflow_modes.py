"""TensorFlow's modes: called one by one, traced, with unknown sizes, compiled by XLA, or asked for shapes alone."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

import pytest

from cases.case import parse
from harness import judge
from harness.frameworks import _tensorflow_traced
from harness.frameworks.tensorflow import TensorFlow
from harness.observe.probe import probes_of
from harness.observe.supervisor import Place, observe
from harness.records import Job, Observation, Surface

from . import alone

REFERENCE = "harness.frameworks.tensorflow:TensorFlow"
MODES = ("eager", "function", "function_unknown", "xla", "graph")


# Layers that tell what they are given: how many inputs at once, of which static shape, and whether they are run at all.
SPYING = """
import json, sys
import numpy as np
from cases.case import parse
from harness.frameworks.base import Call, Raised
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
    found: dict[str, list[Any]] = alone.result(SPYING, CUDA_VISIBLE_DEVICES="-1")
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
    text = (
        "Negative size for '{{node Conv2D_3}} = Conv2D[T=DT_1](arguments_5, Const_12)' with input shapes: [2,4], [4_1]."
    )
    told = "Negative size for '{{node Conv2D}} = Conv2D[T=DT_1](arguments, Const)' with input shapes: [2,4], [4_1]."
    assert _tensorflow_traced.told(ValueError(text)).text == told


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
    ran, outputs, refused = alone.result(TURNS, CUDA_VISIBLE_DEVICES="-1")
    assert ran == {"one": 1, "many": 9}
    assert outputs == [[1.0], [2.0 * number + 1 for number in range(9)]]
    assert refused == 0


# What XLA cannot compile, and TensorFlow can run.
COMPILED = """
import json
import numpy as np
from cases.case import parse
from harness.frameworks.base import Call, Raised
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
    found = alone.result(COMPILED, CUDA_VISIBLE_DEVICES="-1")
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
