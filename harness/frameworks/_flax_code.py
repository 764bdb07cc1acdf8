"""How code for Flax is written: modules and functions of ``flax.nnx``, and of ``flax.linen``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from cases.case import Case
from harness.frameworks._jax_code import pad
from harness.frameworks.base import Spelling
from harness.frameworks.code import Made, Writer, arguments


class FlaxWriter(Writer):
    """Modules that hold their weights, and linen's, which are given theirs."""

    first = False
    imports = ("import jax.numpy as jnp", "from flax import linen", "from flax import nnx")
    tensor = "jnp.asarray(x)"
    array = "np.asarray(y)"
    module = "jnp"
    routes: ClassVar[tuple[str, ...]] = ()

    def __init__(self, routes: tuple[str, ...]) -> None:
        self.routes = routes  # type: ignore[misc]  # each adapter names its own

    def layer(self, said: Spelling, case: Case) -> Made:
        function = said.function.removeprefix("flax.")
        told = arguments(said.arguments)
        if case.pools:
            return Made((), f"{function}(x, {told})")
        if function.startswith("linen"):
            given = "'kernel': kernel" + (", 'bias': bias" if case.bias else "")
            return Made((f"conv = {function}({told})",), f'conv.apply({{"params": {{{given}}}}}, x)'.replace("'", '"'))
        lines = [f"conv = {function}({told}, rngs=nnx.Rngs(0))", "conv.kernel = nnx.Param(jnp.asarray(kernel))"]
        lines += ["conv.bias = nnx.Param(jnp.asarray(bias))"] if case.bias else []
        return Made(tuple(lines), "conv(x)")

    def another(self, case: Case, route: str) -> str:
        blind = case.op == "avg_pool" and any(max(x.p_before, x.p_after) >= x.k_hat for x in case.axes)
        alone = "an average over padding alone, which does not count, is 0 / 0 in Flax"
        return alone if blind and not case.count_include_pad else ""

    def pad(self, x: str, ends: Sequence[str], value: str) -> str:
        return pad(x, ends, value)
