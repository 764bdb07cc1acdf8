"""An output of which a part is right, and the rest missing, or more than there should be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.diagnose.places import by, number
from harness.diagnose.reading import same
from harness.diagnose.record import Cause
from harness.operator import Matrix


def cause(found: Matrix, mine: Sequence[int], wanted: Matrix, theirs: Sequence[int], level: float = 0) -> Cause | None:
    """What is missing, or stands there beside what should; None if even the common part is not right.

    Parameters
    ----------
    found, wanted : ndarray
        A row for each output.
    mine, theirs : sequence of int
        Shapes that their rows unroll.
    level : float
        What was taken off of all that was found.
    """
    if mine[0] != theirs[0] or not found.size:
        return None
    common = tuple(slice(0, min(a, b)) for a, b in zip(mine, theirs, strict=True))
    grid, claimed = found.reshape(*mine, -1), wanted.reshape(*theirs, -1)
    if not same(grid[common], claimed[common]).all() or not grid[common].any():
        return None
    rest = np.ones(tuple(mine), dtype=bool)
    rest[common] = False
    size, claim = by(mine[1:]), by(theirs[1:])
    if not rest.any():
        return Cause("missing_outputs", f"the last outputs are missing: o = {size} where o = {claim} is claimed")
    extra = grid[rest]
    if (np.array(mine) < theirs).any() or not same(extra, extra[0, 0]).all():
        return None
    holds = f"holds {number(float(extra[0, 0]) + level)} whatever the input"
    return Cause("extra_outputs", f"o = {size} where o = {claim} is claimed: what is more {holds}")
