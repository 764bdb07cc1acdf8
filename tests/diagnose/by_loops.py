"""Operators of layers with any parameters, by the plainest loops, written without a look at the theory."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases import stimuli
from cases.case import Case, parse
from harness.diagnose import Diagnosis, diagnose
from harness.operator import Operator
from harness.records import Probe
from harness.theory.expected import expected

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Along:
    """One axis: o windows over i units, tap t of window w at s·w + d·t - p."""

    i: int
    o: int
    k: int
    s: int = 1
    d: int = 1
    p: int = 0


def convolution(axes: Sequence[Along], kernel: NDArray[Any], border: str = "zero") -> Array:
    """C, of shape (n, o_1 … o_N, m, i_1 … i_N), of a kernel of shape (n, m, k_1 … k_N)."""
    n, m = kernel.shape[:2]
    c = np.zeros((n, *(axis.o for axis in axes), m, *(axis.i for axis in axes)))
    windows = itertools.product(*(range(axis.o) for axis in axes))
    for window in windows:
        for tap in itertools.product(*(range(axis.k) for axis in axes)):
            unit = [axis.s * w + axis.d * t - axis.p for axis, w, t in zip(axes, window, tap, strict=True)]
            if border == "circular":
                unit = [u % axis.i for u, axis in zip(unit, axes, strict=True)]
            elif border == "edge":
                unit = [min(max(u, 0), axis.i - 1) for u, axis in zip(unit, axes, strict=True)]
            elif any(not 0 <= u < axis.i for u, axis in zip(unit, axes, strict=True)):
                continue
            for a, b in itertools.product(range(n), range(m)):
                c[(a, *window, b, *unit)] += kernel[(a, b, *tap)]
    return c


def turned(c: Array) -> Array:
    """The transpose: of a convolution's operator that of the transposed convolution."""
    half = c.ndim // 2
    return np.moveaxis(c, range(half), range(half, c.ndim))


def of(case: str | Case, operator: Array, probe: Probe = "forward", batch: int | None = None) -> Diagnosis:
    """The diagnosis of an operator of shape (output maps, o …, input maps, i …)."""
    if isinstance(case, str):
        case = parse(case)
    theory = expected(case)
    half = operator.ndim // 2
    outputs, inputs = operator.shape[:half], operator.shape[half:]
    one = 1 if probe == "adjoint" else int(np.prod(inputs))
    return diagnose(
        case,
        probe,
        theory,
        wanted=(one, *theory.shape),
        shape=(one if batch is None else batch, *outputs),
        operator=Operator.of(operator.reshape(int(np.prod(outputs)), -1)),
    )


def taps(case: str | Case) -> NDArray[np.int64]:
    """The kernel that a case's layer is fed."""
    return stimuli.kernel(parse(case) if isinstance(case, str) else case)
