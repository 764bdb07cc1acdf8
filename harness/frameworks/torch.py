"""PyTorch: ``torch.nn.functional`` and the modules of ``torch.nn``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cases.case import Case
from harness.frameworks.base import (
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

FUNCTIONAL, MODULES = "torch.nn.functional", "torch.nn"

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
    routes = (FUNCTIONAL, MODULES)

    def __init__(self, device: str) -> None:
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
        padding: str | tuple[int, ...]
        if case.padding != "explicit":
            if case.op != "conv":
                return Unsupported(f"only torch's convolutions take a padding by name, here '{case.padding}'")
            padding = case.padding
        elif case.each("p_before") != case.each("p_after"):
            return Unsupported("torch pads both ends of an axis alike")
        else:
            padding = case.each("p_before")

        arguments: dict[str, Any] = {"stride": case.each("s"), "padding": padding}
        kernel = ""
        if case.pools:
            arguments["kernel_size"] = case.each("k")
        else:
            kernel = ("IO" if case.transposed else "OI") + "DHW"[3 - case.rank :]
            arguments |= {"dilation": case.each("d"), "groups": case.groups}
            if case.transposed:
                arguments["output_padding"] = case.each("a")
            if route == MODULES:
                arguments |= {
                    "in_channels": case.channels_in,
                    "out_channels": case.channels_out,
                    "kernel_size": case.each("k"),
                    "bias": False,
                }
        if case.op == "max_pool":
            arguments["dilation"] = case.each("d")
        elif case.op == "avg_pool" and set(case.each("d")) != {1}:
            return Unsupported("torch's average pooling has no dilation")
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
            "torch": torch.__version__,
            **device,
            "threads": str(torch.get_num_threads()),
            "mkldnn": str(torch.backends.mkldnn.is_available()),
            "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        }

    def run_one(self, call: Call) -> Result:
        torch = self._torch
        x = torch.from_numpy(arranged_input(call)).to(self._device)
        kernel = arranged_kernel(call)
        weight = None if kernel is None else torch.from_numpy(kernel).to(self._device)

        def action() -> Returned:
            layer = self._layer(call, weight)
            if not call.pull_back:
                with torch.no_grad():
                    y = layer(x)
                return returned(call, y.shape, y.cpu().numpy())
            with torch.no_grad():
                shape = layer(x).shape
            if is_empty(call, shape):
                return returned(call, shape, x[:0].cpu().numpy())
            sizes, order = cotangent_order(call, shape)
            cotangents = torch.eye(sizes[0], dtype=x.dtype, device=self._device).reshape(sizes).permute(order)
            repeated = x.repeat(sizes[0], *(1,) * (x.ndim - 1)).requires_grad_()
            (gradient,) = torch.autograd.grad(layer(repeated), repeated, cotangents)
            return returned(call, shape, gradient.cpu().numpy())

        return attempt(action)

    def _layer(self, call: Call, weight: Any) -> Callable[[Any], Any]:
        torch, arguments = self._torch, call.spelling.arguments
        name = call.spelling.function.rpartition(".")[2]
        if call.route == FUNCTIONAL:
            function = getattr(torch.nn.functional, name)
            if weight is None:
                return lambda x: function(x, **arguments)
            return lambda x: function(x, weight, **arguments)
        module = getattr(torch.nn, name)(**arguments)
        if weight is not None:
            module.weight = torch.nn.Parameter(weight, requires_grad=False)
        made: Callable[[Any], Any] = module
        return made
