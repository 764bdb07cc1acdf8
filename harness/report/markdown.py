"""A report in Markdown, for the summary of a CI job or a comment: short, and never too long for either."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.records import Environment
from harness.report import known
from harness.report.model import Cell, Matrix, Report, matrix, occurring, statuses, title_of
from harness.report.summary import COUNTING, QUERY, READING, about, headline, reasons, rerun
from harness.report.text import count, one_line
from harness.rules import Rule
from harness.store import Kind

MIB = 1 << 20  # bytes; what GitHub takes as the summary of a step

_TEXT = 300  # characters of one text that are shown
_NOTICE = 1000  # bytes kept for saying what was left out

# What Markdown or HTML could read as markup, at any place of a line. An underscore within a word is none, and ids are
# full of them.
_MARKUP = re.compile(r"[\\`*{}\[\]<>|~#!@&$^]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_LINK = re.compile(r"(?<=[A-Za-z]):(?=//)|(?<=www)\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Block:
    """A part that is there whole or not at all; ``what`` names it where it is left out."""

    what: str
    text: str


def markdown(report: Report, *, limit: int = MIB) -> str:
    """The report in GitHub's Markdown.

    Parameters
    ----------
    report : Report
    limit : int
        The text is shorter than this many bytes of UTF-8; at least 4096. What does not fit is left out, and the text
        says so.

    Returns
    -------
    str
        The verdict in its first line. Nothing that a framework wrote is read as markup.

    Raises
    ------
    ValueError
        The limit is too small to say anything.
    """
    if limit < 4096:
        raise ValueError(f"limit = {limit}: a report takes at least 4096 bytes")
    head = f"# {escaped(headline(report).text)}\n\nRun: {escaped(about(report))}\n"
    left = limit - len(head.encode()) - _NOTICE
    kept: list[str] = []
    left_out: Counter[str] = Counter()
    for block in _blocks(report):
        size = len(block.text.encode()) + 1
        if size > left:
            left_out[block.what] += 1
            continue
        left -= size
        kept.append(block.text)
    notice = [_notice(left_out)] if left_out else []
    return "\n".join([head, *notice, *kept])


def escaped(text: str, limit: int = _TEXT) -> str:
    """Text of any origin as one line that shows as itself: what could be markup is a character reference."""
    marked = _MARKUP.sub(_reference, one_line(text, limit))
    return _LINK.sub(_reference, marked)


def _reference(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"


def _code(text: str) -> str:
    # Within this element GitHub makes no links of names, numbers and addresses.
    return f"<code>{escaped(text)}</code>"


def _notice(left_out: Counter[str]) -> str:
    told = ", ".join(f"{count(number, what)}" for what, number in left_out.items())
    return (
        f"**Cut to stay within the size that is allowed here:** {told} left out. The rest is in the run:\n{_query()}\n"
    )


def _query() -> str:
    return f'\n```sh\nconvarith query RUN_DIR "{QUERY}"\n```'


def _blocks(report: Report) -> Iterator[_Block]:
    """The parts, the ones to keep first."""
    table = matrix(report)
    yield from _settled(report)
    if report.asked:
        asked = "\n".join(f"- {escaped(name)}: {_code(value)}" for name, value in report.asked.items())
        yield _Block("selection", f"Asked for:\n\n{asked}\n")
    if report.environments:
        rows = "\n".join(map(_environment, report.environments))
        head = "| Framework | Python | Facts |\n|:--|:--|:--|"
        yield _Block("environment table", f"## Environments\n\n{head}\n{rows}\n")
    if table.columns:
        text = f"## Relationships and surfaces\n\n{READING} {COUNTING}\n\n{matrix_table(table)}\n"
        yield _Block("matrix", text)
        yield _Block("status table", f"## Statuses\n\n{_statuses(table)}\n")
    found = report.judged.kinds
    if found:
        yield _Block("heading", f"## Not as expected\n\n{count(len(found), 'kind')}, the most frequent first.\n")
        for group in found:
            yield _Block("unexpected kind", _group(group, report))
        yield _Block("query", f"All of them:\n{_query()}\n")
    lines = [
        f"- {escaped(str(surface))}: {_code(why)}, {count(number, 'verdict')}"
        for surface, counted in reasons(report).items()
        for why, number in sorted(counted.items())
    ]
    if lines:
        yield _Block("heading", "## Unsupported\n")
        for line in lines:
            yield _Block("reason", line)


def _settled(report: Report) -> Iterator[_Block]:
    """The rules, what is wrong with the known deviations, and which occur."""
    parts = (
        ("rule", known.HEAD, [*map(_rule, report.settled.rules), *filter(None, [known.left(report)])]),
        ("finding", known.WRONG, [f"- {escaped(sentence, 1000)}" for sentence in known.findings(report)]),
        ("known deviation", known.KNOWN, [f"- {escaped(known.known(one), 600)}" for one in report.settled.known]),
    )
    for what, head, lines in parts:
        if lines:
            yield _Block("heading", f"{head}\n")
        for line in lines:
            yield _Block(what, line)
        if lines:
            yield _Block("end", "")


def _rule(rule: Rule) -> str:
    """A rule, with what else there is to say of it below, the operators of its example last."""
    lines = [f"- {escaped(known.rule(rule))}", *(f"{key}: {_code(text)}" for key, text in known.of_rule(rule))]
    if told := known.matrices(rule):
        fence = "`" * (3 + max(map(len, re.findall("`+", told)), default=0))  # which nothing in it can close
        shown = "\n".join(f"    {line}".rstrip() for line in (fence, *told.split("\n"), fence))
        lines[-1] += f"\n\n{shown}\n"
    return "\n  - ".join(lines)


def _environment(environment: Environment) -> str:
    facts = ", ".join(f"{escaped(name, 60)} {escaped(value)}" for name, value in environment.facts.items())
    failed = "" if environment.failure is None else f"**failed:** {_code(environment.failure)}"
    told = "<br>".join(part for part in (failed, facts) if part)
    return f"| {escaped(environment.name)} | {_code(environment.python)} | {told} |"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    return f"**✗ {cell}**" if cell.unexpected else str(cell)


def matrix_table(table: Matrix) -> str:
    """Relationships against surfaces, as a table."""
    heads = ("<br>".join(escaped(part, 60) for part in column.parts) for column in table.columns)
    lines = [_row(["Relationship", *heads]), _row([":--", *["--:"] * len(table.columns)])]
    for row in table.rows:
        label = f"{escaped(row)} {title_of(row)}".strip()
        lines.append(_row([label, *(_cell(table.cell(row, column)) for column in table.columns)]))
    lines.append(_row(["**total**", *(_cell(table.totals[column]) for column in table.columns)]))
    return "\n".join(lines)


def _statuses(table: Matrix) -> str:
    named = occurring(sum((cell.counts for cell in table.totals.values()), start=statuses(())))
    lines = [_row(["Surface", *named]), _row([":--", *["--:"] * len(named)])]
    for column in table.columns:
        numbers = (str(table.totals[column].counts[status] or "") for status in named)
        lines.append(_row([escaped(str(column)), *numbers]))
    return "\n".join(lines)


def _group(group: Kind, report: Report) -> str:
    smallest = group.smallest
    told = [("smallest case", smallest.case_id), ("expected", smallest.expected), ("observed", smallest.observed)]
    told += [
        ("diagnosis", smallest.diagnosis),
        ("depends", smallest.depends),
        ("it printed", report.last_words(smallest)),
        ("run it again", rerun(smallest)),
    ]
    lines = [f"- {name}: {_code(value)}" for name, value in told if value]
    head = f"### {group.status}, {group.aspect}, {escaped(str(group.surface))}: {count(group.number, 'verdict')}"
    return "\n".join([head, "", *lines, ""])
