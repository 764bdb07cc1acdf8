"""``convarith history``: releases beside each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console

from harness import store
from harness.commands.selection import CaseSelection
from harness.compare import history_pages as told
from harness.compare.history import matrix, timeline
from harness.errors import NothingSelected, UsageError


def history(
    *runs: Path,
    case: str = "",
    format: Literal["terminal", "markdown"] = "terminal",
    out: Annotated[Path | None, Parameter(alias="-o")] = None,
) -> None:
    """Show what each release comes to, relationship by relationship; or what each did with one case.

    Parameters
    ----------
    runs
        Directories of runs, each of one or several releases. A release that several hold is that of the last of them.
    case
        The id of a case, or the name of one of the guide's figures.
    format
        'terminal' or 'markdown'.
    out
        File for it, in place of standard output.
    """
    if not runs:
        raise UsageError("history of what? Name the directories of runs")
    name = ""
    if case:
        (name,) = (one.id for one in CaseSelection(case=(case,)).cases())
    seen = timeline(runs, name) if name else []
    if name and not any(some for _, some in seen):
        raise NothingSelected(f"{name} was observed in none of the runs")
    table = matrix(runs)
    if format == "terminal" and out is None:
        told.show(table, Console(), name, seen)
        return
    text = told.markdown(table, name, seen)
    if out is None:
        print(text, end="")
        return
    try:
        store.write_whole(out, text.encode())
    except OSError as error:
        raise UsageError(f"{out} cannot be written ({error.strerror})") from error
