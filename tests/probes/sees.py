"""What must see each planted fault on the layers of ``test_planted_faults``: the table ``sees.toml``, read."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path

import tomllib

Seen = set[tuple[str, str, str]]


@dataclass(frozen=True)
class Sees:
    """What sees a fault, and where it is hidden.

    Attributes
    ----------
    name : str
        Of the fault.
    sees : list of str
        'operations; aspects; statuses', all combined.
    red, hidden_in : str
        Claims and statements that must go red; layers that the fault is hidden in.
    """

    name: str
    sees: list[str]
    red: str
    hidden_in: str = ""

    def __str__(self) -> str:
        return self.name

    def seen(self) -> Seen:
        """The verdicts that must not agree: (operation, aspect, status)."""
        told = [[part.split() for part in line.split(";")] for line in self.sees]
        return {(op, aspect, status) for parts in told for op, aspect, status in product(*parts)}


_TOLD = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
SEES = tuple(Sees(**one) for one in _TOLD["fault"])
