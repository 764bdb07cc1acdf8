from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.deviations.findings import Finding
from harness.deviations.settled import Settled
from harness.records import Environment, Surface, Verdict
from harness.report.badges import badges
from harness.report.model import Report

TORCH = Environment("torch", "/python", {"version": "2.13.0"})
JAX = Environment("jax", "/python", {"version": "0.10.2"})


def made(report: Report) -> dict[str, Any]:
    """The badges, each of which has what shields.io asks for, and in one line."""
    found = list(badges(report))
    told = {name: json.loads(badge) for name, badge in found}
    assert len(told) == len(found)
    for name, badge in found:
        assert badge.endswith(b"}\n")
        assert badge.count(b"\n") == 1
        assert "/" not in name
        assert not name.startswith(".")
    for one in told.values():
        assert set(one) == {"schemaVersion", "label", "message", "color"}
        assert one["schemaVersion"] == 1
        assert one["label"]
        assert one["message"]
    return told


@pytest.mark.parametrize(
    ("statuses", "fields", "message", "colour"),
    [
        (["agrees", "agrees", "unsupported"], {}, "2 agree", "brightgreen"),
        (["agrees", "rejected", "unsupported"], {}, "1 of 2 verdicts unexpected", "red"),
        (["harness_error"], {}, "1 of 1 verdict unexpected", "red"),
        (["agrees"], {"complete": False}, "incomplete", "orange"),
        (["agrees"], {"environments": (Environment("torch", "/p", {}, failure="x"),)}, "failed", "orange"),
        (["unsupported"], {}, "no verdict", "orange"),
        ([], {}, "no verdict", "orange"),
    ],
)
def test_a_badge_says_what_came_of_a_framework(
    statuses: list[str],
    fields: dict[str, Any],
    message: str,
    colour: str,
    verdict: Callable[..., Verdict],
    report: Callable[..., Report],
) -> None:
    told = made(report(*(verdict(status=status) for status in statuses), **{"environments": (TORCH,), **fields}))
    assert (told["torch"]["message"], told["torch"]["color"]) == (message, colour)


def test_what_is_known_is_good_and_an_entry_that_is_not_right_is_not(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    verdicts = verdict(), verdict(status="crashed", known="an-entry")
    assert made(report(*verdicts, environments=(TORCH,)))["torch"] == {
        "schemaVersion": 1, "label": "torch 2.13.0", "message": "1 agree, 1 as known", "color": "brightgreen",
    }  # fmt: skip
    stale = Settled((), (Finding("fixed", "torch", "an-entry", "it no longer occurs"),), ())
    told = made(report(*verdicts, environments=(TORCH, JAX), settled=stale))
    assert told["torch"]["message"] == "1 known deviation not as listed"
    assert told["jax"]["message"] == "no verdict"


def test_frameworks_and_releases_have_badges_of_their_own_and_switches_have_not(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    old, new = (Environment("jax", "/p", {"version": one}, release=f"jax=={one}") for one in ("0.4.30", "0.10.2"))
    switched = Environment("torch", "/p", {"version": "2.13.0"}, switch="threads=2")
    bad = Surface("jax", "jax.lax", "jit", release="jax==0.4.30")
    told = made(report(verdict(surface=bad, status="crashed"), verdict(), environments=(old, new, TORCH, switched)))
    assert {name: one["message"] for name, one in told.items()} == {
        "jax-jax==0.4.30": "1 of 1 verdict unexpected",
        "jax-jax==0.10.2": "no verdict",
        "torch": "1 agree",
    }


def test_hostile_names_are_no_paths(hostile_report: Report, report: Callable[..., Report]) -> None:
    made(hostile_report)
    odd = tuple(Environment(name, "/p") for name in ("../../etc", "...", "", "a/b", "a\\b", "a:b"))
    names = set(made(report(environments=odd)))
    assert names == {"etc", "unnamed", "unnamed--2", "a-b", "a-b--2", "a-b--3"}
