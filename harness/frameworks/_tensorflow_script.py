"""TensorFlow's layers as scripts. Nothing here needs TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence

from harness.frameworks import scripts
from harness.frameworks.arrays import arranged_input
from harness.frameworks.base import Array, Call
from harness.frameworks.scripts import Layer, Script

_TRACED = {"function": "", "function_unknown": "", "xla": ", jit_compile=True", "graph": ""}


def head(switch: str) -> tuple[str, ...]:
    """What a script begins with."""
    name, _, value = switch.partition("=")
    if name == "threads":
        threads = f"tf.config.threading.set_intra_op_parallelism_threads({value})"
        return ("import numpy as np", "import tensorflow as tf", threads)
    if name:  # it is read when TensorFlow is imported
        return (f"import os; os.environ[{name!r}] = {value!r}", "import numpy as np", "import tensorflow as tf")
    return ("import numpy as np", "import tensorflow as tf")


def write(call: Call, kernel: Array | None, switch: str) -> Script:
    """A script of TensorFlow.

    Parameters
    ----------
    kernel : ndarray or None
        In the order that its function takes.
    """
    given = dict(call.spelling.arguments)
    made: tuple[str, ...] = ()
    traced = call.mode in _TRACED
    weight = told = ""
    if kernel is not None:
        text = tensor(call, kernel)
        made, weight = (f"kernel = tf.Variable({text})" if traced else f"kernel = {text}",), "kernel, "
    if "output_shape" in given:
        sizes = ", ".join(map(str, given.pop("output_shape")))
        told = f"output_shape=({'tf.shape(x)[0]' if traced else 'len(x)'}, {sizes}), "
    called = f"{call.spelling.function}(x, {weight}{told}{scripts.arguments(given)})"
    return Script((*head(switch), *run(call, Layer(made, called))), call.spelling.data)


def run(call: Call, layer: Layer) -> Sequence[str]:
    """Lines that make a layer and do a call with it."""
    x = arranged_input(call)
    lines = [*layer.made, f"x = {tensor(call, x)}"]
    traced, most = call.mode in _TRACED, scripts.parts(call, len(x))
    called = layer.called
    host = "tf.cast({}, 'float32').numpy()" if call.case.dtype == "bfloat16" else "{}.numpy()"
    if call.wanted == "shape":
        return [
            *lines,
            f"function = tf.function(lambda x: {called}, autograph=False)",
            "y = tuple(function.get_concrete_function(x).output_shapes)",
        ]
    if traced or call.pull_back or most:
        if called != "layer(x)":
            lines.append(f"def layer(x): return {called}")
        called = "layer(x)"
    wrap = f"tf.function({{}}, autograph=False{_TRACED[call.mode]}{_known(call, 1)})" if traced else "{}"
    if not call.pull_back:
        lines += [f"layer = {wrap.format('layer')}"] if traced else []
        y = f"tf.concat([layer(x[n : n + {most}]) for n in range(0, len(x), {most})], 0)" if most else called
        return [*lines, f"y = {host.format(y)}"]
    wrap = wrap.replace(_known(call, 1), _known(call, 2))
    return [
        *lines,
        "def pull(x, ones):",
        "    with tf.GradientTape() as tape: tape.watch(x); y = layer(x)",
        "    return tape.gradient(y, x, ones, unconnected_gradients='zero')",
        "o = layer(x).shape[1:]",
        f"ones = tf.constant({scripts.cotangents(call)}, {call.case.dtype!r})",
        f"y = {host.format(wrap.format('pull') + '(tf.repeat(x, len(ones), 0), ones)')}",
    ]


def tensor(call: Call, values: Array) -> str:
    """An array as a tensor of the call's element type."""
    return f"tf.constant({scripts.array(values)}, {call.case.dtype!r})"


def _known(call: Call, arguments: int) -> str:
    """What a function is told of its arguments, where it is not to know their sizes."""
    if call.mode != "function_unknown":
        return ""
    maps = {"C": call.case.channels_in}
    one = [maps.get(letter) for letter in call.spelling.data]
    specs = [f"tf.TensorSpec({one}, {call.case.dtype!r})"]
    if arguments == 2:
        outputs = [call.case.channels_out if letter == "C" else None for letter in call.spelling.data]
        specs.append(f"tf.TensorSpec({outputs}, {call.case.dtype!r})")
    return f", input_signature=[{', '.join(specs)}]"
