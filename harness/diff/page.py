"""A comparison, and a history, as one HTML page each that needs nothing else: no network, no script, no font."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from harness.diff.changes import KINDS, MEANING, Change, Compared, Group, Kind
from harness.diff.history import Timeline
from harness.diff.history_pages import changes as since_when
from harness.report.document import policy, stylesheet, template
from harness.report.model import Matrix
from harness.report.summary import COUNTING
from harness.report.text import count

ROWS = 1000  # observations of each kind that a page holds; browsers get slow with more
_LOOK = {True: ("bad", "✗"), False: ("good", "✓")}


def diff_page(told: Compared, *, only_changed: bool = False) -> str:
    """A comparison: what was run differently, then rules and rows of each kind of change."""
    kinds = [
        (kind, groups, [change for change in told.changes if change.kind == kind][:ROWS])
        for kind, groups in _by_kind(told)
    ]
    return _rendered(
        "diff.html.j2",
        told=told,
        only_changed=only_changed,
        kinds=kinds,
        headline=told.headline,
        command="diff",
        **_look(told.worse),
    )


def history_page(
    table: Matrix, steps: Sequence[tuple[str, Compared]], asked: Sequence[str], timelines: Mapping[str, Timeline]
) -> str:
    """Releases beside each other: the matrix, what changed from each to the next, and since when.

    Parameters
    ----------
    table : Matrix
    steps : sequence of (str, Compared)
        Of a framework, a release and the next.
    asked : sequence of str
        Cases of which everything is told; of the others that ``timelines`` holds, what changed.
    timelines : mapping
        By case.
    """
    worse = sum(told.worse for _, told in steps)
    headline = count(len(table.columns), "release") + (" beside each other" if len(table.columns) > 1 else "")
    if steps:
        headline += f": {worse} observations agreed and agree no more" if worse else ": nothing that agreed is worse"
    return _rendered(
        "history.html.j2",
        table=table,
        steps=steps,
        frameworks=[(name, len(list(held))) for name, held in groupby(table.columns, lambda column: column.framework)],
        timelines=[(case_id, list(_histories(case_id, case_id in asked, held))) for case_id, held in timelines.items()],
        headline=headline,
        counting=COUNTING,
        command="history",
        **_look(worse),
    )


def _histories(
    case_id: str, everything: bool, timeline: Timeline
) -> Iterator[tuple[str, str, str, list[tuple[str, str]]]]:
    for surface, aspect, since in since_when(timeline):
        if everything or len(since) > 1:
            yield _fragment(case_id, surface, aspect), surface, aspect, since


def _rendered(name: str, **told: object) -> str:
    style = stylesheet("base.css", "diff.css")
    words: dict[str, Callable[..., object]] = {"words": _words, "by_kind": _by_kind, "anchor": _anchor}
    page = template("harness.diff", name, words, {"meaning": MEANING})
    return page.render(style=style, policy=policy(style), **told)


def _look(worse: int) -> dict[str, str]:
    state, symbol = _LOOK[worse > 0]
    return {"state": state, "symbol": symbol}


def _by_kind(told: Compared) -> list[tuple[Kind, list[Group]]]:
    """The kinds that occur, with their rules."""
    return [(kind, [one for one in told.groups if one.kind == kind]) for kind in KINDS if told.counts[kind]]


def _words(kind: str) -> str:
    return kind.replace("_", " ")


def _anchor(change: Change) -> str:
    """Where the page tells since when."""
    return _fragment(change.case_id, change.surface, change.aspect)


def _fragment(*parts: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", "-".join(parts))


def examples(steps: Iterable[tuple[str, Compared]]) -> list[str]:
    """The cases that rules name as their examples, each once."""
    return list(dict.fromkeys(group.example.case_id for _, told in steps for group in told.groups))
