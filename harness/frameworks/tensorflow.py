"""TensorFlow: the functions of ``tf.nn``, and ``keras.layers`` on the TensorFlow backend."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from cases.case import Case
from cases.claims import BY_ID, claims
from harness.frameworks import keras
from harness.frameworks.base import (
    SPATIAL,
    Adapter,
    Array,
    Call,
    Mode,
    NoDeviceError,
    Result,
    Returned,
    Route,
    Spelling,
    Unsupported,
    arranged_bias,
    arranged_input,
    arranged_kernel,
    attempt,
    batches,
    cotangent_order,
    is_empty,
    letters,
    numpy_dtype,
    returned,
)

NN = "tf.nn"

Layer = Callable[[Any], Any]

_NAMES = {
    "conv": "conv{}d",
    "conv_transpose": "conv{}d_transpose",
    "avg_pool": "avg_pool{}d",
    "max_pool": "max_pool{}d",
}


class TensorFlow(Adapter):
    """The adapter of TensorFlow, and of Keras on it."""

    name = "tensorflow"
    package = "tensorflow"
    requirement = "convarith[tensorflow]"
    routes = {NN: Route({"eager": Mode()}), keras.LAYERS: Route({"eager": Mode()})}

    def __init__(self, device: str, switch: str = "") -> None:
        os.environ["KERAS_BACKEND"] = "tensorflow"
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        if device == "cpu":
            os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(1)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
        if device == "gpu":
            # TF32 rounds the taps to 10 bits: the probes would no longer be exact.
            tensorflow.config.experimental.enable_tensor_float_32_execution(False)
        import keras as keras_package

        self._tf = tensorflow
        self._device = "/GPU:0" if device == "gpu" else "/CPU:0"
        self._keras = keras_package

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        if route == keras.LAYERS:
            return keras.say(case)
        if not 1 <= case.rank <= 3:
            return Unsupported(f"tf.nn's functions have 1 to 3 spatial axes, not {case.rank}")
        function = f"{NN}.{_NAMES[case.op].format(case.rank)}"
        if reason := _cannot(case, function):
            return Unsupported(reason)
        data = letters(case.rank, first=case.layout == "channels_first")
        arguments: dict[str, Any] = {"padding": _padding(case, data), "data_format": data}
        if case.pools:
            arguments |= {"ksize": _each(case, "k", data), "strides": _each(case, "s", data)}
            return Spelling(function, arguments, data)
        arguments["dilations"] = _each(case, "d", data)
        if function == f"{NN}.conv1d":  # it alone has its own name and form for the stride
            arguments["stride"] = case.axes[0].s
        else:
            arguments["strides"] = _each(case, "s", data)
        if case.transposed:
            # The caller has to name the size of the output, so the case's claim is handed over; TensorFlow
            # refuses it where it finds it inconsistent. The batch stands in front when the call is made.
            arguments["output_shape"] = _in_order(data, case.channels_out, BY_ID[claims(case)[0]].size(case))
        return Spelling(function, arguments, data, SPATIAL[case.rank] + ("OI" if case.transposed else "IO"))

    def facts(self) -> dict[str, str]:
        tf = self._tf
        device = {"device": "cpu"}
        if self._device == "/GPU:0":
            found = tf.config.list_physical_devices("GPU")
            if not found:
                raise NoDeviceError(f"tensorflow {tf.__version__} finds none")
            gpu = tf.config.experimental.get_device_details(found[0])
            build = tf.sysconfig.get_build_info()
            device = {
                "device": str(gpu.get("device_name", "gpu")),
                "cuda": str(build.get("cuda_version")),
                "cudnn": str(build.get("cudnn_version")),
                "tf32": "off",
            }
        return {
            "version": tf.__version__,
            "keras": self._keras.__version__,
            **device,
            "threads": str(tf.config.threading.get_intra_op_parallelism_threads()),
            "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
        }

    def run_one(self, call: Call) -> Result:
        array, kernel, bias = arranged_input(call), arranged_kernel(call), arranged_bias(call)

        def action() -> Returned:
            with self._tf.device(self._device):
                return self._run(call, self._layer(call, kernel, bias), self._tensor(call, array))

        return attempt(action)

    def _run(self, call: Call, layer: Layer, x: Any) -> Returned:
        tf = self._tf
        if not call.pull_back:
            y = tf.concat([layer(x[part]) for part in batches(call, x.shape[0])], axis=0)
            return returned(call, y.shape, self._array(y))
        shape = tuple(layer(x).shape)
        if is_empty(call, shape):
            return returned(call, shape, self._array(x[:0]))
        sizes, order = cotangent_order(call, shape)
        outputs = sizes[0] if x.shape[0] else 0
        identity = np.eye(sizes[0], dtype=numpy_dtype(call.case)).reshape(sizes).transpose(order)[:outputs]
        cotangents = self._tensor(call, identity)
        repeated = tf.repeat(x, outputs, axis=0) if outputs else x
        gradients = []
        for part in batches(call, outputs):
            fed = repeated[part]
            with tf.GradientTape() as tape:
                tape.watch(fed)
                y = layer(fed)
            gradients.append(
                tape.gradient(
                    y, fed, output_gradients=cotangents[part], unconnected_gradients=tf.UnconnectedGradients.ZERO
                )
            )
        return returned(call, shape, self._array(tf.concat(gradients, axis=0)))

    def _tensor(self, call: Call, array: Array) -> Any:
        tensor = self._tf.constant(array)
        return self._tf.cast(tensor, self._tf.bfloat16) if call.case.dtype == "bfloat16" else tensor

    def _array(self, tensor: Any) -> Array:
        """A tensor as NumPy takes it."""
        if tensor.dtype == self._tf.bfloat16:
            tensor = self._tf.cast(tensor, self._tf.float32)
        array: Array = tensor.numpy()
        return array

    def _layer(self, call: Call, kernel: Array | None, bias: Array | None) -> Layer:
        name = call.spelling.function.rpartition(".")[2]
        arguments = dict(call.spelling.arguments)
        if call.route == keras.LAYERS:
            layer = getattr(self._keras.layers, name)(dtype=call.case.dtype, **arguments)
            if kernel is not None:
                layer.build((None, *_in_order(call.spelling.data, call.case.channels_in, call.case.each("i"))))
                layer.kernel.assign(self._tensor(call, kernel))
            if bias is not None:
                layer.bias.assign(self._tensor(call, bias))
            made: Layer = layer
            return made
        function = getattr(self._tf.nn, name)
        weights = () if kernel is None else (self._tensor(call, kernel),)
        if "output_shape" in arguments:
            shape = arguments.pop("output_shape")
            return lambda x: function(x, *weights, output_shape=(x.shape[0], *shape), **arguments)
        return lambda x: function(x, *weights, **arguments)


def _cannot(case: Case, function: str) -> str:
    """Why a function of tf.nn cannot say a case; empty if it can."""
    pads = case.padding == "explicit" and case.padded
    if case.padding in ("same_lower", "causal"):
        return f"{function} has no padding '{case.padding}' by name"
    if case.bias:
        return f"{function} has no bias"
    if case.ceil_mode:
        return f"{function} has no ceil mode"
    if pads and (case.rank != 2 or case.op == "avg_pool"):
        return f"{function} pads by name only"
    if case.pools and set(case.each("d")) != {1}:
        return f"{function} has no dilation"
    if case.divisor is not None or (case.op == "avg_pool" and case.padded and case.count_include_pad):
        return f"{function} divides by the number of units that are no padding"
    if case.transposed and case.groups != 1:
        return f"{function} has no groups"
    if case.transposed and not claims(case):
        return f"{function} takes the output's size, and none is claimed for this case"
    if not case.floating and (case.rank == 3 or (not case.pools and case.dtype == "int8")):
        return f"{function} takes no {case.dtype}"
    return ""


def _padding(case: Case, data: str) -> Any:
    """The ``padding`` argument: a name, or pairs for every dimension of the data where the function takes them."""
    if case.padding != "explicit":
        return case.padding.upper()
    if not case.padded:
        return "VALID"
    ends = {letter: [axis.p_before, axis.p_after] for letter, axis in zip(SPATIAL[case.rank], case.axes, strict=True)}
    return [ends.get(letter, [0, 0]) for letter in data]


def _each(case: Case, letter: str, data: str) -> tuple[int, ...]:
    """Values of a letter; in three dimensions tf.nn takes one for every dimension of the data only."""
    if case.rank < 3:
        return case.each(letter)
    return (1, 1, *case.each(letter)) if data[1] == "C" else (1, *case.each(letter), 1)


def _in_order(data: str, maps: int, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """(maps, sizes) in the order of the data's letters, without the batch."""
    return (maps, *sizes) if data[1] == "C" else (*sizes, maps)
