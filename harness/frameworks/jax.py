"""JAX: ``jax.lax``. Many cases share one compilation."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from cases.case import Case
from harness.frameworks import _jax_say as saying
from harness.frameworks import _jax_script, _jax_written
from harness.frameworks._jax_code import JaxWriter
from harness.frameworks._jax_say import CONSISTENT, LAX, UNTURNED
from harness.frameworks.arrays import (
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

Layer = Callable[[Any, Any], Any]

JIT = Mode(batch=100)
ISA = "xla_cpu_max_isa"
# A function that makes transposed convolutions only has no direct convolution beside it.
TRANSPOSED_ALONE = Route(
    {
        "jit": Mode(probes=tuple(probe for probe in COMPUTED if probe != "direct"), batch=JIT.batch),
        "eval_shape": DECLARED,
    },
    ("conv_transpose",),
)

_CALLS_KEPT = 1000  # JAX keeps every compiled program: 10 MB for each 1 000 cases


@dataclass(frozen=True, slots=True, eq=False)
class _Fed:
    """A layer with what it is fed: arrays in the framework's order and element type.

    Attributes
    ----------
    rows : ndarray
        Inputs, or one-hot cotangents where gradients are asked for: the layer is given no more of them at once than
        the case says.
    dtype : numpy.dtype
        The case's element type as JAX has it.
    x : ndarray
        Where gradients are asked for, the one input to take them at.
    shape : tuple of int, or None
        Of the layer's output for x, where gradients are asked for.
    """

    call: Call
    layer: Layer
    rows: Array
    kernel: Array | None
    dtype: Any
    x: Array | None = None
    shape: tuple[int, ...] | None = None


class Jax(Adapter):
    """The adapter of JAX.

    In the mode 'jit' many layers are one compiled program; in 'eager' JAX dispatches each operation by itself. In
    'linear_transpose' the gradients are the layer's own transpose, without a forward pass, where 'jit' takes the
    vector-Jacobian product. A maximum is not linear, and has none.

    What is built on JAX derives its adapter from this one: it says its own layers, and makes them in :meth:`_layer`.
    """

    name = "jax"
    package = "jax"
    requirement = "convarith[jax]"
    routes = {
        LAX: Route(
            {
                "jit": JIT,
                "eager": Mode("compiled"),
                "linear_transpose": Mode("compiled", ("adjoint",), JIT.batch, ("conv", "conv_transpose", "avg_pool")),
                "eval_shape": DECLARED,
            }
        ),
        UNTURNED: TRANSPOSED_ALONE,
        CONSISTENT: TRANSPOSED_ALONE,
    }
    switches: ClassVar[tuple[str, ...]] = ("threads=2",)
    further_switches: ClassVar[tuple[str, ...]] = (f"{ISA}=AVX2", f"{ISA}=SSE4_2")
    functions = _jax_written.functions()
    writer: ClassVar[Writer | None] = JaxWriter()

    def __init__(self, device: str, switch: str = "") -> None:
        if switch not in ("", *self.switches, *self.further_switches):
            raise ValueError(f"{self.name} has no switch '{switch}'")
        name, _, value = switch.partition("=")
        threads = value if name == "threads" else "1"
        # XLA's pool on a CPU has NPROC threads, and as many as there are processors unless told. The flag alone,
        # which older releases obey, leaves large operations to all of them.
        os.environ["NPROC"] = threads
        flags = [
            os.environ.get("XLA_FLAGS", ""),
            f"--xla_cpu_multi_thread_eigen={'false' if threads == '1' else 'true'}",
        ]
        if name == ISA:  # the newest instructions that it may compile for
            flags.append(f"--{ISA}={value}")
        self._isa = value if name == ISA else "default"
        if device == "gpu":
            # By default XLA times several algorithms for each layer, which takes four times as long and may choose
            # another one tomorrow. It comes first: of a flag that is given twice, the last counts.
            flags.insert(0, "--xla_gpu_autotune_level=0")
            # By default each process takes three quarters of a GPU's memory, and the next one finds none.
            os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
        os.environ["XLA_FLAGS"] = " ".join(filter(None, flags))
        import jax

        jax.config.update("jax_platforms", "cuda" if device == "gpu" else "cpu")
        jax.config.update("jax_enable_x64", True)  # float64 is a case like any other; float32 stays float32
        if device == "gpu":  # TF32 rounds the taps to 10 bits: the probes would no longer be exact
            jax.config.update("jax_default_matmul_precision", "highest")
        self._jax = jax
        self._compiled = 0

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        return saying.say(case, route)

    @classmethod
    def write(cls, call: Call, switch: str = "") -> Script:
        return _jax_script.write(call, switch)

    @staticmethod
    def trouble(error: Raised) -> Trouble:
        if "Unable to initialize backend" in error.text or "CUDA_ERROR_ILLEGAL_ADDRESS" in error.text:
            return "device"  # it is not tried again in this process
        return "memory" if "RESOURCE_EXHAUSTED" in error.text or "OUT_OF_MEMORY" in error.text else ""

    def facts(self) -> dict[str, str]:
        import jaxlib

        jax = self._jax
        try:
            device = jax.devices()[0]
        except (RuntimeError, AssertionError) as error:  # it asserts that a platform it was told of is there
            raise NoDeviceError(f"jax {jax.__version__} finds none") from error
        precision = str(jax.config.jax_default_matmul_precision or "default")
        return {
            "version": jax.__version__,
            "jaxlib": jaxlib.__version__,
            "device": device.device_kind,
            "platform": " ".join(device.client.platform_version.split()),
            **({} if device.platform == "cpu" else _libraries(precision)),
            "matmul_precision": precision,
            "x64": "on" if jax.config.jax_enable_x64 else "off",
            "threads": _threads(),
            ISA: self._isa,
            "XLA_FLAGS": os.environ["XLA_FLAGS"],
        }

    def run_one(self, call: Call) -> Result:
        return next(iter(self.run([call])))

    def run(self, calls: Sequence[Call]) -> Iterator[Result]:
        mode = calls[0].mode if calls else ""
        if mode == "eval_shape":
            return map(self._declared, calls)
        if mode == "eager":
            return map(self._eager, calls)
        return together(calls, self._program)

    def _layer(self, call: Call) -> Layer:
        """The layer that a call's spelling says, as a function of the input and the kernel.

        It is made outside of any trace, and then traced or called.
        """
        lax, arguments = self._jax.lax, call.spelling.arguments
        if call.case.op == "conv":
            return lambda x, kernel: lax.conv_general_dilated(x, kernel, **arguments)
        if call.case.op == "conv_transpose":
            return lambda x, kernel: lax.conv_transpose(x, kernel, **arguments)
        window = {name: value for name, value in arguments.items() if name not in saying.OURS}
        if call.case.op == "max_pool":
            return lambda x, _: lax.reduce_window(x, _least(x.dtype), lax.max, **window)

        def average(x: Any, _: Any) -> Any:
            total = lax.reduce_window(x, np.zeros((), x.dtype)[()], lax.add, **window)
            return total / arguments["divisor"]

        return average

    def _program(self, calls: Sequence[Call]) -> list[Result]:
        """The results of calls that are compiled together."""
        jax = self._jax
        results: list[Result | _Fed] = [self._fed(call) for call in calls]
        fed = {number: found for number, found in enumerate(results) if isinstance(found, _Fed)}
        # Arrays are handed over as arguments: what is known when a program is compiled, XLA may compute by itself.
        inputs = {number: (one.rows, one.x, one.kernel) for number, one in fed.items()}

        def program(inputs: dict[int, tuple[Any, Any, Any]]) -> dict[int, Any]:
            outputs = {}
            for number, (rows, x, kernel) in inputs.items():
                try:
                    outputs[number] = self._traced(fed[number], rows, x, kernel)
                except Exception as error:
                    results[number] = raised(error)
            return outputs

        try:
            outputs = jax.device_get(jax.jit(program)(inputs)) if inputs else {}
        finally:
            self._forget(len(calls))
        for number, output in outputs.items():
            results[number] = _result(fed[number], output)
        done = [result for result in results if not isinstance(result, _Fed)]
        assert len(done) == len(calls), "what is fed comes back, or is refused"
        return done

    def _traced(self, fed: _Fed, rows: Any, x: Any, kernel: Any) -> Any:
        """What comes of rows in a compiled program."""
        function = self._function(fed)

        def some(rows: Any) -> Any:
            at = None if x is None else self._jax.numpy.broadcast_to(x, (len(rows), *x.shape[1:]))
            return function(rows, at, kernel)

        return _mapped(self._jax, some, rows, fed.call.case.batch)

    def _eager(self, call: Call) -> Result:
        """The result of a call, each operation dispatched by itself."""
        jax, fed = self._jax, self._fed(call)
        if not isinstance(fed, _Fed):
            return fed

        def action() -> Returned:
            function, parts = self._function(fed), []
            kernel = None if fed.kernel is None else jax.numpy.asarray(fed.kernel)
            for part in batches(call, len(fed.rows)):
                rows, x = fed.rows[part], fed.x
                if x is not None:
                    x = jax.numpy.asarray(np.broadcast_to(x, (len(rows), *x.shape[1:])))
                parts.append(np.asarray(function(jax.numpy.asarray(rows), x, kernel)))
            return _result(fed, np.concatenate(parts))

        try:
            return attempt(action)
        finally:
            self._forget(1)

    def _declared(self, call: Call) -> Result:
        """The shape of a layer's output, of the arrays' shapes and element types alone."""
        jax = self._jax
        x, kernel = (
            None if array is None else jax.ShapeDtypeStruct(array.shape, jax.numpy.dtype(call.case.dtype))
            for array in (arranged_input(call), arranged_kernel(call))
        )
        return attempt(lambda: declared(call, jax.eval_shape(self._layer(call), x, kernel).shape))

    def _fed(self, call: Call) -> _Fed | Result:
        """A call's layer and what it is fed, or the call's result if there is nothing to feed."""
        jax = self._jax
        dtype = jax.numpy.dtype(call.case.dtype)
        x, kernel = arranged_input(call).astype(dtype), arranged_kernel(call)
        kernel = None if kernel is None else kernel.astype(dtype)
        try:
            layer = self._layer(call)
            if not call.pull_back:
                return _Fed(call, layer, x, kernel, dtype)
            output = jax.eval_shape(layer, x, kernel)
            if is_empty(call, output.shape):
                return returned(call, output.shape, x[:0])
            sizes, order = cotangent_order(call, output.shape)
        except Exception as error:
            return raised(error)
        cotangents = np.eye(sizes[0], dtype=output.dtype).reshape(sizes).transpose(order)
        return _Fed(call, layer, cotangents[: sizes[0] if len(x) else 0], kernel, dtype, x, output.shape)

    def _function(self, fed: _Fed) -> Callable[[Any, Any, Any], Any]:
        """What is made of rows, the input to take gradients at, once for each row, and the kernel."""
        jax, layer = self._jax, fed.layer
        if fed.x is None:
            return lambda rows, _, kernel: layer(rows, kernel)
        if fed.call.mode == "linear_transpose":
            return lambda rows, x, kernel: jax.linear_transpose(lambda x: layer(x, kernel), x)(rows)[0]
        return lambda rows, x, kernel: jax.vjp(lambda x: layer(x, kernel), x)[1](rows)[0]

    def _forget(self, calls: int) -> None:
        """Count calls that were compiled, and now and then have JAX forget them."""
        self._compiled += calls
        if self._compiled >= _CALLS_KEPT:
            self._jax.clear_caches()
            self._compiled = 0


def _result(fed: _Fed, array: Array) -> Returned:
    """What came of a call, in the case's element type, whatever the layer returned."""
    # bfloat16 is widened only here: inside a program XLA would leave out the rounding before it
    array = array.astype(fed.dtype).astype(numpy_dtype(fed.call.case))
    return returned(fed.call, array.shape if fed.shape is None else fed.shape, array)


def _libraries(precision: str) -> dict[str, str]:
    """Of a GPU, the cuDNN installed beside JAX, and whether TF32 is on. CUDA is in the platform's version."""
    cudnn = "the system's"
    for package in ("nvidia-cudnn-cu13", "nvidia-cudnn-cu12"):
        with suppress(metadata.PackageNotFoundError):
            cudnn = metadata.version(package)
            break
    return {"cudnn": cudnn, "tf32": "off" if precision in ("highest", "float32") else "on"}


def _threads() -> str:
    """How many threads XLA computes with on a CPU: its pool's, as the system names them; what it was told elsewhere."""
    tasks = Path("/proc/self/task")
    names = [(task / "comm").read_text().strip() for task in tasks.iterdir()] if tasks.is_dir() else []
    return str(names.count("tf_XLAEigen") or os.environ["NPROC"])


def _least(dtype: Any) -> Any:
    """What a maximum starts from: the least of an element type."""
    return dtype.type(np.iinfo(dtype).min if dtype.kind == "i" else -np.inf)


def _mapped(jax: Any, function: Callable[[Any], Any], rows: Any, batch: int | None) -> Any:
    """A function of rows, applied to no more of them at once than a case's batch."""
    if not batch or rows.shape[0] <= batch:
        return function(rows)
    whole = rows.shape[0] // batch * batch
    parts = jax.lax.map(function, rows[:whole].reshape(-1, batch, *rows.shape[1:]))
    done = parts.reshape(whole, *parts.shape[2:])
    return done if whole == rows.shape[0] else jax.numpy.concatenate([done, function(rows[whole:])])
