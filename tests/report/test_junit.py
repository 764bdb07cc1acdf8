from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from harness.records import Environment, Surface, Verdict
from harness.report.junit import junit
from harness.report.model import Report, case_order
from harness.report.testcases import REASONS, SHOWN

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("junit.xsd")))


def written(report: Report, each: Sequence[Verdict] | None = None) -> bytes:
    stream = BytesIO()
    ordered = None if each is None else sorted(each, key=lambda one: (one.surface, *case_order(one), one.aspect))
    junit(report, stream, each=ordered)
    return stream.getvalue()


def parsed(report: Report, each: Sequence[Verdict] | None = None) -> Any:
    """The document, after checking it against the schema and its counts against what it holds."""
    root = etree.fromstring(written(report, each))
    SCHEMA.assertValid(root)
    for element in (root, *root.findall("testsuite")):
        assert int(element.get("tests")) == len(element.findall(".//testcase"))
        assert int(element.get("failures")) == len(element.findall(".//failure"))
        assert int(element.get("errors")) == len(element.findall(".//error"))
    for suite in root.findall("testsuite"):
        assert suite.findall("testcase")
        assert int(suite.get("skipped")) == len(suite.findall(".//skipped"))
    return root


def outcomes(root: Any) -> dict[tuple[str, str], str]:
    """Of each test case, by class and name: 'passed', or the element that says otherwise."""
    cases = root.findall(".//testcase")
    found = {(case.get("classname"), case.get("name")): case[0].tag if len(case) else "passed" for case in cases}
    assert len(found) == len(cases)
    return found


def test_a_test_case_is_a_relationship_on_a_surface(
    verdict: Callable[..., Verdict], report: Callable[..., Report], surfaces: tuple[Surface, ...]
) -> None:
    root = parsed(
        report(
            verdict(relationships=("R1", "R15")),
            verdict(relationships=("R15",), status="crashed"),
            verdict(relationships=("R15",), surface=surfaces[1], status="unsupported"),
            verdict(relationships=(), surface=surfaces[2]),
        )
    )
    torch = "torch.torch.nn.functional.eager"
    assert outcomes(root) == {
        ("jax.jax.lax.jit", "none (no relationship speaks of the case)"): "passed",
        ("tensorflow.keras.layers.eager", "R15 Dilated convolution"): "skipped",
        (torch, "R1 No zero padding, unit strides"): "passed",
        (torch, "R15 Dilated convolution"): "failure",
    }
    assert {case.get("time") for case in root.findall(".//testcase")} == {"0"}
    assert root.find(".//property[@name='counting']").get("value").endswith("do not add up to the total.")


def test_a_failure_counts_and_shows_what_is_unexpected(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    root = parsed(
        report(
            verdict(relationships=("R6",)),
            verdict(relationships=("R6",), case_id="conv1d.i50.k3.s2.p1.d1", status="wrong_shape"),
            verdict(relationships=("R6",), status="wrong_operator", observed="o = 4", diagnosis="kernel flipped"),
        )
    )
    (failure,) = root.iter("failure")
    assert failure.get("type") == "wrong_shape, wrong_operator"
    assert failure.get("message") == (
        "2 of 3 verdicts unexpected; smallest case conv1d.i5.k3.s2.p1.d1, forward: wrong_operator: kernel flipped"
    )
    assert failure.text.splitlines() == [
        "conv1d.i5.k3.s2.p1.d1 forward: wrong_operator",
        "  expected: o = 3",
        "  observed: o = 4",
        "  diagnosis: kernel flipped",
        "  run it again: convarith run --case conv1d.i5.k3.s2.p1.d1 -f torch --route torch.nn.functional --mode eager",
        "conv1d.i50.k3.s2.p1.d1 forward: wrong_shape",
        "  expected: o = 3",
        "  observed: o = 3",
        "  run it again: convarith run --case conv1d.i50.k3.s2.p1.d1 -f torch --route torch.nn.functional --mode eager",
    ]


@pytest.mark.parametrize("number", [SHOWN, SHOWN + 1])
def test_a_failure_holds_so_many_verdicts_and_counts_the_rest(
    verdict: Callable[..., Verdict], report: Callable[..., Report], number: int
) -> None:
    root = parsed(report(*[verdict(status="crashed", relationships=("R6",))] * number))
    (failure,) = root.iter("failure")
    assert failure.text.count("run it again: ") == SHOWN
    assert ("\nand " in failure.text) == failure.text.endswith("\nand 1 more") == (number > SHOWN)


def test_only_what_is_unsupported_altogether_is_skipped_and_says_why(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    why = [verdict(status="unsupported", observed=text) for text in ("no groups", "no dilation", "no groups")]
    (skipped, _) = parsed(report(*why)).iter("skipped")
    assert skipped.get("message") == "no dilation; no groups"
    assert set(outcomes(parsed(report(*why, verdict()))).values()) == {"passed"}
    assert set(outcomes(parsed(report(*why, verdict(status="harness_error")))).values()) == {"error"}
    many = [verdict(status="unsupported", observed=f"reason {n:02}") for n in range(REASONS + 2)]
    (skipped, _) = parsed(report(*many)).iter("skipped")
    assert skipped.get("message").endswith("; reason 09; and 2 more reasons")


def test_our_own_fault_is_an_error_and_never_hides_the_frameworks(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    ours, theirs = (verdict(status=status, relationships=("R15",)) for status in ("harness_error", "rejected"))
    name = ("torch.torch.nn.functional.eager", "R15 Dilated convolution")
    assert outcomes(parsed(report(ours, verdict(relationships=("R15",))))) == {name: "error"}
    assert outcomes(parsed(report(ours, theirs))) == {name: "failure", (name[0], f"{name[1]} (harness)"): "error"}


def test_one_test_case_for_each_aspect_of_each_case(
    verdict: Callable[..., Verdict], report: Callable[..., Report], surfaces: tuple[Surface, ...]
) -> None:
    verdicts = [
        verdict(),
        verdict(aspect="adjoint", status="unstable"),
        verdict(case_id="conv1d.i10.k3.s2.p1.d1", status="unsupported"),
        verdict(surface=surfaces[2], status="harness_error"),
    ]
    root = parsed(report(*verdicts), verdicts)
    torch = "torch.torch.nn.functional.eager"
    # Small cases first, as everywhere.
    assert list(outcomes(root).items()) == [
        (("jax.jax.lax.jit", "conv1d.i5.k3.s2.p1.d1 forward"), "error"),
        ((torch, "conv1d.i5.k3.s2.p1.d1 adjoint"), "failure"),
        ((torch, "conv1d.i5.k3.s2.p1.d1 forward"), "passed"),
        ((torch, "conv1d.i10.k3.s2.p1.d1 forward"), "skipped"),
    ]


def test_an_incomplete_run_and_an_environment_that_failed_are_errors(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    broken = Environment("jax", "/env/python", {"python": "3.11.7"}, failure="died of\nSIGSEGV")
    root = parsed(report(verdict(relationships=("R6",)), complete=False, environments=(broken,)))
    assert outcomes(root) == {
        ("convarith.run", "complete"): "error",
        ("convarith.environment", "jax in /env/python"): "error",
        ("torch.torch.nn.functional.eager", "R6 Zero padding, non-unit strides"): "passed",
    }
    complete, failed = root.iter("error")
    assert complete.get("message").startswith("INCOMPLETE: the run did not finish and 1 environment failed")
    assert failed.get("message") == "died of SIGSEGV"
    assert failed.text == "died of\nSIGSEGV\npython: 3.11.7"
    assert ("convarith.run", "complete") not in outcomes(parsed(report(verdict())))


def test_a_run_without_a_verdict_does_not_pass(report: Callable[..., Report]) -> None:
    assert outcomes(parsed(report())) == {("convarith.run", "complete"): "error"}


@pytest.mark.parametrize("per_case", [False, True])
def test_hostile_text_is_text(
    hostile_report: Report, all_verdicts: Callable[[Report], tuple[Verdict, ...]], per_case: bool
) -> None:
    root = parsed(hostile_report, all_verdicts(hostile_report) if per_case else None)
    said = "".join(root.itertext()) + "".join(element.get("message", "") for element in root.iter())
    assert "<script>alert(1)</script> ]]> <!-- & &amp; red bold link" in said
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert len(etree.tostring(root)) < 100_000


def test_the_stream_stays_open(verdict: Callable[..., Verdict], report: Callable[..., Report]) -> None:
    stream = BytesIO()
    junit(report(verdict()), stream)
    stream.write(b"\n<!-- more -->")
    assert etree.fromstring(stream.getvalue()).tag == "testsuites"


def test_many_verdicts_are_all_counted(many: Report, all_verdicts: Callable[[Report], tuple[Verdict, ...]]) -> None:
    total = Counter[str]()
    for failure in parsed(many).iter("failure"):
        total[failure.getparent().get("name")] += int(failure.get("message").split()[0])
    assert total == {"R6 Zero padding, non-unit strides": 20_000, "R15 Dilated convolution": 20_000}
    assert len(parsed(many, all_verdicts(many)).findall(".//failure")) == 20_000


def test_the_order_of_the_verdicts_does_not_matter(
    shuffled: list[tuple[Report, Report]],
) -> None:
    for one, other in shuffled:
        assert written(other) == written(one)
