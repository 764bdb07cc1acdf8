"""A report for a terminal of 80 columns or more."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.records import Environment, Status, Surface
from harness.report.model import Cell, Matrix, Report, matrix, occurring, statuses, title_of
from harness.report.summary import COUNTING, QUERY, READING, Group, Outcome, about, groups, headline, rerun
from harness.report.text import clean, count, one_line

GROUPS = 5  # of unexpected verdicts that are shown

_STYLE: dict[Outcome, str] = {
    "as expected": "bold green",
    "unexpected": "bold red",
    "incomplete": "bold yellow",
    "nothing": "bold yellow",
}
_GAP = 2  # between columns
_PIECE = 14  # characters of a heading's line


@dataclass(frozen=True, slots=True)
class _Column:
    """One surface, as a column of the table."""

    surface: Surface
    heading: str
    width: int


def show(report: Report, console: Console, folder: str = "RUN_DIR") -> None:
    """Print a report.

    Parameters
    ----------
    report : Report
    console : Console
        Of standard output; its width is kept to, and whether it takes colours is its own affair.
    folder : str, optional
        Directory of the run, for the commands that say what to do next.
    """
    verdict = headline(report)
    _print(console, Text(verdict.text, _STYLE[verdict.outcome]))
    _print(console, Text(about(report), "dim"))
    for name, value in report.asked.items():
        _print(console, Text(f"{one_line(name, 40)}: {one_line(value, 200)}", "dim"))
    if report.environments:
        _print(console, Text())
        _listed(console, map(_environment, report.environments))
    table = matrix(report)
    show_matrix(table, console)
    if table.columns:
        _print(console, Text(f"{READING} {COUNTING}", "dim"))
    found = groups(report.judged.unexpected)
    _differences(found, report, console)
    _next(found, folder, console)


def show_matrix(table: Matrix, console: Console) -> None:
    """Print relationships against surfaces, in as many tables as it takes for each to fit the width."""
    for columns in _pages(table, console.width):
        _print(console, Text())
        console.print(_table(table, columns, console.width), highlight=False)


def _print(console: Console, text: Text) -> None:
    console.print(text, highlight=False, overflow="fold")


def _listed(console: Console, rows: Iterable[tuple[Text, Text]], indent: int = 0) -> None:
    """Print names, and beside each what there is to say, which wraps within its own column."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for row in rows:
        grid.add_row(*row)
    console.print(Padding(grid, (0, 0, 0, indent), expand=False), highlight=False)


def _environment(environment: Environment) -> tuple[Text, Text]:
    facts = ", ".join(f"{one_line(name, 40)} {one_line(value, 60)}" for name, value in environment.facts.items())
    told = [Text(one_line(facts, 300))] if facts else []
    if environment.failure is not None:
        why = f"failed: {one_line(environment.failure, 300)} (in {one_line(environment.python, 200)})"
        told.append(Text(why, "bold red"))
    return Text(one_line(environment.name, 40), "bold"), Text("\n").join(told)


def _folded(name: str) -> str:
    """A dotted name over several lines, each of a few characters."""
    lines = [""]
    for part in one_line(name, 60).replace(".", ".\0").replace(" ", " \0").split("\0"):
        if lines[-1] and len(lines[-1]) + len(part) > _PIECE:
            lines.append("")
        lines[-1] += part
    return "\n".join(one_line(line, 2 * _PIECE) for line in lines)


def _column(table: Matrix, surface: Surface) -> _Column:
    heading = "\n".join(_folded(part) for part in surface.parts)
    total = table.totals[surface]
    texts = [str(table.cell(row, surface)) for row in table.rows] + [str(total), str(total.total)]
    return _Column(surface, heading, max(map(cell_len, [*heading.split("\n"), *texts])))


def _pages(table: Matrix, width: int) -> list[list[_Column]]:
    """The columns, in as many tables as it takes for each to fit the width."""
    pages: list[list[_Column]] = []
    left = 0
    for column in (_column(table, surface) for surface in table.columns):
        if not pages or column.width + _GAP > left:
            pages.append([])
            left = width - _label_width(table)
        pages[-1].append(column)
        left -= column.width + _GAP
    return pages


def _label_width(table: Matrix) -> int:
    return max(map(len, [*(one_line(row, 12) for row in table.rows), *_statuses(table.totals.values()), "total"]))


def _statuses(cells: Iterable[Cell]) -> tuple[Status, ...]:
    return occurring(sum((cell.counts for cell in cells), start=statuses(())))


def _table(table: Matrix, columns: Sequence[_Column], width: int) -> Table:
    used = sum(column.width + _GAP for column in columns)
    label = max(_label_width(table), width - used)
    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), collapse_padding=True)
    grid.add_column(no_wrap=True, overflow="ellipsis", max_width=label)
    for column in columns:
        grid.add_column(Text(column.heading), justify="right", no_wrap=True, min_width=column.width)
    for row in table.rows:
        name = Text(f"{one_line(row, 12):<4}")
        name.append(f" {one_line(title_of(row))}", "dim")
        grid.add_row(name, *(_cell(table.cell(row, column.surface)) for column in columns))
    grid.add_section()
    grid.add_row(Text("total", "bold"), *(_cell(table.totals[column.surface]) for column in columns))
    totals = [table.totals[column.surface] for column in columns]
    for status in _statuses(totals):
        numbers = [total.counts[status] for total in totals]
        grid.add_row(Text(status, "dim"), *(Text(str(number) if number else "", "dim") for number in numbers))
    return grid


def _cell(cell: Cell) -> Text:
    return Text(str(cell), "bold red" if cell.unexpected else "" if cell.said else "dim")


def _differences(found: Sequence[Group], report: Report, console: Console) -> None:
    for group in found[:GROUPS]:
        smallest = group.smallest
        title = f"{one_line(str(group.surface), 120)} {group.aspect}: {group.status}, "
        lines = [("smallest", smallest.case_id), ("expected", smallest.expected), ("observed", smallest.observed)]
        _print(console, Text())
        _print(console, Text(title + count(len(group.verdicts), "verdict"), "bold"))
        lines += [("diagnosis", smallest.diagnosis), ("it printed", report.last_words(smallest))]
        told = [(Text(name, "dim"), Text(one_line(value, 300))) for name, value in lines if value]
        _listed(console, told, indent=2)
    if len(found) > GROUPS:
        _print(console, Text(f"\nand {count(len(found) - GROUPS, 'more group')} of such verdicts", "bold"))


def _next(found: Sequence[Group], folder: str, console: Console) -> None:
    """What to do now: read the whole report; look at what differs."""
    folder = clean(folder)
    lines = [f"open {folder}/report.html"]
    if found:
        lines.append(f'convarith query {shlex.quote(folder)} "{QUERY}"')
        lines.append(rerun(found[0].smallest))
    _print(console, Text("\nNext:", "bold"))
    for line in lines:
        _print(console, Text("  " + line))
