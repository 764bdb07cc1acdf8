"""A perfect framework: every layer as the plainest loops over its definition, written without a look at the theory.

Along each axis a loop over windows and taps says which unit they meet. The layer is a loop over the taps, which takes
all windows, inputs and feature maps at once: that is all that NumPy does here.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases.case import Axis, Case
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
Numbers = NDArray[np.int64]


class Loops(Adapter):
    """Convolutions and poolings by direct loops, in NumPy."""

    name = "fake"
    package = "numpy"
    requirement = "numpy"
    routes = {ROUTE: Route({"eager": Mode(), "abstract": DECLARED})}

    def __init__(self, device: str = "cpu", switch: str = "") -> None:
        self.device, self.switch = device, switch

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        """See :meth:`harness.frameworks.base.Adapter.say`."""
        if case.rank > 3:
            return Unsupported(f"axes have letters up to three, not {case.rank}")
        kernel = "" if case.pools else ("IO" if case.transposed else "OI") + "DHW"[3 - case.rank :]
        return Spelling(f"{route}.{case.op}", {}, letters(case.rank, first=case.layout != "channels_last"), kernel)

    def facts(self) -> dict[str, str]:
        """See :meth:`harness.frameworks.base.Adapter.facts`."""
        return {"version": "1.0", "device": self.device}

    def run_one(self, call: Call) -> Result:
        """What the layer's definition says; an error where there is nothing to compute."""
        if min(size(call.case)) < 1:
            return Raised("ValueError", "nothing to compute")
        if call.wanted == "shape":
            return Returned((len(call.x), call.case.channels_out, *size(call.case)))
        return pulled_back(call) if call.pull_back else output(call)


def size(case: Case) -> list[int]:
    """Output size of each axis, by walking along it; not positive where there is nothing to compute."""
    return [_size(axis, case.transposed, case.ceil_mode) for axis in case.axes]


@lru_cache(maxsize=4096)
def _size(axis: Axis, transposed: bool, ceil: bool) -> int:
    if transposed:
        ends = [unit * axis.s + tap * axis.d for unit in range(axis.i) for tap in range(axis.k)]
        return max(ends, default=-1) + 1 + axis.a - axis.p_before - axis.p_after
    end = axis.i + axis.p_after  # the first unit after the padding
    place, count = -axis.p_before, 0
    while place + (axis.k - 1) * axis.d < end:
        place, count = place + axis.s, count + 1
    # The window before this one stopped short of the end, and this one starts before the far padding.
    if ceil and place - axis.s + (axis.k - 1) * axis.d + 1 < end and place < axis.i:
        count += 1
    return count


@dataclass(frozen=True, slots=True, eq=False)
class Meeting:
    """What one tap meets: the places of its windows and of the units that these see with it, both unrolled."""

    tap: tuple[int, ...]
    windows: Numbers
    units: Numbers


@lru_cache(maxsize=2048)
def _along(axis: Axis, windows: int, units: int) -> tuple[tuple[Numbers, Numbers], ...]:
    """Of each tap along one axis: windows, and the units that they meet with it."""
    met = []
    for tap in range(axis.k):
        pairs = [(window, window * axis.s + tap * axis.d - axis.p_before) for window in range(windows)]
        real = [(window, unit) for window, unit in pairs if 0 <= unit < units]
        met.append((np.array([w for w, _ in real], dtype=np.int64), np.array([u for _, u in real], dtype=np.int64)))
    return tuple(met)


@lru_cache(maxsize=1024)
def meetings(axes: tuple[Axis, ...], windows: tuple[int, ...], units: tuple[int, ...]) -> tuple[Meeting, ...]:
    """What each tap of the window meets, in row-major order of the taps."""
    along = [_along(*one) for one in zip(axes, windows, units, strict=True)]
    found = []
    for tap in itertools.product(*(range(axis.k) for axis in axes)):
        window, unit = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
        for axis, t in enumerate(tap):
            w, u = along[axis][t]
            window = (window[:, None] * windows[axis] + w).reshape(-1)
            unit = (unit[:, None] * units[axis] + u).reshape(-1)
        if window.size:
            found.append(Meeting(tap, window, unit))
    return tuple(found)


def _of(case: Case) -> tuple[Meeting, ...]:
    """The meetings of a layer; of a transposed convolution its inputs are the windows, and its outputs the units."""
    inputs, outputs = case.each("i"), tuple(size(case))
    return meetings(case.axes, inputs, outputs) if case.transposed else meetings(case.axes, outputs, inputs)


def output(call: Call) -> Returned:
    """The layer's output for all inputs of a call."""
    case, sizes = call.case, size(call.case)
    inputs, units = len(call.x), math.prod(sizes)
    x = np.asarray(call.x, dtype=np.float64).reshape(inputs, case.channels_in, math.prod(case.each("i")))
    y = np.zeros((inputs, case.channels_out, units))
    if case.op == "max_pool":
        y[...] = -np.inf if case.floating else np.iinfo(case.dtype).min
        for met in _of(case):
            y[:, :, met.windows] = np.maximum(y[:, :, met.windows], x[:, :, met.units])
    elif case.op == "avg_pool":
        share = shares(case)
        for met in _of(case):
            y[:, :, met.windows] += share[met.windows] * x[:, :, met.units]
    else:
        _painted(call, x, y)
    if call.bias is not None:
        y += call.bias.reshape(-1, 1)
    y = y.reshape(inputs, case.channels_out, *sizes)
    return Returned(y.shape, y)


def _painted(call: Call, x: Array, y: Array) -> None:
    """Add to outputs what each input unit that is not zero gives, tap by tap; both unrolled along their axes."""
    case = call.case
    fed = [(*np.nonzero(x[:, one]), x[:, one][np.nonzero(x[:, one])]) for one in range(case.channels_in)]
    for met in _of(case):
        source, target = (met.windows, met.units) if case.transposed else (met.units, met.windows)
        place = np.full(x.shape[2], -1)  # where a unit's product with the tap goes: to one place at most
        place[source] = target
        for mine, theirs, taps in _mixing(call, met.tap):
            for (one,), column in zip(theirs, taps.T, strict=True):
                inputs, units, values = fed[one]
                met_by = place[units] >= 0
                at = inputs[met_by][:, None], mine[None, :, 0], place[units[met_by]][:, None]
                y[at] += values[met_by][:, None] * column


def pulled_back(call: Call) -> Returned:
    """Gradients for all one-hot cotangents, in order."""
    case, shape = call.case, (call.case.channels_out, *size(call.case))
    if call.x.shape[0] == 0:
        return Returned((0, *shape), np.zeros((0, *call.x.shape[1:])))
    sizes = (case.channels_out, math.prod(shape[1:]), case.channels_in, math.prod(case.each("i")))
    gradient = np.zeros(sizes)
    maps = range(case.channels_out)
    if case.op == "max_pool":
        x = np.asarray(call.x, dtype=np.float64).reshape(case.channels_in, sizes[3])
        best, place = np.full(sizes[:2], -np.inf), np.full(sizes[:2], -1)
        for met in _of(case):
            greater = x[:, met.units] > best[:, met.windows]
            best[:, met.windows] = np.where(greater, x[:, met.units], best[:, met.windows])
            place[:, met.windows] = np.where(greater, met.units, place[:, met.windows])
        for one, window in zip(*np.nonzero(place >= 0), strict=True):
            gradient[one, window, one, place[one, window]] = 1
    elif case.op == "avg_pool":
        share = shares(case)
        for met in _of(case):
            for one in maps:
                gradient[one, met.windows, one, met.units] = share[met.windows]
    else:
        for met in _of(case):
            source, target = (met.windows, met.units) if case.transposed else (met.units, met.windows)
            for mine, theirs, taps in _mixing(call, met.tap):
                for (a,), row in zip(mine, taps, strict=True):
                    for (b,), tap in zip(theirs, row, strict=True):
                        gradient[a, target, b, source] = tap
    return Returned((1, *shape), gradient.reshape(sizes[0] * sizes[1], *call.x.shape[1:]))


def _mixing(call: Call, tap: Sequence[int]) -> Iterator[tuple[Numbers, Numbers, Array]]:
    """Of each group: its output maps, its input maps, both of shape (maps, 1), and the taps between them."""
    case, kernel = call.case, call.kernel
    assert kernel is not None
    n, m = case.channels_out // case.groups, case.channels_in // case.groups
    place: Any = (..., *tap)
    taps = np.asarray(kernel[place], dtype=np.float64)
    for group in range(case.groups):
        mine, theirs = np.arange(n)[:, None] + group * n, np.arange(m)[:, None] + group * m
        between = taps[group * m : (group + 1) * m].T if case.transposed else taps[group * n : (group + 1) * n]
        yield mine, theirs, between


@lru_cache(maxsize=1024)
def shares(case: Case) -> Array:
    """What one unit contributes to each average: one divided by the number of those that count, rounded once."""
    counts = []
    for window in itertools.product(*map(range, size(case))):
        met = [[w * x.s + t * x.d - x.p_before for t in range(x.k)] for w, x in zip(window, case.axes, strict=True)]
        if case.divisor is not None:
            counts.append(case.divisor)
        elif case.count_include_pad:  # all but what lies beyond the padding
            counts.append(
                math.prod(sum(u < x.i + x.p_after for u in units) for units, x in zip(met, case.axes, strict=True))
            )
        else:
            counts.append(math.prod(sum(0 <= u < x.i for u in units) for units, x in zip(met, case.axes, strict=True)))
    return np.array([_share(max(count, 1), case.dtype) for count in counts])


@lru_cache(maxsize=4096)
def _share(count: int, dtype: str) -> float:
    if dtype == "bfloat16":
        return bfloat16(1 / count)
    return float(np.dtype(dtype).type(1) / np.dtype(dtype).type(count))


def bfloat16(number: float) -> float:
    """The nearest number with eight significant bits."""
    mantissa, exponent = np.frexp(number)
    return float(np.ldexp(np.round(mantissa * 256) / 256, exponent))
