"""Changes are told by rules: by those that were planted, and what is the same keeps a rule from saying more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cases import generate, grid
from cases.case import Case
from harness.diff import baseline, compare, sides
from harness.records import Status, Surface

from ..fakes.closed import JIT, closed

pytestmark = pytest.mark.slow

Says = Callable[[Case, Surface], Status]


def cases() -> list[Case]:
    found = [case for case in generate.cases(grid.load("smoke")) if case.op in ("conv", "conv_transpose")]
    return found[::2]


def strided(case: Case) -> bool:
    return max(case.each("s")) > 1


def dilated(case: Case) -> bool:
    return max(case.each("d")) > 1


def made(folder: Path, says: Says) -> Path:
    return closed(folder, cases(), says)


def agrees(case: Case, surface: Surface) -> Status:
    return "agrees"


def breaks(case: Case, surface: Surface) -> Status:
    """Strided convolutions in one mode are wrong, dilated transposed ones are refused in both; few cannot be said."""
    if case.rank == 3:
        return "unsupported"
    if case.op == "conv" and strided(case) and surface == JIT:
        return "wrong_operator"
    return "rejected" if case.op == "conv_transpose" and dilated(case) else "agrees"


def without(case: Case, surface: Surface) -> Status:
    return "unsupported" if case.rank == 3 else "agrees"


@pytest.mark.parametrize("from_baseline", [False, True])
def test_what_was_planted_is_told_in_two_rules(tmp_path: Path, from_baseline: bool) -> None:
    before, after = made(tmp_path / "before", without), made(tmp_path / "after", breaks)
    if from_baseline:
        baseline.write(before, tmp_path / "kept")
        found = baseline.against(tmp_path / "kept", sides([str(after), str(after)])[1])
    else:
        found = compare(*sides([str(before), str(after)]))
    said = [case for case in cases() if case.rank != 3]
    wrong = sum(case.op == "conv" and strided(case) for case in said)
    refused = 2 * sum(case.op == "conv_transpose" and dilated(case) for case in said)
    assert wrong > 10
    assert refused > 10
    assert {(group.kind, group.sentence, group.count, group.total, group.worse) for group in found.groups} == {
        ("regression", "fake, jit: conv, any s > 1: agrees → wrong_operator", wrong, wrong, wrong),
        (
            "newly_rejected",
            "fake: conv transpose, any d > 1: agrees → rejected (ValueError)",
            refused,
            refused,
            refused,
        ),
    }
    assert {group.predicate for group in found.groups} == {
        "op = 'conv' AND s_max > 1",
        "op = 'conv_transpose' AND d_max > 1",
    }
    told = {group.kind: group.example for group in found.groups}
    assert told["regression"].diagnosis == "kernel flipped"
    assert told["regression"].now == "wrong_operator: o = 3"
    assert told["newly_rejected"].diagnosis == ""
    assert told["newly_rejected"].now == "rejected: ValueError: no"
    for group in found.groups:
        assert group.example in found.changes
        assert group.example.case_id in {case.id for case in said}


def test_what_became_of_several_things_is_counted(tmp_path: Path) -> None:
    def mixed(case: Case, surface: Surface) -> Status:
        if not strided(case):
            return "agrees"
        return "rejected" if surface == JIT else "wrong_operator"

    found = compare(*sides([str(made(tmp_path / "before", mixed)), str(made(tmp_path / "after", agrees))]))
    number = sum(map(strided, cases()))
    (group,) = found.groups
    assert group.sentence == (
        f"fake: any s > 1: rejected (ValueError) → agrees ({number}); wrong_operator → agrees ({number})"
    )
    assert (group.kind, group.count, group.total, group.worse) == ("fixed", 2 * number, 2 * number, 0)


def test_a_place_where_nothing_changed_is_not_spoken_of(tmp_path: Path) -> None:
    def wrong(case: Case, surface: Surface) -> Status:
        return "wrong_operator" if surface == JIT and case.op == "conv" and strided(case) else "agrees"

    found = compare(*sides([str(made(tmp_path / "before", agrees)), str(made(tmp_path / "after", wrong))]))
    (group,) = found.groups
    assert group.sentence == "fake, jit: conv, any s > 1: agrees → wrong_operator"
    assert group.count == group.total == sum(case.op == "conv" and strided(case) for case in cases())
