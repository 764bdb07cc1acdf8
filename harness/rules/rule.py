"""What a rule is: where it is said, of which layers, and how far it holds."""

from __future__ import annotations

from dataclasses import dataclass

from harness.records import Probe, Surface

EVERY: tuple[str, ...] = ()  # of routes, modes …: no matter which


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A sentence about disagreements: where these parameters come together, this happens.

    Attributes
    ----------
    framework : str
    status : str
        What happens.
    routes, modes, switches, aspects, ops : tuple of str
        Where: each empty if it does not matter there.
    words, sql : tuple of str
        What must hold of the parameters, all of it; in words, and over the columns of :mod:`harness.rules.columns`.
    support, total : int
        'n of m': of so many verdicts that it speaks of, so many are as it says.
    example : str
        The smallest case that is as it says.
    exceptions : tuple of str
        Some of the smallest cases that are not.
    surface : Surface or None
    aspect : str or None
        Where the example was observed.
    diagnosis : str
        Of the example, in a sentence; of one that was refused, with what words.
    depends : str
        On which switch, mode, layout … what was seen of the example depends; empty if it was not observed again.
    expected, observed : str
        The operators of the example as small matrices; empty where there are none to show.
    """

    framework: str
    status: str
    routes: tuple[str, ...] = EVERY
    modes: tuple[str, ...] = EVERY
    switches: tuple[str, ...] = EVERY
    aspects: tuple[str, ...] = EVERY
    ops: tuple[str, ...] = EVERY
    words: tuple[str, ...] = ()
    sql: tuple[str, ...] = ()
    support: int
    total: int
    example: str
    exceptions: tuple[str, ...] = ()
    surface: Surface | None = None
    aspect: Probe | None = None
    diagnosis: str = ""
    depends: str = ""
    expected: str = ""
    observed: str = ""

    @property
    def key(self) -> tuple[str, Surface, Probe] | None:
        """Of the observation of the example."""
        return None if self.surface is None or self.aspect is None else (self.example, self.surface, self.aspect)

    @property
    def name(self) -> str:
        """The framework, and the release of it that was observed, if it is asked for by that."""
        return " ".join(filter(None, (self.framework, self.surface.release if self.surface else "")))

    @property
    def predicate(self) -> str:
        """What must hold of a case, in SQL: what it computes and its parameters."""
        ops = " OR ".join(f"op = '{op}'" for op in self.ops)
        told = [f"op IN ({', '.join(map(repr, self.ops))})" if len(self.ops) > 1 else ops] if self.ops else []
        return " AND ".join([*told, *self.sql]) or "true"

    @property
    def where(self) -> str:
        """The surfaces and aspects in words; what does not matter is not said."""
        return ", ".join([*([] if self.routes else [self.framework]), *([self.place] if self.place else [])])

    @property
    def place(self) -> str:
        """The same without the framework."""
        told = [" and ".join(self.routes), *self.modes_and_switches, " and ".join(self.aspects)]
        return ", ".join(text for text in told if text)

    @property
    def modes_and_switches(self) -> list[str]:
        """The same of modes and switches alone."""
        switches = (switch or "no switch" for switch in self.switches)
        return [text for text in (" and ".join(self.modes), " and ".join(switches)) if text]

    @property
    def what(self) -> str:
        """Of which layers, in words."""
        words = [" and ".join(op.replace("_", " ") for op in self.ops), *self.words]
        return ", ".join(word for word in words if word) or "everything"

    def __str__(self) -> str:
        return f"{self.where}: {self.what}: {self.status}, {self.support} of {self.total}"
