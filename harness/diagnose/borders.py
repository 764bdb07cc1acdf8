"""Padding that is not made of zeros: units that wrap around, are repeated or mirrored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harness.diagnose import kernels
from harness.diagnose.geometry import claimed
from harness.diagnose.reading import Reading
from harness.diagnose.record import Cause

WAYS = {
    "wrap": "circular: the other end's units",
    "edge": "the border's unit, repeated",
    "reflect": "the units mirrored, the border's not repeated",
    "symmetric": "the units mirrored, the border's repeated",
}


def cause(reading: Reading) -> Cause | None:
    """What the padding of a convolution is made of, if that explains every entry."""
    case = reading.case
    if case.op != "conv" or reading.probe == "direct" or not case.padded or not reading.same_shape:
        return None
    if 0 in case.each("i"):
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
    c = padded.structure(n, m)
    taps = kernels.whole(case, reading.probe, kernels.fed(case, reading.probe)).reshape(-1)
    rows, columns = np.divmod(c.indices, c.columns)
    unit = np.arange(reading.matrix.shape[1]).reshape(reading.units)
    for mode, words in WAYS.items():
        stands_for = np.pad(unit, [(0, 0), *ends], mode=mode).reshape(-1)  # type: ignore[call-overload]
        folded = np.bincount(
            rows * unit.size + stands_for[columns], weights=taps[c.taps], minlength=reading.matrix.size
        )
        if np.array_equal(folded.reshape(reading.matrix.shape), reading.matrix):
            return Cause("border", f"the padding is not made of zeros, but {words}")
    return None
