"""The guide's numerical figures: one input and one kernel, and what comes out, in numbers."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from cases.case import Axis, Case
from cases.figures import NUMERICAL_INPUT, NUMERICAL_KERNEL
from harness.theory.expected import expected
from harness.theory.matrix import structure


@dataclass(frozen=True, slots=True)
class Numbers:
    """What stands in the cells of a picture, row-major.

    Attributes
    ----------
    input, output, kernel : tuple of str
        The kernel is empty where the window has none.
    """

    input: tuple[str, ...]
    output: tuple[str, ...]
    kernel: tuple[str, ...]


def _case(op: str, p: int, s: int) -> Case:
    return Case(op=op, axes=(Axis(5, 3, s, p, p),) * 2)  # type: ignore[arg-type]


CASES: dict[str, Case] = {
    "numerical_no_padding_no_strides": _case("conv", 0, 1),
    "numerical_padding_strides": _case("conv", 1, 2),
    "numerical_average_pooling": _case("avg_pool", 0, 1),
    "numerical_max_pooling": _case("max_pool", 0, 1),
}


def numbers(case: Case) -> Numbers:
    """The numbers of a figure: what the layer gives for the guide's input, and its kernel if it has one."""
    x = np.array(NUMERICAL_INPUT, dtype=np.float64).reshape(-1)
    kernel = np.array(NUMERICAL_KERNEL, dtype=np.float64).reshape(-1)
    c = structure(case)
    rows, columns = np.divmod(c.indices, c.columns)
    if case.op == "max_pool":
        y = np.full(c.rows, -np.inf)
        np.maximum.at(y, rows, x[columns])
    else:
        weights = expected(case).operator.values if case.op == "avg_pool" else kernel[c.taps]
        y = np.bincount(rows, weights=weights * x[columns], minlength=c.rows)
    taps = () if case.pools else tuple(map(str, itertools.chain(*NUMERICAL_KERNEL)))
    digits = ".1f" if case.op == "avg_pool" else ".0f"
    return Numbers(tuple(f"{value:.0f}" for value in x), tuple(f"{value:{digits}}" for value in y), taps)
