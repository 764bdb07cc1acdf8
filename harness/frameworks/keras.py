"""Keras 3 on TensorFlow, on JAX and on PyTorch: ``keras.layers`` and ``keras.ops``.

Keras reads which backend it is to use when it is imported, so each is a framework of its own, in a process of its own.
A layer is called on the backend's own tensors and differentiated by the backend: all that is the backend's adapter's,
and what Keras adds is how a layer is made.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from cases.case import Case
from harness.frameworks import _keras_script, keras_say, keras_written
from harness.frameworks.arrays import arranged, arranged_bias, arranged_kernel, declared, letters
from harness.frameworks.base import DECLARED, Adapter, Array, Call, Mode, Result, Route, Spelling, Unsupported, attempt
from harness.frameworks.code import Writer
from harness.frameworks.jax import Jax
from harness.frameworks.keras_code import KerasWriter
from harness.frameworks.scripts import Script
from harness.frameworks.tensorflow import DISTRIBUTIONS as TENSORFLOW
from harness.frameworks.tensorflow import TensorFlow
from harness.frameworks.torch import Torch

DISTRIBUTIONS = ("keras", "keras-nightly")

Layer = Callable[[Any], Any]


def _routes(computed: Mapping[str, Mode]) -> dict[str, Route]:
    """Keras's routes, whose layers a backend computes in some modes."""
    layers = {**computed, "compute_output_shape": DECLARED, "symbolic": DECLARED}
    functions = {**computed, "symbolic": DECLARED}
    return {
        keras_say.LAYERS: Route(layers),
        keras_say.DEPTHWISE_LAYERS: Route(layers, ("conv",)),
        keras_say.OPS: Route(functions),
        keras_say.DEPTHWISE_OPS: Route(functions, ("conv",)),
    }


class _Keras(Adapter):
    """What Keras is on every backend.

    Attributes
    ----------
    backend : str
        As Keras names it, and as it is imported.
    """

    package = "keras"
    backend: ClassVar[str]
    functions = keras_written.functions()
    # They are the backend's, whose own routes show what they do: here they are asked for by name.
    switches: ClassVar[tuple[str, ...]] = ()
    writer: ClassVar[Writer | None] = KerasWriter()

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        return keras_say.say(case, route)

    @classmethod
    def write(cls, call: Call, switch: str = "") -> Script:
        return _keras_script.write(call, _depthwise(call, arranged_kernel(call)), cls.backend, switch)

    @classmethod
    def is_installed(cls) -> bool:
        return all(importlib.util.find_spec(package) for package in (cls.package, cls.backend))

    def _import(self) -> None:
        """Import Keras, whose backend has been imported and configured."""
        os.environ["KERAS_BACKEND"] = self.backend
        import keras

        self._keras = keras

    def _with_version(self, facts: Mapping[str, str]) -> dict[str, str]:
        """The backend's facts, whose version becomes one of both."""
        keras = self._keras
        return {**facts, "version": f"{keras.__version__} on {keras.config.backend()} {facts['version']}"}

    def _declare(self, call: Call) -> Result:
        """The shape of a layer's output, as Keras says it without computing the layer."""
        kernel, bias = _depthwise(call, arranged_kernel(call)), arranged_bias(call)
        return attempt(lambda: declared(call, self._shape_declared(call, kernel, bias)))

    def _shape_declared(self, call: Call, kernel: Array | None, bias: Array | None) -> Sequence[int | None]:
        keras, shape, dtype = self._keras, _shape(call), call.case.dtype
        output: Sequence[int | None]
        if call.mode == "compute_output_shape":
            output = self._made(call, kernel, bias).compute_output_shape(shape)
        elif keras_say.is_layer(call.route):
            output = self._made(call, kernel, bias)(keras.KerasTensor(shape, dtype=dtype)).shape
        else:
            shapes = [shape] if kernel is None else [shape, kernel.shape]
            symbols = [keras.KerasTensor(each, dtype=dtype) for each in shapes]
            output = self._called(call)(*symbols, **call.spelling.arguments).shape
        return output

    def _layer_on(self, call: Call, kernel: Any, bias: Any) -> Layer:
        """A call's layer, with a kernel and bias that are the backend's tensors."""
        if keras_say.is_layer(call.route):
            layer: Layer = self._built(call, kernel, bias)
            return layer
        function, arguments = self._called(call), call.spelling.arguments
        weights = () if kernel is None else (kernel,)
        return lambda x: function(x, *weights, **arguments)

    def _called(self, call: Call) -> Callable[..., Any]:
        function: Callable[..., Any] = getattr(self._keras.ops, _name(call))
        return function

    def _built(self, call: Call, kernel: Any, bias: Any) -> Any:
        layer = self._made(call, kernel, bias)
        layer.build(_shape(call))
        return layer

    def _made(self, call: Call, kernel: Any, bias: Any) -> Any:
        """A layer that has its weights from initializers: drawn at random first, they would cost JAX a compilation."""
        arguments = dict(call.spelling.arguments)
        if call.case.floating:  # integers are pooled as they are: 'int8' would be the name of a quantization
            arguments["dtype"] = call.case.dtype
        if kernel is not None:
            whose = "depthwise" if keras_say.is_depthwise(call.route) else "kernel"
            arguments[f"{whose}_initializer"] = self._giving(kernel)
        if bias is not None:
            arguments["bias_initializer"] = self._giving(bias)
        return getattr(self._keras.layers, _name(call))(**arguments)

    def _giving(self, weights: Any) -> Callable[..., Any]:
        """An initializer of weights that are known."""
        return lambda _, dtype: self._keras.ops.convert_to_tensor(weights, dtype)


class KerasOnTensorFlow(_Keras, TensorFlow):
    """The adapter of Keras on TensorFlow."""

    name = "keras-tensorflow"
    backend = "tensorflow"
    requirement = "convarith[keras,tensorflow]"
    distributions = (DISTRIBUTIONS, TENSORFLOW)
    routes = _routes({"eager": Mode()})
    further_switches: ClassVar[tuple[str, ...]] = TensorFlow.switches

    def __init__(self, device: str, switch: str = "") -> None:
        TensorFlow.__init__(self, device, switch)
        self._import()

    def facts(self) -> dict[str, str]:
        return self._with_version(TensorFlow.facts(self))

    def run_one(self, call: Call) -> Result:
        return self._declare(call) if call.wanted == "shape" else TensorFlow.run_one(self, call)

    def _layer(self, call: Call, kernel: Array | None, bias: Array | None) -> Layer:
        weights = [None if array is None else self._tensor(call, array) for array in (_depthwise(call, kernel), bias)]
        return self._layer_on(call, *weights)


class KerasOnTorch(_Keras, Torch):
    """The adapter of Keras on PyTorch."""

    name = "keras-torch"
    backend = "torch"
    requirement = "convarith[keras,torch]"
    distributions = (DISTRIBUTIONS, ("torch",))
    routes = _routes({"eager": Mode()})
    further_switches: ClassVar[tuple[str, ...]] = (*Torch.switches, *Torch.further_switches)

    def __init__(self, device: str, switch: str = "") -> None:
        # Left to itself, Keras asks CUDA which devices there are, which must not happen before the fork.
        os.environ["KERAS_TORCH_DEVICE"] = "cuda" if device == "gpu" else "cpu"
        Torch.__init__(self, device, switch)
        self._import()

    def facts(self) -> dict[str, str]:
        return self._with_version(Torch.facts(self))

    def run_one(self, call: Call) -> Result:
        return self._declare(call) if call.wanted == "shape" else Torch.run_one(self, call)

    def layer(self, call: Call, weight: Any, bias: Any) -> Layer:
        return self._layer_on(call, _depthwise(call, weight), bias)


class KerasOnJax(_Keras, Jax):
    """The adapter of Keras on JAX. Called eagerly, JAX would compile every layer alone; so many share one program."""

    name = "keras-jax"
    backend = "jax"
    requirement = "convarith[keras,jax]"
    distributions = (DISTRIBUTIONS, ("jax",))
    routes = _routes({"jit": Mode(batch=100)})
    further_switches: ClassVar[tuple[str, ...]] = (*Jax.switches, *Jax.further_switches)

    def __init__(self, device: str, switch: str = "") -> None:
        Jax.__init__(self, device, switch)
        self._import()

    def facts(self) -> dict[str, str]:
        return self._with_version(Jax.facts(self))

    def run(self, calls: Sequence[Call]) -> Iterator[Result]:
        if calls and calls[0].wanted == "shape":
            return (self._declare(call) for call in calls)
        return Jax.run(self, calls)

    def _layer(self, call: Call) -> Callable[[Any, Any], Any]:
        if not keras_say.is_layer(call.route):
            return lambda x, kernel: self._layer_on(call, _depthwise(call, kernel), None)(x)
        # The layer is made and built outside the program that is being traced, and its kernel handed to it there.
        with self._jax.ensure_compile_time_eval():
            layer = self._built(call, _depthwise(call, arranged_kernel(call)), arranged_bias(call))
        biases = [variable.value for variable in layer.trainable_variables[1:]]

        def stateless(x: Any, kernel: Any) -> Any:
            kernels = [] if kernel is None else [_depthwise(call, kernel)]
            return layer.stateless_call([*kernels, *biases], [], x)[0]

        return stateless


def _name(call: Call) -> str:
    return call.spelling.function.rpartition(".")[2]


def _shape(call: Call) -> tuple[int, ...]:
    """The shape of a call's input in the framework's order."""
    return arranged(call.x, letters(call.case.rank, first=True), call.spelling.data).shape


def _depthwise(call: Call, kernel: Any) -> Any:
    """A kernel whose last two axes, of a depthwise convolution, are the input map and which of its outputs."""
    if kernel is None or not keras_say.is_depthwise(call.route):
        return kernel
    return kernel.reshape(*kernel.shape[:-2], call.case.channels_in, -1)
