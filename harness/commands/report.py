"""``convarith report``: a run's reports, made again from its directory."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from harness import store
from harness.deviations.entry import Entry
from harness.deviations.settle import name_of, settle, settled
from harness.deviations.settled import Settled
from harness.errors import ConvarithError, UsageError
from harness.records import Verdict
from harness.report.html import html
from harness.report.junit import junit
from harness.report.markdown import markdown
from harness.report.model import Judged, Report
from harness.report.terminal import show


def report(
    run: Path,
    *,
    html: Path | None = None,
    markdown: Path | None = None,
    junit: Path | None = None,
    junit_per_case: bool = False,
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
    junit_per_case
        One JUnit test case for each case and surface, instead of one for each relationship and surface.
    """
    record = store.read_run(run)
    told = report_of(run, record, Judged.read(run), settled(run))
    for path, content in (
        (html, page(told, run) if html else b""),
        (markdown, text(told) if markdown else b""),
        (junit, xml(told, store.verdicts(run) if junit_per_case else None) if junit else b""),
    ):
        if path is not None:
            try:
                store.write_whole(path, content)
            except OSError as error:
                raise UsageError(f"{path} cannot be written ({error.strerror})") from error
    show(told, Console(), str(run))


def conclude(folder: Path, record: store.Run, ledger: Mapping[str, Sequence[Entry]] | None) -> tuple[Judged, Settled]:
    """Hold a closed run against known deviations, write its reports into its directory, and show the summary.

    What has been done is not done again: of a run whose files are those that were left there when it was last held
    against the same, the summary is shown.

    Parameters
    ----------
    folder : Path
    record : Run
    ledger : mapping or None
        As :meth:`harness.commands.ledger.Ledger.entries` gives them.

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
            done = store.sealed(folder, name)
            found = settled(folder) if done else settle(folder, record, ledger)
            told = report_of(folder, record, Judged.read(folder), found)
            if not done:
                store.write_whole(folder / "report.html", page(told, folder))
                store.write_whole(folder / "report.md", text(told))
                store.write_whole(folder / "junit.xml", xml(told))
                store.seal(folder, name)
    except OSError as error:
        raise ConvarithError(
            f"{folder}: the reports cannot be written ({error.strerror}), all else is there; when there is room, make "
            f"them by: {store.how_to_go_on(folder)}"
        ) from error
    show(told, Console(), str(folder))
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


def xml(told: Report, each: Iterable[Verdict] | None = None) -> bytes:
    """The report in JUnit's XML."""
    stream = io.BytesIO()
    junit(told, stream, each=each)
    return stream.getvalue()
