"""Changes in few sentences: of each kind the shortest rules that cover them, as those of a run cover its verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import starmap

import numpy as np
import numpy.typing as npt

from harness.diff.changes import KINDS, Change, Group
from harness.records import Surface
from harness.rules.labelled import Rows, Said, sentences
from harness.rules.rule import Rule

Place = tuple[str, str, str, str, str]  # framework, route, mode, switch, aspect
Numbers = npt.NDArray[np.int64]
Same = Callable[[Said], Mapping[Place, Numbers]]

_ENDED = ("agrees", "rejected", "crashed", "timed_out")  # what may have been seen is an error
_BECAME = 3  # of what became of what that a sentence tells
_LABELS = ("same", *KINDS)


def grouped(changes: Sequence[Change], said: Callable[[], Said], same: Same) -> list[Group]:
    """Rules of changes, kind by kind: those of what is worse first, and of these those that say the most.

    Parameters
    ----------
    changes : sequence of Change
    said : callable
        Gives what can be said of the cases that were compared. Not called where nothing changed.
    same : callable
        Gives the cases, by their numbers, of what was compared and is the same, place by place, of every framework of
        which something changed. What only one of the sides observed, or nobody could say, is not among it.
    """
    if not changes:
        return []
    cases = said()
    number_of = {name: number for number, name in enumerate(cases.names)}
    rest = same(cases)
    groups: list[Group] = []
    for framework in dict.fromkeys(change.framework for change in changes):
        mine = [change for change in changes if change.framework == framework]
        rows = _rows(framework, mine, cases, number_of, rest)
        told = sentences(rows, cases, partial(_of_example, mine))
        groups += starmap(_group, ((rule, [mine[number] for number in covered.tolist()]) for rule, covered in told))
    return sorted(groups, key=_order)


def _order(group: Group) -> tuple[int, bool, float, str]:
    return KINDS.index(group.kind), not group.worse, -(group.count**2) / group.total, group.sentence


def place(change: Change) -> Place:
    """Where it is."""
    return change.framework, change.route, change.mode, change.switch, change.aspect


def _rows(
    framework: str,
    changes: Sequence[Change],
    said: Said,
    number_of: Mapping[str, int],
    rest: Mapping[Place, Numbers],
) -> Rows:
    """The changes of a framework, and what did not change, which comes after them."""
    places = list(dict.fromkeys([*map(place, changes), *(one for one in rest if one[0] == framework)]))
    place_of = {one: number for number, one in enumerate(places)}
    others = [rest.get(one, np.zeros(0, dtype=np.int64)) for one in places]
    sizes = [len(one) for one in others]
    here = np.array([place_of[place(change)] for change in changes], dtype=np.int64)
    cases = np.array([number_of[change.case_id] for change in changes], dtype=np.int64)
    labels = np.array([_LABELS.index(change.kind) for change in changes], dtype=np.int64)
    return Rows.of(
        framework,
        said,
        number=np.arange(len(changes) + sum(sizes)),
        case=np.concatenate([cases, *others]),
        place=np.concatenate([here, np.repeat(np.arange(len(places)), sizes)]),
        places={number: one[1:] for number, one in enumerate(places)},
        label=np.concatenate([labels, np.zeros(sum(sizes), dtype=np.int64)]),
        labels=_LABELS,
        causes=dict(enumerate(map(_became, changes))),
    )


def _of_example(changes: Sequence[Change], number: int) -> dict[str, object]:
    change = changes[number]
    surface = Surface(change.framework, change.route, change.mode, change.switch)
    return {"surface": surface, "aspect": change.aspect, "diagnosis": _became(change)}


def _group(rule: Rule, held: Sequence[Change]) -> Group:
    became = sorted(Counter(map(_became, held)).items(), key=lambda one: (-one[1], one[0]))
    example = next(
        change
        for change in held
        if (change.case_id, change.surface, change.aspect) == (rule.example, str(rule.surface), rule.aspect)
    )
    return Group(
        name=f"{rule.where}: {rule.what}",
        sentence=f"{rule.where}: {rule.what}: {'; '.join(_counted(became))}",
        kind=example.kind,
        count=len(held),
        total=rule.total,
        worse=sum(change.worse for change in held),
        predicate=rule.predicate,
        exceptions=rule.exceptions,
        example=example,
    )


def _counted(told: Sequence[tuple[str, int]]) -> Iterator[str]:
    """What became of what, with numbers where there are several."""
    for text, number in told[:_BECAME]:
        yield text if len(told) == 1 else f"{text} ({number})"
    if len(told) > _BECAME:
        yield f"and others ({sum(number for _, number in told[_BECAME:])})"


def _became(change: Change) -> str:
    was, now = _told(change.before, change.saw_before), _told(change.after, change.saw_after)
    return f"{was}, with another value" if was == now else f"{was} → {now}"


def _told(status: str, saw: str) -> str:
    """A status; if an error was seen, with its class, and if the process ended, how it did."""
    if status not in _ENDED or not saw or saw.startswith(("o = ", "as expected")):
        return status or "not observed"
    return f"{status} ({saw.partition(':')[0]})"
