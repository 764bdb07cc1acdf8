"""JAX: ``jax.lax``. Many cases share one compilation."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cases.case import Axis, Case
from harness.frameworks.base import (
    SPATIAL,
    Adapter,
    Call,
    Mode,
    NoDeviceError,
    Raised,
    Result,
    Route,
    Spelling,
    Unsupported,
    arranged_input,
    arranged_kernel,
    cotangent_order,
    is_empty,
    letters,
    numpy_dtype,
    raised,
    returned,
    together,
)

LAX = "jax.lax"
_COMPILATIONS_KEPT = 10  # JAX keeps every compiled program: 10 MB for each 1 000 cases


class Jax(Adapter):
    """The adapter of JAX."""

    name = "jax"
    package = "jax"
    requirement = "convarith[jax]"
    routes = {LAX: Route({"jit": Mode(batch=100)})}

    def __init__(self, device: str, switch: str = "") -> None:
        os.environ["JAX_PLATFORMS"] = "cuda" if device == "gpu" else "cpu"
        # One thread: parallelism comes from processes, and this is what the other frameworks get. XLA's pool has NPROC
        # of them, as many as there are processors unless told; the flag alone, which older releases obey, leaves large
        # operations to all.
        os.environ["NPROC"] = "1"
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false".strip()
        import jax

        jax.config.update("jax_enable_x64", True)  # float64 is a case like any other; float32 stays float32
        if device == "gpu":  # TF32 rounds the taps to 10 bits: the probes would no longer be exact
            jax.config.update("jax_default_matmul_precision", "highest")
        self._jax = jax
        self._compiled = 0

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        if not 1 <= case.rank <= 3:
            return Unsupported(f"this adapter says 1 to 3 spatial axes, not {case.rank}")
        if case.bias:
            return Unsupported("jax.lax's functions have no bias")
        # XLA compiles channels-last programs 25 times faster on a CPU, so it is the default here.
        data = letters(case.rank, first=case.layout == "channels_first")
        if case.padding == "causal":
            return Unsupported("jax.lax has no causal padding by name")
        if case.pools:
            return _pooling(case, data)
        return _transposed(case, data) if case.transposed else _convolution(case, data)

    def facts(self) -> dict[str, str]:
        import jaxlib

        try:
            device = self._jax.devices()[0]
        except (RuntimeError, AssertionError) as error:  # it asserts that a platform it was told of is there
            raise NoDeviceError(f"jax {self._jax.__version__} finds none") from error
        return {
            "version": self._jax.__version__,
            "jaxlib": jaxlib.__version__,
            "device": device.device_kind,
            "threads": _threads(),
            "XLA_FLAGS": os.environ["XLA_FLAGS"],
        }

    def run_one(self, call: Call) -> Result:
        return next(iter(self.run([call])))

    def run(self, calls: Sequence[Call]) -> Iterator[Result]:
        return together(calls, self._program)

    def _program(self, calls: Sequence[Call]) -> list[Result]:
        """The results of calls that are compiled together."""
        jax = self._jax
        inputs = [(arranged_input(call), arranged_kernel(call)) for call in calls]
        shapes: dict[int, tuple[int, ...]] = {}  # known when a layer is traced, like an error in tracing it
        refused: dict[int, Raised] = {}

        def program(inputs: Sequence[tuple[Any, Any]]) -> list[Any]:
            outputs: list[Any] = []
            for number, (x, kernel) in enumerate(inputs):
                try:
                    shapes[number], output = self._trace(calls[number], x, kernel)
                except Exception as error:
                    refused[number], output = raised(error), None
                outputs.append(output)
            return outputs

        try:
            outputs = jax.device_get(jax.jit(program)(inputs))
        finally:
            self._forget()
        # bfloat16 is widened only here: inside the program XLA would leave out the rounding before it
        return [
            refused[number]
            if number in refused
            else returned(call, shapes[number], outputs[number].astype(numpy_dtype(call.case)))
            for number, call in enumerate(calls)
        ]

    def _trace(self, call: Call, x: Any, kernel: Any) -> tuple[tuple[int, ...], Any]:
        """The shape of a layer's output, and the output or the gradients."""
        jax = self._jax
        x = x.astype(call.case.dtype)
        kernel = None if kernel is None else kernel.astype(call.case.dtype)
        layer = self._layer(call)
        if not call.pull_back:
            y = _mapped(jax, lambda part: layer(part, kernel), x, call.case.batch)
            return y.shape, y
        shape = jax.eval_shape(layer, x, kernel).shape
        if is_empty(call, shape):
            return shape, x[:0]
        sizes, order = cotangent_order(call, shape)
        outputs = sizes[0] if x.shape[0] else 0
        cotangents = jax.numpy.eye(sizes[0], dtype=x.dtype).reshape(sizes).transpose(order)[:outputs]

        def pull(cotangents: Any) -> Any:
            repeated = jax.numpy.broadcast_to(x, (cotangents.shape[0], *x.shape[1:]))
            _, back = jax.vjp(lambda x: layer(x, kernel), repeated)
            return back(cotangents)[0]

        return shape, _mapped(jax, pull, cotangents, call.case.batch)

    def _forget(self) -> None:
        self._compiled += 1
        if self._compiled >= _COMPILATIONS_KEPT:
            self._jax.clear_caches()
            self._compiled = 0

    def _layer(self, call: Call) -> Callable[[Any, Any], Any]:
        lax, arguments = self._jax.lax, call.spelling.arguments
        if call.case.op == "conv":
            return lambda x, kernel: lax.conv_general_dilated(x, kernel, **arguments)
        if call.case.op == "conv_transpose":
            return lambda x, kernel: lax.conv_transpose(x, kernel, **arguments)
        window = {name: value for name, value in arguments.items() if name not in _OURS}
        if call.case.op == "max_pool":
            return lambda x, _: lax.reduce_window(x, _least(x.dtype), lax.max, **window)

        def average(x: Any, _: Any) -> Any:
            total = lax.reduce_window(x, np.zeros((), x.dtype)[()], lax.add, **window)
            return total / arguments["divisor"]

        return average


_OURS = ("computation", "divisor")  # what a pooling's spelling says beside the arguments of reduce_window


def _convolution(case: Case, data: str) -> Spelling:
    spatial = SPATIAL[case.rank]
    pads: Any = case.padding.upper()
    if case.padding == "explicit":
        pads = [(axis.p_before, axis.p_after) for axis in case.axes]
    return Spelling(
        "jax.lax.conv_general_dilated",
        {
            "window_strides": case.each("s"),
            "padding": pads,
            "rhs_dilation": case.each("d"),
            "dimension_numbers": (data, spatial + "IO", data),
            "feature_group_count": case.groups,
        },
        data,
        spatial + "IO",
    )


def _transposed(case: Case, data: str) -> Spelling | Unsupported:
    spatial = SPATIAL[case.rank]
    if case.groups != 1:
        return Unsupported("jax.lax.conv_transpose has no groups")
    pads: Any = case.padding.upper()
    if case.padding == "explicit":
        # JAX's numbers pad the stretched input: they are the guide's p', not p, with a at the far end (X18).
        pads = [(x.k_hat - 1 - x.p_before, x.k_hat - 1 - x.p_after + x.a) for x in case.axes]
    elif case.padding == "same_lower":
        return Unsupported("jax.lax.conv_transpose has no SAME_LOWER")
    elif any(
        _size(x) != (x.s * x.i if case.padding == "same" else x.s * x.i + max(x.k_hat - x.s, 0)) for x in case.axes
    ):
        return Unsupported("with a padding by name, jax.lax.conv_transpose chooses the output's size itself")
    return Spelling(
        "jax.lax.conv_transpose",
        {
            "strides": case.each("s"),
            "padding": pads,
            "rhs_dilation": case.each("d"),
            "dimension_numbers": (data, spatial + "IO", data),
            "transpose_kernel": True,
        },
        data,
        # With transpose_kernel JAX turns the kernel and takes the I and O of the forward convolution.
        spatial + "OI",
    )


def _size(x: Axis) -> int:
    return x.s * (x.i - 1) + x.a + x.k_hat - x.p_before - x.p_after


def _pooling(case: Case, data: str) -> Spelling | Unsupported:
    if case.ceil_mode:
        return Unsupported("jax.lax.reduce_window has no ceil mode")
    if case.op == "avg_pool" and case.padded and not case.count_include_pad:
        return Unsupported("an average by jax.lax.reduce_window divides by one number in every window")

    def each(values: Any, other: Any) -> Any:
        """Values of the axes, and another for batch and feature maps, in the order of the data."""
        return (other, other, *values) if data[1] == "C" else (other, *values, other)

    pads: Any = case.padding.upper()
    if case.padding == "explicit":
        pads = list(each([(axis.p_before, axis.p_after) for axis in case.axes], (0, 0)))
    arguments = {
        "computation": "jax.lax.add" if case.op == "avg_pool" else "jax.lax.max",
        "window_dimensions": each(case.each("k"), 1),
        "window_strides": each(case.each("s"), 1),
        "padding": pads,
        "window_dilation": each(case.each("d"), 1),
    }
    if case.op == "avg_pool":
        arguments["divisor"] = case.divisor or int(np.prod(case.each("k")))
    return Spelling("jax.lax.reduce_window", arguments, data)


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
