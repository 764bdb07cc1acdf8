"""Keras's layers as scripts, on each of its backends. Nothing here needs Keras."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.frameworks import _jax_script, _tensorflow_script, _torch_script, keras_say, scripts
from harness.frameworks.arrays import arranged_bias, arranged_input
from harness.frameworks.base import Array, Call
from harness.frameworks.scripts import Layer, Script


def write(call: Call, kernel: Array | None, backend: str, switch: str) -> Script:
    """A script of Keras.

    Parameters
    ----------
    kernel : ndarray or None
        In the order that its layer takes.
    backend : str
        As Keras names it.
    """
    made = _layer(call, kernel) if keras_say.is_layer(call.route) else _function(call)
    lines = _declare(call, made, kernel) if call.wanted == "shape" else _compute(call, made, kernel, backend, switch)
    chosen = f"import os; os.environ['KERAS_BACKEND'] = {backend!r}"
    head = [line for line in lines if line.startswith("import ")]
    return Script((chosen, *head, "import keras", *lines[len(head) :]), call.spelling.data)


def _function(call: Call) -> Layer:
    weight = "" if call.kernel is None else "kernel, "
    return Layer((), f"{call.spelling.function}(x, {weight}{scripts.arguments(call.spelling.arguments)})")


def _layer(call: Call, kernel: Array | None) -> Layer:
    given: dict[str, Any] = dict(call.spelling.arguments)
    if call.case.floating:
        given["dtype"] = call.case.dtype
    made = [f"layer = {call.spelling.function}({scripts.arguments(given)})"]
    if call.wanted != "shape":
        weights = [scripts.array(each) for each in (kernel, arranged_bias(call)) if each is not None]
        known = f"layer.build({arranged_input(call).shape}); layer.set_weights([{', '.join(weights)}])"
        made += [known] if weights else []
    return Layer(tuple(made), "layer(x)")


def _declare(call: Call, layer: Layer, kernel: Array | None) -> Sequence[str]:
    """Keras's own word on the output's shape."""
    x, dtype = arranged_input(call).shape, call.case.dtype
    if call.mode == "compute_output_shape":
        return [*layer.made, f"y = tuple(layer.compute_output_shape({x}))"]
    symbols = [f"x = keras.KerasTensor({x}, {dtype!r})"]
    if kernel is not None and not keras_say.is_layer(call.route):
        symbols.append(f"kernel = keras.KerasTensor({kernel.shape}, {dtype!r})")
    return [*layer.made, *symbols, f"y = tuple({layer.called}.shape)"]


def _compute(call: Call, layer: Layer, kernel: Array | None, backend: str, switch: str) -> Sequence[str]:
    handed = None if keras_say.is_layer(call.route) else kernel
    if backend == "jax":
        return [*_jax_script.head(call, switch), *_jax_script.run(call, layer, handed)]
    script = _torch_script if backend == "torch" else _tensorflow_script
    made = layer.made if handed is None else (f"kernel = {script.tensor(call, handed)}", *layer.made)
    layer = Layer(made, layer.called)
    if backend == "torch":
        return [*_torch_script.head(switch), *_torch_script.run(call, layer, trainable=handed is None)]
    return [*_tensorflow_script.head(switch), *_tensorflow_script.run(call, layer)]
