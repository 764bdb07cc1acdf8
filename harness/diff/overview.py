"""The matrix of a baseline: how many verdicts of each claim and surface have each status, and the same for people.

counts.parquet     a row for each claim, surface and status; where the claim is 'total', all verdicts of the surface
matrix.md          what it says: claims against frameworks, and the surfaces' totals
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError
from harness.records import STATUSES, Status, Surface
from harness.report.markdown import escaped
from harness.report.model import Cell, Judged, relationship_order, surface_order, title_of
from harness.store import Run, write_whole
from harness.store.database import opened, opened_in_memory, read_lines, write_lines, write_parquet

NAME = "counts"
BEGIN, END = "<!-- matrix: written by convarith baseline -->", "<!-- end of the matrix -->"
_TOTAL = "total"
_COLUMNS = {
    "relationship": "VARCHAR",
    "framework": "VARCHAR",
    "version": "VARCHAR",
    "route": "VARCHAR",
    "mode": "VARCHAR",
    "switch": "VARCHAR",
    "status": "VARCHAR",
    "verdicts": "INTEGER",
}


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts of a run's verdicts.

    Attributes
    ----------
    cells : dict
        Of each claim, or 'total', and surface: how many verdicts count as each status.
    versions : dict
        Of each framework.
    """

    cells: Mapping[tuple[str, Surface], Counter[Status]]
    versions: Mapping[str, str]


def of_run(judged: Judged, run: Run) -> Overview:
    """Of a run, in which no framework has several releases."""
    totals = {(_TOTAL, surface): counts for surface, counts in judged.surfaces.items()}
    versions = {one.framework: one.facts.get("version", "") for one in run.environments}
    return Overview({**judged.cells, **totals}, versions)


def write(overview: Overview, folder: Path) -> None:
    """Write the table and the page of an overview into a directory."""
    rows = [
        {
            "relationship": relationship,
            "framework": surface.framework,
            "version": overview.versions.get(surface.framework, ""),
            "route": surface.route,
            "mode": surface.mode,
            "switch": surface.switch,
            "status": status,
            "verdicts": number,
        }
        for (relationship, surface), counts in sorted(overview.cells.items(), key=_order)
        for status, number in sorted(counts.items())
    ]
    with tempfile.TemporaryDirectory(dir=folder, prefix=".counting-") as scratch, opened(Path(scratch)) as database:
        write_parquet(read_lines(database, write_lines(Path(scratch) / "rows", rows), _COLUMNS), folder, NAME)
    write_whole(folder / "matrix.md", text(overview).encode())


def read(folder: Path) -> Overview:
    """What :func:`write` wrote."""
    path = folder / f"{NAME}.parquet"
    if not path.exists():
        raise UsageError(f"{folder} holds no {path.name}: write it by convarith baseline")
    cells: dict[tuple[str, Surface], Counter[Status]] = {}
    versions: dict[str, str] = {}
    with opened_in_memory() as database:
        for relationship, framework, version, route, mode, switch, status, number in database.read_parquet(
            str(path)
        ).fetchall():
            versions[framework] = version
            cells.setdefault((relationship, Surface(framework, route, mode, switch)), Counter())[status] += number
    return Overview(cells, versions)


def text(overview: Overview) -> str:
    """An overview in Markdown: claims against frameworks, then statuses against surfaces."""
    frameworks = sorted(overview.versions)
    claims = sorted({name for name, _ in overview.cells if name != _TOTAL}, key=relationship_order)
    merged: dict[tuple[str, str], Counter[Status]] = {}
    for (name, surface), counts in overview.cells.items():
        merged.setdefault((name, surface.framework), Counter()).update(counts)

    def row(head: str, name: str) -> list[str]:
        return [head, *(_cell(Cell(merged.get((name, framework), Counter()))) for framework in frameworks)]

    heads = ["", *(" ".join(filter(None, (name, overview.versions[name]))) for name in frameworks)]
    matrix = [row(f"**{name}** {title_of(name)}".rstrip(), name) for name in claims]
    matrix.append(row("all verdicts", _TOTAL))
    totals = sorted(
        ((surface, counts) for (name, surface), counts in overview.cells.items() if name == _TOTAL),
        key=lambda one: surface_order(one[0]),
    )
    occur = [status for status in STATUSES if any(counts[status] for _, counts in totals)]
    surfaces = [[str(surface), *(str(counts[status] or "") for status in occur)] for surface, counts in totals]
    reading = (
        "✓ all agree; ● so many agree, and so many deviate as is known; ✗ so many of so many are not as expected; "
        "– none of its cases can be said. A verdict counts in every row that speaks of its case."
    )
    return f"{reading}\n\n{_table(heads, matrix)}\n{_table(['surface', *occur], surfaces)}"


def _cell(cell: Cell) -> str:
    if not cell.total:
        return ""
    if not cell.said:
        return "–"
    if cell.unexpected:
        return f"✗ {cell.unexpected} of {cell.said}"
    known = cell.counts["known"]
    return f"● {cell.said - known}, {known} known" if known else f"✓ {cell.said}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [[escaped(cell) if number else cell for number, cell in enumerate(row)] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in (heads, ["---", *["--:"] * (len(heads) - 1)], *lines))


def show(page: Path, folder: Path) -> None:
    """Put the matrix of a baseline into a page, between the marks that stand there.

    Raises
    ------
    UsageError
        It has no such marks, or cannot be read.
    """
    try:
        told = page.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{page} cannot be read ({error})") from error
    before, begun, rest = told.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not begun or not ended:
        raise UsageError(f"{page} has no place for the matrix: write the lines '{BEGIN}' and '{END}' where it belongs")
    write_whole(page, f"{before}{BEGIN}\n\n{text(read(folder))}\n{END}{after}".encode())


def _order(cell: tuple[tuple[str, Surface], Counter[Status]]) -> tuple[object, ...]:
    (name, surface), _ = cell
    return (relationship_order(name), surface_order(surface))
