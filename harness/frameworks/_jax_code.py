"""How code for JAX is written: functions of ``jax.lax``, with ``jax.numpy.pad``. Channels last."""

from __future__ import annotations

from collections.abc import Sequence

from cases.case import Case
from harness.frameworks._jax_say import CONSISTENT, LAX, OURS, UNTURNED
from harness.frameworks.base import Spelling
from harness.frameworks.code import Made, Writer, arguments


class JaxWriter(Writer):
    """Functions of the input and the kernel; a bias is added, and what is summed is divided."""

    routes = (LAX, UNTURNED, CONSISTENT)
    first = False
    imports = ("import jax", "import jax.numpy as jnp")
    tensor = "jnp.asarray(x)"
    array = "np.asarray(y)"
    module = "jnp"

    def layer(self, said: Spelling, case: Case) -> Made:
        told = arguments(said.arguments, without=OURS)
        if case.pools:
            computation = said.arguments["computation"]
            start = "0.0" if case.op == "avg_pool" else "-jnp.inf"
            call = f"{said.function}(x, {start}, {computation}, {told})"
            return Made((), f"({call} / {said.arguments['divisor']})" if case.op == "avg_pool" else call)
        return Made((), f"{said.function}(x, kernel, {told}){' + bias' if case.bias else ''}")

    def pad(self, x: str, ends: Sequence[str], value: str) -> str:
        return pad(x, ends, value)


def pad(x: str, ends: Sequence[str], value: str) -> str:
    """An expression that pads the spatial axes of data with channels last."""
    more = "" if value == "0" else f", constant_values={'-jnp.inf' if value == '-inf' else value}"
    return f"jnp.pad({x}, ((0, 0), {', '.join(ends)}, (0, 0)){more})"
