"""The verdicts of a closed run, counted and chosen where they are: a run may have millions, and memory holds few."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.records import EXPECTED_STATUSES, Probe, Status, Surface, Verdict
from harness.store.columns import SURFACE
from harness.store.database import rows
from harness.store.tables import verdict_rows, verdicts

_COUNTED = "CASE WHEN known IS NULL THEN status ELSE 'known' END"
_UNEXPECTED = f"{_COUNTED} NOT IN ({', '.join(map(repr, sorted(EXPECTED_STATUSES)))})"

# By surface; relationships by letter and number, what is none last; small cases first: those of short ids.
_NUMBERED = "regexp_full_match(relationship, '[A-Z][0-9]{1,9}')"
_ORDER = f"""
    {", ".join(SURFACE)},
    CASE WHEN {_NUMBERED} THEN relationship[1] ELSE '~' END,
    CASE WHEN {_NUMBERED} THEN CAST(relationship[2:] AS INTEGER) ELSE 0 END,
    CASE WHEN {_NUMBERED} THEN '' ELSE coalesce(relationship, 'none') END,
    length(case_id), case_id, aspect, status, observed, diagnosis
"""


@dataclass(frozen=True, slots=True)
class Count:
    """Verdicts that are alike.

    Attributes
    ----------
    surface : Surface
    relationships : tuple of str
        As each has them.
    status : str
        That they count as.
    why : str
        Of what is unsupported: why.
    number : int
        How many there are.
    """

    surface: Surface
    relationships: tuple[str, ...]
    status: Status
    why: str
    number: int


@dataclass(frozen=True, slots=True)
class Kind:
    """Unexpected verdicts of one surface, aspect and status.

    Attributes
    ----------
    surface : Surface
    aspect, status : str
    number : int
        How many there are; at least one.
    smallest : Verdict
        The one on the smallest case: the one to look at first.
    """

    surface: Surface
    aspect: Probe
    status: Status
    number: int
    smallest: Verdict


def counts(folder: Path) -> Iterator[Count]:
    """All verdicts of a closed run, those that are alike together.

    Raises
    ------
    UsageError
        It is not closed.
    """
    why = "CASE WHEN status = 'unsupported' THEN coalesce(nullif(observed, ''), diagnosis) ELSE '' END"
    columns = (*SURFACE, "relationships", f"{_COUNTED} AS counted", f"{why} AS why", "count(*)")
    with verdict_rows(folder, columns, rest="GROUP BY ALL") as found:
        for *surface, relationships, counted, reason, number in found:
            yield Count(Surface(*surface), tuple(relationships), counted, reason or "", number)


def kinds(folder: Path) -> Iterator[Kind]:
    """The unexpected verdicts of a closed run by their kinds.

    Raises
    ------
    UsageError
        It is not closed.
    """
    names = tuple(name for name in Verdict.__slots__ if name not in ("surface", "aspect", "status", "known"))
    least = "{'size': length(case_id), 'name': case_id}"
    columns = (*SURFACE, "aspect", "status", "count(*)", *(f"arg_min({name}, {least})" for name in names))
    with verdict_rows(folder, columns, _UNEXPECTED, rest="GROUP BY ALL") as found:
        for framework, route, mode, switch, release, aspect, status, number, *rest in found:
            surface, told = Surface(framework, route, mode, switch, release), dict(zip(names, rest, strict=True))
            told |= {"relationships": tuple(told["relationships"]), "depends": told["depends"] or ""}
            smallest = Verdict(surface=surface, aspect=aspect, status=status, **told)
            yield Kind(surface, aspect, status, number, smallest)


def by_surface(folder: Path) -> Iterator[Verdict]:
    """All verdicts of a closed run, by surface, size of the case, aspect."""
    order = f"{', '.join(SURFACE)}, length(case_id), case_id, aspect"
    return verdicts(folder, order=f"ORDER BY {order}")


@dataclass(frozen=True, slots=True)
class Unexpected(Collection[Verdict]):
    """The unexpected verdicts of a closed run, read from its table each time that they are gone through.

    They come by surface, relationship, size of the case, aspect.
    """

    folder: Path

    def __iter__(self) -> Iterator[Verdict]:
        return verdicts(self.folder, _UNEXPECTED, f"ORDER BY {_ORDER}")

    def __len__(self) -> int:
        with rows(self.folder, "verdicts", ("count(*)",), _UNEXPECTED) as found:
            return int(next(found)[0])

    def __contains__(self, verdict: object) -> bool:
        return any(one == verdict for one in self)
