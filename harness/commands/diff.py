"""``convarith diff``: what changed between two runs, or two releases in one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from harness.commands.printing import as_json, screen, write
from harness.diff import baseline, compare, sides
from harness.diff import pages as compared
from harness.diff.changes import Compared
from harness.diff.issues import issues
from harness.diff.page import diff_page
from harness.errors import AS_EXPECTED, UNEXPECTED
from harness.report.following import Step
from harness.report.terminal import show_steps


def diff(
    *names: str,
    only_changed: Annotated[bool, Parameter(negative=())] = False,
    format: Literal["terminal", "markdown", "html", "json", "issues"] = "terminal",
    out: Annotated[Path | None, Parameter(alias="-o")] = None,
    exit_zero: bool = False,
) -> int:
    """Tell what changed between two runs, or between two releases in one run: exit code 1 if anything is worse.

    Observations are compared, not only verdicts: another error class or another wrong value is a change too. What was
    run differently (grid, surfaces, processor) is said first, and is no change.

    Parameters
    ----------
    names
        RUN RUN: directories of two runs; BASELINE RUN: what 'convarith baseline' wrote, and a run; or RUN RELEASE
        RELEASE: one run, and two of the releases in it, such as 'jax==0.4.30' or 0.4.30.
    only_changed
        Say nothing of what is the same: of which releases were compared, and how many observations are alike.
    format
        'terminal', 'markdown', 'html' (a page that needs nothing else), 'json', or 'issues': JSON with a key, a title
        and a text in Markdown for each rule of what is worse, from which .github/issues.py opens issues.
    out
        File for it, in place of standard output.
    exit_zero
        End with 0 where a regression would end with 1. What is printed is the same.
    """
    if len(names) == 2 and (Path(names[0]) / baseline.FILE).exists():
        found = baseline.against(Path(names[0]), sides([names[1], names[1]])[1])
    else:
        found = compare(*sides(names))
    if format == "terminal" and out is None:
        compared.show(found, screen(), only_changed=only_changed)
        if found.changes:
            show_steps(_steps(names, found), screen())
    elif format == "json":
        write(as_json(compared.as_json(found)), out)
    elif format == "issues":
        write(as_json(issues(found)), out)
    elif format == "html":
        write(diff_page(found, only_changed=only_changed), out)
    else:
        write(compared.markdown(found, only_changed=only_changed), out)
    return UNEXPECTED if found.worse and not exit_zero else AS_EXPECTED


def _steps(names: Sequence[str], found: Compared) -> Iterator[Step]:
    """What to do with changes."""
    page = ("--format", "html", "--out", "diff.html")
    yield Step("read all of it as a page", ("convarith", "diff", *names, *page))
    if len(names) == 3 and found.groups:  # two releases, and there may be others between and around them
        case = found.groups[0].example.case_id
        yield Step("see since when", ("convarith", "history", names[0], "--case", case))
