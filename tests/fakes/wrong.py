"""A framework whose operators are evidence: it forgets to flip, and ends its process at chosen cases."""

from __future__ import annotations

from dataclasses import replace

from harness.frameworks.base import Call, Result

from .misbehaving import Misbehaving


class Wrong(Misbehaving):
    """Its kernels are mirrored."""

    def run_one(self, call: Call) -> Result:
        return super().run_one(call if call.kernel is None else replace(call, kernel=call.kernel[..., ::-1]))
