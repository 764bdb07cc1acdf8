"""A report as one HTML page that needs nothing else: no network, no script, no font."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import jinja2

from harness.records import Surface, Verdict
from harness.report import known
from harness.report.model import Cell, Matrix, Report, matrix, occurring, rows_of, title_of
from harness.report.summary import (
    COUNTING,
    MEANING,
    QUERY,
    Group,
    Outcome,
    about,
    groups,
    headline,
    reasons,
    rerun,
)
from harness.report.text import clean, count, one_line

ROWS = 5000  # verdicts that the page holds; browsers get slow with more
REASONS = 500  # reasons of unsupported cases that it holds
OPEN = 40  # verdicts up to which all are shown at once

_SYMBOL: dict[Outcome, str] = {"as expected": "✓", "unexpected": "✗", "incomplete": "!", "nothing": "!"}
_STATE: dict[Outcome, str] = {"as expected": "good", "unexpected": "bad", "incomplete": "warn", "nothing": "warn"}


@dataclass(frozen=True, slots=True)
class _Kind:
    """Verdicts of one aspect and status, of one relationship and surface; those on the smallest cases are shown."""

    group: Group
    shown: Sequence[Verdict]
    again: str


@dataclass(frozen=True, slots=True)
class _Section:
    """What is unexpected of one relationship on one surface.

    A verdict stands under the most particular of its relationships only; ``elsewhere`` says where the others that
    this relationship speaks of stand: (relationship, anchor, number).
    """

    anchor: str
    relationship: str
    number: int
    kinds: Sequence[_Kind]
    elsewhere: Sequence[tuple[str, str, int]]


def html(report: Report) -> str:
    """The report as a page.

    Parameters
    ----------
    report : Report

    Returns
    -------
    str
        With the verdict, the environments, the matrix, the verdicts that are not as expected (the smallest cases of
        each kind, where there are more than 5000), and the reasons why cases are unsupported.
    """
    verdict = headline(report)
    table = matrix(report)
    found = report.judged.unexpected
    sections = _sections(table, found)
    shown = sum(len(kind.shown) for held in sections.values() for section in held for kind in section.kinds)
    why = [
        (surface, text, number)
        for surface, counted in reasons(report).items()
        for text, number in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    ]
    return _template().render(
        report=report,
        outcome=verdict.outcome,
        headline=verdict.text,
        state=_STATE[verdict.outcome],
        symbol=_SYMBOL[verdict.outcome],
        about=about(report),
        rules=[(known.rule(rule), list(known.of_rule(rule)), known.matrices(rule)) for rule in report.settled.rules],
        wrong=known.findings(report),
        known=[known.known(one) for one in report.settled.known],
        table=table,
        frameworks=_spans(surface.framework for surface in table.columns),
        statuses=occurring(report.judged.counts),
        meaning=MEANING,
        anchors={
            (section.relationship, surface): section.anchor for surface, held in sections.items() for section in held
        },
        sections=sections,
        found=len(found),
        shown=shown,
        open=len(found) <= OPEN,
        reasons=why[:REASONS],
        reasons_left=max(0, len(why) - REASONS),
        query=f'convarith query RUN_DIR "{QUERY}"',
        counting=COUNTING,
    )


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("harness.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(clean=clean, one_line=one_line, state=_state, title_of=title_of)
    environment.globals.update(count=count)
    return environment.get_template("report.html.j2")


def _state(cell: Cell) -> str:
    """What a cell looks like."""
    if cell.unexpected:
        return "warn" if cell.unexpected == cell.counts["harness_error"] else "bad"
    if cell.said:
        return "good"
    return "none" if cell.total else "empty"


def _spans(names: Iterable[str]) -> list[tuple[str, int]]:
    """Runs of equal names, each with its length."""
    spans: list[tuple[str, int]] = []
    for name in names:
        if spans and spans[-1][0] == name:
            spans[-1] = (name, spans[-1][1] + 1)
        else:
            spans.append((name, 1))
    return spans


def _sections(table: Matrix, found: Iterable[Verdict]) -> dict[Surface, list[_Section]]:
    """The sections of each surface, one for each cell of the matrix that holds something unexpected."""
    listed: dict[tuple[str, Surface], list[Verdict]] = {}
    claimed: dict[tuple[str, Surface], Counter[str]] = {}
    for verdict in found:
        first = rows_of(verdict)[0]
        listed.setdefault((first, verdict.surface), []).append(verdict)
        for row in rows_of(verdict):
            claimed.setdefault((row, verdict.surface), Counter())[first] += 1
    cells = [(row, column) for column in table.columns for row in table.rows if (row, column) in claimed]
    anchor = _anchors(cells)
    kinds = {cell: groups(listed.get(cell, ())) for cell in cells}
    shares = iter(_shares([len(kind.verdicts) for cell in cells for kind in kinds[cell]], ROWS))
    sections: dict[Surface, list[_Section]] = {}
    for row, column in cells:
        others = [other for other in table.rows if other != row and claimed[row, column][other]]
        section = _Section(
            anchor=anchor[row, column],
            relationship=row,
            number=claimed[row, column].total(),
            kinds=[_Kind(kind, kind.verdicts[: next(shares)], rerun(kind.smallest)) for kind in kinds[row, column]],
            elsewhere=[(other, anchor[other, column], claimed[row, column][other]) for other in others],
        )
        sections.setdefault(column, []).append(section)
    return sections


def _anchors(cells: Iterable[tuple[str, Surface]]) -> dict[tuple[str, Surface], str]:
    """A readable and unique fragment for each."""
    anchors: dict[tuple[str, Surface], str] = {}
    taken: Counter[str] = Counter()
    for row, surface in cells:
        name = re.sub(r"[^A-Za-z0-9.]+", "-", f"{row}-{surface}"[:100])
        taken[name] += 1
        anchors[row, surface] = name if taken[name] == 1 else f"{name}--{taken[name]}"
    return anchors


def _shares(sizes: Sequence[int], total: int) -> list[int]:
    """How many of each group are shown where there is room for a total: small groups whole, large ones alike."""
    shares = [0] * len(sizes)
    left = total
    for position, index in enumerate(sorted(range(len(sizes)), key=lambda index: sizes[index])):
        shares[index] = min(sizes[index], left // (len(sizes) - position))
        left -= shares[index]
    return shares
