"""What every report is made from, and what follows from it by counting."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cases import claims
from harness import store
from harness.deviations.settled import Settled
from harness.records import EXPECTED_STATUSES, PROBES, STATUSES, Environment, Probe, Status, Surface, Verdict
from harness.report.text import one_line
from harness.store import Count, Kind

_LAST_WORDS = 300  # characters
NO_RELATIONSHIP = "none"  # where verdicts are counted that no relationship speaks of: they must not get lost


@dataclass(frozen=True, slots=True)
class Judged:
    """A run's verdicts, as far as reports need them: counted, and at hand where they are not as expected.

    A run may have a million verdicts: what is in memory grows with its relationships, surfaces and reasons alone.

    Attributes
    ----------
    cells : dict
        Of each relationship and surface: how many verdicts have each status. A verdict counts in every relationship
        that speaks of its case.
    surfaces : dict
        Of each surface: the same of all its verdicts.
    reasons : dict
        Of each relationship and surface: why it has no way to say some cases, with how many verdicts each reason has.
    causes : dict
        Of each surface: the same of all its verdicts.
    kinds : tuple of Kind
        Those that are not as expected, counted by surface, aspect and status: most first.
    unexpected : collection of Verdict
        Each of them, by surface, relationship, size of the case, aspect.
    """

    cells: dict[tuple[str, Surface], Counter[Status]]
    surfaces: dict[Surface, Counter[Status]]
    reasons: dict[tuple[str, Surface], Counter[str]]
    causes: dict[Surface, Counter[str]]
    kinds: tuple[Kind, ...]
    unexpected: Collection[Verdict]

    @classmethod
    def read(cls, folder: Path) -> Judged:
        """Of a closed run.

        Raises
        ------
        UsageError
            It is not closed.
        """
        return cls._counted(store.counts(folder), store.kinds(folder), store.Unexpected(folder))

    @classmethod
    def of(cls, verdicts: Iterable[Verdict]) -> Judged:
        """Of verdicts that are in memory."""
        held = tuple(verdicts)
        counts = (Count(one.surface, one.relationships, one.counted, _why(one), 1) for one in held)
        unexpected = sorted((one for one in held if not one.as_expected), key=_order)
        alike: dict[tuple[Surface, Probe, Status], list[Verdict]] = {}
        for one in unexpected:
            alike.setdefault((one.surface, one.aspect, one.status), []).append(one)
        kinds = (Kind(*key, len(some), min(some, key=case_order)) for key, some in alike.items())
        return cls._counted(counts, kinds, tuple(unexpected))

    @classmethod
    def _counted(cls, counts: Iterable[Count], kinds: Iterable[Kind], unexpected: Collection[Verdict]) -> Judged:
        found = cls({}, {}, {}, {}, tuple(sorted(kinds, key=_kind_order)), unexpected)
        for one in counts:
            found.surfaces.setdefault(one.surface, Counter())[one.status] += one.number
            why = (one_line(one.why) or "no reason given") if one.status == "unsupported" else None
            if why is not None:
                found.causes.setdefault(one.surface, Counter())[why] += one.number
            for row in one.relationships or (NO_RELATIONSHIP,):
                found.cells.setdefault((row, one.surface), Counter())[one.status] += one.number
                if why is not None:
                    found.reasons.setdefault((row, one.surface), Counter())[why] += one.number
        return found

    @property
    def counts(self) -> Counter[Status]:
        """How many verdicts have each status."""
        return sum(self.surfaces.values(), start=Counter())

    @property
    def total(self) -> int:
        """How many verdicts there are."""
        return self.counts.total()

    @property
    def different(self) -> int:
        """How many are not as expected."""
        return Cell(self.counts).unexpected


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run as its reports tell it.

    Attributes
    ----------
    title : str
        The name of what was asked for: of a grid, of a selection.
    asked : dict
        What was asked for, as on the command line: the grid, the filters.
    environments : tuple of Environment
    cases : int
        How many were selected.
    judged : Judged
    complete : bool
        Whether everything that was asked for was observed.
    version : str
        Convarith's own.
    started : str
        Time of the start, ISO 8601.
    seconds : float
        What the run took.
    printed : dict
        By case, surface and aspect: what a process that crashed or hung had printed last.
    settled : Settled
        What is not as expected in few sentences, and what of it is known.
    """

    title: str
    asked: dict[str, str]
    environments: tuple[Environment, ...]
    cases: int
    judged: Judged
    complete: bool
    version: str
    started: str
    seconds: float
    printed: Mapping[tuple[str, Surface, Probe], str] = field(default_factory=dict)
    settled: Settled = field(default_factory=Settled)

    def last_words(self, verdict: Verdict) -> str:
        """The end of what a process had printed, if it is known: what explains a crash stands there."""
        return self.last_words_at((verdict.case_id, verdict.surface, verdict.aspect))

    def last_words_at(self, key: tuple[str, Surface, Probe] | None) -> str:
        """The same of a case on a surface, looked at by a probe; nothing of none."""
        return "" if key is None else self.printed.get(key, "").strip()[-_LAST_WORDS:]


@dataclass(frozen=True, slots=True)
class Cell:
    """The verdicts of one relationship on one surface, or of any other selection, counted.

    Attributes
    ----------
    counts : Counter
        Of statuses.
    """

    counts: Counter[Status]

    @property
    def total(self) -> int:
        """All verdicts."""
        return self.counts.total()

    @property
    def said(self) -> int:
        """Verdicts on cases that the surface has a way to say."""
        return self.total - self.unsupported

    @property
    def unsupported(self) -> int:
        """Verdicts on cases that the surface has no way to say."""
        return self.counts["unsupported"]

    @property
    def unexpected(self) -> int:
        """Verdicts that are not as expected."""
        return sum(number for status, number in self.counts.items() if status not in EXPECTED_STATUSES)

    def __str__(self) -> str:
        """'1234' where all that can be said agree, '12 of 1234' where 12 do not, '–' where nothing can be said."""
        if not self.total:
            return ""
        if not self.said:
            return "–"
        return f"{self.unexpected} of {self.said}" if self.unexpected else str(self.said)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Relationships against surfaces.

    Attributes
    ----------
    rows : tuple of str
        Ids of relationships, in the guide's order.
    columns : tuple of Surface
    cells : dict
        Of those that hold a verdict.
    totals : dict
        Of each surface, from its verdicts: rows overlap, so they do not add up to it.
    """

    rows: tuple[str, ...]
    columns: tuple[Surface, ...]
    cells: dict[tuple[str, Surface], Cell]
    totals: dict[Surface, Cell]

    def cell(self, row: str, column: Surface) -> Cell:
        """The cell of a relationship and a surface; empty where there is none."""
        return self.cells.get((row, column)) or Cell(Counter())


def statuses(verdicts: Iterable[Verdict]) -> Counter[Status]:
    """How many verdicts have each status."""
    return Counter(verdict.counted for verdict in verdicts)


def occurring(counts: Counter[Status]) -> tuple[Status, ...]:
    """The statuses that occur, in the order in which they are documented."""
    return tuple(status for status in STATUSES if counts[status])


def rows_of(verdict: Verdict) -> tuple[str, ...]:
    """The relationships that a verdict counts in: every one that speaks of its case."""
    return verdict.relationships or (NO_RELATIONSHIP,)


def reason(verdict: Verdict) -> str:
    """Why a case is unsupported, cleaned."""
    return one_line(_why(verdict)) or "no reason given"


def _why(verdict: Verdict) -> str:
    return (verdict.observed or verdict.diagnosis) if verdict.status == "unsupported" else ""


def title_of(relationship: str) -> str:
    """What a relationship, statement or convention is called; empty for what is none."""
    if relationship == NO_RELATIONSHIP:
        return "(no relationship speaks of the case)"
    return claims.title(relationship)


def matrix(report: Report) -> Matrix:
    """Relationships against surfaces. A verdict counts in every relationship that speaks of its case."""
    cells, totals = report.judged.cells, report.judged.surfaces
    return Matrix(
        rows=tuple(sorted({row for row, _ in cells}, key=relationship_order)),
        columns=tuple(sorted(totals, key=surface_order)),
        cells={key: Cell(counts) for key, counts in cells.items()},
        totals={surface: Cell(counts) for surface, counts in totals.items()},
    )


def relationship_order(relationship: str) -> tuple[str, int, str]:
    """Sorts R2 before R10, the guide's before others, and what is no relationship last."""
    numbered = re.fullmatch(r"([A-Z])([0-9]{1,9})", relationship)
    return (numbered[1], int(numbered[2]), "") if numbered else ("~", 0, relationship)


def surface_order(surface: Surface) -> tuple[object, ...]:
    """Sorts surfaces by what they are, and releases of one beside each other, the older first."""
    return (surface.framework, surface.route, surface.mode, surface.switch, release_order(surface.release))


def release_order(release: str) -> tuple[object, ...]:
    """Sorts 0.4.30 before 0.10.2: words as words, and the numbers in them as numbers."""
    return tuple((part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", release))


def case_order(verdict: Verdict) -> tuple[int, str]:
    """Sorts small cases first. A longer id has more axes, more digits or more said about it."""
    return (len(verdict.case_id), verdict.case_id)


def _kind_order(kind: Kind) -> tuple[object, ...]:
    return (-kind.number, kind.surface, PROBES.index(kind.aspect), STATUSES.index(kind.status))


def _order(verdict: Verdict) -> tuple[object, ...]:
    return (
        verdict.surface,
        relationship_order(rows_of(verdict)[0]),
        case_order(verdict),
        verdict.aspect,
        # For two verdicts on one aspect, which only differ in what follows: the order never depends on the input's.
        (verdict.status, verdict.observed, verdict.diagnosis),
    )
