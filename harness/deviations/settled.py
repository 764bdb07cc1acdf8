"""What a run's disagreements come to: in few sentences, and what of them is known."""

from __future__ import annotations

from dataclasses import dataclass

from harness.deviations.findings import Finding
from harness.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class Known:
    """An entry that knows verdicts of a run.

    Attributes
    ----------
    framework, name : str
    verdicts : int
        How many.
    reason, upstream : str
        As it says.
    """

    framework: str
    name: str
    verdicts: int
    reason: str
    upstream: str


@dataclass(frozen=True, slots=True)
class Settled:
    """A run, held against the known deviations.

    Attributes
    ----------
    rules : tuple of Rule
        They cover every verdict that is not as expected and not known.
    findings : tuple of Finding
        What is wrong with the known deviations; what they do not know among it.
    known : tuple of Known
    left : int
        How many kinds of disagreements were not observed again, though others were: those with larger cases.
    """

    rules: tuple[Rule, ...] = ()
    findings: tuple[Finding, ...] = ()
    known: tuple[Known, ...] = ()
    left: int = 0

    @property
    def stale(self) -> int:
        """How many entries are not right, each counted once."""
        return len({(one.framework, one.entry) for one in self.findings if one.entry})
