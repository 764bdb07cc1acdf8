"""What there is to file of a comparison: an issue for each rule of what got worse, in Markdown."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from harness.diff.changes import MEANING, Compared, Group
from harness.report.markdown import escaped
from harness.report.text import one_line

_TITLE = 200  # characters; GitHub cuts at 256


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue.

    Attributes
    ----------
    key : str
        The same for the same rule, however many observations it covers.
    title, body : str
    """

    key: str
    title: str
    body: str


def issues(told: Compared) -> list[Issue]:
    """An issue for each rule that covers something that agreed and agrees no more."""
    return [
        Issue(
            key=hashlib.sha256(f"{group.kind}\n{group.name}".encode()).hexdigest()[:16],
            title=one_line(f"{group.name}: {group.kind.replace('_', ' ')}", _TITLE),
            body="\n".join(_body(told, group)),
        )
        for group in told.groups
        if group.worse
    ]


def _body(told: Compared, group: Group) -> Iterator[str]:
    example = group.example
    yield f"{escaped(group.sentence)}: **{group.count} of {group.total}**, of which {group.worse} agreed before.\n"
    yield f"{group.kind.replace('_', ' ').capitalize()}: {MEANING[group.kind]}.\n"
    yield "| | |\n|:--|:--|"
    for name, text in (
        ("Of which layers", group.predicate),
        ("For example", example.case_id),
        ("On", f"{example.surface}, {example.aspect}"),
        ("Was", example.was),
        ("Is", example.now),
        ("Diagnosis", example.diagnosis or "none"),
    ):
        yield f"| {name} | <code>{escaped(text)}</code> |"
    yield ""
    yield from (f"- {escaped(sentence)}" for sentence in told.releases if sentence.startswith(f"{example.framework}:"))
    yield from (f"- run differently: {escaped(sentence)}" for sentence in told.different)
    again = ["convarith", "run", "-f", example.framework, "--case", example.case_id, "--route", example.route]
    again += ["--mode", example.mode]
    yield f"\nTo see it with the framework installed: <code>{escaped(shlex.join(again))}</code>"
