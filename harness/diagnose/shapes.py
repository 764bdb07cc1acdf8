"""What a shape alone says: the layer that has it, if there is one simple mistake that leads there."""

from __future__ import annotations

from collections.abc import Sequence

from cases.case import Case
from harness.diagnose.places import by
from harness.diagnose.record import Cause, Kind
from harness.diagnose.suspects import suspects
from harness.theory.matrix import output_size

Shape = Sequence[int | None]


def cause(case: Case, wanted: Shape, found: Shape, *, alone: bool) -> Cause | None:
    """The one mistake that explains a shape; None where there is none, or several.

    Parameters
    ----------
    wanted, found : sequence of (int or None)
        Batch first, feature maps second.
    alone : bool
        Whether nothing else was seen. Else values refute the mistakes that lead there.
    """
    size = found[2:]
    if of_one_size(wanted, found):
        if 0 in size:
            return Cause("missing_outputs", f"the output is empty, where o = {by(wanted[2:])} is claimed")
        known = candidates(case, size) if alone else []
        if len(known) == 1:
            return Cause(known[0][0], f"o = {by(size)}: that is o for {known[0][1]}")
    whole = _whole(case, wanted, found)
    return None if whole is None else Cause("shape", whole)


def of_one_size(wanted: Shape, found: Shape) -> bool:
    """Whether nothing but a size is wrong: neither the number of axes, nor of inputs, nor of feature maps."""
    return len(found) == len(wanted) and _agree(found[:2], wanted[:2])


def candidates(case: Case, size: Shape) -> list[tuple[Kind, str]]:
    """Simple mistakes that lead to a size; none where a part of it is unknown."""
    if None in size:
        return []
    return [(kind, words) for kind, words, other in suspects(case) if _agree(size, output_size(other))]


def _agree(found: Shape, wanted: Shape) -> bool:
    return all(one in (None, other) for one, other in zip(found, wanted, strict=True))


def _whole(case: Case, wanted: Shape, found: Shape) -> str | None:
    """What is wrong with the axes of a shape, rather than with a size along one."""
    mine = tuple(found)
    if mine == tuple(wanted[1:]):
        return "the batch's axis is missing"
    if mine == (*wanted[:1], *wanted[2:], wanted[1]) and not of_one_size(wanted, mine):
        return "the feature maps stand last, where they should be second"
    if mine[1:2] == (0,) and (mine[0], *mine[2:]) == (wanted[0], *wanted[2:]):
        return f"no output maps, where there should be {wanted[1]}"
    source = (wanted[0], case.channels_in, *case.each("i"))
    if mine == source and mine != tuple(wanted):
        return "the output has the input's own shape"
    if len(mine) != len(wanted):
        return f"the shape has {len(mine)} axes, not {len(wanted)}"
    if mine[0] != wanted[0] and _agree(mine[1:], wanted[1:]) and mine[0] is not None:
        return f"a batch of {mine[0]} where {wanted[0]}"
    if mine[1] != wanted[1] and mine[1] is not None and (mine[0], *mine[2:]) == (wanted[0], *wanted[2:]):
        return f"{mine[1]} output maps where {wanted[1]}"
    return None
