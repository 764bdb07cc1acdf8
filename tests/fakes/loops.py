"""A perfect framework: every layer as the plainest loops over its definition, written without a look at the theory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from cases.case import Case
from harness.frameworks.base import (
    Adapter,
    Array,
    Call,
    Raised,
    Result,
    Returned,
    Spelling,
    Unsupported,
    letters,
)

ROUTE = "fake.loops"


class Loops(Adapter):
    """Convolutions and poolings by direct loops, in NumPy."""

    name = "fake"
    package = "numpy"
    requirement = "numpy"
    routes = (ROUTE,)

    def __init__(self, device: str = "cpu") -> None:
        self.device = device

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        kernel = "" if case.pools else ("IO" if case.transposed else "OI") + "DHW"[3 - case.rank :]
        return Spelling(f"{route}.{case.op}", {}, letters(case.rank, first=True), kernel)

    def facts(self) -> dict[str, str]:
        return {"fake": "1.0", "device": self.device}

    def run_one(self, call: Call) -> Result:
        if min(size(call.case)) < 1:
            return Raised("ValueError", "nothing to compute")
        if call.pull_back:
            return pulled_back(call)
        y = np.stack([output(call, x) for x in call.x])
        return Returned(y.shape, y)


def size(case: Case) -> list[int]:
    """Output size of each axis, by walking along it."""
    sizes = []
    for axis in case.axes:
        if case.transposed:
            ends = [unit * axis.s + tap * axis.d for unit in range(axis.i) for tap in range(axis.k)]
            sizes.append(max(ends) + 1 + axis.a - axis.p_before - axis.p_after)
        else:
            last = axis.i + axis.p_after - 1
            place, count = -axis.p_before, 0
            while place + (axis.k - 1) * axis.d <= last:
                place, count = place + axis.s, count + 1
            sizes.append(count)
    return sizes


def output(call: Call, x: Array) -> Array:
    """The layer's output for one input of shape (feature maps, sizes)."""
    case, y = call.case, np.zeros((call.case.channels_out, *size(call.case)))
    if case.op == "max_pool":
        y[...] = -np.inf
    for at, source, weight in meetings(call):
        if case.op == "max_pool":
            y[at] = max(y[at], x[source])
        else:
            y[at] += weight * x[source]
    return y if case.op != "avg_pool" else y.astype(case.dtype)


def pulled_back(call: Call) -> Returned:
    """Gradients for all one-hot cotangents, in order."""
    case, shape = call.case, (call.case.channels_out, *size(call.case))
    gradient = np.zeros((int(np.prod(shape)), *call.x.shape[1:]))
    best: dict[tuple[int, ...], tuple[int, ...]] = {}
    for at, source, weight in meetings(call):
        if case.op != "max_pool":
            gradient[(int(np.ravel_multi_index(at, shape)), *source)] += weight
        elif at not in best or call.x[0][source] > call.x[0][best[at]]:
            best[at] = source
    for at, source in best.items():
        gradient[(int(np.ravel_multi_index(at, shape)), *source)] = 1
    return Returned((1, *shape), gradient.astype(case.dtype))


def meetings(call: Call) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], float]]:
    """Every (output element, input element, weight) that meet in the layer."""
    case, axes = call.case, call.case.axes
    one = np.dtype(case.dtype).type(1)
    share = float(one / np.dtype(case.dtype).type(np.prod(case.each("k"))))
    sizes = size(case)
    taps = list(itertools.product(*(range(axis.k) for axis in axes)))
    windows = itertools.product(*(range(axis.i if case.transposed else n) for axis, n in zip(axes, sizes, strict=True)))
    for window in windows:
        for tap in taps:
            unit = tuple(w * x.s + t * x.d - x.p_before for w, t, x in zip(window, tap, axes, strict=True))
            limits = sizes if case.transposed else case.each("i")
            if not all(0 <= u < n for u, n in zip(unit, limits, strict=True)):
                continue
            for one_map, other in pairs(case):
                at, source = (
                    ((other, *unit), (one_map, *window)) if case.transposed else ((other, *window), (one_map, *unit))
                )
                yield at, source, share if case.pools else float(weight(call, one_map, other, tap))


def pairs(case: Case) -> Iterator[tuple[int, int]]:
    """Every (input map, output map) that mix."""
    for one_map, other in itertools.product(range(case.channels_in), range(case.channels_out)):
        if case.pools:
            if one_map == other:
                yield one_map, other
        elif one_map * case.groups // case.channels_in == other * case.groups // case.channels_out:
            yield one_map, other


def weight(call: Call, one_map: int, other: int, tap: Sequence[int]) -> float:
    """The tap between an input and an output map."""
    assert call.kernel is not None
    case = call.case
    if case.transposed:
        return float(call.kernel[(one_map, other % (case.channels_out // case.groups), *tap)])
    return float(call.kernel[(other, one_map % (case.channels_in // case.groups), *tap)])
