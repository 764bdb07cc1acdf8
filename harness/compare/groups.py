"""Changes in few sentences: those that happened alike to layers of one operation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.compare.changes import KINDS, Change, Group

_SILENT = ("", "unsupported", "harness_error", "unstable")  # of which the reason is no class of error


def grouped(changes: Iterable[Change]) -> list[Group]:
    """Groups of changes, those that are worse first, then the large ones.

    A change is told by its kind, its framework, the operation, and what became of what.
    """
    found: dict[tuple[str, ...], list[Change]] = {}
    for change in changes:
        key = (change.kind, change.framework, change.op, _told(change.before, change.saw_before),
               _told(change.after, change.saw_after))  # fmt: skip
        found.setdefault(key, []).append(change)
    groups = [_group(held) for held in found.values()]
    return sorted(groups, key=lambda group: (KINDS.index(group.kind), -group.worse, -group.count, group.sentence))


def _group(held: Sequence[Change]) -> Group:
    example = min(held, key=lambda change: (len(change.case_id), change.case_id, change.surface, change.aspect))
    where = [
        " and ".join(dict.fromkeys(sorted(texts)))
        for texts in (
            [change.route for change in held],
            [change.mode for change in held],
            [change.switch for change in held if change.switch],
            [change.aspect for change in held],
        )
        if texts
    ]
    was, now = _told(example.before, example.saw_before), _told(example.after, example.saw_after)
    what = f"{was}, with another value" if was == now else f"{was} → {now}"
    return Group(
        sentence=f"{example.framework}, {', '.join(where)}: {example.op.replace('_', ' ')}: {what}",
        kind=example.kind,
        count=len(held),
        worse=sum(change.worse for change in held),
        example=example,
    )


def _told(status: str, saw: str) -> str:
    """A status; if an error was seen, with its class, and if the process ended, how it did."""
    if status in _SILENT or not saw or saw.startswith("o = "):
        return status or "not observed"
    return f"{status} ({saw.partition(':')[0]})"
