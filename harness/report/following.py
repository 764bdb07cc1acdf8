"""What to do after a run, as it ended: go on with it, read its report, look at what is not as expected."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness import store
from harness.report.model import Report
from harness.report.summary import QUERY, again, headline
from harness.report.text import clean


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do.

    Attributes
    ----------
    what : str
        In a few words.
    words : tuple of str
        The command that does it; none, if ``text`` is no command.
    text : str
        What ends the command, in quotes of its own.
    """

    what: str
    words: tuple[str, ...] = ()
    text: str = ""


def steps(report: Report, folder: str) -> Iterator[Step]:
    """What to do next, the most urgent first.

    Parameters
    ----------
    report : Report
    folder : str
        Directory of the run.
    """
    folder = clean(folder)
    outcome = headline(report).outcome
    if outcome == "incomplete":
        failed = any(place.failure is not None for place in report.environments)
        what = "when what failed is mended, go on with it" if failed else "go on with it"
        yield Step(what, tuple(shlex.split(store.how_to_go_on(Path(folder)))))
    elif outcome == "nothing":
        yield Step("see what a grid holds", ("convarith", "list", "--count"))
    yield Step("read the whole report", text=f"open {folder}/report.html")
    if report.judged.different:
        yield Step("see all that is not as expected", ("convarith", "query", folder), QUERY)
    kinds = report.judged.kinds  # the most frequent first
    if theirs := next((one for one in kinds if one.status != "harness_error"), None):
        yield Step("observe the smallest of them again", tuple(again(theirs.smallest)))
    if ours := next((one for one in kinds if one.status == "harness_error"), None):
        yield Step("report this, a fault of convarith's own", tuple(again(ours.smallest)))
