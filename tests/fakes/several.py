"""A framework with several routes, modes and switches, each as right as the others, that says which it was asked by."""

from __future__ import annotations

from harness.frameworks.base import COMPUTED, DECLARED, Mode, Route

from .loops import Loops


class Several(Loops):
    """The perfect framework, reached in many ways."""

    name = "several"
    routes = {
        "several.layers": Route(
            {"eager": Mode(), "abstract": DECLARED, "compiled": Mode("compiled", ("forward", "adjoint"), 3)}
        ),
        "several.pool": Route({"eager": Mode(probes=COMPUTED)}, ("avg_pool", "max_pool")),
    }
    switches = ("library=off", "threads=2")

    def __init__(self, device: str = "cpu", switch: str = "") -> None:
        super().__init__(device, switch)
        self.switch = switch

    def facts(self) -> dict[str, str]:
        return {**super().facts(), "switched": self.switch}
