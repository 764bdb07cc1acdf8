"""The sentences that head a report: rules in place of rows, and what is known or not as listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from harness.deviations.settled import Known
from harness.report.model import Report
from harness.report.text import clean, count, one_line
from harness.rules.rule import Rule

_MATRIX = 4000  # characters

HEAD = "In few words, not as expected:"
WRONG = "The known deviations are not as listed:"
KNOWN = "Known deviations that occur:"
LEFT = "{} not observed again with other switches, modes, layouts, element types and batches: those with larger cases."
NEW = (
    "No entry of the known deviations knows them: look at them, and list them with their reasons (convarith known add "
    "RUN), or have them fixed."
)


def rule(told: Rule) -> str:
    """A rule in a line."""
    return one_line(str(told), 300)


@dataclass(frozen=True, slots=True)
class Alike:
    """Rules that say the same of several frameworks.

    Attributes
    ----------
    frameworks : tuple of str
    rule : Rule
        Of the first of them.
    """

    frameworks: tuple[str, ...]
    rule: Rule


def alike(rules: Iterable[Rule]) -> list[Alike]:
    """Rules, those that differ in nothing but the framework, and what its smallest case shows, put together."""
    found: dict[tuple[object, ...], list[Rule]] = {}
    for one in rules:
        where = one.routes, one.modes, one.switches, one.aspects
        found.setdefault((one.what, where, one.status, one.support, one.total), []).append(one)
    return [Alike(tuple(one.name for one in same), same[0]) for same in found.values()]


def first(rules: Sequence[Alike], number: int) -> list[Alike]:
    """So many of them, of each framework those of the most verdicts, in their order."""
    ranks: Counter[tuple[str, ...]] = Counter()
    ranked = []
    for place, one in enumerate(rules):
        ranked.append((ranks[one.frameworks], -one.rule.support, place))
        ranks[one.frameworks] += 1
    return [rules[place] for *_, place in sorted(sorted(ranked)[:number], key=lambda rank: rank[-1])]


def of_rule(told: Rule) -> Iterator[tuple[str, str]]:
    """What else there is to say of a rule: names and texts."""
    yield "for example", told.example
    if told.exceptions:
        yield "not so", ", ".join(told.exceptions)
    yield "in SQL", told.predicate
    if told.diagnosis:
        yield "diagnosis", told.diagnosis
    if told.depends:
        yield "depends", told.depends


def matrices(told: Rule) -> str:
    """The operators of a rule's example side by side, as lines of a text; empty where there are none to show."""
    if not told.expected:
        return ""
    left, right = (
        [name, *clean(text, _MATRIX).split("\n")]
        for name, text in (("expected", told.expected), ("observed", told.observed))
    )
    width = max(map(len, left))
    lines = (f"{one:<{width}}    {other}".rstrip() for one, other in zip_longest(left, right, fillvalue=""))
    return "\n".join(lines)


def known(told: Known) -> str:
    """An entry that knows verdicts, in a line."""
    words = [f"{told.framework}: {told.name}: {count(told.verdicts, 'verdict')}", one_line(told.reason), told.upstream]
    return ". ".join(word.rstrip(".") for word in words if word)


def left(report: Report) -> str:
    """How many kinds of disagreements were not observed again, though others were; empty if all were."""
    number = report.settled.left
    return LEFT.format(f"{count(number, 'kind')} of disagreements {'was' if number == 1 else 'were'}") if number else ""


def findings(report: Report) -> list[str]:
    """What is wrong with the known deviations, in sentences."""
    return [finding.sentence for finding in report.settled.findings]
