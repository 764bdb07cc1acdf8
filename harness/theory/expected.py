"""What the theory expects of a case, aspect by aspect."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cases import stimuli
from cases.case import Case, Dtype
from harness.operator import Operator
from harness.theory.matrix import Structure, output_size, structure, swept


@dataclass(frozen=True, eq=False)
class Expected:
    """What a layer must do. Each aspect is worked out when it is first asked for: few observations look at all."""

    case: Case

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Of its output: (feature maps, size along each axis); a size is 0 where there is nothing to compute."""
        return (self.case.channels_out, *output_size(self.case))

    @cached_property
    def structure(self) -> Structure:
        """Which tap stands where in its matrix."""
        return structure(self.case)

    @property
    def defined(self) -> bool:
        """Whether there is anything to compute."""
        return math.prod(self.shape) > 0

    @cached_property
    def operator(self) -> Operator:
        """Its matrix.

        Of a convolution C (S4), of a transposed convolution the transpose of C (S6), of an average pooling the
        divisors' reciprocals (X9 to X11), of a maximum pooling ones at the elements that a window sees (S10), and minus
        infinity where it sees none (X12).
        """
        case, c = self.case, self.structure
        if case.op == "max_pool":
            return _seen(case, c)
        if case.op == "avg_pool":
            return Operator(c.rows, c.columns, c.indices, _shares(case, c))
        taps = stimuli.kernel(case).reshape(-1)[c.taps].astype(np.float64)
        return Operator(c.rows, c.columns, c.indices, taps)

    @cached_property
    def adjoint(self) -> Operator:
        """The rows that its backward pass must give for one-hot cotangents.

        The backward pass multiplies by the operator's transpose (S5), so for a linear layer these are the operator's
        own rows; a maximum pooling sends each cotangent to the window's maximum.
        """
        return _to_maximum(self.case, self.structure) if self.case.op == "max_pool" else self.operator

    @cached_property
    def bias(self) -> Operator:
        """The output for an input of zeros, as a matrix of one column."""
        return _bias(self)

    @cached_property
    def dense(self) -> Operator | None:
        """The output for :func:`cases.stimuli.dense`, likewise; None where its sums would not be exact.

        It is C times it (S4), summed over the input maps (S9), and the bias; or the maximum of what a window sees
        (S10).
        """
        return _dense(self)


def expected(case: Case) -> Expected:
    """The theory's expectation of a case, from placements alone."""
    return Expected(case)


def _bias(theory: Expected) -> Operator:
    """What an input of zeros gives: the bias, and the maximum of nothing where a window sees no element."""
    case, values = theory.case, np.zeros(math.prod(theory.shape))
    if case.bias:
        values = np.repeat(stimuli.bias(case), math.prod(theory.shape[1:])).astype(np.float64)
    elif case.op == "max_pool":
        values[_blind(theory.structure)] = stimuli.least(case)
    return Operator.of(values[:, None])


def _dense(theory: Expected) -> Operator | None:
    case, c = theory.case, theory.structure
    if not stimuli.amplitude(case) or not c.columns:
        return None
    rows, columns = np.divmod(c.indices, c.columns)
    x = stimuli.dense(case).reshape(-1)[columns].astype(np.float64)
    if case.op == "max_pool":
        y = np.full(c.rows, stimuli.least(case))
        np.maximum.at(y, rows, x)
    else:
        y = np.bincount(rows, weights=theory.operator.values * x, minlength=c.rows) + theory.bias.dense()[:, 0]
    return Operator.of(y[:, None])


def _blind(c: Structure) -> NDArray[np.int64]:
    """The rows without an entry: windows that see no element."""
    return np.setdiff1d(np.arange(c.rows), c.indices // max(c.columns, 1))


def _shares(case: Case, c: Structure) -> NDArray[np.float64]:
    """1/c for each entry: one impulse divided once, as the element type rounds it, so exact however it is computed."""
    axes = swept(case)
    if case.divisor is not None:
        divisors = np.full(math.prod(c.output[1:]), case.divisor)
    else:
        divisors = np.ones(1, dtype=np.int64)
        for axis in axes:
            counted = axis.within if case.count_include_pad else axis.real.sum(axis=1)
            divisors = (divisors[:, None] * counted).reshape(-1)
    rows = c.indices // max(c.columns, 1)
    return reciprocals(np.tile(divisors, c.output[0])[rows], case.dtype)


def reciprocals(divisors: NDArray[np.int64], dtype: Dtype) -> NDArray[np.float64]:
    """1/c as an element type rounds it, to nearest even."""
    if dtype != "bfloat16":
        # A float64 has more than twice the digits of the smaller types, so that rounding twice is rounding once.
        return (1 / divisors.astype(np.float64)).astype(dtype).astype(np.float64)
    # bfloat16 is the upper half of a float32. 1/c has no tie there, so rounding twice is rounding once.
    bits = (np.float32(1) / divisors.astype(np.float32)).view(np.uint32)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
    rounded: NDArray[np.float64] = bits.view(np.float32).astype(np.float64)
    return rounded


def _seen(case: Case, c: Structure) -> Operator:
    """Ones where a window sees an element; a window that sees none has the maximum of nothing in every column."""
    blind = _blind(c)
    if not blind.size or not c.columns:
        return Operator(c.rows, c.columns, c.indices, np.ones(c.taps.shape))
    dense = np.zeros((c.rows, c.columns))
    dense.reshape(-1)[c.indices] = 1
    dense[blind] = stimuli.least(case) - stimuli.MAX_POOL_GROUND
    return Operator.of(dense)


def _to_maximum(case: Case, c: Structure) -> Operator:
    rows, columns = np.divmod(c.indices, max(c.columns, 1))
    order = np.lexsort((stimuli.scramble(case).reshape(-1)[columns], rows))
    last_of_row = np.append(rows[order][1:] != rows[order][:-1], True)[: rows.size]
    winners = c.indices[order[last_of_row]]
    return Operator(c.rows, c.columns, winners, np.ones(winners.shape))
