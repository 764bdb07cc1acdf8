"""A report for a terminal of 80 columns or more."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.records import Environment
from harness.report import known
from harness.report.matrix import show_matrix
from harness.report.model import Report, matrix
from harness.report.summary import QUERY, Outcome, about, headline, rerun
from harness.report.text import clean, count, one_line
from harness.rules import Rule
from harness.store import Kind

GROUPS = 5  # of unexpected verdicts that are shown
RULES = 14  # that are shown
FINDINGS = 10  # faults of the known deviations that are shown
FEW = 2  # frameworks up to which environments are told at length

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
    _next(found, folder, console)


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
        _print(console, Text(f"  {one_line(sentence, 600)}"))
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
    where = "; ".join(filter(None, [f"smallest {rule.example}", rule.place]))
    _print(console, Text(f"  {one_line(said, 2 * width)}"))
    for text in filter(None, (where, rule.diagnosis)):
        _print(console, Text(f"    {one_line(text, width - 2)}", "dim"))
    if rule.depends:
        _print(console, Text(f"    {one_line(rule.depends, 2 * width)}", "dim"))
    if printed := report.last_words_at(rule.key):
        _print(console, Text(f"    it printed: {one_line(printed)}", "dim"))


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


def _next(found: Sequence[Kind], folder: str, console: Console) -> None:
    """What to do now: read the whole report; look at what differs."""
    folder = clean(folder)
    lines = [f"open {folder}/report.html"]
    if found:
        lines.append(f'convarith query {shlex.quote(folder)} "{QUERY}"')
        lines.append(rerun(found[0].smallest))
    _print(console, Text("\nNext:", "bold"))
    for line in lines:
        _print(console, Text("  " + line))
