"""Relationships against surfaces on a terminal: one table that fits its width, as fine as it can be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.records import Status, Surface
from harness.report.model import Cell, Matrix, occurring, statuses, title_of
from harness.report.summary import COUNTING, READING
from harness.report.text import one_line

SHORT = "12: so many are not as expected; ·: all that can be said are; –: it can say none."
TOGETHER = "Surfaces are counted together by {}; the report has each by itself."

_GAP = 2  # between columns
_PIECES = {False: 14, True: 10}  # characters of a heading's line; where cells are short
_NAME = 120  # characters of a framework's, a route's …
_LABEL = 12  # of the rows, at least, where they have titles


@dataclass(frozen=True, slots=True)
class _Column:
    """Some surfaces, as a column of the table; ``parts`` is what they have in common, and its heading.

    Attributes
    ----------
    parts : tuple of str
    cells : dict
        Of the rows that hold a verdict.
    total : Cell
    short : bool
        Whether its cells say what is not as expected alone.
    """

    parts: tuple[str, ...]
    cells: dict[str, Cell]
    total: Cell
    short: bool

    @property
    def heading(self) -> str:
        return "\n".join(_folded(part, _PIECES[self.short]) for part in self.parts if part)

    @property
    def width(self) -> int:
        """What it takes."""
        texts = [*map(self.text, self.cells.values()), self.text(self.total), str(self.total.total)]
        return max(map(cell_len, [*self.heading.split("\n"), *texts]))

    def cell(self, row: str) -> Cell:
        """The cell of a row; empty where there is none."""
        return self.cells.get(row) or Cell(Counter())

    def text(self, cell: Cell) -> str:
        """A cell in few characters, or in very few."""
        if not self.short or not cell.said:
            return str(cell)
        return str(cell.unexpected) if cell.unexpected else "·"


def show_matrix(table: Matrix, console: Console) -> None:
    """Print the matrix.

    By surface, if that fits the width; else by framework and route; else by framework, with cells that say less. More
    frameworks than fit are in several tables.
    """
    if not table.columns:
        return
    pages, what = _fitting(table, console.width)
    for columns in pages:
        console.print()
        console.print(_table(table.rows, columns, console.width), highlight=False)
    reading = SHORT if pages[0][0].short else READING
    told = [reading, COUNTING, *([TOGETHER.format(what)] if what else [])]
    console.print(Text(" ".join(told), "dim"), highlight=False, overflow="fold")


def _fitting(table: Matrix, width: int) -> tuple[list[list[_Column]], str]:
    several = len({surface.framework for surface in table.columns}) > 1
    levels: tuple[tuple[str, bool, Callable[[Surface], tuple[str, ...]]], ...] = (
        ("", False, lambda surface: surface.parts),
        ("route", False, lambda surface: (surface.framework, surface.release, surface.route)),
        ("route", True, lambda surface: (surface.framework if several else "", surface.release, surface.route)),
        ("framework", True, lambda surface: (surface.framework, surface.release)),
    )
    fitted = []
    for what, short, parts_of in levels:
        columns = _columns(table, parts_of, short)
        pages = _pages(table.rows, columns, width)
        fitted.append((pages, what if len(columns) < len(table.columns) else ""))
        if len(pages) == 1:
            break
    return fitted[-1]


def _columns(table: Matrix, parts_of: Callable[[Surface], tuple[str, ...]], short: bool) -> list[_Column]:
    held: dict[tuple[str, ...], list[Surface]] = {}
    for surface in table.columns:
        held.setdefault(parts_of(surface), []).append(surface)
    return [
        _Column(
            parts,
            {row: _sum(table.cell(row, one) for one in some) for row in table.rows},
            _sum(table.totals[one] for one in some),
            short,
        )
        for parts, some in held.items()
    ]


def _sum(cells: Iterable[Cell]) -> Cell:
    return Cell(sum((cell.counts for cell in cells), start=statuses(())))


def _folded(name: str, piece: int) -> str:
    """A name with dots or hyphens over several lines, each of a few characters."""
    lines = [""]
    for part in _parts(one_line(name, _NAME), 2 * piece):
        if lines[-1] and len(lines[-1]) + len(part) > piece:
            lines.append("")
        lines[-1] += part
    return "\n".join(one_line(line, 2 * piece) for line in lines)


def _parts(name: str, longest: int) -> Iterator[str]:
    """A name, parted behind dots, hyphens and spaces; what is too long then, behind underscores as well."""
    for part in re.findall(r"[^.\- ]+[.\- ]?|[.\- ]", name):
        yield from re.findall(r"[^_]*_+|[^_]+", part) if len(part) > longest else [part]


def _pages(rows: Sequence[str], columns: Sequence[_Column], width: int) -> list[list[_Column]]:
    """The columns, in as many tables as it takes for each to fit the width."""
    pages: list[list[_Column]] = []
    left = 0
    for column in columns:
        if not pages or column.width + _GAP > left:
            pages.append([])
            left = width - _label_width(rows, columns)
        pages[-1].append(column)
        left -= column.width + _GAP
    return pages


def _label_width(rows: Sequence[str], columns: Sequence[_Column]) -> int:
    return max(map(len, [*(one_line(row, _LABEL) for row in rows), *_statuses(columns), "total"]))


def _statuses(columns: Sequence[_Column]) -> tuple[Status, ...]:
    return occurring(_sum(column.total for column in columns).counts)


def _table(rows: Sequence[str], columns: Sequence[_Column], width: int) -> Table:
    used = sum(column.width + _GAP for column in columns)
    label = max(_label_width(rows, columns), width - used)
    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), collapse_padding=True)
    grid.add_column(no_wrap=True, overflow="ellipsis", max_width=label)
    for column in columns:
        grid.add_column(Text(column.heading), justify="right", no_wrap=True, min_width=column.width)
    for row in rows:
        name = Text(f"{one_line(row, _LABEL):<4}")
        name.append(f" {one_line(title_of(row))}", "dim")
        grid.add_row(name, *(_cell(column, column.cell(row)) for column in columns))
    grid.add_section()
    grid.add_row(Text("total", "bold"), *(_cell(column, column.total) for column in columns))
    for status in _statuses(columns):
        numbers = [column.total.counts[status] for column in columns]
        grid.add_row(Text(status, "dim"), *(Text(str(number) if number else "", "dim") for number in numbers))
    return grid


def _cell(column: _Column, cell: Cell) -> Text:
    return Text(column.text(cell), "bold red" if cell.unexpected else "" if cell.said else "dim")
