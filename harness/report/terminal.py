"""A report for a terminal of 80 columns or more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from textwrap import indent

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.records import Environment
from harness.report import known
from harness.report.following import Step, steps
from harness.report.matrix import show_matrix
from harness.report.model import Report, matrix
from harness.report.shell import folded
from harness.report.summary import Outcome, about, headline
from harness.report.text import LIMIT, count, one_line
from harness.rules import Rule
from harness.store import Kind

GROUPS = 5  # of unexpected verdicts that are shown
RULES = 14  # that are shown
FINDINGS = 10  # faults of the known deviations that are shown
FEW = 2  # frameworks up to which environments are told at length

_ID = 200  # characters of a case's id
_PLACE = 20  # of where a rule holds, at least, if it is to stand beside an id

_STYLE: dict[Outcome, str] = {
    "as expected": "bold green",
    "unexpected": "bold red",
    "incomplete": "bold yellow",
    "nothing": "bold yellow",
}


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
    asked = [f"{one_line(name, 40)}: {one_line(value, 200)}" for name, value in report.asked.items()]
    if asked:
        _print(console, Text(" · ".join(asked), "dim"))
    _settled(report, console)
    if report.environments:
        _print(console, Text())
        _listed(console, _environments(report.environments, console.width))
    show_matrix(matrix(report), console)
    found = report.judged.kinds
    # What rules speak of, they say shorter; of our own faults there are none.
    _differences([one for one in found if not report.settled.rules or one.status == "harness_error"], report, console)
    show_steps(steps(report, folder), console)


def _settled(report: Report, console: Console) -> None:
    """The rules, and what is wrong with the known deviations."""
    rules = known.alike(report.settled.rules)
    chosen = known.first(rules, RULES)
    if rules:
        _print(console, Text(f"\n{known.HEAD}", "bold"))
    for frameworks, some in groupby(chosen, key=lambda one: one.frameworks):
        _print(console, Text(one_line(" and ".join(frameworks), 200), "bold"))
        for one in some:
            _rule(one.rule, report, console)
    if len(rules) > len(chosen):
        _print(console, Text(f"and {count(len(rules) - len(chosen), 'more rule')}, in the report"))
    if report.settled.left:
        _print(console, Text(known.left(report), "dim"))
    wrong = [finding.sentence for finding in report.settled.findings if finding.entry]
    if wrong:
        _print(console, Text(f"\n{known.WRONG}", "bold"))
    for sentence in wrong[:FINDINGS]:
        show_indented(one_line(sentence, 600), console, 2, whole=True)
    if len(wrong) > FINDINGS:
        _print(console, Text(f"  and {len(wrong) - FINDINGS} more, in the report"))
    if any(not finding.entry for finding in report.settled.findings):
        _print(console, Text(f"\n{known.NEW}", "dim"))
    if report.settled.known:
        number = sum(one.verdicts for one in report.settled.known)
        told = f"{count(number, 'verdict')} as {count(len(report.settled.known), 'entry')}"
        _print(console, Text(f"\n{told} of the known deviations say", "dim"))


def _rule(rule: Rule, report: Report, console: Console) -> None:
    """What holds of which layers; where, and of its smallest case; that one's diagnosis, and its last words if any."""
    width = console.width - 2
    said = f"{rule.support} of {rule.total} {rule.status}: {rule.what}"
    where = [f"smallest {one_line(rule.example, _ID)}", *([one_line(rule.place, width - 2)] if rule.place else [])]
    if len(where[0]) + _PLACE < width:
        where = [one_line("; ".join(where), width - 2)]
    show_indented(one_line(said, 2 * width), console, 2)
    for text in where:
        show_indented(text, console, 4, "dim", whole=True)
    told = [(rule.diagnosis, width - 2), (rule.depends, 2 * width)]
    if printed := report.last_words_at(rule.key):
        told.append((f"it printed: {printed}", LIMIT))
    for text, limit in told:
        if text:
            show_indented(one_line(text, limit), console, 4, "dim")


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


def _environments(environments: Sequence[Environment], width: int) -> Iterator[tuple[Text, Text]]:
    """A line for each framework, of the process without a switch, and for whatever failed; more where there is room."""
    names = {place.name for place in environments}
    limit = 300 if len(names) <= FEW else width - max(map(len, names)) - 3
    told: set[str] = set()
    for place in environments:
        if place.failure is not None or place.name not in told:
            yield _environment(place, max(limit, 20))
        told.add(place.name)


def _environment(environment: Environment, limit: int) -> tuple[Text, Text]:
    facts = ", ".join(f"{one_line(name, 40)} {one_line(value, 60)}" for name, value in environment.facts.items())
    told = [Text(one_line(facts, limit))] if facts else []
    if environment.failure is not None:
        why = f"failed: {one_line(environment.failure, 300)} (in {one_line(environment.python, 200)})"
        told.append(Text(why, "bold red"))
    return Text(one_line(environment.name, 40), "bold"), Text("\n").join(told)


def _differences(found: Sequence[Kind], report: Report, console: Console) -> None:
    for group in found[:GROUPS]:
        smallest = group.smallest
        title = f"{one_line(str(group.surface), 120)} {group.aspect}: {group.status}, "
        lines = [("smallest", smallest.case_id), ("expected", smallest.expected), ("observed", smallest.observed)]
        _print(console, Text())
        _print(console, Text(title + count(group.number, "verdict"), "bold"))
        lines += [("diagnosis", smallest.diagnosis), ("depends", smallest.depends)]
        lines += [("it printed", report.last_words(smallest))]
        told = [(Text(name, "dim"), Text(one_line(value, 300))) for name, value in lines if value]
        _listed(console, told, indent=2)
    if len(found) > GROUPS:
        _print(console, Text(f"\nand {count(len(found) - GROUPS, 'more group')} of such verdicts", "bold"))


def show_steps(some: Iterable[Step], console: Console) -> None:
    """Print what to do next; commands can be copied, however narrow the terminal is."""
    _print(console, Text("\nNext:", "bold"))
    for step in some:
        show_indented(f"{step.what}:", console, 2, "dim")
        told = folded(step.words, console.width - 4, step.text) if step.words else step.text
        console.print(Text(indent(told, "    ")), highlight=False, soft_wrap=True)


def show_indented(text: str, console: Console, depth: int = 0, style: str = "", *, whole: bool = False) -> None:
    """Print a text whose lines all begin in one column, parted between words.

    A word that is longer than a line is parted too, unless it is to stay ``whole``, as what one copies is.
    """
    width = max(console.width - depth, 1)
    lines = _of_whole_words(text, width) if whole else map(str, Text(text).wrap(console, width, overflow="fold"))
    for line in lines:
        console.print(Text(f"{'':{depth}}{line.rstrip()}", style), highlight=False, soft_wrap=True)


def _of_whole_words(text: str, width: int) -> Iterator[str]:
    line = ""
    for word in text.split():
        if line and cell_len(f"{line} {word}") > width:
            yield line
            line = ""
        line = f"{line} {word}".lstrip()
    yield line
