"""A framework that deviates by parameters, as told to: even kernels with a stride are refused, or end the process.

DEVIATE says how: 'raise', 'abort', 'turn' (outputs in reverse), or nothing; CAPABILITY what its kernels were chosen by,
as if by the machine.
"""

from __future__ import annotations

import os

from harness.frameworks.base import Call, Raised, Result, Returned

from .loops import Loops


class Deviating(Loops):
    """The perfect framework, but for even kernels with a stride."""

    def facts(self) -> dict[str, str]:
        return {**super().facts(), "capability": os.environ.get("CAPABILITY", "AVX2")}

    def run_one(self, call: Call) -> Result:
        case = call.case
        guilty = case.op == "conv" and all(k % 2 == 0 for k in case.each("k")) and max(case.each("s")) > 1
        if guilty and call.wanted != "shape" and os.environ.get("DEVIATE") == "raise":
            return Raised("NotImplementedError", "even kernels have no stride")
        if guilty and call.wanted != "shape" and os.environ.get("DEVIATE") == "abort":
            os.abort()
        found = super().run_one(call)
        if guilty and call.wanted == "output" and os.environ.get("DEVIATE") == "turn" and isinstance(found, Returned):
            return Returned(found.shape, found.array[..., ::-1])
        return found
