"""S1 to S12: the guide's statements between its relationships, and which observations test each.

A statement is no size: it says what an operator is like. Every operator is compared entry by entry with the one that
the theory builds, so a framework that violates a statement shows in each case that the statement speaks of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from cases.case import Axis, Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement.

    Attributes
    ----------
    number : int
        'S' and the number are its id.
    title : str
    speaks_of : callable
        Whether an aspect (forward, adjoint, direct …) of a case tests it.
    """

    number: int
    title: str
    speaks_of: Callable[[Case, str], bool]

    @property
    def id(self) -> str:
        """'S' and the number."""
        return f"S{self.number}"


def uncovered(axis: Axis) -> int:
    """Units at the far end that no window covers, where the floor is active (S11)."""
    left = axis.i + axis.p_before + axis.p_after - axis.k_hat
    return min(axis.i, max(0, left % axis.s - axis.p_after)) if left >= 0 else 0


def _summed(aspect: str) -> bool:
    """Whether an aspect shows what becomes of several elements together, and not of one at a time only."""
    return aspect in ("forward", "dense")


def _forward(case: Case, aspect: str) -> bool:
    return aspect == "forward" and not case.transposed


def _transposed(case: Case, aspect: str) -> bool:
    return aspect == "forward" and case.transposed


STATEMENTS: tuple[Statement, ...] = (
    Statement(
        number=1,
        title="Strides are subsampling: the strided operator is every s-th row of the unit-stride one",
        speaks_of=lambda case, aspect: _forward(case, aspect) and any(axis.s > 1 for axis in case.axes),
    ),
    Statement(
        number=2,
        title="Axes do not interact",
        speaks_of=lambda case, aspect: aspect == "forward" and not case.square,
    ),
    Statement(
        number=3,
        title="Where s divides i + 2p - k, the sizes i … i + s - 1 share their output size",
        speaks_of=lambda case, aspect: (
            _forward(case, aspect) and case.op == "conv" and any(axis.s > 1 for axis in case.axes)
        ),
    ),
    Statement(
        number=4,
        title="A convolution is a sparse matrix C of the kernel's elements",
        speaks_of=lambda case, aspect: _summed(aspect) and case.op == "conv",
    ),
    Statement(
        number=5,
        title="The backward pass multiplies by the transpose of C",
        speaks_of=lambda case, aspect: aspect == "adjoint" and case.op == "conv",
    ),
    Statement(
        number=6,
        title="A transposed convolution has the transpose of C forward, and C backward",
        speaks_of=lambda case, aspect: (_summed(aspect) or aspect == "adjoint") and case.transposed,
    ),
    Statement(
        number=7,
        title="It equals a direct convolution of the stretched, padded or cropped input",
        speaks_of=lambda case, aspect: aspect == "direct" and case.transposed,
    ),
    Statement(
        number=8,
        title="It recovers the shape of the convolution's input, not the input",
        speaks_of=_transposed,
    ),
    Statement(
        number=9,
        title="Each output map is the sum over the input maps of one kernel's convolution each",
        speaks_of=lambda case, aspect: (
            _summed(aspect)
            and not case.pools
            and case.channels_in != case.channels_out
            and min(case.channels_in, case.channels_out) > 1
        ),
    ),
    Statement(
        number=10,
        title="Pooling is the same sliding window with another function",
        speaks_of=lambda case, aspect: _summed(aspect) and case.pools,
    ),
    Statement(
        number=11,
        title="With the floor active, input units at the far end are never covered",
        speaks_of=lambda case, aspect: (
            _forward(case, aspect) and not case.ceil_mode and any(uncovered(axis) for axis in case.axes)
        ),
    ),
    Statement(
        number=12,
        title="Dilation puts d - 1 spaces between kernel elements",
        speaks_of=lambda case, aspect: aspect == "forward" and any(axis.d > 1 and axis.k > 1 for axis in case.axes),
    ),
)


@lru_cache(maxsize=1 << 12)
def statements(case: Case, aspect: str) -> tuple[str, ...]:
    """Ids of the statements that an aspect of a case tests."""
    return tuple(statement.id for statement in STATEMENTS if statement.speaks_of(case, aspect))
