"""Many releases of frameworks beside each other: what each comes to, and what each does with one case."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness import store
from harness.diff.changes import Compared
from harness.diff.join import compare
from harness.diff.sides import Side
from harness.records import Status, Surface
from harness.report.model import NO_RELATIONSHIP, Cell, Matrix, relationship_order, release_order
from harness.store.database import rows


@dataclass(frozen=True, slots=True)
class Seen:
    """What one release did with a case on one surface.

    Attributes
    ----------
    surface : Surface
        Its release is that of the column.
    aspect, status, observed : str
    """

    surface: Surface
    aspect: str
    status: str
    observed: str


Timeline = Sequence[tuple[Surface, Sequence[Seen]]]


def columns(run: store.Run) -> dict[tuple[str, str], Surface]:
    """A column for each framework and release of a run: one surface that stands for all, called by the release."""
    found: dict[tuple[str, str], Surface] = {}
    for place in run.environments:
        version = place.facts.get("version", "")
        name = place.release if version in place.release else f"{place.release} ({version})"
        column = Surface(place.framework, "", "", "", name if place.release else version)
        found.setdefault((place.framework, place.release), column)
    return found


def matrix(folders: Sequence[Path]) -> Matrix:
    """Relationships against releases: of each column, all surfaces of a framework in the release.

    A release that several runs hold is that of the last of them.
    """
    cells: dict[tuple[str, Surface], Counter[Status]] = {}
    totals: dict[Surface, Counter[Status]] = {}
    for folder in folders:
        run = store.read_run(folder)
        store.check(folder)
        named = columns(run)
        for column in named.values():
            for key in [key for key in cells if key[1] == column]:
                del cells[key]
            totals[column] = Counter()
        counted = ("framework", "release", "relationships", "status", "count(*)")
        with rows(folder, "verdicts", counted, "true GROUP BY ALL") as found:
            for framework, release, relationships, status, number in found:
                column = named[framework, release]
                totals[column][status] += number
                for row in relationships or (NO_RELATIONSHIP,):
                    cells.setdefault((row, column), Counter())[status] += number
    return Matrix(
        rows=tuple(sorted({row for row, _ in cells}, key=relationship_order)),
        columns=tuple(sorted(totals, key=_order)),
        cells={key: Cell(counts) for key, counts in cells.items()},
        totals={column: Cell(counts) for column, counts in totals.items()},
    )


def timelines(folders: Sequence[Path], cases: Sequence[str]) -> dict[str, Timeline]:
    """What each release did with some cases, case by case: the columns in their order, and what was seen of each."""
    found: dict[str, dict[Surface, list[Seen]]] = {case_id: {} for case_id in cases}
    for folder in folders:
        named = columns(store.read_run(folder))
        store.check(folder)
        for held in found.values():
            held.update({column: [] for column in named.values()})
        wanted = ("case_id", "framework", "release", "route", "mode", "switch", "aspect", "status", "observed")
        with rows(folder, "verdicts", wanted, "case_id IN $cases ORDER BY ALL", {"cases": list(cases)}) as told:
            for case_id, framework, release, route, mode, switch, aspect, status, observed in told:
                column = named[framework, release]
                surface = replace(column, route=route, mode=mode, switch=switch)
                found[case_id][column].append(Seen(surface, aspect, status, observed))
    return {case_id: sorted(held.items(), key=lambda item: _order(item[0])) for case_id, held in found.items()}


def steps(folders: Sequence[Path]) -> list[tuple[str, Compared]]:
    """What changed from each release of a framework to the next of those that were observed."""
    held: dict[Surface, Side] = {}
    for folder in folders:
        run = store.read_run(folder)
        store.check(folder)
        for (framework, release), column in columns(run).items():
            held[column] = Side(column.release, folder, run, release, framework)
    return [
        (one.framework, compare(held[one], held[other]))
        for one, other in itertools.pairwise(sorted(held, key=_order))
        if one.framework == other.framework
    ]


def _order(column: Surface) -> tuple[object, ...]:
    return column.framework, release_order(column.release)
