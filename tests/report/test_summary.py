from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable

from harness.records import STATUSES, Environment, Surface, Verdict
from harness.report.model import Report
from harness.report.summary import MEANING, QUERY, about, groups, headline, reasons, rerun

FAILED = Environment("jax", "/env/bin/python", failure="no module named jax")


def test_a_run_is_as_expected_only_if_it_is_complete_and_every_verdict_is(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    good = verdict(), verdict(status="unsupported")
    bad = verdict(status="wrong_shape")
    assert headline(report(*good)).outcome == "as expected"
    assert headline(report(*good, bad)).outcome == "unexpected"
    assert headline(report(*good, complete=False)).outcome == "incomplete"
    assert headline(report(*good, bad, complete=False)).outcome == "incomplete"
    assert headline(report(*good, environments=(FAILED,))).outcome == "incomplete"
    assert headline(report()).outcome == "nothing"
    assert headline(report(complete=False)).outcome == "incomplete"


def test_the_headline_counts_verdicts_once_and_tells_whose_fault_they_are(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    verdicts = verdict(), verdict(), verdict(status="unsupported"), verdict(status="crashed")
    assert headline(report(*verdicts[:3])).text == "As expected: 3 verdicts, 2 agree, 1 unsupported"
    assert headline(report(*verdicts)).text == "1 unexpected of 4 verdicts"
    ours = verdict(status="harness_error")
    assert headline(report(*verdicts, ours)).text == "2 unexpected of 5 verdicts, 1 of them the harness's own fault"
    text = headline(report(*verdicts, complete=False, environments=(FAILED,))).text
    assert text == "INCOMPLETE: the run did not finish and 1 environment failed; 1 unexpected of 4 verdicts"


def test_groups_are_by_surface_aspect_and_status_the_largest_first(
    verdict: Callable[..., Verdict], surfaces: tuple[Surface, ...]
) -> None:
    found = groups(
        [
            verdict(status="crashed"),
            verdict(status="rejected", case_id="long"),
            verdict(status="rejected", case_id="b"),
            verdict(status="rejected", aspect="adjoint"),
            verdict(status="rejected", surface=surfaces[1]),
        ]
    )
    assert [(group.surface, group.aspect, group.status, len(group.verdicts)) for group in found] == [
        (surfaces[0], "forward", "rejected", 2),
        (surfaces[0], "forward", "crashed", 1),
        (surfaces[0], "adjoint", "rejected", 1),
        (surfaces[1], "forward", "rejected", 1),
    ]
    assert found[0].smallest.case_id == "b"


def test_distinct_reasons_are_counted_for_each_surface(
    verdict: Callable[..., Verdict], report: Callable[..., Report], surfaces: tuple[Surface, ...]
) -> None:
    functional, keras, _ = surfaces
    found = reasons(
        report(
            verdict(status="unsupported", observed="no\ngroups"),
            verdict(status="unsupported", observed="no groups"),
            verdict(status="unsupported", observed="", diagnosis="no dilation"),
            verdict(status="unsupported", observed="", surface=keras),
            verdict(observed="agrees"),
        )
    )
    assert found == {keras: Counter({"no reason given": 1}), functional: Counter({"no groups": 2, "no dilation": 1})}
    assert list(found) == [keras, functional]


def test_the_command_that_observes_a_case_again_is_one_for_a_shell(verdict: Callable[..., Verdict]) -> None:
    assert rerun(verdict()) == (
        "convarith run --case conv1d.i5.k3.s2.p1.d1 -f torch --route torch.nn.functional --mode eager"
    )
    command = rerun(verdict(case_id="$(id); 'x'", surface=Surface("a b", "`c`", "eager", "d=e f")))
    words = shlex.split(command)
    assert words[2:8] == ["--case", "$(id); 'x'", "-f", "a b", "--route", "`c`"]
    assert words[8:] == ["--mode", "eager", "--switch", "d=e f"]


def test_the_query_asks_for_what_is_not_as_expected() -> None:
    assert "NOT IN ('agrees', 'unsupported')" in QUERY
    assert {status for status in STATUSES if status not in MEANING} == set()


def test_one_line_says_what_was_run(report: Callable[..., Report]) -> None:
    assert about(report(title="a\nb", cases=1)) == (
        "a b · 1 case · started 2026-09-21T10:11:12+00:00 · 1.2 s · convarith 0.1.0"
    )
    assert "started" not in about(report(started=""))
