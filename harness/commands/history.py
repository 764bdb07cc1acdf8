"""``convarith history``: releases beside each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from harness.commands.printing import screen, write
from harness.commands.selection import CaseSelection
from harness.diff import history_pages as told
from harness.diff.history import matrix, steps, timelines
from harness.diff.page import examples, history_page
from harness.errors import NothingSelected, UsageError


def history(
    *runs: Path,
    case: Annotated[tuple[str, ...], Parameter(negative=(), consume_multiple=False)] = (),
    format: Literal["terminal", "markdown", "html"] = "terminal",
    out: Annotated[Path | None, Parameter(alias="-o")] = None,
) -> None:
    """Show what each release comes to, relationship by relationship; or what each did with some cases.

    Parameters
    ----------
    runs
        Directories of runs, each of one or several releases. A release that several hold is that of the last of them.
    case
        The id of a case, or the name of one of the guide's figures. May be repeated.
    format
        'terminal', 'markdown', or 'html': a page that needs nothing else, with the matrix, what changed from each
        release to the next in rules, and since when, for an example of each rule and for the cases that are named.
    out
        File for it, in place of standard output.
    """
    if not runs:
        raise UsageError("history of what? Name the directories of runs")
    names = [one.id for one in CaseSelection(case=case).cases()] if case else []
    seen = timelines(runs, names)
    for name, held in seen.items():
        if not any(some for _, some in held):
            raise NothingSelected(f"{name} was observed in none of the runs")
    table = matrix(runs)
    if format == "html":
        changed = steps(runs)
        others = [one for one in examples(changed) if one not in names]
        write(history_page(table, changed, names, {**seen, **timelines(runs, others)}), out)
    elif format == "terminal" and out is None:
        told.show(table, screen(), seen)
    else:
        write(told.markdown(table, seen), out)
