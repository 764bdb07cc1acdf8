"""A run as test cases, as CI servers understand it: what JUnit's XML and CTRF's JSON are written from.

A test case is one relationship on one surface, or, where asked for, one aspect of one case on one surface. Each has
one outcome at most, because readers look at one. They come suite by suite, so that memory holds no more than a
suite's failures, and none of them at all where each aspect is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from harness.records import EXPECTED_STATUSES, Status, Surface, Verdict
from harness.report.model import (
    Judged,
    Report,
    case_order,
    occurring,
    reason,
    relationship_order,
    rows_of,
    title_of,
)
from harness.report.summary import headline, rerun
from harness.report.text import clean, count, one_line

SHOWN = 50  # verdicts that the text of one failure holds
REASONS = 10  # distinct ones that a skipped test case gives

RUN = "convarith.run"  # the suite of what concerns the whole run

Element = Literal["failure", "error", "skipped"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Why a test case did not pass.

    Attributes
    ----------
    element : {'failure', 'error', 'skipped'}
        What the harness itself is to blame for is an error, never a failure.
    kind, message, text : str
        In a word, in a line, and in as many as it takes; cleaned.
    """

    element: Element
    kind: str
    message: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class TestCase:
    """One test case, of others' words as they are; one that passed has no outcome."""

    classname: str
    name: str
    outcome: Outcome | None = None

    @property
    def element(self) -> Element | None:
        """Its outcome's; none if it passed."""
        return None if self.outcome is None else self.outcome.element


@dataclass(frozen=True, slots=True)
class Suite:
    """Test cases of one surface, or of the run itself.

    Attributes
    ----------
    name : str
    counts : Counter
        Of 'tests', and of the outcomes' elements.
    cases : iterator of TestCase
        To be gone through before the next suite is asked for.
    """

    name: str
    counts: Counter[str]
    cases: Iterator[TestCase]


def totals(report: Report, *, per_case: bool = False) -> Counter[str]:
    """Of all suites together: how many test cases there are, and how many of each outcome."""
    found = _counts(case.element for case in _of_the_run(report))
    for surface in report.judged.surfaces:
        found.update(_counted(report.judged, surface, per_case=per_case))
    return found


def suites(report: Report, each: Iterable[Verdict] | None = None) -> Iterator[Suite]:
    """A run as suites of test cases.

    Parameters
    ----------
    report : Report
    each : iterable of Verdict, optional
        All verdicts of the run, by surface (:func:`harness.store.by_surface`): then there is one test case for each
        aspect of each case on each surface, in place of one for each relationship.

    Yields
    ------
    Suite
        That of the run itself, if there is something to say of it: that it is not complete or without any verdict, an
        environment that failed, an entry of the known deviations that is not right. Then one for each surface.
    """
    of_the_run = list(_of_the_run(report))
    if of_the_run:
        yield Suite(RUN, _counts(case.element for case in of_the_run), iter(of_the_run))
    judged = report.judged
    found = groupby(judged.unexpected if each is None else each, key=lambda verdict: verdict.surface)
    upcoming = next(found, None)
    for surface in sorted(judged.surfaces):
        mine: Iterable[Verdict] = ()
        if upcoming is not None and upcoming[0] == surface:
            mine = upcoming[1]
        counts = _counted(judged, surface, per_case=each is not None)
        cases = _by_relationship(judged, surface, mine) if each is None else map(_by_itself, mine)
        yield Suite(str(surface), counts, cases)
        if mine:
            upcoming = next(found, None)


def _of_the_run(report: Report) -> Iterator[TestCase]:
    """The test cases that an unfinished run has beyond its verdicts."""
    if not report.complete:
        yield TestCase(RUN, "complete", Outcome("error", "incomplete", headline(report).text))
    elif not report.judged.total:
        yield TestCase(RUN, "complete", Outcome("error", "nothing", headline(report).text))
    for finding in report.settled.findings:
        if finding.entry:  # what no entry knows fails where it stands
            outcome = Outcome("failure", finding.kind, one_line(finding.sentence, 1000))
            yield TestCase("convarith.known", f"{finding.framework}: {finding.entry}: {finding.kind}", outcome)
    for environment in report.environments:
        if environment.failure is not None:
            name = f"{environment.name} in {environment.python}"
            message = one_line(environment.failure)
            facts = "\n".join(f"{key}: {value}" for key, value in environment.facts.items())
            text = f"{clean(environment.failure, 2000)}\n{clean(facts, 2000)}"
            yield TestCase("convarith.environment", name, Outcome("error", "environment", message or "failed", text))


def _counts(elements: Iterable[Element | None]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for element in elements:
        counts["tests"] += 1
        if element is not None:
            counts[element] += 1
    return counts


def _counted(judged: Judged, surface: Surface, *, per_case: bool) -> Counter[str]:
    """How many test cases a surface has, before any is looked at."""
    if not per_case:
        cells = (counts for (_, where), counts in judged.cells.items() if where == surface)
        return _counts(element for counts in cells for element in _elements(counts))
    found: Counter[str] = Counter()
    for status, number in judged.surfaces[surface].items():
        found["tests"] += number
        for element in _elements(Counter({status: 1})):
            found[element or "passed"] += number
    del found["passed"]
    return found


def _elements(counts: Counter[Status]) -> list[Element | None]:
    """The test cases that some verdicts make: two, if both the framework and the harness went wrong there."""
    wrong = {status for status, number in counts.items() if number} - EXPECTED_STATUSES
    found: list[Element | None] = ["failure"] if wrong - {"harness_error"} else []
    if "harness_error" in wrong:
        found.append("error")
    return found or ["skipped" if counts.total() == counts["unsupported"] else None]


@dataclass(slots=True)
class _Few:
    """The verdicts on the smallest cases, of many that come one by one."""

    held: list[Verdict] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        self.held.append(verdict)
        if len(self.held) > 4 * SHOWN:
            del self.sorted()[SHOWN:]

    def sorted(self) -> list[Verdict]:
        self.held.sort(key=lambda v: (*case_order(v), v.aspect, v.status, v.observed, v.diagnosis))
        return self.held


def _by_relationship(judged: Judged, surface: Surface, unexpected: Iterable[Verdict]) -> Iterator[TestCase]:
    """The test cases of a surface, one for each relationship."""
    wrong: dict[tuple[str, Element], _Few] = {}
    for verdict in unexpected:
        for row in rows_of(verdict):
            wrong.setdefault((row, _element(verdict)), _Few()).add(verdict)
    classname = ".".join(surface.parts)
    for row in sorted((row for row, where in judged.cells if where == surface), key=relationship_order):
        counts, name = judged.cells[row, surface], f"{row} {title_of(row)}".strip()
        elements = _elements(counts)
        for element in elements:
            if element is None:
                yield TestCase(classname, name)
            elif element == "skipped":
                yield TestCase(classname, name, _skipped(judged.reasons.get((row, surface), ())))
            else:
                of_ours = element == "error" and len(elements) > 1
                outcome = _failed(element, wrong[row, element].sorted(), counts)
                yield TestCase(classname, f"{name} (harness)" if of_ours else name, outcome)


def _by_itself(verdict: Verdict) -> TestCase:
    """A verdict as a test case of its own."""
    (element,) = _elements(Counter({verdict.counted: 1}))
    outcome = None
    if element == "skipped":
        outcome = _skipped([reason(verdict)])
    elif element is not None:
        outcome = _failed(element, [verdict], Counter({verdict.status: 1}))
    return TestCase(".".join(verdict.surface.parts), f"{verdict.case_id} {verdict.aspect}", outcome)


def _element(verdict: Verdict) -> Element:
    return "error" if verdict.status == "harness_error" else "failure"


def _failed(element: Element, smallest: Sequence[Verdict], counts: Counter[Status]) -> Outcome:
    """Of verdicts with some statuses: those that are unexpected, ours or the framework's; the smallest are at hand."""
    mine = Counter(
        {
            status: number
            for status, number in counts.items()
            if status not in EXPECTED_STATUSES and (status == "harness_error") == (element == "error")
        }
    )
    number, first = mine.total(), smallest[0]
    said = f"{first.aspect}: {first.status}: {first.diagnosis or first.observed}"
    message = f"{number} of {count(counts.total(), 'verdict')} unexpected; smallest case {first.case_id}, {said}"
    lines = [line for verdict in smallest[:SHOWN] for line in _lines(verdict)]
    if number > SHOWN:
        lines.append(f"and {number - SHOWN} more")
    return Outcome(element, ", ".join(occurring(mine)), one_line(message), "\n".join(lines))


def _lines(verdict: Verdict) -> Iterator[str]:
    yield f"{one_line(verdict.case_id)} {verdict.aspect}: {verdict.status}"
    for name, value in (
        ("expected", verdict.expected),
        ("observed", verdict.observed),
        ("diagnosis", verdict.diagnosis),
        ("depends", verdict.depends),
    ):
        if value:
            yield f"  {name}: {one_line(value)}"
    yield f"  run it again: {rerun(verdict)}"


def _skipped(reasons: Iterable[str]) -> Outcome:
    distinct = sorted(set(reasons))
    more = [f"and {count(len(distinct) - REASONS, 'more reason')}"] if len(distinct) > REASONS else []
    return Outcome("skipped", "", "; ".join([*distinct[:REASONS], *more]))
