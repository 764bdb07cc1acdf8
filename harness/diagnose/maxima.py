"""Where the gradient of a maximum pooling goes: each window should send it to its maximum alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cases import stimuli
from harness.diagnose.places import told
from harness.diagnose.reading import Flags, Reading
from harness.diagnose.record import Cause
from harness.operator import Matrix
from harness.theory.expected import reciprocals
from harness.theory.matrix import Structure, structure


def cause(reading: Reading) -> Cause | None:
    """Where it goes instead, if that explains every entry."""
    case = reading.case
    if case.op != "max_pool" or reading.probe != "adjoint" or not reading.same_shape:
        return None
    c = structure(case)
    if not c.indices.size:
        return None
    row, column = np.divmod(c.indices, c.columns)
    order = stimuli.scramble(case).reshape(-1)[column]
    for words, key in (("first unit", -column), ("last unit", column), ("minimum", -order)):
        if np.array_equal(reading.matrix, _sent_to(c, row, key)):
            return Cause("gradient_place", f"goes to the {words} of each window, not to its maximum")
    seen = np.zeros(c.rows * c.columns)
    seen[c.indices] = reciprocals(np.bincount(row, minlength=c.rows)[row], case.dtype)
    if np.array_equal(reading.matrix.reshape(-1), seen):
        return Cause("gradient_place", "split among all units of each window, not sent to its maximum")
    seen[c.indices] = 1
    if np.array_equal(reading.matrix.reshape(-1), seen):
        return Cause("gradient_place", "sent to all units of each window, not to its maximum alone")
    return None


def _sent_to(c: Structure, row: NDArray[np.int64], key: NDArray[np.float64] | NDArray[np.int64]) -> Matrix:
    order = np.lexsort((key, row))
    last = np.append(row[order][1:] != row[order][:-1], True)
    sent = np.zeros(c.rows * c.columns)
    sent[c.indices[order[last]]] = 1
    return sent.reshape(c.rows, c.columns)


def of_blind_windows(reading: Reading) -> Cause | None:
    """A gradient of windows that see no unit at all, and so have none to send it to. Of any pooling."""
    if reading.probe != "adjoint" or not reading.case.pools or not reading.same_shape:
        return None
    wrong: Flags = np.asarray(reading.differs.any(axis=1))
    if reading.wanted[wrong].any() or not wrong.any():
        return None
    to = told(np.asarray(reading.differs.any(axis=0)), reading.units, "input")
    where = told(wrong, reading.windows, "output")
    return Cause("gradient_place", f"from {where}, over padding alone, to {to}, where there should be none")
