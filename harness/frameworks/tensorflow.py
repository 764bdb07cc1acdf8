"""TensorFlow: the functions of ``tf.nn``, called one by one, traced as ``tf.function``, or asked for shapes alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from cases.case import Case
from harness.frameworks import _tensorflow_say, _tensorflow_script, _tensorflow_traced, _tensorflow_written
from harness.frameworks._tensorflow_code import TensorFlowWriter
from harness.frameworks._tensorflow_say import CONV_TRANSPOSE, CONVOLUTION, DEPTHWISE, NN, POOL
from harness.frameworks._tensorflow_traced import Task
from harness.frameworks.arrays import (
    arranged,
    arranged_bias,
    arranged_input,
    arranged_kernel,
    batches,
    cotangent_order,
    declared,
    is_empty,
    numpy_dtype,
    returned,
)
from harness.frameworks.base import (
    COMPUTED,
    DECLARED,
    Adapter,
    Array,
    Call,
    Mode,
    NoDeviceError,
    Raised,
    Result,
    Returned,
    Route,
    Spelling,
    Trouble,
    Unsupported,
    attempt,
    raised,
    together,
)
from harness.frameworks.code import Writer
from harness.frameworks.scripts import Script

Layer = Callable[[Any], Any]

EAGER, FUNCTION, UNKNOWN, XLA, GRAPH = "eager", "function", "function_unknown", "xla", "graph"
# Where one of them ends the process, those that share its function are looked at one by one: so no more share one than
# make it cheaper. XLA gains more by it.
MODES = {
    EAGER: Mode(),
    FUNCTION: Mode("compiled", batch=25),
    UNKNOWN: Mode("compiled", batch=25),
    XLA: Mode("compiled", batch=100),
    GRAPH: DECLARED,
}
DISTRIBUTIONS = ("tensorflow", "tensorflow-cpu", "tf-nightly", "tf-nightly-cpu")
_MANY = (FUNCTION, UNKNOWN, XLA, GRAPH)  # of these many calls are traced together
# The direct convolution that equals a transposed one is another function's to compute.
_OWN = tuple(probe for probe in COMPUTED if probe != "direct")
_WITHOUT_DIRECT = {
    name: replace(mode, probes=_OWN) if mode.probes == COMPUTED else mode for name, mode in MODES.items()
}


class TensorFlow(Adapter):
    """The adapter of TensorFlow."""

    name = "tensorflow"
    package = "tensorflow"
    requirement = "convarith[tensorflow]"
    distributions: ClassVar[tuple[tuple[str, ...], ...]] = (DISTRIBUTIONS,)
    routes = {
        NN: Route(MODES),
        CONVOLUTION: Route(MODES, ("conv",)),
        CONV_TRANSPOSE: Route(_WITHOUT_DIRECT, ("conv_transpose",)),
        POOL: Route(MODES, ("avg_pool", "max_pool")),
        DEPTHWISE: Route(MODES, ("conv",)),
    }
    # oneDNN, the kernel library, on or off; the newest instructions that it may use; threads for one kernel.
    functions = _tensorflow_written.functions()
    writer: ClassVar[Writer | None] = TensorFlowWriter()
    switches: ClassVar[tuple[str, ...]] = (
        "TF_ENABLE_ONEDNN_OPTS=0",
        "ONEDNN_MAX_CPU_ISA=SSE41",
        "ONEDNN_MAX_CPU_ISA=AVX2",
        "threads=2",
    )

    def __init__(self, device: str, switch: str = "") -> None:
        known = (*self.switches, *self.further_switches)
        if switch not in ("", *known):
            raise ValueError(f"no switch '{switch}': there are {', '.join(known)}")
        name, _, value = switch.partition("=")
        threads = int(value) if name == "threads" else 1
        if name and name != "threads":  # both are read when TensorFlow is imported, or first computes
            os.environ[name] = value
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        # By default each process takes almost all of a GPU's memory, and the next one finds none.
        os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
        if device == "cpu":
            os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
        if device == "gpu":
            # TF32 rounds the taps to 10 bits: the probes would no longer be exact.
            tensorflow.config.experimental.enable_tensor_float_32_execution(False)
        self._tf = tensorflow
        self._device = "/GPU:0" if device == "gpu" else "/CPU:0"

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        return _tensorflow_say.say(case, route)

    @classmethod
    def write(cls, call: Call, switch: str = "") -> Script:
        return _tensorflow_script.write(call, cls._kernel(call), switch)

    @staticmethod
    def trouble(error: Raised) -> Trouble:
        if "CUDA_ERROR_ILLEGAL_ADDRESS" in error.text:
            return "device"
        return "memory" if error.error.endswith("ResourceExhaustedError") or "OUT_OF_MEMORY" in error.text else ""

    def facts(self) -> dict[str, str]:
        from tensorflow.python.util import _pywrap_util_port

        tf = self._tf
        build = tf.sysconfig.get_build_info()
        device = {"device": "cpu"}
        if self._device == "/GPU:0":
            found = tf.config.list_physical_devices("GPU")
            if not found:
                raise NoDeviceError(f"tensorflow {tf.__version__} finds none")
            gpu = tf.config.experimental.get_device_details(found[0])
            tf32 = tf.config.experimental.tensor_float_32_execution_enabled()
            device = {
                "device": str(gpu.get("device_name", "gpu")),
                "compute_capability": ".".join(map(str, gpu.get("compute_capability", ()))),
                "cuda": str(build.get("cuda_version")),
                "cudnn": str(build.get("cudnn_version")),
                "tf32": "on" if tf32 else "off",
            }
        return {
            "version": tf.__version__,
            "git_version": tf.version.GIT_VERSION,
            "compiler": tf.version.COMPILER_VERSION,
            **device,
            "threads": str(tf.config.threading.get_intra_op_parallelism_threads()),
            "onednn": "on" if _pywrap_util_port.IsMklEnabled() else "off",
            "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),  # which may be off by itself
            "ONEDNN_MAX_CPU_ISA": os.environ.get("ONEDNN_MAX_CPU_ISA", "default"),
            "XLA_FLAGS": os.environ.get("XLA_FLAGS", "default"),
        }

    def run_one(self, call: Call) -> Result:
        if call.mode in _MANY:
            return next(iter(self.run([call])))
        array, kernel, bias = arranged_input(call), self._kernel(call), arranged_bias(call)

        def action() -> Returned:
            with self._tf.device(self._device):
                return self._run(call, self._layer(call, kernel, bias), array)

        return attempt(action)

    def run(self, calls: Sequence[Call]) -> Iterator[Result]:
        mode = calls[0].mode if calls else EAGER
        if mode not in _MANY:
            return super().run(calls)
        return together(calls, self._declarations) if mode == GRAPH else iter(self._program(calls))

    def _run(self, call: Call, layer: Layer, x: Array) -> Returned:
        if not call.pull_back:
            y = self._joined([layer(fed) for (fed,) in self._fed(call, x)])
            return returned(call, y.shape, self._array(y))
        shape = tuple(layer(self._tensor(call, x)).shape)
        if is_empty(call, shape):
            return returned(call, shape, x[:0])
        pull = self._pull_back(layer)
        gradients = [pull(*fed) for fed in self._fed(call, *self._cotangents(call, x, shape))]
        return returned(call, shape, self._array(self._joined(gradients)))

    def _joined(self, parts: Sequence[Any]) -> Any:
        return parts[0] if len(parts) == 1 else self._tf.concat(parts, axis=0)

    def _fed(self, call: Call, *arrays: Array) -> list[tuple[Any, ...]]:
        """Arrays as tensors, no more rows of them at once than a layer may be given."""
        return [tuple([self._tensor(call, array[part]) for array in arrays]) for part in batches(call, len(arrays[0]))]

    def _program(self, calls: Sequence[Call]) -> list[Result]:
        """The results of calls that are traced together, twice: the layers, and then what pulls gradients back.

        The second needs the shapes of the outputs that the first gave.
        """
        layers, results = self._layers(calls)
        inputs = {number: arranged_input(calls[number]) for number in layers}
        forward: dict[int, Task] = {}
        for number, layer in layers.items():
            call, x = calls[number], inputs[number]
            fed = [(self._tensor(call, x),)] if call.pull_back else self._fed(call, x)
            forward[number] = Task(layer, fed, self._known(call))
        outputs = self._traced(calls, forward, results)
        backward: dict[int, Task] = {}
        shapes: dict[int, tuple[int, ...]] = {}
        for number, arrays in outputs.items():
            call, shapes[number] = calls[number], arrays[0].shape
            if not call.pull_back:
                whole = np.concatenate(arrays)
                results[number] = returned(call, whole.shape, whole)
            elif is_empty(call, shapes[number]):
                results[number] = returned(call, shapes[number], inputs[number][:0])
            else:
                try:
                    fed = self._fed(call, *self._cotangents(call, inputs[number], shapes[number]))
                except ValueError as error:  # the output has not even as many axes as the input
                    results[number] = raised(error)
                    continue
                backward[number] = Task(self._pull_back(layers[number]), fed, self._known(call))
        for number, arrays in self._traced(calls, backward, results).items():
            results[number] = returned(calls[number], shapes[number], np.concatenate(arrays))
        return [results[number] for number in range(len(calls))]

    def _traced(
        self, calls: Sequence[Call], tasks: dict[int, Task], results: dict[int, Result]
    ) -> dict[int, list[Array]]:
        """What tasks return, traced as one function; the results of those that cannot be traced are noted."""
        if not tasks:
            return {}
        outputs, refused = _tensorflow_traced.run(self._tf, tasks, self._device, xla=calls[0].mode == XLA)
        results |= refused
        return {number: [self._array(part) for part in parts] for number, parts in outputs.items()}

    def _declarations(self, calls: Sequence[Call]) -> list[Result]:
        """The shapes that the layers' outputs have in a traced function that is never run."""
        layers, results = self._layers(calls)
        tasks = {
            number: Task(
                layer, [(self._tensor(calls[number], arranged_input(calls[number])),)], self._known(calls[number])
            )
            for number, layer in layers.items()
        }
        _, traced, _ = _tensorflow_traced.trace(self._tf, tasks, self._device)
        results |= traced.refused
        results |= {number: declared(calls[number], shape) for number, shape in traced.shapes.items()}
        return [results[number] for number in range(len(calls))]

    def _layers(self, calls: Sequence[Call]) -> tuple[dict[int, Layer], dict[int, Result]]:
        """The calls' layers, made but not called, and the errors of those that could not be made."""
        layers: dict[int, Layer] = {}
        refused: dict[int, Result] = {}
        for number, call in enumerate(calls):
            kernel, bias = self._kernel(call), arranged_bias(call)
            try:
                with self._tf.device(self._device):
                    layers[number] = self._layer(call, kernel, bias)
            except Exception as error:
                refused[number] = raised(error)
        return layers, refused

    def _known(self, call: Call) -> tuple[int, ...]:
        """The axes of a layer's input whose sizes are known when it is traced."""
        if call.mode == UNKNOWN:
            return (call.spelling.data.index("C"),)
        return tuple(range(len(call.spelling.data)))

    def _pull_back(self, layer: Layer) -> Callable[[Any, Any], Any]:
        """What pulls cotangents of a layer's output back to its input."""
        tf = self._tf

        def pull(x: Any, cotangents: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = layer(x)
            return tape.gradient(y, x, output_gradients=cotangents, unconnected_gradients=tf.UnconnectedGradients.ZERO)

        return pull

    @staticmethod
    def _cotangents(call: Call, x: Array, shape: Sequence[int]) -> tuple[Array, Array]:
        """An input, once for each element of its output of a shape, and the one-hot cotangents."""
        sizes, order = cotangent_order(call, shape)
        outputs = sizes[0] if len(x) else 0
        cotangents = np.eye(sizes[0], dtype=x.dtype).reshape(sizes).transpose(order)[:outputs]
        return (x.repeat(outputs, axis=0) if outputs else x), cotangents

    def _tensor(self, call: Call, array: Array) -> Any:
        tensor = self._tf.constant(array)
        return self._tf.cast(tensor, self._tf.bfloat16) if call.case.dtype == "bfloat16" else tensor

    def _array(self, tensor: Any) -> Array:
        """A tensor as NumPy takes it."""
        if tensor.dtype == self._tf.bfloat16:
            tensor = self._tf.cast(tensor, self._tf.float32)
        array: Array = tensor.numpy()
        return array

    @staticmethod
    def _kernel(call: Call) -> Array | None:
        """A call's kernel in the order that its function takes."""
        if call.kernel is None or "M" not in call.spelling.kernel:
            return arranged_kernel(call)
        # Each output map belongs to one input map: (O, 1, …) is (I, M, …), with M output maps for each input map.
        kernel = call.kernel.reshape(call.case.channels_in, -1, *call.kernel.shape[2:])
        return np.ascontiguousarray(arranged(kernel, "IMHW", call.spelling.kernel), dtype=numpy_dtype(call.case))

    def _layer(self, call: Call, kernel: Array | None, bias: Array | None) -> Layer:
        """A call's layer as a function of its input; made outside of any function that it is traced in."""
        function = getattr(self._tf.nn, call.spelling.function.rpartition(".")[2])
        arguments = dict(call.spelling.arguments)
        weights: tuple[Any, ...] = ()
        if kernel is not None:
            weight = self._tensor(call, kernel)
            # A traced function takes a small tensor in as a constant and a large one not; a variable it always reads.
            weights = (weight if call.mode == EAGER else self._tf.Variable(weight, trainable=False),)
        if "output_shape" in arguments:
            shape = arguments.pop("output_shape")
            return lambda x: function(x, *weights, output_shape=(self._inputs(x), *shape), **arguments)
        return lambda x: function(x, *weights, **arguments)

    def _inputs(self, x: Any) -> Any:
        """How many inputs there are in a batch: a number, or where it is not known yet, the tensor that will say."""
        return self._tf.shape(x)[0] if x.shape[0] is None else x.shape[0]
