"""The score: which planted faults each grid sees, whether the diagnosis names them, and nothing where there is none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

import pytest

from cases.case import parse
from harness.commands.selection import CaseSelection
from harness.diagnose import Cause, Diagnosis, Kind
from harness.diagnose.geometry import Sweep
from harness.records import Job, Observation, Surface
from harness.selftest import score
from harness.selftest.faults import BY_NAME, FAULTS
from harness.selftest.loops import ROUTE
from harness.selftest.planting import plant
from harness.selftest.running import Result, run
from harness.selftest.score import LOOKED_AT, Score, Selected, as_true, clean, look_for

# What has to be seen, at least, of all faults; and what needs surfaces that only the grid 'nightly' takes.
LEAST = {"smoke": 0.80, "pull-request": 0.97, "nightly": 1.0}
NIGHTLY_ALONE = {"flipped_where_compiled", "unwritten_with_two_threads"}

GRIDS = ["smoke", "pull-request", pytest.param("nightly", marks=pytest.mark.nightly)]


def selected(name: str) -> Selected:
    selection = CaseSelection(grid=name)
    return Selected.of(name, selection.cases(), selection.kinds())


def few(*ids: str) -> Selected:
    return Selected.of("few", map(parse, ids), lambda _: ("plain", "declared", "compiled", "switched"))


@pytest.mark.slow
@pytest.mark.parametrize("grid", GRIDS)
def test_a_grid_sees_what_was_planted(grid: str) -> None:
    """And the diagnosis names it, and of the perfect framework nothing is said.

    In one, so that each grid is gone through once, whoever runs the tests.
    """
    (found,) = run([selected(grid)], FAULTS, os.cpu_count() or 1)
    perfect_is_right(found)
    faults_are_seen(grid, found.scores)
    causes_are_named(found.scores)


def perfect_is_right(found: Result) -> None:
    assert found.verdicts > 2000
    assert found.unexpected == ()


def faults_are_seen(grid: str, scores: Sequence[Score]) -> None:
    assert [one.fault for one in scores] == [fault.name for fault in FAULTS]
    unseen = {one.fault for one in scores if not one.seen}
    assert len(unseen) <= (1 - LEAST[grid]) * len(FAULTS), unseen
    for name in unseen:
        assert BY_NAME[name].needs, f"{name} needs no dimension, and is not seen"
    if grid == "pull-request":
        assert unseen <= NIGHTLY_ALONE
    if grid != "nightly":
        assert unseen >= NIGHTLY_ALONE


def causes_are_named(scores: Sequence[Score]) -> None:
    diagnosed = [one for one in scores if one.diagnosed]
    wrong = {one.fault: one.otherwise for one in diagnosed if not one.right}
    assert len(wrong) <= 0.05 * len(diagnosed), wrong
    by_cause = sum(one.by_its_cause for one in diagnosed)  # by nothing else that would be as true; the aim is 0.95
    assert by_cause >= 0.93 * len(diagnosed), f"{by_cause} of {len(diagnosed)}"
    named, total = (sum(getattr(one, field) for one in diagnosed) for field in ("named", "diagnosed"))
    alike = sum(one.alike for one in diagnosed)
    assert named >= 0.91 * total, f"{named} of {total}"
    assert named + alike >= 0.96 * total, f"{named} and {alike} of {total}"


def test_a_framework_that_is_not_perfect_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score, "Perfect", plant(BY_NAME["kernel_flipped"]))
    found = clean(few("conv1d.i5.k3.s1.p0.d1", "max_pool1d.i5.k2.s1.p0.d1"), 0, 9)
    assert any("kernel flipped" in text for text in found.unexpected)
    assert all("conv1d" in text for text in found.unexpected)
    assert found.verdicts > len(found.unexpected)


def test_a_fault_that_does_nothing_is_not_seen() -> None:
    idle = replace(BY_NAME["kernel_flipped"], answer=lambda call, right: right(call))
    assert look_for(few("conv1d.i5.k3.s1.p0.d1"), idle) == Score("few", "kernel_flipped", 1)


def test_a_cause_that_was_not_planted_is_not_named() -> None:
    grid = few("conv1d.i5.k3.s1.p0.d1")
    right = look_for(grid, BY_NAME["kernel_flipped"])
    assert (right.diagnosed, right.named, right.alike, right.right) == (2, 2, 0, True)  # forward and adjoint
    other = look_for(grid, replace(BY_NAME["kernel_flipped"], cause="padding"))  # and flipped it is, whoever planted it
    assert (other.diagnosed, other.named, other.alike, other.right) == (2, 0, 2, True)
    assert [one.by_its_cause for one in (right, other)] == [True, False]


def seen_of(name: str, case_id: str) -> Observation:
    (seen,) = score._observed(
        plant(BY_NAME[name])(), [Job(case_id, Surface("perfect", ROUTE, "eager"), ("forward",))], whole=True
    )
    return seen


@pytest.mark.parametrize(
    ("planted", "case_id", "kinds", "true"),
    [
        ("a_tap_doubled", "conv1d.i5.k1.s1.p0.d1", ["scale"], True),  # its only tap
        ("a_tap_doubled", "conv1d.i5.k2.s1.p0.d1", ["scale"], False),
        ("kernel_flipped", "conv1d.i5.k3.s1.p0.d1", ["flip"], True),
        ("kernel_flipped", "conv1d.i5.k3.s1.p0.d1", ["taps"], False),  # not all of them by one mistake in the list
        ("kernel_flipped", "conv1d.i5.k3.s1.p0.d1", ["flip", "taps"], False),
        ("kernel_flipped", "conv1d.i5.k3.s1.p0.d1", [], False),
        ("kernel_flipped", "conv1d.i5.k3.s1.p0.d1", ["shape"], False),
    ],
)
def test_another_cause_is_as_true_only_if_it_does_the_very_same(
    planted: str, case_id: str, kinds: list[Kind], *, true: bool
) -> None:
    told = Diagnosis(tuple(Cause(kind, "so it is said") for kind in kinds), "so it is said")
    assert as_true(told, seen_of(planted, case_id)) is true


@pytest.mark.parametrize(("p", "true"), [(1, False), (2, True)])
def test_parameters_that_were_read_off_are_as_true_only_if_their_layer_does_the_very_same(
    p: int, *, true: bool
) -> None:
    """All of (1, 1) at the far end is (0, 2); and with two units more on each side, a stride apart, it is not."""
    seen = seen_of(
        "dilation_ignored_in_a_right_shape", "conv1d.i5.k2.s1.p2.d3"
    )  # p = 2 of d = 3 is p = 2, cut, of d = 1
    told = Diagnosis((Cause("padding", "so it is said"),), "so it is said", axes=(Sweep(5, 6, 2, 1, 1, p),))
    assert as_true(told, seen) is true


def test_it_is_told_after_how_many_cases_and_as_what() -> None:
    grid = few(*(f"conv1d.i{i}.k2.s{s}.p0.d1" for i in range(3, 9) for s in (1, 2)))
    place = next(number for number, case in enumerate(grid.cases, 1) if case.axes[0].s == 2)
    found = look_for(grid, BY_NAME["gradient_wrong_with_strides"])
    assert (found.after, found.shown, found.cases) == (place, 6, 12)
    assert (found.aspects, found.statuses) == (("adjoint",), ("wrong_operator",))
    assert "S5" in found.claims
    assert found.case == grid.cases[place - 1].id


def test_it_is_looked_for_no_longer_than_it_takes() -> None:
    grid = few(*(f"conv1d.i{i}.k2.s1.p0.d1" for i in range(3, 30)))
    assert look_for(grid, BY_NAME["kernel_flipped"]).shown == LOOKED_AT


def test_the_order_is_not_the_grids_and_large_layers_come_last() -> None:
    ids = [f"conv1d.i{i}.k2.s1.p0.d1" for i in range(3, 30)]
    grid = few("conv2d.i32x32.k5x5.s1x1.p0x0.d1x1.c1to6", *ids)
    assert [case.id for case in grid.cases[:-1]] != ids
    assert grid.cases[-1].id.startswith("conv2d")
    assert few(*reversed(ids)).cases == few(*ids).cases


@pytest.mark.parametrize(("name", "status"), [("ends_its_process", "crashed"), ("never_returns", "timed_out")])
def test_what_ends_its_process_ends_another_one(name: str, status: str) -> None:
    found = look_for(few("conv1d.i6.k2.s2.p0.d1", "max_pool1d.i6.k2.s2.p0.d1"), BY_NAME[name])
    assert found.statuses == (status,)


def test_what_differs_from_call_to_call_is_unstable() -> None:
    assert "unstable" in look_for(few("conv1d.i5.k3.s1.p0.d1.bias"), BY_NAME["differs_from_call_to_call"]).statuses
