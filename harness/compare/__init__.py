"""What changed between two releases: observation against observation."""

from harness.compare.changes import Change, Compared, Group, Kind
from harness.compare.join import compare
from harness.compare.sides import Side, sides

__all__ = ["Change", "Compared", "Group", "Kind", "Side", "compare", "sides"]
