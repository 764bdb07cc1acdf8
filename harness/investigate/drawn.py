"""An answer as a picture: the layer as the guide draws it, once for each padding or crop that was really applied."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

from cases.case import parse
from cases.layer import Ends
from harness.diagnose.places import axis_name
from harness.drawing.line import Line, found, lines
from harness.drawing.picture import sliding_of
from harness.drawing.sheet import Panel, parts_of, sheet
from harness.drawing.sliding import Sliding
from harness.investigate.answer import Answer
from harness.investigate.observing import Seen
from harness.investigate.padding import ends_of
from harness.investigate.question import by
from harness.investigate.telling import applied, argument, who
from harness.report.text import one_line

NOT_OBSERVED = "not observed: from the equivalence table"
WIDTH = 96  # characters of a line


@dataclass(slots=True)
class Group:
    """What is drawn once: everything that lets the window land on the same cells.

    Attributes
    ----------
    lines : tuple of Line
    ends : tuple of (int, int)
    sentence : str
        What it does otherwise than the layer that was asked about.
    rows : list of Seen
        Who does it; none for the theory alone.
    """

    lines: tuple[Line, ...]
    ends: tuple[Ends, ...]
    sentence: str = ""
    rows: list[Seen] = field(default_factory=list)


def drawn(answer: Answer) -> str:
    """The picture, an SVG: the theory's first, then what else was applied, and who applied nothing."""
    case = parse(answer.theory.case_id)
    layer = sliding_of(case)
    names = [axis_name(axis, case.rank) for axis in range(case.rank)]
    panels = []
    for number, group in enumerate(grouped(answer)):
        parts = parts_of(Sliding(group.lines, layer.stretched, layer.taps), names)
        notes = list(_notes(answer, group))
        if len(parts) < (1 if case.rank <= 3 else case.rank):
            notes.append("too large to draw: ask for a smaller --input, the same modulo the stride")
        heading = applied(answer.op, group.ends)
        panels.append(Panel(f"By the arithmetic: {heading}" if not number else _upper(heading), tuple(notes), parts))
    left = [note for one in (*answer.seen, *answer.seen_otherwise) if not ends_seen(one) for note in _left(one)]
    if left:
        panels.append(Panel("Nothing is applied", tuple(left)))
    told = [f"on an input of {by(answer.sizes)}, o = {by(answer.o)}"]
    if answer.shown != answer.sizes:
        told.append(f"drawn on {by(answer.shown)}: padded alike")
    return sheet(one_line(answer.text, WIDTH), told, panels)


def grouped(answer: Answer) -> list[Group]:
    """Everything that was applied, each once: first what the theory says of the layer that was asked about."""
    case = parse(answer.theory.case_id)
    groups = {lines(case): Group(lines(case), ends_of(case))}
    for one in (*answer.seen, *answer.seen_otherwise):
        if ends := ends_seen(one):
            cells = _cells(one, transposed=case.transposed)
            groups.setdefault(cells, Group(cells, ends, one.sentence)).rows.append(one)
    return list(groups.values())


def ends_seen(one: Seen) -> tuple[Ends, ...]:
    """Padding or crop along each axis: as the operator shows it, or as it would be said where nothing was observed."""
    return ends_of(parse(one.case_id)) if one.call and not_observed(one) else one.ends


def not_observed(one: Seen) -> bool:
    """Whether nothing was run, and the row says what would be."""
    return one.error == "not observed"


def _cells(one: Seen, *, transposed: bool) -> tuple[Line, ...]:
    if one.status == "agrees" or not_observed(one) or not one.axes:
        return lines(parse(one.case_id))
    return found(one.axes, one.ends, transposed=transposed)


def _notes(answer: Answer, group: Group) -> Iterator[str]:
    """What it does otherwise, its size, and who said what."""
    if group.sentence:
        yield from textwrap.wrap(one_line(group.sentence), WIDTH)
    told = dict.fromkeys((who(one), argument(one.call), not_observed(one)) for one in group.rows)
    for name, said, unrun in told:
        yield from textwrap.wrap(
            one_line(f"{name}: {said or 'with no argument for it'}{f' ({NOT_OBSERVED})' if unrun else ''}"), WIDTH
        )
    if not group.rows:
        yield "no route says it so" if answer.observed else "by the arithmetic alone"


def _left(one: Seen) -> Iterator[str]:
    """A route that applied nothing, or of which none can be read off, and why."""
    said = argument(one.call) if one.call else ""
    why = one_line(one.error or one.sentence)
    yield from textwrap.wrap(f"{who(one)}{f', {said}' if said else ''}: {why}", WIDTH)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
