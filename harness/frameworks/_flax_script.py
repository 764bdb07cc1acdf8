"""Flax's layers as scripts. Nothing here needs Flax."""

from __future__ import annotations

from harness.frameworks import _jax_script, scripts
from harness.frameworks.arrays import arranged_bias, arranged_kernel
from harness.frameworks.base import Call
from harness.frameworks.scripts import Layer, Script


def write(call: Call, switch: str) -> Script:
    """A script of Flax."""
    package = call.spelling.function.rpartition(".")[0].removeprefix("flax.")
    name = call.spelling.function.removeprefix("flax.")
    given = scripts.arguments(call.spelling.arguments)
    kernel, bias = arranged_kernel(call), arranged_bias(call)
    made: list[str] = []
    if kernel is None:
        called = f"{name}(x, {given})"
    else:
        types = f"dtype={call.case.dtype!r}, param_dtype={call.case.dtype!r}"
        known = "" if bias is None else ", 'bias': bias"
        made += [] if bias is None else [f"bias = {_jax_script.tensor(call, bias)}"]
        if package == "linen":
            made.append(f"module = {name}({given}, {types})")
            called = f"module.apply({{'params': {{'kernel': kernel{known}}}}}, x)"
        else:
            made.append(f"module = {name}({given}, {types}, rngs=nnx.Rngs(0))")
            made.append(f"module.kernel = nnx.Param({_jax_script.tensor(call, kernel)})")
            made += [] if bias is None else ["module.bias = nnx.Param(bias)"]
            called = "module(x)"
    head = (*_jax_script.head(call, switch), f"from flax import {package}")
    handed = kernel if package == "linen" else None  # a module of nnx holds its own
    return Script((*head, *_jax_script.run(call, Layer(tuple(made), called), handed)), call.spelling.data)
