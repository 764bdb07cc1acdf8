"""Annotations for GitHub Actions: its workflow commands, a line each (docs.github.com/actions: Workflow commands).

A step shows ten annotations of a kind, so no more are made: one for each new rule, the most telling first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice

from harness.report import known
from harness.report.model import Report
from harness.report.summary import headline, rerun
from harness.report.text import count, one_line

MOST = 10
_TEXT = 600  # characters of a message


def annotated(report: Report) -> list[str]:
    """The commands of a run, ten at most; none of one that is as expected.

    A run that is not complete says so first. If there is more to say than is shown, the last one says how much.
    """
    told = list(_told(report))
    if len(told) > MOST:
        rest = f"{len(told) - MOST + 1} more of the kind, in the report"
        told = [*islice(told, MOST - 1), ("convarith", rest)]
    return [f"::error title={_property(one_line(title, 120))}::{_data(one_line(text, _TEXT))}" for title, text in told]


def shielded(text: str) -> str:
    """Text of any origin, in which GitHub then looks for no command.

    It is put between two commands that stop and resume the search, by a word that depends on the text: nothing in it
    can know that.
    """
    word = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    end = "" if text.endswith("\n") else "\n"
    return f"::stop-commands::{word}\n{text}{end}::{word}::\n"


def _told(report: Report) -> Iterator[tuple[str, str]]:
    """Titles and messages."""
    verdict = headline(report)
    if verdict.outcome in ("incomplete", "nothing"):
        failures = (f"{place.name}: {one_line(place.failure, 200)}" for place in report.environments if place.failure)
        yield "convarith", ". ".join([verdict.text, *failures])
    rules = known.alike(report.settled.rules)
    for one in sorted(rules, key=lambda one: -one.rule.support):
        rule = one.rule
        title = f"{' and '.join(one.frameworks)}: {rule.support} of {rule.total} {rule.status}"
        again = f"smallest {rule.example}"
        yield title, ". ".join(filter(None, (": ".join(filter(None, (rule.place, rule.what))), rule.diagnosis, again)))
    for kind in report.judged.kinds:
        if kind.status == "harness_error":  # of which no rule speaks
            title = f"{kind.surface}: {count(kind.number, 'error')} of the harness itself"
            yield title, f"{kind.aspect}: {kind.smallest.observed or kind.smallest.diagnosis}. {rerun(kind.smallest)}"
    for finding in report.settled.findings:
        if finding.entry:
            yield f"{finding.framework}: known deviation {finding.kind}", finding.sentence


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
