"""Adapters around an adapter, for the worker: one looks at what comes back, one plants a fault in what goes in.

``harness.check.within:Watched`` and ``:Planted`` are adapters like any other, around the one that the environment
variable CONVARITH_CHECKED names. Like every adapter they need NumPy and the framework alone.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cases.case import Axis
from harness.check.layers import EDGES
from harness.frameworks.around import Around, around
from harness.frameworks.base import Adapter, Call, Raised, Result, Returned, Unsupported
from harness.frameworks.registry import load

CHECKED = "CONVARITH_CHECKED"
MARK = "convarith."  # in front of what an adapter of ours says in place of a framework


def __getattr__(name: str) -> type[Adapter]:
    """The adapter around the one that is checked, made when it is asked for: its routes are those of the other."""
    if name not in _AROUND:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return around(load(os.environ[CHECKED]), _AROUND[name])


class _Watched(Around):
    """What an adapter gives back, and whether it is of the form that is asked for."""

    def facts(self) -> dict[str, str]:
        facts: Any = self.other.facts()
        if not isinstance(facts, dict):
            return {f"{MARK}facts": f"facts() gives a {type(facts).__name__}, not a dict"}
        wrong = [f"{name!r}: {value!r}" for name, value in facts.items() if not _texts(name, value)]
        if wrong:
            return {f"{MARK}facts": f"facts() has {wrong[0]}, where both are texts"}
        return facts if facts.get("version") else {f"{MARK}facts": "facts() has no 'version'"}

    def run(self, calls: Sequence[Call]) -> Iterator[Result]:
        results: list[Any] = list(self.other.run(calls))
        if len(results) != len(calls):
            yield from [_wrong("results", f"run() gives {len(results)} results for {len(calls)} calls")] * len(calls)
            return
        last = len(calls) - 1
        for number, (call, result) in enumerate(zip(calls, results, strict=True)):
            if not isinstance(result, (Returned, Raised)):
                told = f"run() gives a {type(result).__name__}, neither Returned nor Raised"
                yield _wrong("results", told)
            elif last > 0 and number in (0, last) and not self._alone(call, result):
                told = f"the {'last' if number else 'first'} of {len(calls)} calls has another result than by itself"
                yield _wrong("in-order", told)
            elif problem := _form(call, result):
                yield _wrong("shapes", problem)
            else:
                yield result

    def _alone(self, call: Call, result: Result) -> bool:
        """Whether a call by itself has the same result. Of nothing to compute a framework may give anything."""
        return call.case.id in EDGES or _same(result, next(iter(self.other.run([call])), None))


class _Planted(Around):
    """An adapter that is given something else than the harness means: the kernel turned by 180°, or a longer input."""

    def run(self, calls: Sequence[Call]) -> Iterator[Result]:
        return iter(self.other.run([self._other(call) for call in calls]))

    def _other(self, call: Call) -> Call:
        if call.kernel is not None and call.wanted != "shape":
            turned = np.flip(call.kernel, axis=tuple(range(2, call.kernel.ndim)))
            return replace(call, kernel=turned, bias=None if call.bias is None else call.bias + 1)
        axes = (*call.case.axes[:-1], _longer(call.case.axes[-1]))
        case = replace(call.case, axes=axes)
        said = self.say(case, call.route)
        if isinstance(said, Unsupported):
            raise ValueError(f"{call.case.id} can be said, and {case.id} cannot: {said.reason}")
        ends = [(0, 0)] * (call.x.ndim - 1)
        return replace(call, case=case, spelling=said, x=np.pad(call.x, [*ends, (0, 1)]))


_AROUND: dict[str, type[Around]] = {"Watched": _Watched, "Planted": _Planted}


def _longer(axis: Axis) -> Axis:
    return replace(axis, i=axis.i + 1)


def _wrong(check: str, told: str) -> Raised:
    return Raised(MARK + check, told, ours=True)


def _texts(*values: object) -> bool:
    return all(isinstance(value, str) for value in values)


def _same(one: Result, other: Result | None) -> bool:
    if isinstance(one, Returned) and isinstance(other, Returned):
        return one.shape == other.shape and np.array_equal(one.array, other.array, equal_nan=True)
    return isinstance(one, Raised) and isinstance(other, Raised) and one.error == other.error


def _form(call: Call, result: Result) -> str:
    """What is wrong with the form of a result; empty where nothing is."""
    if isinstance(result, Raised):
        return (
            "" if _texts(result.error, result.text) else f"Raised has {result.error!r} and {result.text!r}, not texts"
        )
    shape: Any = result.shape
    array: Any = result.array
    sizes = (int, type(None)) if call.wanted == "shape" else (int,)
    if not isinstance(shape, tuple) or not all(type(size) in sizes for size in shape):
        return f"Returned.shape is {shape!r}, not a tuple of int"
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iufb":
        return f"Returned.array is a {type(array).__name__}, not a NumPy array of numbers"
    if call.wanted == "shape":
        return f"an array of shape {array.shape} stands beside a shape that was declared" if array.size else ""
    asked = shape
    if call.wanted == "gradients":
        asked = (math.prod(shape[1:]) if len(call.x) else 0, *call.x.shape[1:])
    if array.shape != asked:
        return f"{call.wanted} were asked for, Returned.shape is {shape} and the array's {array.shape}, not {asked}"
    return ""
