"""A framework that has releases: its adapter asks the distribution that is installed what it does."""

from __future__ import annotations

import importlib
from dataclasses import replace

from harness.frameworks.base import Call, Raised, Result

from .loops import Loops


class Released(Loops):
    """The perfect framework, unless its release says otherwise: 'mirror' its kernels, 'refuse' strides of 2."""

    name = "released"
    package = "convarith_fake"
    requirement = "convarith-fake"
    distributions = (("convarith-fake", "convarith-fake-nightly"),)

    def __init__(self, device: str = "cpu", switch: str = "") -> None:
        super().__init__(device, switch)
        self.module = importlib.import_module("convarith_fake")

    def facts(self) -> dict[str, str]:
        return {**super().facts(), "version": self.module.VERSION}

    def run_one(self, call: Call) -> Result:
        does = self.module.DOES
        if "mirror" in does and call.kernel is not None:
            call = replace(call, kernel=call.kernel[..., ::-1])
        if does in ("refuse", "refuse otherwise") and max(call.case.each("s")) > 1:
            return Raised("ValueError" if does == "refuse" else "TypeError", "no strides")
        return super().run_one(call)
