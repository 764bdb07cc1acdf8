"""Padding that is not made of zeros: units that wrap around, are repeated or mirrored.

Of a transposed convolution, which crops where its convolution pads: what falls there is not dropped, but added to the
outputs that stand for it.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases.case import Case
from harness.diagnose import kernels
from harness.diagnose.geometry import claimed
from harness.diagnose.reading import Reading
from harness.diagnose.record import Cause
from harness.theory.expected import reciprocals

Array = NDArray[Any]

_BITS = {"float32": 24, "float16": 11, "bfloat16": 8}  # significant ones; of others, as many as can be had

# What the padding is made of, and where what is cropped goes.
WAYS = {
    "wrap": ("circular: the other end's units", "circular: to the other end"),
    "edge": ("the border's unit, repeated", "to the border"),
    "reflect": ("the units mirrored, the border's not repeated", "mirrored, over the border's"),
    "symmetric": ("the units mirrored, the border's repeated", "mirrored, from the border's on"),
}


def cause(reading: Reading) -> Cause | None:
    """What the padding of a layer is made of, or where goes what it crops, if that explains every entry.

    An average that counts units which stand in for the padding divides by the whole window.
    """
    case = reading.case
    if case.op == "max_pool" or reading.probe == "direct" or not case.padded or not reading.same_shape:
        return None
    if 0 in reading.units:
        return None
    n, m = reading.windows[0], reading.units[0]
    theory = claimed(case)
    ends = [(axis.p_before, axis.p_after) for axis in case.axes]
    padded = replace(
        theory,
        axes=tuple(
            replace(sweep, i=sweep.i + before + after, p=0)
            for sweep, (before, after) in zip(theory.axes, ends, strict=True)
        ),
    )
    averages = case.op == "avg_pool"
    c = padded.structure(n, m, n if averages else 1)
    if averages:
        weights, counted = np.ones(c.indices.size), f"; divisor counts them: {math.prod(case.each('k'))} everywhere"
    else:
        taps = kernels.whole(case, reading.probe, kernels.fed(case, reading.probe)).reshape(-1)
        weights, counted = taps[c.taps], ""
    rows, columns = np.divmod(c.indices, c.columns)
    unit = np.arange(reading.matrix.shape[1]).reshape(reading.units)
    for mode, (made_of, goes) in WAYS.items():
        stands_for = np.pad(unit, [(0, 0), *ends], mode=mode).reshape(-1)  # type: ignore[call-overload]
        folded = np.bincount(rows * unit.size + stands_for[columns], weights=weights, minlength=reading.matrix.size)
        folded = folded.reshape(reading.matrix.shape)
        if _are_means(case, folded, reading) if averages else np.array_equal(folded, reading.matrix):
            if case.transposed:
                return Cause("border", f"what is cropped is not dropped, but added, {goes}")
            return Cause("border", f"the padding is not made of zeros, but {made_of}{counted}")
    return None


def _are_means(case: Case, times: Array, reading: Reading) -> bool:
    """Whether each entry is how many times its unit counts, over the window, or times its rounded reciprocal."""
    window = math.prod(case.each("k"))
    if case.divisor not in (None, window):
        return False
    one = float(reciprocals(np.array([window]), case.dtype)[0])
    bits = _BITS.get(case.dtype, 53)
    means = (kernels.rounded(times / window, bits), kernels.rounded(times * one, bits))
    return any(bool((reading.matrix == mean).all()) for mean in means)
