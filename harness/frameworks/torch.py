"""PyTorch: ``torch.nn.functional`` and the modules of ``torch.nn``, one layer at a time.

The modes that trace many layers into one graph are in :mod:`harness.frameworks._torch_graphs`.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

from cases.case import Case
from harness.frameworks import _torch_graphs, _torch_script, _torch_written
from harness.frameworks._torch_code import TorchWriter
from harness.frameworks.arrays import (
    SPATIAL,
    arranged_bias,
    arranged_input,
    arranged_kernel,
    batches,
    cotangent_order,
    declared,
    is_empty,
    letters,
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
)
from harness.frameworks.code import Writer
from harness.frameworks.scripts import Script

FUNCTIONAL, MODULES = _torch_written.FUNCTIONAL, _torch_written.MODULES
MKLDNN_OFF, TWO_THREADS, CHANNELS_LAST = "mkldnn=off", "threads=2", "memory_format=channels_last"
ATEN_ISA, ONEDNN_ISA = "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA"

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
_CHANNELS_LAST = {4: "channels_last", 5: "channels_last_3d"}  # by the number of axes; three have no such format

_ONE_BY_ONE = {"eager": Mode(), "func": Mode("compiled", ("adjoint",)), "meta": DECLARED}
# A module calls the function of torch.nn.functional with its own weights and arguments, so the graph that is traced
# of it is the same: one route shows what graphs and compilers make of layers.
_TRACED = {"export": Mode("compiled", ("declared",), 100), "compile": Mode("compiled", COMPUTED, 25)}


class Torch(Adapter):
    """The adapter of PyTorch.

    Its modes: ``eager``, gradients by ``torch.autograd.grad``; ``func``, gradients by ``torch.func.vjp``; ``meta``,
    shapes by tensors without memory; ``export``, shapes in the graph of ``torch.export``; ``compile``, layers compiled
    by ``torch.compile`` with inductor.

    Its switches: ``mkldnn=off``, PyTorch's own kernels, not oneDNN's; ``threads=2``; ``memory_format=channels_last``,
    tensors of two and three spatial axes with their feature maps innermost in memory, those of one axis as ever.
    Further ones limit the instructions that its kernels and oneDNN's may use.
    """

    name = "torch"
    package = "torch"
    requirement = "convarith[torch]"
    routes = {FUNCTIONAL: Route({**_ONE_BY_ONE, **_TRACED}), MODULES: Route(_ONE_BY_ONE)}
    switches: ClassVar[tuple[str, ...]] = (MKLDNN_OFF, TWO_THREADS, CHANNELS_LAST)
    # The newest instructions that PyTorch's own kernels, and oneDNN's, may use.
    further_switches: ClassVar[tuple[str, ...]] = (
        f"{ATEN_ISA}=avx2",
        f"{ATEN_ISA}=default",
        f"{ONEDNN_ISA}=AVX2",
        f"{ONEDNN_ISA}=SSE41",
    )
    functions = _torch_written.functions()
    writer: ClassVar[Writer | None] = TorchWriter()

    def __init__(self, device: str, switch: str = "") -> None:
        known = (*self.switches, *self.further_switches)
        if switch not in ("", *known):
            raise ValueError(f"torch has no switch '{switch}': there are {', '.join(known)}")
        name, _, value = switch.partition("=")
        if name in (ATEN_ISA, ONEDNN_ISA):  # read when PyTorch is imported, or first computes
            os.environ[name] = value
        import torch

        # What gradients import when the first is taken, half a second: here it is done once, and not after each fork.
        with contextlib.suppress(ImportError):  # older releases need less
            importlib.import_module("torch.fx.experimental.symbolic_shapes")
        torch.set_num_threads(2 if switch == TWO_THREADS else 1)
        if switch == MKLDNN_OFF:
            torch.backends.mkldnn.set_flags(_enabled=False)
            # What would step in for larger batches is NNPACK, whose Fourier and Winograd transforms round: a layer's
            # operator could not be read off exactly.
            torch.backends.nnpack.set_flags(_enabled=False)
        if device == "gpu":
            _without_tf32(torch)
        self._torch = torch
        self.device = torch.device("cuda" if device == "gpu" else "cpu")
        self._channels_last = switch == CHANNELS_LAST

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
        return Spelling(
            function=f"{route}.{_NAMES[route, case.op].format(case.rank)}",
            arguments=arguments,
            data=letters(case.rank, first=True),
            kernel="" if case.pools else ("IO" if case.transposed else "OI") + SPATIAL[case.rank],
            stride="the window" if case.pools else "1",
            divisor="the window, padding counted" if case.op == "avg_pool" else "",
        )

    @classmethod
    def write(cls, call: Call, switch: str = "") -> Script:
        return _torch_script.write(call, switch)

    @staticmethod
    def trouble(error: Raised) -> Trouble:
        if "CUDA out of memory" in error.text or "CUDA error: out of memory" in error.text:
            return "memory"
        # An error of CUDA stays: all that the process asks for afterwards fails.
        return "device" if error.error == "torch.AcceleratorError" or "CUDA error" in error.text else ""

    def facts(self) -> dict[str, str]:
        torch = self._torch
        device = {"device": "cpu"}
        if self.device.type == "cuda":
            if not torch.cuda.is_available():
                raise NoDeviceError(f"torch {torch.__version__} finds none")
            device = {
                "device": torch.cuda.get_device_name(self.device),
                "cuda": str(torch.version.cuda),
                "cudnn": str(torch.backends.cudnn.version()),
                "tf32": _tf32(torch),
            }
        build = torch.__config__.show()
        (nnpack,) = torch.backends.nnpack.set_flags(False)
        torch.backends.nnpack.set_flags(nnpack)
        placed = self._placed(torch.empty(2, 2, 2, 2))
        return {
            "version": torch.__version__,
            "git": str(torch.version.git_version)[:12],
            **device,
            "threads": str(torch.get_num_threads()),
            "cpu_capability": torch.backends.cpu.get_cpu_capability(),
            ATEN_ISA: os.environ.get(ATEN_ISA, "default"),  # which may be no less than the processor has
            "blas": _found(r"BLAS_INFO=(\w+)", build),
            "onednn": _found(r"MKL-DNN v([\d.]+)", build),
            "mkldnn": _state(torch.backends.mkldnn.is_available(), torch.backends.mkldnn.enabled),
            ONEDNN_ISA: os.environ.get(ONEDNN_ISA, "default"),
            "nnpack": _state(torch.backends.nnpack.is_available(), nnpack),
            "memory_format": "channels_last"
            if placed.is_contiguous(memory_format=torch.channels_last)
            else "contiguous",
            "cxx": _cxx(),
        }

    def run(self, calls: Sequence[Call]) -> Iterator[Result]:
        mode = calls[0].mode if calls else "eager"
        if mode == "export":
            return _torch_graphs.exported(self, calls)
        if mode == "compile":
            return _torch_graphs.compiled(self, calls)
        return super().run(calls)

    def run_one(self, call: Call) -> Result:
        if call.mode not in _ONE_BY_ONE:
            return next(iter(self.run([call])))
        x, *weights = self.tensors(call)
        if call.mode == "meta":
            x, *weights = (None if tensor is None else tensor.to("meta") for tensor in (x, *weights))
        return attempt(lambda: self._run(call, self.layer(call, *weights), x))

    def tensors(self, call: Call) -> tuple[Any, Any, Any]:
        """A call's input, kernel and bias (None where there is none), on the device."""
        arrays = (arranged_input(call), arranged_kernel(call), arranged_bias(call))
        x, kernel, bias = (None if array is None else self._tensor(call, array) for array in arrays)
        return x, kernel, bias

    def layer(self, call: Call, weight: Any, bias: Any) -> Layer:
        """A call's function with its arguments, or its module, holding these weights."""
        torch, arguments = self._torch, call.spelling.arguments
        name = call.spelling.function.rpartition(".")[2]
        if call.route == FUNCTIONAL:
            function = getattr(torch.nn.functional, name)
            if weight is None:
                return lambda x: function(x, **arguments)
            return lambda x: function(x, weight, bias, **arguments)
        if call.mode == "meta" and weight is not None:  # poolings have nothing to place
            arguments = {**arguments, "device": "meta"}
        module = getattr(torch.nn, name)(**arguments)
        if weight is not None:
            module.weight = torch.nn.Parameter(weight, requires_grad=False)
        if bias is not None:
            module.bias = torch.nn.Parameter(bias, requires_grad=False)
        made: Layer = module
        return made

    def repeated(self, call: Call, x: Any, shape: Sequence[int]) -> tuple[Any, Any]:
        """The one input of a call once for each element of its output, of this shape, and the one-hot cotangents."""
        sizes, order = cotangent_order(call, shape)
        outputs = sizes[0] if x.shape[0] else 0
        ones = self._torch.eye(sizes[0], dtype=x.dtype, device=x.device)
        cotangents = ones.reshape(sizes).permute(order)[:outputs]
        fed = x.expand(outputs, *x.shape[1:]).contiguous() if outputs else x
        return self._placed(fed), self._placed(cotangents)

    @staticmethod
    def numpy(tensor: Any) -> Array:
        """A tensor as NumPy takes it."""
        host = tensor.detach().cpu()
        array: Array = (host.float() if "bfloat16" in str(host.dtype) else host).numpy()
        return array

    def _run(self, call: Call, layer: Layer, x: Any) -> Returned:
        torch = self._torch
        if call.wanted == "shape":
            with torch.no_grad():
                return declared(call, layer(x).shape)
        if call.wanted == "output":
            with torch.no_grad():
                y = self._joined([layer(part) for part in _parts(call, x)])
            return returned(call, y.shape, self.numpy(y))
        with torch.no_grad():
            shape = layer(x).shape
        if is_empty(call, shape):
            return returned(call, shape, self.numpy(x[:0]))
        fed, cotangents = self.repeated(call, x, shape)
        pull = self._pull_by_vjp if call.mode == "func" else self._pull
        gradients = [pull(layer, *both) for both in zip(_parts(call, fed), _parts(call, cotangents), strict=True)]
        return returned(call, shape, self.numpy(self._joined(gradients)))

    def _joined(self, parts: Sequence[Any]) -> Any:
        return parts[0] if len(parts) == 1 else self._torch.cat(parts)

    def _pull(self, layer: Layer, x: Any, cotangent: Any) -> Any:
        x = x.clone().requires_grad_()
        (gradient,) = self._torch.autograd.grad(layer(x), x, cotangent)
        return gradient

    def _pull_by_vjp(self, layer: Layer, x: Any, cotangent: Any) -> Any:
        _, back = self._torch.func.vjp(layer, x)
        (gradient,) = back(cotangent)
        return gradient

    def _tensor(self, call: Call, array: Array) -> Any:
        torch = self._torch
        tensor, dtype = torch.from_numpy(array), getattr(torch, call.case.dtype)  # the array is this tensor's own
        if self.device.type != "cpu" or tensor.dtype != dtype:
            tensor = tensor.to(device=self.device, dtype=dtype)
        return self._placed(tensor)

    def _placed(self, tensor: Any) -> Any:
        """A tensor in the memory format of the switch."""
        if not self._channels_last or tensor.ndim not in _CHANNELS_LAST:
            return tensor
        # 'to' also sets the strides of axes of size one, by which torch tells formats apart; 'contiguous' does not.
        return tensor.to(memory_format=getattr(self._torch, _CHANNELS_LAST[tensor.ndim]))


def _parts(call: Call, tensor: Any) -> list[Any]:
    """A tensor in parts that a layer may be given at once."""
    parts = batches(call, tensor.shape[0])
    return [tensor] if len(parts) == 1 else [tensor[part] for part in parts]


def _what(case: Case) -> str:
    return {"conv": "torch's convolution", "conv_transpose": "torch's transposed convolution"}.get(
        case.op, "torch's pooling"
    )


def _without_tf32(torch: Any) -> None:
    """Keep float32 as it is: TF32 rounds the taps to 10 bits, and the probes would no longer be exact."""
    # The old names too: parts of inductor still ask by them, and torch refuses an answer where old and new differ.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    for setting in _precisions(torch):
        setting.fp32_precision = "ieee"


def _tf32(torch: Any) -> str:
    """Whether torch says that float32 may be computed as TF32."""
    if precisions := [setting.fp32_precision for setting in _precisions(torch)]:
        return "off" if set(precisions) == {"ieee"} else "on"
    return "on" if torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32 else "off"


def _precisions(torch: Any) -> list[Any]:
    """What holds the precision of float32 in matrix products and in cuDNN; nothing before torch 2.9."""
    cudnn = torch.backends.cudnn
    settings = (torch.backends.cuda.matmul, getattr(cudnn, "conv", None), getattr(cudnn, "rnn", None))
    return [setting for setting in settings if hasattr(setting, "fp32_precision")]


def _state(available: bool, enabled: bool) -> str:
    return ("on" if enabled else "off") if available else "not built in"


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else "none"


def _cxx() -> str:
    """The compiler that inductor makes its kernels with."""
    try:
        told = subprocess.run(
            [os.environ.get("CXX", "g++"), "--version"], capture_output=True, text=True, check=True, timeout=5
        )
    except (OSError, subprocess.SubprocessError):
        return "none"
    return told.stdout.partition("\n")[0]
