"""JAX: ``jax.lax``. Many cases share one compilation."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from cases.case import Case
from harness.frameworks.base import (
    SPATIAL,
    Adapter,
    Call,
    NoDeviceError,
    Raised,
    Result,
    Spelling,
    Unsupported,
    arranged_input,
    arranged_kernel,
    cotangent_order,
    is_empty,
    letters,
    raised,
    returned,
)

LAX = "jax.lax"
_COMPILATIONS_KEPT = 10  # JAX keeps every compiled program: 10 MB for each 1 000 cases


class Jax(Adapter):
    """The adapter of JAX."""

    name = "jax"
    package = "jax"
    requirement = "convarith[jax]"
    routes = (LAX,)
    modes = ("jit",)
    batch = 100

    def __init__(self, device: str) -> None:
        os.environ["JAX_PLATFORMS"] = "cuda" if device == "gpu" else "cpu"
        # One thread: parallelism comes from processes, and this is what the other frameworks get.
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
        spatial = SPATIAL[case.rank]
        # XLA compiles channels-last programs 25 times faster on a CPU, so it is the default here.
        data = letters(case.rank, first=case.layout == "channels_first")
        pads: Any = case.padding.upper()
        if case.op == "conv":
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
        if case.op == "conv_transpose":
            if case.groups != 1:
                return Unsupported("jax.lax.conv_transpose has no groups")
            if case.padding == "explicit":
                # JAX's numbers pad the stretched input: they are the guide's p', not p, with a at the far end.
                pads = [(x.k_hat - 1 - x.p_before, x.k_hat - 1 - x.p_after + x.a) for x in case.axes]
            elif any(case.each("a")):
                return Unsupported("with a padding by name, jax.lax.conv_transpose has no way to say a > 0")
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
                # With transpose_kernel JAX flips the kernel and takes the I and O of the forward convolution.
                spatial + "OI",
            )
        if case.padding == "explicit":
            pads = [(0, 0), *((axis.p_before, axis.p_after) for axis in case.axes), (0, 0)]
        if case.layout == "channels_first":
            return Unsupported("this adapter says jax.lax.reduce_window channels last only")
        return Spelling(
            "jax.lax.reduce_window",
            {
                "computation": "jax.lax.add" if case.op == "avg_pool" else "jax.lax.max",
                "window_dimensions": (1, *case.each("k"), 1),
                "window_strides": (1, *case.each("s"), 1),
                "padding": pads,
                "window_dilation": (1, *case.each("d"), 1),
            },
            data,
        )

    def facts(self) -> dict[str, str]:
        import jaxlib

        try:
            device = self._jax.devices()[0]
        except (RuntimeError, AssertionError) as error:  # it asserts that a platform it was told of is there
            raise NoDeviceError(f"jax {self._jax.__version__} finds none") from error
        return {
            "jax": self._jax.__version__,
            "jaxlib": jaxlib.__version__,
            "device": device.device_kind,
            "threads": "1",
            "XLA_FLAGS": os.environ["XLA_FLAGS"],
        }

    def run_one(self, call: Call) -> Result:
        return next(iter(self.run([call])))

    def run(self, calls: Sequence[Call]) -> Iterator[Result]:
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
        except Exception as error:  # compiled or run together they fail: each alone shows whose failure it is
            if len(calls) == 1:
                yield raised(error)
                return
            outputs = None
        self._forget()
        for number, call in enumerate(calls):
            if outputs is None:
                yield self.run_one(call)
            elif number in refused:
                yield refused[number]
            else:
                yield returned(call, shapes[number], outputs[number])

    def _trace(self, call: Call, x: Any, kernel: Any) -> tuple[tuple[int, ...], Any]:
        jax, layer = self._jax, self._layer(call)
        if not call.pull_back:
            y = layer(x, kernel)
            return y.shape, y
        shape = jax.eval_shape(layer, x, kernel).shape
        if is_empty(call, shape):
            return shape, x[:0]
        sizes, order = cotangent_order(call, shape)
        cotangents = jax.numpy.eye(sizes[0], dtype=x.dtype).reshape(sizes).transpose(order)
        repeated = jax.numpy.broadcast_to(x, (sizes[0], *x.shape[1:]))
        _, pull = jax.vjp(lambda x: layer(x, kernel), repeated)
        return shape, pull(cotangents)[0]

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
        window = {name: value for name, value in arguments.items() if name != "computation"}
        if call.case.op == "max_pool":
            return lambda x, _: lax.reduce_window(x, -np.inf, lax.max, **window)
        size = int(np.prod(arguments["window_dimensions"]))
        return lambda x, _: lax.reduce_window(x, np.zeros((), x.dtype)[()], lax.add, **window) / size
