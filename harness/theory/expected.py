"""What the theory expects of a case, aspect by aspect."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cases import stimuli
from cases.case import Case
from harness.operator import Operator
from harness.theory.matrix import Structure, structure


@dataclass(frozen=True, slots=True)
class Expected:
    """What a layer must do.

    Attributes
    ----------
    shape : tuple of int
        Of its output: (feature maps, size along each axis); a size is 0 where there is nothing to compute.
    operator : Operator
        Its matrix: of a convolution C (S4), of a transposed convolution the transpose of C (S6), of an average pooling
        the divisors' reciprocals, of a maximum pooling ones at the elements that a window sees (S10).
    adjoint : Operator
        The rows that its backward pass must give for one-hot cotangents. The backward pass multiplies by the operator's
        transpose (S5), so for a linear layer these are the operator's own rows; a maximum pooling sends each
        cotangent to the window's maximum.
    """

    shape: tuple[int, ...]
    operator: Operator
    adjoint: Operator

    @property
    def defined(self) -> bool:
        """Whether there is anything to compute."""
        return math.prod(self.shape) > 0


def expected(case: Case) -> Expected:
    """The theory's expectation of a case, from placements alone."""
    c = structure(case)
    operator = Operator(c.rows, c.columns, c.indices, _values(case, c))
    adjoint = _to_maximum(case, c) if case.op == "max_pool" else operator
    return Expected(c.output, operator, adjoint)


def _values(case: Case, c: Structure) -> NDArray[np.float64]:
    if case.op == "avg_pool":
        # One impulse divided by the window's size, as the element type rounds it: exact, however it is computed.
        one = np.ones((), dtype=case.dtype)
        return np.full(c.taps.shape, one / one.dtype.type(math.prod(case.each("k"))), dtype=np.float64)
    if case.op == "max_pool":
        return np.ones(c.taps.shape)
    return stimuli.kernel(case).reshape(-1)[c.taps].astype(np.float64)


def _to_maximum(case: Case, c: Structure) -> Operator:
    rows, columns = np.divmod(c.indices, max(c.columns, 1))
    order = np.lexsort((stimuli.scramble(case).reshape(-1)[columns], rows))
    last_of_row = np.append(rows[order][1:] != rows[order][:-1], True)[: rows.size]
    winners = c.indices[order[last_of_row]]
    return Operator(c.rows, c.columns, winners, np.ones(winners.shape))
