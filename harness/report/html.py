"""A report as one HTML page that needs nothing else: no network, no script, no font."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from markupsafe import Markup

from harness.records import Observation, Surface, Verdict
from harness.report import known
from harness.report.document import policy, stylesheet, template
from harness.report.model import Report, matrix, occurring
from harness.report.modules import script
from harness.report.payload import TEXT, payload
from harness.report.summary import COUNTING, MEANING, QUERY, Outcome, about, headline, reasons
from harness.report.text import clean

REASONS = 500  # reasons of unsupported cases that it holds
START = "start();\n"

_SYMBOL: dict[Outcome, str] = {"as expected": "✓", "unexpected": "✗", "incomplete": "!", "nothing": "!"}
_STATE: dict[Outcome, str] = {"as expected": "good", "unexpected": "bad", "incomplete": "warn", "nothing": "warn"}


def html(report: Report, verdicts: Iterable[Verdict], evidence: Iterable[Observation] = ()) -> str:
    """The report as a page.

    Parameters
    ----------
    report : Report
    verdicts : iterable of Verdict
        All of the run's: the page has a table of them.
    evidence : iterable of Observation
        Those whose operators differ from what is expected.

    Returns
    -------
    str
        A document that asks nobody for anything: its policy allows the one script and the one style sheet in it, by
        their digests, and nothing else. The verdict on the run, the matrix and the rules are there without the script.
    """
    verdict = headline(report)
    table = matrix(report)
    why = [
        (surface, text, number)
        for surface, counted in reasons(report).items()
        for text, number in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    ]
    style, code = stylesheet("base.css", "page.css"), script("main") + START
    page = template("harness.report", "report.html.j2", {"clean": clean}, {"link": _link, "opened": _opened})
    return page.render(
        report=report,
        style=style,
        script=Markup(code),  # noqa: S704 - files of ours
        policy=policy(style, code),
        payload=payload(verdicts, evidence, report.printed).decode(),
        headline=verdict.text,
        state=_STATE[verdict.outcome],
        symbol=_SYMBOL[verdict.outcome],
        about=about(report),
        versions=[(one.name, one.facts["version"]) for one in report.environments if "version" in one.facts],
        rules=[(known.rule(rule), list(known.of_rule(rule)), known.matrices(rule)) for rule in report.settled.rules],
        left=known.left(report),
        wrong=known.findings(report),
        known=[known.known(one) for one in report.settled.known],
        table=table,
        frameworks=_spans(surface.framework for surface in table.columns),
        statuses=occurring(report.judged.counts),
        meaning=MEANING,
        found=len(report.judged.unexpected),
        reasons=why[:REASONS],
        reasons_left=max(0, len(why) - REASONS),
        query=f'convarith query RUN_DIR "{QUERY}"',
        counting=COUNTING,
    )


def _link(row: str | None, column: Surface) -> str:
    """The fragment under which the table shows what is not as expected of a cell of the matrix."""
    asked = {"status": "unexpected", "relationship": row or ""}
    asked |= {name: getattr(column, name) for name in ("framework", "route", "mode")}
    asked |= {name: getattr(column, name) or "none" for name in ("switch", "release")}
    return "#" + urlencode({name: clean(text, TEXT) for name, text in asked.items() if text})


def _opened(case_id: str) -> str:
    """The fragment under which the page shows a case."""
    return "#" + urlencode({"open": clean(case_id, TEXT)})


def _spans(names: Iterable[str]) -> list[tuple[str, int]]:
    """Runs of equal names, each with its length."""
    spans: list[tuple[str, int]] = []
    for name in names:
        if spans and spans[-1][0] == name:
            spans[-1] = (name, spans[-1][1] + 1)
        else:
            spans.append((name, 1))
    return spans
