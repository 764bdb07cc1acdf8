"""How code for PyTorch is written: modules of ``torch.nn``, with ``torch.nn.functional.pad``."""

from __future__ import annotations

from collections.abc import Sequence

from cases.case import Case
from harness.frameworks._torch_written import FUNCTIONAL, MODULES
from harness.frameworks.base import Spelling
from harness.frameworks.code import Made, Writer, arguments, number


class TorchWriter(Writer):
    """Modules where a route has them; functions as they are."""

    routes = (MODULES, FUNCTIONAL)
    first = True
    imports = ("import torch",)
    tensor = "torch.from_numpy(x)"
    array = "y.detach().numpy()"
    module = "torch"

    def layer(self, said: Spelling, case: Case) -> Made:
        if said.function.startswith(FUNCTIONAL):
            if case.pools:
                return Made((), f"{said.function}(x, {arguments(said.arguments)})")
            weights = ["weight = torch.from_numpy(kernel)"]
            weights += ["offset = torch.from_numpy(bias)"] if case.bias else []
            given = "x, weight, offset" if case.bias else "x, weight"
            return Made(tuple(weights), f"{said.function}({given}, {arguments(said.arguments)})")
        name = "pool" if case.pools else "conv"
        lines = [f"{name} = {said.function}({arguments(said.arguments)})"]
        if not case.pools:
            lines.append("conv.weight.data = torch.from_numpy(kernel)")
        if case.bias:
            lines.append("conv.bias.data = torch.from_numpy(bias)")
        return Made(tuple(lines), f"{name}(x)")

    def refuses(self, case: Case, route: str) -> str:
        if case.op == "conv" and case.padding == "same" and max(case.each("s")) > 1:
            return "padding='same' is not supported for strided convolutions"
        if case.pools and any(2 * x.p_before > x.k for x in case.axes):
            return "a pooling's padding is at most half of its window"
        return ""

    def pad(self, x: str, ends: Sequence[str], value: str) -> str:
        # torch takes the last axis first.
        told = ", ".join(f"*{pair}" if not pair.startswith("(") else pair.strip("()") for pair in reversed(ends))
        more = "" if value == "0" else f", value={number(value)}"
        comma = "," if len(ends) == 1 and told.startswith("*") else ""  # one pair alone, unpacked, is no tuple yet
        return f"torch.nn.functional.pad({x}, ({told}{comma}){more})"
