"""What a maximum pooling pads with: windows that meet padding, or nothing but padding, show it."""

from __future__ import annotations

from functools import reduce

import numpy as np

from cases import stimuli
from cases.case import Case
from harness.diagnose.places import number
from harness.diagnose.reading import Flags
from harness.diagnose.record import Cause
from harness.theory.matrix import swept

_MOST = 1e6  # no padding is made of larger numbers


def cause(case: Case, wrong: Flags, value: float) -> Cause | None:
    """What the padding is made of, if that is why some outputs are wrong.

    Parameters
    ----------
    wrong : ndarray of bool
        The outputs that are.
    value : float
        What all of them hold.
    """
    touching, blind = _windows(case)
    if (wrong == blind).all():
        least = number(stimuli.least(case))
        return Cause("empty_maximum", f"the maximum of nothing is {number(value)} where {least} is claimed")
    if case.padded and (wrong == touching).all() and abs(value) < _MOST:
        return Cause("padding_value", f"the padding is made of {number(value)}: the maximum of windows that meet it")
    return None


def of_gradient(case: Case, wrong: Flags) -> Cause | None:
    """The same, of windows that send no gradient to any unit."""
    if not case.padded or (wrong != _windows(case)[0]).any():
        return None
    return Cause("padding_value", "none from windows that meet padding, as if that held their maximum")


def _windows(case: Case) -> tuple[Flags, Flags]:
    """The outputs whose windows meet padding, and those whose windows meet nothing else."""
    axes = swept(case)
    counted, real = (
        reduce(np.multiply.outer, counts).reshape(-1)
        for counts in ([axis.within for axis in axes], [axis.real.sum(axis=1) for axis in axes])
    )
    return np.tile(counted > real, case.channels_out), np.tile(real == 0, case.channels_out)
