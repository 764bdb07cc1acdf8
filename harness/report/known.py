"""The sentences that head a report: rules in place of rows, and what is known or not as listed."""

from __future__ import annotations

from collections.abc import Iterator

from harness.deviations.settled import Known
from harness.report.model import Report
from harness.report.text import count, one_line
from harness.rules.rule import Rule

HEAD = "In few words, not as expected:"
WRONG = "The known deviations are not as listed:"
KNOWN = "Known deviations that occur:"


def rule(told: Rule) -> str:
    """A rule in a line."""
    return one_line(str(told), 300)


def of_rule(told: Rule) -> Iterator[tuple[str, str]]:
    """What else there is to say of a rule: names and texts."""
    yield "for example", told.example
    if told.exceptions:
        yield "not so", ", ".join(told.exceptions)
    if told.diagnosis:
        yield "diagnosis", told.diagnosis
    yield "in SQL", told.predicate


def known(told: Known) -> str:
    """An entry that knows verdicts, in a line."""
    words = [f"{told.framework}: {told.name}: {count(told.verdicts, 'verdict')}", one_line(told.reason), told.upstream]
    return ". ".join(word.rstrip(".") for word in words if word)


def findings(report: Report) -> list[str]:
    """What is wrong with the known deviations, in sentences."""
    return [finding.sentence for finding in report.settled.findings]
