"""A report in JUnit's XML, as Jenkins, GitLab and the like read it.

A test case is one relationship on one surface, or, where asked for, one aspect of one case on one surface. Each has
one outcome at most, because readers look at one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Literal
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from harness.records import Status, Surface, Verdict
from harness.report.model import (
    Judged,
    Report,
    case_order,
    occurring,
    reason,
    relationship_order,
    rows_of,
    statuses,
    title_of,
)
from harness.report.summary import COUNTING, headline, rerun
from harness.report.text import clean, count, one_line

SHOWN = 50  # verdicts that the text of one failure holds
REASONS = 10  # distinct ones that a skipped test case gives

_RUN = "convarith.run"  # the suite of what concerns the whole run


@dataclass(frozen=True, slots=True)
class _Outcome:
    """Why a test case did not pass."""

    element: Literal["failure", "error", "skipped"]
    kind: str
    message: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class _TestCase:
    classname: str
    name: str
    outcome: _Outcome | None


def junit(report: Report, stream: BinaryIO, *, each: Iterable[Verdict] | None = None) -> None:
    """Write the report as JUnit's XML.

    Parameters
    ----------
    report : Report
    stream : binary stream
        To write to; it stays open.
    each : iterable of Verdict, optional
        All verdicts of the run: then there is one test case for each aspect of each case on each surface, in place of
        one for each relationship.

    Notes
    -----
    What the harness itself is to blame for is an error, never a failure. A run that is not complete, or without any
    verdict, has a test case 'complete' that is an error; so has each environment that failed one of its own.
    """
    suites = [(_RUN, _run_cases(report))]
    found = _by_relationship(report.judged) if each is None else _by_case(each)
    suites += [(f"{surface}", cases) for surface, cases in found.items()]
    xml = XMLGenerator(stream, encoding="utf-8", short_empty_elements=True)
    xml.startDocument()
    everything = [case for _, cases in suites for case in cases]
    _start(xml, "testsuites", {"name": "convarith", **_counts(everything), "time": "0"})
    for name, cases in suites:
        if cases:
            _write_suite(xml, name, cases, report)
    xml.ignorableWhitespace("\n")
    xml.endElement("testsuites")
    xml.ignorableWhitespace("\n")
    xml.endDocument()


def _run_cases(report: Report) -> list[_TestCase]:
    """The test cases that an unfinished run has beyond its verdicts."""
    found = []
    if not report.complete:
        found.append(_TestCase(_RUN, "complete", _Outcome("error", "incomplete", headline(report).text)))
    elif not report.judged.total:
        found.append(_TestCase(_RUN, "complete", _Outcome("error", "nothing", headline(report).text)))
    for finding in report.settled.findings:
        if finding.entry:  # what no entry knows fails where it stands
            outcome = _Outcome("failure", finding.kind, one_line(finding.sentence, 1000))
            found.append(_TestCase("convarith.known", f"{finding.framework}: {finding.entry}: {finding.kind}", outcome))
    for environment in report.environments:
        if environment.failure is not None:
            name = f"{environment.name} in {environment.python}"
            message = one_line(environment.failure)
            facts = "\n".join(f"{key}: {value}" for key, value in environment.facts.items())
            text = f"{clean(environment.failure, 2000)}\n{clean(facts, 2000)}"
            outcome = _Outcome("error", "environment", message or "failed", text)
            found.append(_TestCase("convarith.environment", name, outcome))
    return found


def _by_relationship(judged: Judged) -> dict[Surface, list[_TestCase]]:
    wrong: dict[tuple[str, Surface], list[Verdict]] = {}
    for verdict in judged.unexpected:
        for row in rows_of(verdict):
            wrong.setdefault((row, verdict.surface), []).append(verdict)
    found: dict[Surface, list[_TestCase]] = {}
    for row, surface in sorted(judged.cells, key=lambda cell: (cell[1], relationship_order(cell[0]))):
        cell = row, surface
        found.setdefault(surface, []).extend(
            _test_cases(
                surface,
                f"{row} {title_of(row)}".strip(),
                wrong.get(cell, ()),
                judged.cells[cell],
                judged.reasons.get(cell, ()),
            )
        )
    return found


def _by_case(verdicts: Iterable[Verdict]) -> dict[Surface, list[_TestCase]]:
    held: dict[Surface, dict[tuple[int, str, str], list[Verdict]]] = {}
    for verdict in verdicts:
        rows = held.setdefault(verdict.surface, {})
        rows.setdefault((*case_order(verdict), verdict.aspect), []).append(verdict)
    return {
        surface: [
            case
            for (_, name, aspect), one in sorted(rows.items())
            for case in _test_cases(
                surface,
                f"{name} {aspect}",
                [verdict for verdict in one if not verdict.as_expected],
                statuses(one),
                {reason(verdict) for verdict in one if verdict.status == "unsupported"},
            )
        ]
        for surface, rows in sorted(held.items())
    }


def _test_cases(
    surface: Surface, name: str, wrong: Sequence[Verdict], counts: Counter[Status], reasons: Iterable[str]
) -> list[_TestCase]:
    """The test case of some verdicts; two, if both the framework and the harness went wrong there."""
    classname = ".".join(surface.parts)
    ordered = sorted(wrong, key=lambda v: (*case_order(v), v.aspect, v.status, v.observed, v.diagnosis))
    ours = [verdict for verdict in ordered if verdict.status == "harness_error"]
    theirs = [verdict for verdict in ordered if verdict.status != "harness_error"]
    if theirs:
        found = [_TestCase(classname, name, _failed("failure", theirs, counts.total()))]
        if ours:
            found.append(_TestCase(classname, f"{name} (harness)", _failed("error", ours, counts.total())))
        return found
    if ours:
        return [_TestCase(classname, name, _failed("error", ours, counts.total()))]
    if counts.total() == counts["unsupported"]:
        return [_TestCase(classname, name, _skipped(reasons))]
    return [_TestCase(classname, name, None)]


def _failed(element: Literal["failure", "error"], found: Sequence[Verdict], total: int) -> _Outcome:
    smallest = found[0]
    message = (
        f"{len(found)} of {count(total, 'verdict')} unexpected; smallest case {smallest.case_id}, {_said(smallest)}"
    )
    lines = [line for verdict in found[:SHOWN] for line in _lines(verdict)]
    if len(found) > SHOWN:
        lines.append(f"and {len(found) - SHOWN} more")
    return _Outcome(element, ", ".join(occurring(statuses(found))), one_line(message), "\n".join(lines))


def _said(verdict: Verdict) -> str:
    return f"{verdict.aspect}: {verdict.status}: {verdict.diagnosis or verdict.observed}"


def _lines(verdict: Verdict) -> Iterable[str]:
    yield f"{one_line(verdict.case_id)} {verdict.aspect}: {verdict.status}"
    for name, value in (
        ("expected", verdict.expected),
        ("observed", verdict.observed),
        ("diagnosis", verdict.diagnosis),
    ):
        if value:
            yield f"  {name}: {one_line(value)}"
    yield f"  run it again: {rerun(verdict)}"


def _skipped(reasons: Iterable[str]) -> _Outcome:
    distinct = sorted(set(reasons))
    more = [f"and {count(len(distinct) - REASONS, 'more reason')}"] if len(distinct) > REASONS else []
    return _Outcome("skipped", "", "; ".join([*distinct[:REASONS], *more]))


def _counts(cases: Sequence[_TestCase]) -> dict[str, str]:
    outcomes = [case.outcome.element for case in cases if case.outcome is not None]
    return {
        "tests": str(len(cases)),
        "failures": str(outcomes.count("failure")),
        "errors": str(outcomes.count("error")),
    }


def _start(xml: XMLGenerator, element: str, attributes: Mapping[str, str]) -> None:
    xml.startElement(element, AttributesImpl(attributes))


def _write_suite(xml: XMLGenerator, name: str, cases: Sequence[_TestCase], report: Report) -> None:
    skipped = sum(case.outcome is not None and case.outcome.element == "skipped" for case in cases)
    attributes = {"name": one_line(name), **_counts(cases), "skipped": str(skipped), "time": "0"}
    if report.started:
        attributes["timestamp"] = one_line(report.started, 40)
    xml.ignorableWhitespace("\n")
    _start(xml, "testsuite", attributes)
    xml.ignorableWhitespace("\n")
    _start(xml, "properties", {})
    for key, value in (("convarith", report.version), ("run", report.title), ("counting", COUNTING)):
        _start(xml, "property", {"name": key, "value": one_line(value)})
        xml.endElement("property")
    xml.endElement("properties")
    for case in cases:
        xml.ignorableWhitespace("\n")
        _write_case(xml, case)
    xml.ignorableWhitespace("\n")
    xml.endElement("testsuite")


def _write_case(xml: XMLGenerator, case: _TestCase) -> None:
    _start(xml, "testcase", {"classname": one_line(case.classname), "name": one_line(case.name), "time": "0"})
    if case.outcome is not None:
        kind = {"type": case.outcome.kind} if case.outcome.kind else {}
        _start(xml, case.outcome.element, {**kind, "message": case.outcome.message})
        if case.outcome.text:
            xml.characters(case.outcome.text)
        xml.endElement(case.outcome.element)
    xml.endElement("testcase")
