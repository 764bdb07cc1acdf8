"""A claim: what must be true of a layer's sizes, where, and who says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cases.case import Axis, Case, Op


def _any_layer(_: Case) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One numbered claim about the size of a layer's output, axis by axis (axes do not interact, S2).

    Attributes
    ----------
    id : str
        'R6' of the guide's relationships, 'X1' of the conventions beyond it.
    title : str
    statement : str
        In LaTeX, in the guide's letters.
    source : str
        The guide's section, or where a convention is documented.
    ops : tuple of str
        The operations that it speaks of.
    domain : callable
        Whether it speaks of an axis. Where it does and the claim is not positive, there is nothing to compute.
    claim : callable
        The claimed size of the output along an axis of the domain.
    layer : callable
        Whether it speaks of a layer, by what a layer has beside its axes.
    """

    id: str
    title: str
    statement: str
    source: str
    ops: tuple[Op, ...]
    domain: Callable[[Axis], bool]
    claim: Callable[[Axis], int]
    layer: Callable[[Case], bool] = _any_layer

    @property
    def number(self) -> int:
        """The number in the id."""
        return int(self.id[1:])

    def holds_for(self, case: Case) -> bool:
        """Whether it speaks of a case: of its operation, its layer and each of its axes."""
        return case.op in self.ops and self.layer(case) and all(self.domain(axis) for axis in case.axes)

    def size(self, case: Case) -> tuple[int, ...]:
        """The claimed output size along each axis of a case; not positive where there is nothing to compute."""
        return tuple(self.claim(axis) for axis in case.axes)
