from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

import pytest
from jsonschema import Draft7Validator

from harness.deviations.findings import Finding
from harness.deviations.settled import Settled
from harness.records import Environment, Surface, Verdict
from harness.report.ctrf import ctrf
from harness.report.junit import junit
from harness.report.model import Report, case_order

TEXT, WHOLE, ANYTHING = {"type": "string"}, {"type": "integer"}, {"type": "object"}
STATUS = {"enum": ["passed", "failed", "skipped", "pending", "other"]}
TEXTS = {"type": "array", "items": TEXT}


def record(required: str, **properties: object) -> dict[str, object]:
    """An object with these properties and no others."""
    return {"type": "object", "required": required.split(), "properties": properties, "additionalProperties": False}


COUNTS = "tests passed failed skipped pending other"
# What https://ctrf.io's schema says of a document, as far as ours can have it: nothing else may stand anywhere.
SCHEMA = record(
    "reportFormat specVersion results",
    reportFormat={"const": "CTRF"},
    specVersion={"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$"},
    timestamp=TEXT,
    generatedBy=TEXT,
    extra=ANYTHING,
    results=record(
        "tool summary tests",
        tool=record("name", name={"type": "string", "minLength": 1}, version=TEXT, extra=ANYTHING),
        summary=record(
            f"{COUNTS} start stop",
            **dict.fromkeys(COUNTS.split(), WHOLE),
            **dict.fromkeys(("start", "stop", "duration", "suites", "flaky"), WHOLE),
            extra=ANYTHING,
        ),
        tests={
            "type": "array",
            "items": record(
                "name status duration",
                name={"type": "string", "minLength": 1},
                status=STATUS,
                duration=WHOLE,
                suite={**TEXTS, "minItems": 1},
                rawStatus=TEXT,
                message=TEXT,
                trace=TEXT,
                tags=TEXTS,
                extra=ANYTHING,
            ),
        },
        environment=record("", reportName=TEXT, healthy={"type": "boolean"}, extra=ANYTHING),
        extra=ANYTHING,
    ),
)


def written(report: Report, each: Sequence[Verdict] | None = None) -> bytes:
    stream = BytesIO()
    ordered = None if each is None else sorted(each, key=lambda one: (one.surface, *case_order(one), one.aspect))
    ctrf(report, stream, each=ordered)
    return stream.getvalue()


def parsed(report: Report, each: Sequence[Verdict] | None = None) -> Any:
    """The document, after checking it against the schema, its counts against its tests, and these against JUnit's."""
    told = json.loads(written(report, each))
    Draft7Validator(SCHEMA).validate(told)
    tests, summary = told["results"]["tests"], told["results"]["summary"]
    counts = Counter(test["status"] for test in tests)
    assert summary["tests"] == len(tests)
    assert {name: summary[name] for name in COUNTS.split()[1:]} == {name: counts[name] for name in COUNTS.split()[1:]}
    stream = BytesIO()
    junit(report, stream, each=None if each is None else sorted(each, key=lambda v: (v.surface, *case_order(v))))
    assert stream.getvalue().count(b"<testcase ") == len(tests)
    return told


def outcomes(told: Any) -> dict[str, str]:
    return {test["name"]: test["status"] for test in told["results"]["tests"]}


def test_the_schema_refuses_what_the_format_has_not() -> None:
    for wrong in ({}, {"reportFormat": "CTRF", "specVersion": "1", "results": {}}):
        assert not Draft7Validator(SCHEMA).is_valid(wrong)


def test_a_test_is_a_relationship_on_a_surface(
    verdict: Callable[..., Verdict], report: Callable[..., Report], surfaces: tuple[Surface, ...]
) -> None:
    told = parsed(
        report(
            verdict(relationships=("R1", "R15")),
            verdict(relationships=("R15",), status="wrong_shape", observed="o = 4", diagnosis="pads (0,1)"),
            verdict(relationships=("R15",), case_id="conv1d.i50.k3.s2.p1.d1", status="crashed"),
            verdict(relationships=("R15",), surface=surfaces[1], status="unsupported", observed="no dilation"),
        )
    )
    torch = "torch.torch.nn.functional.eager"
    assert outcomes(told) == {
        "tensorflow.keras.layers.eager R15 Dilated convolution": "skipped",
        f"{torch} R1 No zero padding, unit strides": "passed",
        f"{torch} R15 Dilated convolution": "failed",
    }
    skipped, _, failed = told["results"]["tests"]
    assert skipped["message"] == "no dilation"
    assert failed["message"].startswith("2 of 3 verdicts unexpected; smallest case conv1d.i5.k3.s2.p1.d1, forward: ")
    assert failed["tags"] == ["wrong_shape", "crashed"]
    assert "  diagnosis: pads (0,1)\n  run it again: convarith run --case" in failed["trace"]
    assert failed["suite"] == ["torch/torch.nn.functional/eager"]


def test_each_aspect_of_each_case_is_a_test_where_asked(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    verdicts = [
        verdict(),
        verdict(aspect="adjoint", status="rejected"),
        verdict(aspect="bias", status="crashed", known="an-entry"),
        verdict(aspect="dense", status="unsupported"),
        verdict(aspect="direct", status="harness_error"),
    ]
    told = outcomes(parsed(report(*verdicts), verdicts))
    assert {name.split()[-1]: status for name, status in told.items()} == {
        "forward": "passed", "adjoint": "failed", "bias": "passed", "dense": "skipped", "direct": "failed",
    }  # fmt: skip


def test_times_are_the_run_s(verdict: Callable[..., Verdict], report: Callable[..., Report]) -> None:
    summary = parsed(report(verdict()))["results"]["summary"]
    assert (summary["start"], summary["stop"]) == (1789985472000, 1789985473250)  # 2026-09-21T10:11:12Z, and 1.25 s
    assert parsed(report(verdict(), started="then"))["results"]["summary"]["start"] == 0


def test_the_first_line_says_what_came_of_it_and_what_is_not_whole_is_not_healthy(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    broken = Environment("jax", "/env/python", {"python": "3.11.7"}, failure="died of SIGSEGV")
    stale = Settled((), (Finding("fixed", "torch", "an-entry", "it no longer occurs"),), ())
    for fields, said, healthy, status in (
        ({}, "As expected: 1 verdict", True, ["passed", "passed"]),
        ({"complete": False}, "INCOMPLETE: the run did not finish", False, ["failed", "passed", "passed"]),
        ({"environments": (broken,)}, "INCOMPLETE: 1 environment failed", False, ["failed", "passed", "passed"]),
        ({"settled": stale}, "1 known deviation not as listed", False, ["failed", "passed", "passed"]),
    ):
        whole = report(verdict(), **fields)
        told = parsed(whole)
        assert said in written(whole).split(b"\n", 1)[0].decode()
        assert told["results"]["environment"]["healthy"] is healthy
        assert [test["status"] for test in told["results"]["tests"]] == status
    assert parsed(report())["results"]["environment"]["healthy"] is False


@pytest.mark.parametrize("per_case", [False, True])
def test_hostile_text_is_text_and_short(
    hostile_report: Report, all_verdicts: Callable[[Report], tuple[Verdict, ...]], per_case: bool
) -> None:
    each = all_verdicts(hostile_report) if per_case else None
    parsed(hostile_report, each)
    raw = written(hostile_report, each)
    assert len(raw) < 100_000
    for unwanted in (b"\\u001b", b"\x1b", "\u202e".encode(), b"\\ud800", b"\\u0000"):
        assert unwanted not in raw
    said = [test.get("message", "") for test in json.loads(raw)["results"]["tests"]]
    assert any("<script>alert(1)</script> ]]> <!-- & &amp; red bold link" in text for text in said)


def test_the_order_of_the_verdicts_does_not_matter(shuffled: list[tuple[Report, Report]]) -> None:
    for one, other in shuffled:
        assert written(other) == written(one)
