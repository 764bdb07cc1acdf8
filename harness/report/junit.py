"""A report in JUnit's XML, as Jenkins, GitLab and the like read it; written as it is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import BinaryIO
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from harness.records import Verdict
from harness.report.model import Report
from harness.report.summary import COUNTING, headline
from harness.report.testcases import Suite, TestCase, suites, totals
from harness.report.text import one_line


def junit(report: Report, stream: BinaryIO, *, each: Iterable[Verdict] | None = None) -> None:
    """Write the report as JUnit's XML.

    Parameters
    ----------
    report : Report
    stream : binary stream
        To write to; it stays open.
    each : iterable of Verdict, optional
        All verdicts of the run, by surface: then there is one test case for each aspect of each case on each surface,
        in place of one for each relationship.

    Notes
    -----
    The first line holds the verdict on the whole run. What the harness itself is to blame for is an error, never a
    failure. A run that is not complete, or without any verdict, has a test case 'complete' that is an error; so has
    each environment that failed one of its own.
    """
    xml = XMLGenerator(stream, encoding="utf-8", short_empty_elements=True)
    stream.write(b'<?xml version="1.0" encoding="utf-8"?>')  # and no new line
    whole = _attributes(totals(report, per_case=each is not None))
    _start(xml, "testsuites", {"name": one_line(f"convarith: {headline(report).text}"), **whole, "time": "0"})
    for suite in suites(report, each):
        _write_suite(xml, suite, report)
    xml.ignorableWhitespace("\n")
    xml.endElement("testsuites")
    xml.ignorableWhitespace("\n")
    xml.endDocument()


def _attributes(counts: Counter[str]) -> dict[str, str]:
    return {"tests": str(counts["tests"]), "failures": str(counts["failure"]), "errors": str(counts["error"])}


def _start(xml: XMLGenerator, element: str, attributes: Mapping[str, str]) -> None:
    xml.startElement(element, AttributesImpl(attributes))


def _write_suite(xml: XMLGenerator, suite: Suite, report: Report) -> None:
    counts = {**_attributes(suite.counts), "skipped": str(suite.counts["skipped"])}
    attributes = {"name": one_line(suite.name), **counts, "time": "0"}
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
    for case in suite.cases:
        xml.ignorableWhitespace("\n")
        _write_case(xml, case)
    xml.ignorableWhitespace("\n")
    xml.endElement("testsuite")


def _write_case(xml: XMLGenerator, case: TestCase) -> None:
    _start(xml, "testcase", {"classname": one_line(case.classname), "name": one_line(case.name), "time": "0"})
    if case.outcome is not None:
        kind = {"type": case.outcome.kind} if case.outcome.kind else {}
        _start(xml, case.outcome.element, {**kind, "message": case.outcome.message})
        if case.outcome.text:
            xml.characters(case.outcome.text)
        xml.endElement(case.outcome.element)
    xml.endElement("testcase")
