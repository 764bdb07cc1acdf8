"""The records of a comparison."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal[
    "regression",
    "newly_rejected",
    "newly_accepted",
    "changed",
    "fixed",
    "appeared",
    "disappeared",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

MEANING: dict[Kind, str] = {
    "regression": "was as the theory says, and is not any more",
    "newly_rejected": "returned something, and now raises an error where the theory has a result",
    "newly_accepted": "raised an error, and now returns what the theory does not have",
    "changed": "another observation, no nearer to the theory and no farther from it",
    "fixed": "was not as the theory says, and is now",
    "appeared": "was not observed, or could not be said, and is now",
    "disappeared": "was observed, and is not any more, or can no longer be said",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One aspect of one case on one surface, of which two observations differ.

    Attributes
    ----------
    kind : str
    worse : bool
        Whether it agreed and agrees no more: whatever its kind, it is a regression.
    framework, route, mode, switch, aspect : str
    case_id, op : str
    before, after : str
        The statuses; empty where it was not observed.
    saw_before, saw_after : str
        What was observed, in words and numbers, and how its values differ if nothing else does.
    diagnosis : str
        Why it is not as the theory says, or was not, if it is now.
    """

    kind: Kind
    worse: bool
    framework: str
    route: str
    mode: str
    switch: str
    aspect: str
    case_id: str
    op: str
    before: str
    after: str
    saw_before: str
    saw_after: str
    diagnosis: str = ""

    @property
    def was(self) -> str:
        """Status and observation before."""
        return _told(self.before, self.saw_before)

    @property
    def now(self) -> str:
        """The same after."""
        return _told(self.after, self.saw_after)

    @property
    def surface(self) -> str:
        """The surface, without its release."""
        return "/".join(filter(None, (self.framework, self.route, self.mode, self.switch)))


@dataclass(frozen=True, slots=True)
class Group:
    """Changes that one rule tells.

    Attributes
    ----------
    name : str
        Where and of which layers.
    sentence : str
        That, and what became of what.
    kind : str
    count, total : int
        'n of m': of so many that the rule speaks of and both sides observed, so many changed like this.
    worse : int
        How many of them agreed before.
    predicate : str
        Of which layers, in SQL.
    exceptions : tuple of str
        Some of the smallest cases that did not.
    example : Change
        The smallest.
    """

    name: str
    sentence: str
    kind: Kind
    count: int
    total: int
    worse: int
    predicate: str
    exceptions: tuple[str, ...]
    example: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two sides, and what changed.

    Attributes
    ----------
    before, after : str
        What the sides are called.
    releases : tuple of str
        What is compared with what, a line for each framework.
    different : tuple of str
        Sentences about what was run differently: none of it is a change.
    same : int
        Observations that are the same on both sides.
    counts : Counter
        How many changes there are of each kind.
    worse : int
        How many agreed and agree no more.
    changes : tuple of Change
        By kind, surface, size of the case.
    groups : tuple of Group
        They cover every change, some more than once.
    """

    before: str
    after: str
    releases: tuple[str, ...]
    different: tuple[str, ...]
    same: int
    counts: Counter[Kind]
    worse: int
    changes: tuple[Change, ...]
    groups: tuple[Group, ...]

    @property
    def headline(self) -> str:
        """What came of it, in a line."""
        told = [f"{self.counts[kind]} {kind.replace('_', ' ')}" for kind in KINDS if self.counts[kind]]
        what = f"{self.worse} that agreed and agree no more" if self.worse else "Nothing that agreed is worse"
        return f"{what}: {', '.join(told) or 'no change'}; {self.same} the same"


def _told(status: str, saw: str) -> str:
    return f"{status}: {saw}" if status and saw else status or "not observed"
