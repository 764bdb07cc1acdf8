"""An observed operator as what it shows: a matrix of windows and units, and the tap that each entry names.

Whatever the layer is, it is read as the convolution that its operator belongs to. A transposed convolution's
operator is turned around, so that its rows are windows as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cases import stimuli
from cases.case import Case
from harness.operator import Matrix, Operator
from harness.records import Probe
from harness.theory.expected import Expected

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Entries:
    """Non-zero entries: for each the window, the unit, both along each axis, and the value."""

    window: Integers
    unit: Integers
    value: NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """What was observed, and what was to be.

    Attributes
    ----------
    case : Case
    probe : str
    windows, units : tuple of int
        Shapes that the rows and the columns unroll, feature maps first.
    matrix : ndarray
        What was observed, windows × units.
    wanted : ndarray
        What the theory says, windows × units; of another shape where the layer's output has another.
    wanted_outputs : tuple of int
        The shape of the output that the theory says.
    """

    case: Case
    probe: Probe
    windows: tuple[int, ...]
    units: tuple[int, ...]
    matrix: Matrix
    wanted: Matrix
    wanted_outputs: tuple[int, ...]

    @property
    def same_shape(self) -> bool:
        """Whether at least the shape is right."""
        return self.outputs == self.wanted_outputs

    @cached_property
    def differs(self) -> Flags:
        """Where the two are not the same."""
        return ~same(self.matrix, self.wanted)

    @property
    def outputs(self) -> tuple[int, ...]:
        """Shape of the layer's output: the units, if it is a transposed convolution."""
        return self.units if self.case.transposed else self.windows

    @property
    def inputs(self) -> tuple[int, ...]:
        """Shape of its input."""
        return self.windows if self.case.transposed else self.units

    @property
    def rows(self) -> Matrix:
        """What was observed, outputs × inputs."""
        return self.matrix.T if self.case.transposed else self.matrix

    @property
    def wanted_rows(self) -> Matrix:
        """What the theory says, outputs × inputs."""
        return self.wanted.T if self.case.transposed else self.wanted

    @property
    def differing_rows(self) -> Flags:
        """Where the two are not the same, outputs × inputs."""
        return ~same(self.rows, self.wanted_rows)

    @cached_property
    def entries(self) -> Entries:
        """What is not zero, but for rows that hold the same in every column: no window is like that."""
        matrix = self.matrix
        if self.rows.shape[1] > 1:
            rows = self.rows
            filled = same(rows, rows[:, :1]).all(axis=1)
            filled &= rows[:, 0] != 0
            if filled.any():
                matrix = matrix.copy()
                (matrix.T if self.case.transposed else matrix)[filled] = 0
        row, column = np.nonzero(matrix)
        return Entries(_places(row, self.windows), _places(column, self.units), matrix[row, column])

    @cached_property
    def taps(self) -> tuple[Flags, Integers]:
        """Which entries name a tap, and the place in the kernel, feature maps first, of those that do."""
        value, shape = self.entries.value, stimuli.kernel_shape(self.case)
        named = (value >= 1) & (value <= math.prod(shape)) & (value == np.floor(value))
        if self.case.pools:
            named = np.zeros_like(named)
        return named, _places(value[named].astype(np.int64) - 1, shape)


def same(a: Matrix, b: Matrix | np.float64) -> Flags:
    """Where two arrays have the same number, or both have none."""
    equal: Flags = np.asarray((a == b) | (np.isnan(a) & np.isnan(b)))
    return equal


def _places(flat: Integers, shape: Sequence[int]) -> Integers:
    """Places along each axis of the numbers that an array's elements have, unrolled; of shape (numbers, axes)."""
    return np.stack(np.unravel_index(flat, tuple(shape)), axis=1) if flat.size else np.zeros((0, len(shape)), np.int64)


def read(case: Case, probe: Probe, theory: Expected, shape: Sequence[int], operator: Operator) -> Reading | None:
    """An operator, read as windows × units.

    Parameters
    ----------
    theory : Expected
    shape : sequence of int
        Of the layer's output as it was observed, without the batch.

    Returns
    -------
    Reading or None
        None where the shape and the operator do not go together, or it has no elements.
    """
    source = (case.channels_in, *case.each("i"))
    if operator.rows != math.prod(shape) or operator.columns != math.prod(source) or len(shape) != len(source):
        return None
    if not operator.rows or not operator.columns:
        return None
    matrix = operator.dense()
    wanted = (theory.adjoint if probe == "adjoint" else theory.operator).dense()
    if case.transposed:
        return Reading(case, probe, source, tuple(shape), matrix.T, wanted.T, theory.shape)
    return Reading(case, probe, tuple(shape), source, matrix, wanted, theory.shape)
