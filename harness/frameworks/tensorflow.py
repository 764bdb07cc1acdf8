"""TensorFlow: the functions of ``tf.nn``, and ``keras.layers`` on the TensorFlow backend."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from cases.case import Case
from cases.relationships import BY_ID, claims
from harness.frameworks import keras
from harness.frameworks.base import (
    SPATIAL,
    Adapter,
    Call,
    NoDeviceError,
    Result,
    Returned,
    Spelling,
    Unsupported,
    arranged_input,
    arranged_kernel,
    attempt,
    cotangent_order,
    is_empty,
    letters,
    returned,
)

NN = "tf.nn"

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
    routes = (NN, keras.LAYERS)

    def __init__(self, device: str) -> None:
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
        data = letters(case.rank, first=case.layout == "channels_first")
        padding = _padding(case, data)
        if isinstance(padding, Unsupported):
            return padding
        function = f"{NN}.{_NAMES[case.op].format(case.rank)}"
        if case.pools:
            if set(case.each("d")) != {1}:
                return Unsupported(f"{function} has no dilation")
            return Spelling(
                function,
                {
                    "ksize": _each(case, "k", data),
                    "strides": _each(case, "s", data),
                    "padding": padding,
                    "data_format": data,
                },
                data,
            )
        arguments: dict[str, Any] = {
            # tf.nn.conv1d alone has its own name and form for the stride
            ("stride" if function == f"{NN}.conv1d" else "strides"): (
                case.axes[0].s if function == f"{NN}.conv1d" else _each(case, "s", data)
            ),
            "padding": padding,
            "data_format": data,
            "dilations": _each(case, "d", data),
        }
        if case.transposed:
            if case.groups != 1:
                return Unsupported(f"{function} has no groups")
            held = claims(case)
            if not held:
                return Unsupported(f"{function} takes the output's size, and no relationship claims one for this case")
            # The caller has to name the size of the output, so the case's claim is handed over; TensorFlow
            # refuses it where it finds it inconsistent. The batch stands in front when the call is made.
            sizes = BY_ID[held[0]].size(case)
            arguments["output_shape"] = _in_order(data, case.channels_out, sizes)
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
            "tensorflow": tf.__version__,
            "keras": self._keras.__version__,
            **device,
            "threads": str(tf.config.threading.get_intra_op_parallelism_threads()),
            "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
        }

    def run_one(self, call: Call) -> Result:
        tf = self._tf
        array, kernel = arranged_input(call), arranged_kernel(call)

        def action() -> Returned:
            layer = self._layer(call, kernel)
            x = tf.constant(array)
            if not call.pull_back:
                y = layer(x)
                return returned(call, y.shape, y.numpy())
            shape = tuple(layer(x).shape)
            if is_empty(call, shape):
                return returned(call, shape, array[:0])
            sizes, order = cotangent_order(call, shape)
            identity = np.eye(sizes[0], dtype=call.case.dtype).reshape(sizes).transpose(order)
            repeated = tf.repeat(x, sizes[0], axis=0)
            with tf.GradientTape() as tape:
                tape.watch(repeated)
                y = layer(repeated)
            gradient = tape.gradient(
                y, repeated, output_gradients=tf.constant(identity), unconnected_gradients=tf.UnconnectedGradients.ZERO
            )
            return returned(call, shape, gradient.numpy())

        def placed() -> Returned:
            with tf.device(self._device):
                return action()

        return attempt(placed)

    def _layer(self, call: Call, kernel: Any) -> Callable[[Any], Any]:
        name = call.spelling.function.rpartition(".")[2]
        arguments = dict(call.spelling.arguments)
        if call.route == keras.LAYERS:
            layer = getattr(self._keras.layers, name)(dtype=call.case.dtype, **arguments)
            if kernel is not None:
                maps = (call.case.channels_in,)
                size = call.case.each("i")
                layer.build((None, *(maps + size if call.spelling.data[1] == "C" else size + maps)))
                layer.kernel.assign(kernel)
            made: Callable[[Any], Any] = layer
            return made
        function = getattr(self._tf.nn, name)
        weights = () if kernel is None else (self._tf.constant(kernel),)
        if "output_shape" in arguments:
            shape = arguments.pop("output_shape")
            return lambda x: function(x, *weights, output_shape=(x.shape[0], *shape), **arguments)
        return lambda x: function(x, *weights, **arguments)


def _padding(case: Case, data: str) -> Any:
    """The ``padding`` argument: a name, or pairs for every dimension of the data where the function takes them."""
    if case.padding != "explicit":
        return case.padding.upper()
    if not any(case.each("p_before")) and not any(case.each("p_after")):
        return "VALID"
    if case.rank != 2 or case.op == "avg_pool":
        what = _NAMES[case.op].format(case.rank)
        return Unsupported(f"tf.nn.{what} pads by name only")
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
