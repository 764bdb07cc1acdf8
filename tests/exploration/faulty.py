"""A framework that is right but for one fault, which the environment variable FAULT names.

If STARTS_ONCE names a file, it does not start where that is there already.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from cases.case import Axis, Case
from harness.frameworks.arrays import letters
from harness.frameworks.base import Adapter, Call, Mode, Result, Returned, Route, Spelling, Unsupported


def _doubled(result: Result) -> Result:
    return replace(result, array=result.array * 2) if isinstance(result, Returned) else result


def _even_and_strided(axis: Axis) -> bool:
    return axis.k % 2 == 0 and axis.s > 1


class Faulty(Adapter):
    """The plainest loops, and one fault."""

    name = "faulty"
    package = "numpy"
    requirement = "numpy"
    routes = {"faulty.loops": Route({"eager": Mode()})}

    def __init__(self, device: str = "cpu", switch: str = "") -> None:
        if mark := os.environ.get("STARTS_ONCE"):
            Path(mark).touch(exist_ok=False)
        # The tests' folders are no packages to a type checker.
        self._right: Adapter = import_module("fakes.loops").Loops(device)
        self._fault: Callable[[Call, Result], Result] = {
            "": lambda call, result: result,
            "even kernels, strided": even_kernels_strided,
            "ends where dilated": ends_where_dilated,
            "hangs where wide": hangs_where_wide,
        }[os.environ.get("FAULT", "")]

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        kernel = "" if case.pools else ("IO" if case.transposed else "OI") + "DHW"[3 - case.rank :]
        return Spelling(f"{route}.{case.op}", {}, letters(case.rank, first=True), kernel)

    def facts(self) -> dict[str, str]:
        return {"version": "1.0"}

    def run_one(self, call: Call) -> Result:
        return self._fault(call, self._right.run_one(call))


def even_kernels_strided(call: Call, result: Result) -> Result:
    """Twice the output of a convolution with an even kernel and a stride along some axis; the gradient is right."""
    guilty = call.case.op == "conv" and any(map(_even_and_strided, call.case.axes))
    return _doubled(result) if guilty and not call.pull_back else result


def ends_where_dilated(call: Call, result: Result) -> Result:
    """The process ends at any dilation."""
    if any(axis.d > 1 for axis in call.case.axes):
        os.abort()
    return result


def hangs_where_wide(call: Call, result: Result) -> Result:
    """No end of any kernel of more than one element."""
    if any(axis.k > 1 for axis in call.case.axes):
        threading.Event().wait()
    return result
