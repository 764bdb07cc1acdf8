"""PyTorch: ``torch.nn.functional`` and the modules of ``torch.nn``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cases.case import Case
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
    returned,
)

FUNCTIONAL, MODULES = "torch.nn.functional", "torch.nn"

Layer = Callable[[Any], Any]

_NAMES = {
    (FUNCTIONAL, "conv"): "conv{}d",
    (FUNCTIONAL, "conv_transpose"): "conv_transpose{}d",
    (FUNCTIONAL, "avg_pool"): "avg_pool{}d",
    (FUNCTIONAL, "max_pool"): "max_pool{}d",
    (MODULES, "conv"): "Conv{}d",
    (MODULES, "conv_transpose"): "ConvTranspose{}d",
    (MODULES, "avg_pool"): "AvgPool{}d",
    (MODULES, "max_pool"): "MaxPool{}d",
}


class Torch(Adapter):
    """The adapter of PyTorch."""

    name = "torch"
    package = "torch"
    requirement = "convarith[torch]"
    routes = {FUNCTIONAL: Route({"eager": Mode()}), MODULES: Route({"eager": Mode()})}

    def __init__(self, device: str, switch: str = "") -> None:
        import torch

        torch.set_num_threads(1)
        if device == "gpu":
            # TF32 rounds the taps to 10 bits: the probes would no longer be exact.
            torch.backends.cuda.matmul.allow_tf32 = False
            torch.backends.cudnn.allow_tf32 = False
        self._torch = torch
        self._device = torch.device("cuda" if device == "gpu" else "cpu")

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        if case.layout == "channels_last":
            return Unsupported("torch's layers take channels first only")
        if not 1 <= case.rank <= 3:
            return Unsupported(f"torch's layers have 1 to 3 spatial axes, not {case.rank}")
        padding: str | tuple[int, ...] = case.each("p_before")
        if case.padding in ("same", "valid") and case.op == "conv":
            padding = case.padding
        elif case.padding != "explicit":
            return Unsupported(f"{_what(case)} takes no padding '{case.padding}' by name")
        elif case.each("p_before") != case.each("p_after"):
            return Unsupported("torch pads both ends of an axis alike")

        arguments: dict[str, Any] = {"stride": case.each("s"), "padding": padding}
        if case.pools:
            arguments |= {"kernel_size": case.each("k"), "ceil_mode": case.ceil_mode}
        else:
            arguments |= {"dilation": case.each("d"), "groups": case.groups}
        if case.transposed:
            arguments["output_padding"] = case.each("a")
        if case.op == "max_pool":
            arguments["dilation"] = case.each("d")
        if case.op == "avg_pool":
            if set(case.each("d")) != {1}:
                return Unsupported("torch's average pooling has no dilation")
            if case.divisor is not None and case.rank == 1:
                return Unsupported("torch's one-dimensional average pooling has no divisor of the caller's")
            arguments["count_include_pad"] = case.count_include_pad
            if case.divisor is not None:
                arguments["divisor_override"] = case.divisor
        if not case.pools and route == MODULES:
            arguments |= {
                "in_channels": case.channels_in,
                "out_channels": case.channels_out,
                "kernel_size": case.each("k"),
                "bias": case.bias,
            }
        kernel = "" if case.pools else ("IO" if case.transposed else "OI") + SPATIAL[case.rank]
        function = f"{route}.{_NAMES[route, case.op].format(case.rank)}"
        return Spelling(function, arguments, letters(case.rank, first=True), kernel)

    def facts(self) -> dict[str, str]:
        torch = self._torch
        device = {"device": "cpu"}
        if self._device.type == "cuda":
            if not torch.cuda.is_available():
                raise NoDeviceError(f"torch {torch.__version__} finds none")
            device = {
                "device": torch.cuda.get_device_name(self._device),
                "cuda": str(torch.version.cuda),
                "cudnn": str(torch.backends.cudnn.version()),
                "tf32": "off",
            }
        return {
            "version": torch.__version__,
            **device,
            "threads": str(torch.get_num_threads()),
            "mkldnn": str(torch.backends.mkldnn.is_available()),
            "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        }

    def run_one(self, call: Call) -> Result:
        x = self._tensor(call, arranged_input(call))
        kernel, bias = arranged_kernel(call), arranged_bias(call)
        weights = [None if array is None else self._tensor(call, array) for array in (kernel, bias)]
        return attempt(lambda: self._run(call, self._layer(call, *weights), x))

    def _run(self, call: Call, layer: Layer, x: Any) -> Returned:
        torch = self._torch
        if not call.pull_back:
            with torch.no_grad():
                y = torch.cat([layer(x[part]) for part in batches(call, x.shape[0])])
            return returned(call, y.shape, _array(y))
        with torch.no_grad():
            shape = layer(x).shape
        if is_empty(call, shape):
            return returned(call, shape, _array(x[:0]))
        sizes, order = cotangent_order(call, shape)
        outputs = sizes[0] if x.shape[0] else 0
        cotangents = torch.eye(sizes[0], dtype=x.dtype, device=x.device).reshape(sizes).permute(order)[:outputs]
        repeated = x.repeat(outputs, *(1,) * (x.ndim - 1)) if outputs else x
        gradients = []
        for part in batches(call, outputs):
            fed = repeated[part].clone().requires_grad_()
            gradients += torch.autograd.grad(layer(fed), fed, cotangents[part])
        return returned(call, shape, _array(torch.cat(gradients)))

    def _tensor(self, call: Call, array: Array) -> Any:
        return self._torch.from_numpy(array).to(self._device, getattr(self._torch, call.case.dtype))

    def _layer(self, call: Call, weight: Any, bias: Any) -> Layer:
        torch, arguments = self._torch, call.spelling.arguments
        name = call.spelling.function.rpartition(".")[2]
        if call.route == FUNCTIONAL:
            function = getattr(torch.nn.functional, name)
            if weight is None:
                return lambda x: function(x, **arguments)
            return lambda x: function(x, weight, bias, **arguments)
        module = getattr(torch.nn, name)(**arguments)
        if weight is not None:
            module.weight = torch.nn.Parameter(weight, requires_grad=False)
        if bias is not None:
            module.bias = torch.nn.Parameter(bias, requires_grad=False)
        made: Layer = module
        return made


def _what(case: Case) -> str:
    return {"conv": "torch's convolution", "conv_transpose": "torch's transposed convolution"}.get(
        case.op, "torch's pooling"
    )


def _array(tensor: Any) -> Array:
    """A tensor as NumPy takes it."""
    host = tensor.detach().cpu()
    array: Array = (host.float() if "bfloat16" in str(host.dtype) else host).numpy()
    return array
