"""JAX's layers as scripts. Nothing here needs JAX."""

from __future__ import annotations

from collections.abc import Sequence

from harness.frameworks import scripts
from harness.frameworks._jax_say import OURS
from harness.frameworks.arrays import arranged_input, arranged_kernel
from harness.frameworks.base import Array, Call
from harness.frameworks.scripts import Layer, Script


def head(call: Call, switch: str) -> tuple[str, ...]:
    """What a script begins with."""
    before = (f"import os; os.environ['NPROC'] = {switch.partition('=')[2]!r}",) if switch else ()
    wide = ("jax.config.update('jax_enable_x64', True)",) if call.case.dtype == "float64" else ()
    return (*before, "import numpy as np", "import jax", *wide)


def write(call: Call, switch: str) -> Script:
    """A script of JAX."""
    given = {name: value for name, value in call.spelling.arguments.items() if name not in OURS}
    function, told = call.spelling.function, scripts.arguments(given)
    if call.case.op == "max_pool":
        least = "-np.inf" if call.case.floating else str(_least(call))
        called = f"{function}(x, x.dtype.type({least}), jax.lax.max, {told})"
    elif call.case.op == "avg_pool":
        divisor = call.spelling.arguments["divisor"]
        called = f"{function}(x, x.dtype.type(0), jax.lax.add, {told}) / {divisor}"
    else:
        called = f"{function}(x, kernel, {told})"
    return Script((*head(call, switch), *run(call, Layer((), called), arranged_kernel(call))), call.spelling.data)


def run(call: Call, layer: Layer, kernel: Array | None = None) -> Sequence[str]:
    """Lines that make a layer and do a call with it.

    Parameters
    ----------
    kernel : ndarray or None
        What the layer is handed each time; None where it has none, or holds it.
    """
    x = arranged_input(call)
    names = "x" if kernel is None else "x, kernel"
    lines = [] if kernel is None else [f"kernel = {tensor(call, kernel)}"]
    lines += [*layer.made, f"x = {tensor(call, x)}"]
    called = layer.called
    if call.wanted == "shape":
        return [*lines, f"y = jax.eval_shape(lambda {names}: {called}, {names}).shape"]
    compiled = "jax.jit({})" if call.mode != "eager" else "({})" if call.pull_back else "{}"
    most = scripts.parts(call, len(x))
    if not call.pull_back and not most and call.mode == "eager":
        return [*lines, *_host(call, called)]
    if called != "layer(x)":
        lines.append(f"layer = lambda {names}: {called}")
    if not call.pull_back:
        run = compiled.format("layer")
        if not most:
            return [*lines, *_host(call, f"{run}({names})")]
        fed = names.replace("x", f"x[n : n + {most}]", 1)
        each = f"[{run}({fed}) for n in range(0, len(x), {most})]"
        return [*lines, *_host(call, f"jax.numpy.concatenate({each})")]
    at = "lambda x: layer(x, kernel)" if names != "x" else "layer"
    pull = f"jax.vjp({at}, x)[1](ones)[0]"
    if call.mode == "linear_transpose":
        pull = f"jax.linear_transpose({at}, x)(ones)[0]"
    return [
        *lines,
        f"o = jax.eval_shape(layer, {names}).shape[1:]",
        f"ones = jax.numpy.asarray({scripts.cotangents(call)}, {call.case.dtype!r})",
        "x = jax.numpy.repeat(x, len(ones), 0)",
        *_host(call, f"{compiled.format(f'lambda {names}, ones: {pull}')}({names}, ones)"),
    ]


def tensor(call: Call, values: Array) -> str:
    """An array as JAX's, of the call's element type."""
    return f"jax.numpy.asarray({scripts.array(values)}, {call.case.dtype!r})"


def _host(call: Call, text: str) -> tuple[str]:
    wide = ", 'float32'" if call.case.dtype == "bfloat16" else ""
    return (f"y = np.asarray({text}{wide})",)


def _least(call: Call) -> int:
    bits = int(call.case.dtype.removeprefix("int"))
    return -(1 << (bits - 1))
