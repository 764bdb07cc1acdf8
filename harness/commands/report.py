"""``convarith report``: a run's reports, made again from its directory."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, BinaryIO

from cyclopts import Parameter

from harness import store
from harness.commands.printing import screen
from harness.commands.varying import decided
from harness.deviations.entry import Entry
from harness.deviations.settle import name_of, settle, settled
from harness.deviations.settled import Settled
from harness.errors import ConvarithError, UsageError
from harness.records import Verdict
from harness.report.badges import badges as of_frameworks
from harness.report.ctrf import ctrf as write_ctrf
from harness.report.github import annotated, shielded
from harness.report.html import html
from harness.report.junit import junit as write_junit
from harness.report.markdown import markdown
from harness.report.model import Judged, Report
from harness.report.terminal import show

Again = Callable[[store.Run, Collection[Verdict]], store.Run]


def report(
    run: Path,
    *,
    html: Path | None = None,
    markdown: Path | None = None,
    junit: Path | None = None,
    ctrf: Path | None = None,
    per_case: Annotated[bool, Parameter(negative=())] = False,
    badges: Path | None = None,
    github: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Show the summary of a run, and write its reports where asked.

    Parameters
    ----------
    run
        Directory of the run.
    html
        File for the report as a page.
    markdown
        File for the report in Markdown.
    junit
        File for the report in JUnit's XML.
    ctrf
        File for the report in CTRF's JSON.
    per_case
        One test case, in JUnit's XML and CTRF's JSON, for each aspect of each case on each surface, instead of one for
        each relationship on each surface.
    badges
        Directory for badges, FRAMEWORK.json for each framework, as shields.io's endpoint takes them.
    github
        Print annotations for GitHub Actions, at most ten: one for each rule that is not known.
    """
    record = store.read_run(run)
    told = report_of(run, record, Judged.read(run), settled(run))

    def each() -> Iterable[Verdict] | None:
        return store.by_surface(run) if per_case else None

    if html is not None:
        with _writing(html) as file:
            file.write(page(told, run))
    if markdown is not None:
        with _writing(markdown) as file:
            file.write(text(told))
    if junit is not None:
        with _writing(junit) as file:
            write_junit(told, file, each=each())
    if ctrf is not None:
        with _writing(ctrf) as file:
            write_ctrf(told, file, each=each())
    if badges is not None:
        for name, badge in of_frameworks(told):
            with _writing(badges / f"{name}.json", make=True) as file:
                file.write(badge)
    tell(told, str(run), github=github)


@contextlib.contextmanager
def _writing(path: Path, *, make: bool = False) -> Iterator[BinaryIO]:
    """A file that a user named, or one in a directory that is made for it."""
    try:
        if make:
            path.parent.mkdir(parents=True, exist_ok=True)
        with store.writing_whole(path) as file:
            yield file
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror})") from error


def tell(told: Report, folder: str, *, github: bool = False) -> None:
    """Show the summary of a run, and annotations if GitHub is to make some.

    What frameworks wrote is no command there: within its jobs, the summary is shielded.
    """
    if not (github or os.environ.get("GITHUB_ACTIONS") == "true"):
        show(told, screen(), folder)
        return
    held = io.StringIO()
    show(told, screen(held, screen()), folder)
    sys.stdout.write(shielded(held.getvalue()))
    for line in annotated(told) if github else ():
        print(line)


def conclude(
    folder: Path,
    record: store.Run,
    ledger: Mapping[str, Sequence[Entry]] | None,
    again: Again | None = None,
    *,
    github: bool = False,
) -> tuple[Judged, Settled]:
    """Hold a closed run against known deviations, write its reports into its directory, and show the summary.

    What has been done is not done again: of a run whose files are those that were left there when it was last held
    against the same, the summary is shown.

    Parameters
    ----------
    folder : Path
    record : Run
    ledger : mapping or None
        As :meth:`harness.commands.ledger.Ledger.entries` gives them.
    again : callable, optional
        Observes what is not as expected again, to see on what it depends, and gives the run with where it did. If left
        out, or it has been done, what it depends on is told as far as it is known.
    github : bool
        Whether to print annotations for GitHub.

    Returns
    -------
    Judged
        Its verdicts, those that are known counted as such.
    Settled

    Raises
    ------
    ConvarithError
        There is no room for them.
    """
    name = name_of(ledger)
    try:
        with store.held(folder):
            done = store.sealed(folder, name) and (again is None or store.has_varied(folder))
            found = settled(folder) if done else settle(folder, record, ledger)
            if not done:
                record = record if again is None else again(record, store.Unexpected(folder))
                found = decided(folder, record, found)
            told = report_of(folder, record, Judged.read(folder), found)
            if not done:
                store.write_whole(folder / "report.html", page(told, folder))
                store.write_whole(folder / "report.md", text(told))
                with store.writing_whole(folder / "junit.xml") as file:
                    write_junit(told, file)
                store.seal(folder, name)
    except OSError as error:
        raise ConvarithError(
            f"{folder}: the reports cannot be written ({error.strerror}), all else is there; when there is room, make "
            f"them by: {store.how_to_go_on(folder)}"
        ) from error
    tell(told, str(folder), github=github)
    return told.judged, found


def report_of(folder: Path, record: store.Run, judged: Judged, found: Settled) -> Report:
    """A run as its reports tell it."""
    return Report(
        title=record.asked.get("grid") or "chosen cases",
        asked=record.asked,
        environments=record.environments,
        cases=record.cases,
        judged=judged,
        complete=record.complete,
        version=record.version,
        started=record.started,
        seconds=record.seconds,
        printed=store.printed(folder),
        settled=found,
    )


def page(told: Report, folder: Path) -> bytes:
    """The report of a run as one HTML file."""
    return html(told, store.verdicts(folder), store.evidence(folder)).encode()


def text(told: Report) -> bytes:
    """The report in Markdown."""
    return markdown(told).encode()
