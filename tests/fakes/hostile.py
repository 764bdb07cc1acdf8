"""A framework whose every text is an attack on whoever shows it: markup, terminal sequences, megabytes, no UTF-8.

It refuses wide kernels, and pads a unit too much at the far end instead of the near one.
"""

from __future__ import annotations

from dataclasses import replace

from cases.case import Axis
from harness.frameworks.base import Call, Raised, Result

from .loops import Loops

TEXT = (
    "</script><script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'> \x1b[31mred\x1b[0m "
    "{{ 7 * 7 }} javascript:alert(1) \u202edesrever " + b"\xff\xfe no utf-8 ".decode("utf-8", "surrogateescape")
)


class Hostile(Loops):
    """The perfect framework, but for what is said above."""

    def facts(self) -> dict[str, str]:
        return {**super().facts(), "version": "<b onclick='window.pwned = 1'>1.0</b>"}

    def run_one(self, call: Call) -> Result:
        case = call.case
        if max(case.each("k")) > 2:
            return Raised("<script>window.pwned = 1</script>Error", TEXT + "x" * 2_000_000)
        if case.op != "conv" or not case.padded:
            return super().run_one(call)
        axes = tuple(_shifted(axis) for axis in case.axes)
        return super().run_one(replace(call, case=replace(case, axes=axes)))


def _shifted(axis: Axis) -> Axis:
    by = min(1, axis.p_before)
    return replace(axis, p_before=axis.p_before - by, p_after=axis.p_after + by)
