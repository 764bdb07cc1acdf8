"""What changed between two releases: observation against observation."""

from harness.diff.changes import Change, Compared, Group, Kind
from harness.diff.join import compare
from harness.diff.sides import Side, sides

__all__ = ["Change", "Compared", "Group", "Kind", "Side", "compare", "sides"]
