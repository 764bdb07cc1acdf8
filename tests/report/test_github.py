from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from harness.deviations.findings import Finding
from harness.deviations.settled import Settled
from harness.records import Environment, Verdict
from harness.report.github import MOST, annotated, shielded
from harness.report.model import Report
from harness.rules import Rule

COMMAND = re.compile(r"::error title=([^:,\r\n]*)::([^\r\n]*)")


def rule(number: int, framework: str = "torch", status: str = "rejected") -> Rule:
    return Rule(
        framework=framework,
        status=status,
        routes=("torch.nn",),
        ops=("conv",),
        words=(f"every k = {number}",),
        support=number,
        total=2 * number,
        example=f"conv1d.i{number}.k2.s1.p0.d1",
        diagnosis="refused: no",
    )


def commands(report: Report) -> list[tuple[str, str]]:
    """Titles and messages, as GitHub reads them."""
    found = []
    for line in annotated(report):
        match = COMMAND.fullmatch(line)
        assert match is not None, line
        title, text = match.groups()
        for code, sign in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
            title, text = title.replace(code, sign), text if code in ("%3A", "%2C") else text.replace(code, sign)
        found.append((title, text))
    return found


def test_a_run_as_expected_has_none(verdict: Callable[..., Verdict], report: Callable[..., Report]) -> None:
    assert annotated(report(verdict())) == []


def test_each_new_rule_is_one_the_largest_first(verdict: Callable[..., Verdict], report: Callable[..., Report]) -> None:
    told = commands(report(verdict(status="rejected"), settled=Settled((rule(3), rule(7)))))
    assert told == [
        (
            f"torch: {number} of {2 * number} rejected",
            f"torch.nn: conv, every k = {number}. refused: no. smallest conv1d.i{number}.k2.s1.p0.d1",
        )
        for number in (7, 3)
    ]


def test_there_are_ten_at_most_and_the_last_says_how_many_more(report: Callable[..., Report]) -> None:
    assert len(commands(report(settled=Settled(tuple(map(rule, range(1, 10))))))) == MOST
    told = commands(report(settled=Settled(tuple(map(rule, range(1, 31))))))
    assert len(told) == MOST == 10
    assert told[0][0] == "convarith"  # nothing was judged
    assert told[1][0] == "torch: 30 of 60 rejected"
    assert told[-1] == ("convarith", "22 more of the kind, in the report")


def test_an_incomplete_run_says_so_first_and_names_what_failed(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    broken = Environment("jax", "/env/python", failure="died\nof SIGSEGV")
    told = commands(report(verdict(), environments=(broken,), settled=Settled((rule(3),))))
    assert told[0] == ("convarith", "INCOMPLETE: 1 environment failed; 0 unexpected of 1 verdict. jax: died of SIGSEGV")
    assert len(told) == 2
    assert commands(report(verdict(), complete=False))[0][1].startswith("INCOMPLETE: the run did not finish")


def test_our_own_faults_and_entries_that_are_not_right_are_told_too(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    settled = Settled(
        (), (Finding("fixed", "torch", "an-entry", "it no longer occurs"), Finding("new", "torch", "", "x"))
    )
    told = commands(report(verdict(status="harness_error", observed="KeyError: k"), settled=settled))
    assert [title for title, _ in told] == [
        "torch/torch.nn.functional/eager: 1 error of the harness itself", "torch: known deviation fixed",
    ]  # fmt: skip
    assert "KeyError: k" in told[0][1]


@pytest.mark.parametrize("text", ["100% a\r\nb", "::error::x", "a,b:c=d", "\x1b[31m\n::add-mask::x", "x" * 100_000])
def test_what_others_wrote_is_escaped_and_cut(text: str, report: Callable[..., Report]) -> None:
    settled = Settled((rule(3, framework=text, status=text),))
    lines = annotated(report(settled=settled))
    assert all(COMMAND.fullmatch(line) and len(line) < 1500 for line in lines)
    assert "\x1b" not in "".join(lines)
    assert commands(report(settled=settled))[1][0].startswith(text[:3].replace("\x1b[3", ""))


def test_hostile_reports_make_commands_of_ours_alone(hostile_report: Report) -> None:
    assert all(COMMAND.fullmatch(line) and line.isprintable() for line in annotated(hostile_report))


def test_no_line_of_shielded_text_is_a_command() -> None:
    text = "a\n::error::x\n  ::add-mask::y\n"
    first, *held, last = shielded(text).splitlines()
    stop = re.fullmatch(r"::stop-commands::([0-9a-f]{32})", first)
    assert stop is not None
    assert last == f"::{stop[1]}::"
    assert held == text.splitlines()
    assert stop[1] not in text
    other = shielded(f"{text}::{stop[1]}::\n").splitlines()  # one who has seen it before
    assert other[0] != first
    assert shielded("no end").endswith(f"no end\n::{shielded('no end')[17:49]}::\n")
