"""A framework that is wrong under conditions: what must hold for it is in the environment variable FAULT, as JSON.

The keys are 'kernels' ('old', 'new' or both), 'threads', 'mode', 'dtype', 'layout' and 'batch' (how many inputs there
are in one call, at least), each with a list of values; 'how' is what happens: 'mirror', 'abort', 'refuse', or 'differ',
which is something else each time. A process with the switch of the variable ABORTS does not live through a call; one
with that of UNSTARTED does not start.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from harness.frameworks.base import DECLARED, Call, Mode, Raised, Result, Returned, Route

from .loops import ROUTE, Loops


class Varying(Loops):
    """The perfect framework, but for the fault."""

    routes = {ROUTE: Route({"eager": Mode(), "jit": Mode("compiled", batch=4), "meta": DECLARED})}
    switches: ClassVar[tuple[str, ...]] = ("kernels=old", "threads=2")
    further_switches: ClassVar[tuple[str, ...]] = ("threads=4",)

    def __init__(self, device: str = "cpu", switch: str = "") -> None:
        super().__init__(device, switch)
        name, _, value = switch.partition("=")
        self._switch = switch
        self._set = {"kernels": "new", "threads": "1"} | ({name: value} if name else {})
        if os.environ.get("UNSTARTED") == switch:
            raise RuntimeError("it cannot be switched so")

    def facts(self) -> dict[str, str]:
        return {**super().facts(), **self._set}

    def run_one(self, call: Call) -> Result:
        if os.environ.get("ABORTS") == self._switch:
            os.abort()
        fault: dict[str, Any] = json.loads(os.environ.get("FAULT", "{}"))
        most = call.case.batch or len(call.x)
        holds = {
            **{name: value in fault.get(name, [value]) for name, value in self._set.items()},
            "mode": call.mode in fault.get("mode", [call.mode]),
            "dtype": call.case.dtype in fault.get("dtype", [call.case.dtype]),
            "layout": call.case.layout in fault.get("layout", [call.case.layout]),
            "batch": most >= min(fault.get("batch", [0])),
        }
        found = super().run_one(call)
        if "how" not in fault or not all(holds.values()):
            return found
        return wrong(fault["how"], call, found)


def wrong(how: str, call: Call, found: Result) -> Result:
    """What a call gives in place of what it should."""
    if how == "abort":
        os.abort()
    if how == "refuse":
        return Raised("FakeError", "no such kernel")
    if call.wanted != "output" or not isinstance(found, Returned):
        return found
    array = np.asarray(found.array)
    if how == "differ":
        return Returned(found.shape, array + int.from_bytes(os.urandom(3), "big") + 1)
    return replace(found, array=array[..., ::-1])
