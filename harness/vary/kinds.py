"""Disagreements in kinds, each with the smallest case, which stands for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from harness.records import Probe, Status, Surface, Verdict
from harness.rules.causes import cause

MOST = 100  # kinds of a framework's release that are observed again

# To wait again, a dozen times, for what hangs would take longer than the run; our own faults are not a framework's.
_NEVER: frozenset[Status] = frozenset({"timed_out", "harness_error"})

Key = tuple[Surface, Probe, str, Status, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """Disagreements on one surface and aspect, of one operation, of one status, that say the same but for numbers.

    Attributes
    ----------
    key : tuple
    smallest : Verdict
        On the smallest case.
    """

    key: Key
    smallest: Verdict


def key(verdict: Verdict) -> Key:
    """The kind that a verdict is of."""
    layer = verdict.case_id.partition(".")[0]  # the operation and its rank
    words = cause(verdict.status, verdict.observed, verdict.diagnosis)
    return verdict.surface, verdict.aspect, layer, verdict.status, words


def kinds(verdicts: Iterable[Verdict]) -> list[Kind]:
    """The kinds of some disagreements, those with the smallest cases first, whatever order they come in."""
    found: dict[Key, Verdict] = {}
    for verdict in verdicts:
        if verdict.status not in _NEVER:
            mine = key(verdict)
            known = found.get(mine)
            if known is None or _size(verdict) < _size(known):
                found[mine] = verdict
    return [Kind(*one) for one in sorted(found.items(), key=lambda one: (_size(one[1]), one[0]))]


def chosen(found: Iterable[Kind], most: int = MOST) -> list[Kind]:
    """Those that are observed again: of each framework and release so many, those with the smallest cases.

    Shards choose so that together they have chosen all that the whole would choose: a kind's smallest case is the
    smallest in one of them, and no more kinds have a smaller one there than in the whole.
    """
    taken: Counter[tuple[str, str]] = Counter()
    mine = []
    for kind in found:
        whose = kind.smallest.surface.framework, kind.smallest.surface.release
        taken[whose] += 1
        if taken[whose] <= most:
            mine.append(kind)
    return mine


def _size(verdict: Verdict) -> tuple[int, str]:
    return len(verdict.case_id), verdict.case_id
