"""A report in the Common Test Report Format, JSON that CI servers and their plugins read; written as it is made.

The format is https://ctrf.io's; each test is a line.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, BinaryIO

import msgspec

from harness.records import Verdict
from harness.report.model import Report
from harness.report.summary import Outcome as Verdicts
from harness.report.summary import headline
from harness.report.testcases import TestCase, suites, totals
from harness.report.text import one_line

SPECIFICATION = "0.0.0"  # the format's own version, as its documents carry it
_HEALTHY: Verdicts = "as expected"


def ctrf(report: Report, stream: BinaryIO, *, each: Iterable[Verdict] | None = None) -> None:
    """Write the report as CTRF JSON.

    Parameters
    ----------
    report : Report
    stream : binary stream
        To write to; it stays open.
    each : iterable of Verdict, optional
        As :func:`harness.report.junit.junit` takes it.

    Notes
    -----
    The first line holds the verdict on the whole run. What the harness itself is to blame for is 'failed' as well,
    since readers pass over all other statuses; its raw status is 'error'.
    """
    verdict, version = headline(report), one_line(report.version, 40)
    counts = totals(report, per_case=each is not None)
    failed = counts["failure"] + counts["error"]
    start, stop = _times(report)
    summary = {
        "tests": counts["tests"],
        "passed": counts["tests"] - failed - counts["skipped"],
        "failed": failed,
        "skipped": counts["skipped"],
        "pending": 0,
        "other": 0,
        "start": start,
        "stop": stop,
    }
    facts = {
        one_line(place.name, 100): {one_line(name, 60): one_line(value, 200) for name, value in place.facts.items()}
        for place in report.environments
    }
    environment = {
        "reportName": one_line(f"convarith: {report.title}", 100),
        "healthy": verdict.outcome == _HEALTHY,
        "extra": facts,
    }
    head = {"reportFormat": "CTRF", "specVersion": SPECIFICATION, "generatedBy": f"convarith {version}"}
    stream.write(_inside({**head, "extra": {"verdict": verdict.text}}) + b",\n")
    stream.write(b'"results":{' + _inside({"tool": {"name": "convarith", "version": version}, "summary": summary})[1:])
    stream.write(b',\n"environment":' + msgspec.json.encode(environment) + b',\n"tests":[')
    separator = b"\n"
    for suite in suites(report, each):
        for case in suite.cases:
            stream.write(separator + msgspec.json.encode(_test(suite.name, case)))
            separator = b",\n"
    stream.write(b"\n]}}\n")


def _inside(told: dict[str, Any]) -> bytes:
    """An object in JSON, without its end."""
    return msgspec.json.encode(told)[:-1]


def _test(suite: str, case: TestCase) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": one_line(f"{case.classname} {case.name}") or "unnamed",
        "status": "passed",
        "duration": 0,
        "suite": [one_line(suite)],
    }
    if case.outcome is not None:
        told["status"] = "skipped" if case.outcome.element == "skipped" else "failed"
        told["rawStatus"] = case.outcome.element
        told["message"] = case.outcome.message
        if case.outcome.text:
            told["trace"] = case.outcome.text
        if case.outcome.kind:
            told["tags"] = case.outcome.kind.split(", ")
    return told


def _times(report: Report) -> tuple[int, int]:
    """Start and end, in milliseconds since 1970; 0 where it is not known."""
    try:
        start = round(1000 * datetime.fromisoformat(report.started).timestamp())
    except ValueError:
        return 0, round(1000 * report.seconds)
    return start, start + round(1000 * report.seconds)
