"""A perfect framework: every layer as the plainest loops over its definition, written without a look at the theory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from cases.case import Case
from harness.frameworks.arrays import letters
from harness.frameworks.base import (
    DECLARED,
    Adapter,
    Array,
    Call,
    Mode,
    Raised,
    Result,
    Returned,
    Route,
    Spelling,
    Unsupported,
)

ROUTE = "fake.loops"


class Loops(Adapter):
    """Convolutions and poolings by direct loops, in NumPy."""

    name = "fake"
    package = "numpy"
    requirement = "numpy"
    routes = {ROUTE: Route({"eager": Mode(), "abstract": DECLARED})}

    def __init__(self, device: str = "cpu", switch: str = "") -> None:
        self.device = device

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        if case.rank > 3:
            return Unsupported(f"axes have letters up to three, not {case.rank}")
        kernel = "" if case.pools else ("IO" if case.transposed else "OI") + "DHW"[3 - case.rank :]
        return Spelling(f"{route}.{case.op}", {}, letters(case.rank, first=case.layout != "channels_last"), kernel)

    def facts(self) -> dict[str, str]:
        return {"version": "1.0", "device": self.device}

    def run_one(self, call: Call) -> Result:
        if min(size(call.case)) < 1:
            return Raised("ValueError", "nothing to compute")
        if call.wanted == "shape":
            return Returned((len(call.x), call.case.channels_out, *size(call.case)))
        if call.pull_back:
            return pulled_back(call)
        shape = (len(call.x), call.case.channels_out, *size(call.case))
        y = np.array([output(call, x) for x in call.x]).reshape(shape)
        return Returned(y.shape, y)


def size(case: Case) -> list[int]:
    """Output size of each axis, by walking along it."""
    sizes = []
    for axis in case.axes:
        if case.transposed:
            ends = [unit * axis.s + tap * axis.d for unit in range(axis.i) for tap in range(axis.k)]
            sizes.append(max(ends) + 1 + axis.a - axis.p_before - axis.p_after)
            continue
        end = axis.i + axis.p_after  # the first unit after the padding
        place, count = -axis.p_before, 0
        while place + (axis.k - 1) * axis.d < end:
            place, count = place + axis.s, count + 1
        # The window before this one stopped short of the end, and this one starts before the far padding.
        if case.ceil_mode and place - axis.s + (axis.k - 1) * axis.d + 1 < end and place < axis.i:
            count += 1
        sizes.append(count)
    return sizes


def output(call: Call, x: Array) -> Array:
    """The layer's output for one input of shape (feature maps, sizes)."""
    case, y = call.case, np.zeros((call.case.channels_out, *size(call.case)))
    if case.op == "max_pool":
        y[...] = -np.inf if case.floating else np.iinfo(case.dtype).min
    for at, source, weight in meetings(call):
        if case.op == "max_pool":
            y[at] = max(y[at], x[source])
        else:
            y[at] += weight * x[source]
    if call.bias is not None:
        y += call.bias.reshape(-1, *(1,) * case.rank)
    return y


def pulled_back(call: Call) -> Returned:
    """Gradients for all one-hot cotangents, in order."""
    case, shape = call.case, (call.case.channels_out, *size(call.case))
    if call.x.shape[0] == 0:
        return Returned((0, *shape), np.zeros((0, *call.x.shape[1:])))
    gradient = np.zeros((int(np.prod(shape)), *call.x.shape[1:]))
    best: dict[tuple[int, ...], tuple[int, ...]] = {}
    for at, source, weight in meetings(call):
        if case.op != "max_pool":
            gradient[(int(np.ravel_multi_index(at, shape)), *source)] += weight
        elif at not in best or call.x[0][source] > call.x[0][best[at]]:
            best[at] = source
    for at, source in best.items():
        gradient[(int(np.ravel_multi_index(at, shape)), *source)] = 1
    return Returned((1, *shape), gradient)


def meetings(call: Call) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], float]]:
    """Every (output element, input element, weight) that meet in the layer."""
    case, axes = call.case, call.case.axes
    sizes = size(case)
    taps = list(itertools.product(*(range(axis.k) for axis in axes)))
    windows = itertools.product(*(range(axis.i if case.transposed else n) for axis, n in zip(axes, sizes, strict=True)))
    for window in windows:
        units = [
            tuple(w * x.s + t * x.d - x.p_before for w, t, x in zip(window, tap, axes, strict=True)) for tap in taps
        ]
        limits = sizes if case.transposed else list(case.each("i"))
        real = [all(0 <= u < n for u, n in zip(unit, limits, strict=True)) for unit in units]
        share = part(case, units, real) if case.op == "avg_pool" else 1.0
        for tap, unit, is_real in zip(taps, units, real, strict=True):
            if not is_real:
                continue
            for one_map, other in pairs(case):
                one_end, other_end = (window, unit) if case.transposed else (unit, window)
                at, source = (other, *other_end), (one_map, *one_end)
                yield at, source, share if case.pools else float(weight(call, one_map, other, tap))


def part(case: Case, units: Sequence[Sequence[int]], real: Sequence[bool]) -> float:
    """What one unit contributes to an average: one divided by the number of those that count, rounded once."""
    if case.divisor is not None:
        count = case.divisor
    elif case.count_include_pad:
        count = sum(all(u < x.i + x.p_after for u, x in zip(unit, case.axes, strict=True)) for unit in units)
    else:
        count = sum(real)
    if case.dtype == "bfloat16":
        return bfloat16(1 / max(count, 1))
    one = np.dtype(case.dtype).type(1)
    return float(one / np.dtype(case.dtype).type(max(count, 1)))


def bfloat16(number: float) -> float:
    """The nearest number with eight significant bits."""
    mantissa, exponent = np.frexp(number)
    return float(np.ldexp(np.round(mantissa * 256) / 256, exponent))


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
