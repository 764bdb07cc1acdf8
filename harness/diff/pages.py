"""A comparison, for a terminal, in Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console

from harness.diff.changes import KINDS, MEANING, Compared, Group
from harness.report.markdown import escaped
from harness.report.terminal import show_indented
from harness.report.text import count, one_line

GROUPS = 20  # rules of each kind that are shown
ROWS = 50  # changes of each kind in Markdown


def show(told: Compared, console: Console, *, only_changed: bool = False) -> None:
    """Print a comparison."""

    def line(text: str, style: str = "", depth: int = 0, *, whole: bool = False) -> None:
        show_indented(text, console, depth, style, whole=whole)

    line(told.headline, "bold red" if told.worse else "bold green")
    if not only_changed or told.different:
        for sentence in told.different:
            line(f"run differently: {one_line(sentence)}", "yellow")
    if not only_changed:
        for sentence in told.releases:
            line(one_line(sentence), "dim")
    for kind in KINDS:
        groups = [group for group in told.groups if group.kind == kind]
        if not groups:
            continue
        line(f"\n{kind.replace('_', ' ')}, {told.counts[kind]}: {MEANING[kind]}", "bold")
        for group in groups[:GROUPS]:
            line(f"{one_line(group.sentence, 300)}, {group.count} of {group.total}", depth=2)
            change = group.example
            for text in _example(group):
                line(one_line(text, 600), "dim", depth=6, whole=text.startswith(change.case_id))
        if len(groups) > GROUPS:
            line(f"and {count(len(groups) - GROUPS, 'more rule')}", depth=2)


def markdown(told: Compared, *, only_changed: bool = False) -> str:
    """A comparison in Markdown: rules, then rows."""
    return "\n".join(_markdown(told, only_changed=only_changed)) + "\n"


def as_json(told: Compared) -> dict[str, Any]:
    """A comparison as JSON has it, with every change."""
    return {
        "before": told.before,
        "after": told.after,
        "releases": told.releases,
        "different": told.different,
        "same": told.same,
        "worse": told.worse,
        "counts": {kind: told.counts[kind] for kind in KINDS},
        "groups": told.groups,
        "changes": told.changes,
    }


def _example(group: Group) -> Iterator[str]:
    change = group.example
    yield f"in SQL: {group.predicate}"
    if group.exceptions:
        yield f"not so: {', '.join(group.exceptions)}"
    yield f"{change.case_id} on {change.surface}, {change.aspect}"
    yield f"was {one_line(change.was, 200)}"
    yield f"is  {one_line(change.now, 200)}"
    if change.diagnosis:
        yield f"diagnosis: {one_line(change.diagnosis, 300)}"


def _markdown(told: Compared, *, only_changed: bool) -> Iterator[str]:
    yield f"# {escaped(told.headline)}\n"
    if told.different:
        yield "Run differently, which is no change:\n"
        yield from (f"- {escaped(sentence)}" for sentence in told.different)
        yield ""
    if not only_changed:
        yield from (f"- {escaped(sentence)}" for sentence in told.releases)
        yield ""
    for kind in KINDS:
        groups = [group for group in told.groups if group.kind == kind]
        if not groups:
            continue
        yield f"## {kind.replace('_', ' ').capitalize()}: {told.counts[kind]}\n\n{MEANING[kind].capitalize()}.\n"
        yield from map(_line, groups)
        rows = [change for change in told.changes if change.kind == kind]
        yield "\n| Case | Surface | Aspect | Was | Is |\n|:--|:--|:--|:--|:--|"
        for change in rows[:ROWS]:
            cells = (change.case_id, change.surface, change.aspect, change.was, change.now)
            yield f"| {' | '.join(escaped(cell, 120) for cell in cells)} |"
        if len(rows) > ROWS:
            yield f"\nand {count(len(rows) - ROWS, 'more row')}: `convarith diff … --format json` has all."
        yield ""


def _line(group: Group) -> str:
    told = f"- {escaped(group.sentence, 300)}, **{group.count} of {group.total}**"
    told += f"; in SQL <code>{escaped(group.predicate)}</code>; for example {escaped(group.example.case_id)}"
    return f"{told}: {escaped(group.example.diagnosis, 200)}" if group.example.diagnosis else told
