"""PyTorch's layers as scripts. Nothing here needs PyTorch."""

from __future__ import annotations

from collections.abc import Sequence

from harness.frameworks import scripts
from harness.frameworks.arrays import arranged_bias, arranged_input, arranged_kernel
from harness.frameworks.base import Array, Call
from harness.frameworks.scripts import Layer, Script

_SWITCHED = {
    "mkldnn=off": ("torch.backends.mkldnn.set_flags(False), torch.backends.nnpack.set_flags(False)",),
    "threads=2": ("torch.set_num_threads(2)",),
}
_PLACED = {4: ".to(memory_format=torch.channels_last)", 5: ".to(memory_format=torch.channels_last_3d)"}


def head(switch: str) -> tuple[str, ...]:
    """What a script begins with."""
    return ("import numpy as np", "import torch", *_SWITCHED.get(switch, ()))


def write(call: Call, switch: str) -> Script:
    """A script of PyTorch."""
    last = switch.endswith("channels_last")
    kernel, bias = arranged_kernel(call), arranged_bias(call)
    made = [
        f"{name} = {tensor(call, a, last=last)}" for name, a in (("kernel", kernel), ("bias", bias)) if a is not None
    ]
    given = scripts.arguments(call.spelling.arguments)
    if call.route == "torch.nn":
        device = ", device='meta'" if call.mode == "meta" and kernel is not None else ""
        made.append(f"layer = {call.spelling.function}({given}{device})")
        if kernel is not None:
            made.append("layer.weight = torch.nn.Parameter(kernel, requires_grad=False)")
        if bias is not None:
            made.append("layer.bias = torch.nn.Parameter(bias, requires_grad=False)")
        layer = Layer(tuple(made), "layer(x)")
    else:
        weights = "" if kernel is None else "kernel, " if bias is None else "kernel, bias, "
        layer = Layer(tuple(made), f"{call.spelling.function}(x, {weights}{given})")
    return Script((*head(switch), *run(call, layer, last=last)), call.spelling.data)


def run(call: Call, layer: Layer, *, last: bool = False, trainable: bool = False) -> Sequence[str]:
    """Lines that make a layer and do a call with it.

    Parameters
    ----------
    last : bool
        Whether the feature maps are innermost in memory.
    trainable : bool
        Whether the layer's weights have gradients.
    """
    x = arranged_input(call)
    lines = [*layer.made, f"x = {tensor(call, x, last=last)}"]
    detached = ".detach()" if trainable or call.mode == "func" else ""
    host = detached + ".float().numpy()" if call.case.dtype == "bfloat16" else detached + ".numpy()"
    if call.wanted == "shape" and call.mode == "export":
        return [
            *lines,
            *("class Layer(torch.nn.Module):", f"    def forward(self, x): return {layer.called}"),
            "program = torch.export.export(Layer(), (x,), strict=False)",
            "(outputs,) = (node.args[0] for node in program.graph.nodes if node.op == 'output')",
            "y = tuple(outputs[0].meta['val'].shape)",
        ]
    if call.wanted == "shape":
        return [*lines, f"y = tuple({layer.called}.shape)"]
    most = scripts.parts(call, len(x))
    called = layer.called
    if call.mode == "compile" or call.pull_back or most:
        if called != "layer(x)":
            lines.append(f"def layer(x): return {called}")
        if call.mode == "compile":
            lines.append("layer = torch.compile(layer, fullgraph=True, dynamic=False)")
        called = "layer(x)"
    if not call.pull_back:
        y = f"torch.cat([layer(part) for part in x.split({most})])" if most else called
        return [*lines, f"y = {y}{host}"]
    lines += [
        f"o = {called}.shape[1:]",
        f"ones = torch.tensor({scripts.cotangents(call)}, dtype=torch.{call.case.dtype})",
        f"x = x.repeat(len(ones), {', '.join('1' * (x.ndim - 1))}).requires_grad_()",
    ]
    if call.mode == "func":
        return [*lines, f"y = torch.func.vjp(layer, x)[1](ones)[0]{host}"]
    return [*lines, f"y = torch.autograd.grad(layer(x), x, ones)[0]{host}"]


def tensor(call: Call, values: Array, *, last: bool = False) -> str:
    """An array as a tensor of the call's element type."""
    if call.mode == "meta":
        return f"torch.empty({tuple(values.shape)}, dtype=torch.{call.case.dtype}, device='meta')"
    given = scripts.array(values)
    given += ".copy()" if "::-1" in given else ""  # PyTorch takes no array whose steps are negative
    text = f"torch.tensor({given}, dtype=torch.{call.case.dtype})"
    return f"{text}{_PLACED[values.ndim]}" if last and values.ndim in _PLACED else text
