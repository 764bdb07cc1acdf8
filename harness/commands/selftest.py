"""``convarith selftest``: what the grids see of planted faults."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from rich.table import Table

from harness.commands.printing import as_json, screen
from harness.commands.selection import DEFAULT_GRID, CaseSelection
from harness.errors import AS_EXPECTED, UNEXPECTED, UsageError
from harness.report.text import count as counted
from harness.selftest.faults import BY_NAME, FAULTS
from harness.selftest.planting import Fault
from harness.selftest.running import Result, run
from harness.selftest.score import Score, Selected

_SHOWN = 5  # unexpected verdicts on the perfect framework, and claims of one fault, that are printed


def selftest(
    *,
    grid: Annotated[tuple[str, ...], Parameter(negative=(), consume_multiple=False)] = (DEFAULT_GRID,),
    fault: Annotated[tuple[str, ...], Parameter(negative=(), consume_multiple=False)] = (),
    faults: Annotated[bool, Parameter(negative=())] = False,
    jobs: Annotated[int, Parameter(alias="-j")] = 0,
    format: Literal["text", "json", "markdown"] = "text",
) -> int:
    """Plant faults in a perfect framework, and tell which of them a grid sees, and whether the diagnosis names them.

    Needs no framework: the perfect one is made of plain loops. For each fault it prints after how many cases it is
    seen, in an order that has nothing to do with the grid's, in which aspects, as what, and how many diagnoses name it.
    Ends with 1 where the perfect framework does not agree with the theory.

    Parameters
    ----------
    grid
        Name of a shipped grid, or a TOML file; smoke, if left out. May be repeated.
    fault
        This fault alone. May be repeated; all, if left out.
    faults
        Print the faults, with a sentence on each, and look for none.
    jobs
        How many processes to use; as many as there are processors, if left out.
    format
        'text', 'json', or 'markdown'.
    """
    for name in fault:
        if name not in BY_NAME:
            raise UsageError(f"no fault '{name}': convarith selftest --faults lists them")
    if jobs < 0:
        raise UsageError(f"-j {jobs}: give at least one process")
    chosen = [one for one in FAULTS if not fault or one.name in fault]
    if faults:
        _list(chosen, format)
        return AS_EXPECTED
    selected = []
    for name in dict.fromkeys(grid):
        selection = CaseSelection(grid=name)
        selected.append(Selected.of(name, selection.cases(), selection.kinds()))

    def told(result: Result) -> None:
        if format == "text":
            _print(result, chosen)

    results = run(selected, chosen, jobs or os.cpu_count() or 1, told)
    if format == "json":
        sys.stdout.write(as_json([msgspec.to_builtins(result) for result in results]))
    elif format == "markdown":
        sys.stdout.write(_markdown(results, chosen))
    return UNEXPECTED if any(result.unexpected for result in results) else AS_EXPECTED


def _list(chosen: list[Fault], format: str) -> None:
    if format == "json":
        told = [{"name": one.name, "says": one.says, "cause": one.cause, "needs": one.needs} for one in chosen]
        sys.stdout.write(as_json(told))
        return
    for one in chosen:
        needs = f" (needs {one.needs})" if one.needs else ""
        line = f"| `{one.name}` | {one.says} | {one.needs} | {one.cause} |" if format == "markdown" else ""
        sys.stdout.write((line or f"{one.name}: {one.says}{needs}") + "\n")


def summary(result: Result) -> list[str]:
    """What came of a grid, in a few lines."""
    scores = result.scores
    seen = [one for one in scores if one.seen]
    diagnosed = [one for one in seen if one.diagnosed]
    lines = [
        f"{result.grid}: {len(seen)} of {counted(len(scores), 'fault')} seen{_percent(len(seen), len(scores))}",
        f"perfect framework: {len(result.unexpected)} unexpected of {counted(result.verdicts, 'verdict')}",
    ]
    if diagnosed:
        caused, right = sum(one.by_its_cause for one in diagnosed), sum(one.right for one in diagnosed)
        named, alike = sum(one.named for one in diagnosed), sum(one.alike for one in diagnosed)
        total = sum(one.diagnosed for one in diagnosed)
        lines.append(
            f"named by the diagnosis: {caused} of {counted(len(diagnosed), 'fault')} with a cause to "
            f"name{_percent(caused, len(diagnosed))}, and {right}{_percent(right, len(diagnosed))}, if what is as true "
            f"of a layer counts; {named} of {total} diagnoses name it, {alike} what is as true"
        )
    unseen = [one.fault for one in scores if not one.seen]
    if unseen:
        lines.append("not seen: " + ", ".join(f"{name} ({BY_NAME[name].needs or 'a hole'})" for name in unseen))
    return lines


def _percent(part: int, whole: int) -> str:
    return f", {100 * part / whole:.1f} %" if whole else ""


def _print(result: Result, chosen: list[Fault]) -> None:
    table = Table("fault", "seen after", "aspects", "as", "claims", "named", box=None)
    table.columns[0].overflow = "fold"
    for score, fault in zip(result.scores, chosen, strict=True):
        table.add_row(*_row(score, fault))
    screen().print(table)
    for line in _told(result):
        sys.stdout.write(line + "\n")
    sys.stdout.write("\n")
    sys.stdout.flush()


def _told(result: Result) -> list[str]:
    return [*summary(result), *(f"unexpected of the perfect framework: {one}" for one in result.unexpected[:_SHOWN])]


def _row(score: Score, fault: Fault) -> tuple[str, ...]:
    if score.after is None:
        return score.fault, f"never in {score.cases}", "", "", "", fault.needs
    claims = list(score.claims)
    told = " ".join(claims[:_SHOWN]) + (f" +{len(claims) - _SHOWN}" if len(claims) > _SHOWN else "")
    after = counted(score.after, "case")
    return score.fault, after, " ".join(score.aspects), " ".join(score.statuses), told, _named(score, fault)


def _named(score: Score, fault: Fault) -> str:
    alike = f" +{score.alike}" if score.alike else ""
    return f"{fault.cause} {score.named}{alike} of {score.diagnosed}" if score.diagnosed else "no cause to name"


def _markdown(results: Sequence[Result], chosen: list[Fault]) -> str:
    """One table of all grids: after how many cases each sees a fault; and the rest as in the last grid."""
    grids = [result.grid for result in results]
    head = ("fault", "what it does", *grids, "aspects", "as", "named")
    lines = ["| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head))]
    for number, fault in enumerate(chosen):
        scores = [result.scores[number] for result in results]
        last = scores[-1]
        told = (" ".join(last.aspects), " ".join(last.statuses), _named(last, fault)) if last.seen else ("", "", "")
        after = ["not seen" if score.after is None else str(score.after) for score in scores]
        lines.append("| " + " | ".join((f"`{fault.name}`", fault.says, *after, *told)) + " |")
    told_of_all = [f"- {line}" for result in results for line in _told(result)]
    return "\n".join([*lines, "", *told_of_all, ""])
