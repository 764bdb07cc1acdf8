"""``convarith list``: the cases that a selection holds."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from typing import Literal

import msgspec

from cases.case import OPS, Case
from cases.claims import IDS, claims, tested, title
from cases.coverage import Combination, Covered
from cases.coverage import coverage as cover
from harness.commands.selection import CaseSelection
from harness.errors import AS_EXPECTED, UNEXPECTED, NothingSelected, UsageError
from harness.report.text import count as counted

_ALL = CaseSelection()
_SHOWN = 20  # missing combinations that are listed


def list_cases(
    *,
    cases: CaseSelection = _ALL,
    count: bool = False,
    coverage: Literal[2, 3] | None = None,
    format: Literal["text", "json"] = "text",
) -> int:
    """List the cases that a selection holds, count them for each claim, or say what they cover of the grid.

    Parameters
    ----------
    count
        Count the cases of each claim and statement. A case of R1 is one of R2, R5, R6 and R15 as well.
    coverage
        Count the combinations of two, or three, of the grid's values that the selection holds, of all that can occur
        together. Ends with 1 where a whole grid does not hold what its cover promises.
    format
        'text', an id a line, or 'json'.
    """
    if count and coverage:
        raise UsageError("--count counts cases and --coverage combinations of values: ask for one of the two")
    if coverage:
        return _coverage(cases, coverage, format)
    number = (_count if count else _list)(cases.cases(), format)
    if not number:
        raise NothingSelected("the selection holds no case")
    return AS_EXPECTED


def _list(cases: Iterable[Case], format: str) -> int:
    number = 0
    write = sys.stdout.write
    for case in cases:
        if format == "text":
            write(case.id + "\n")
        else:
            told = {"id": case.id, "relationships": claims(case), **msgspec.to_builtins(case)}
            write(("[\n" if not number else ",\n") + msgspec.json.encode(told).decode())
        number += 1
    if number and format == "json":
        write("\n]\n")
    return number


def _count(cases: Iterable[Case], format: str) -> int:
    number = 0
    held: Counter[str] = Counter()
    for case in cases:
        number += 1
        held.update(tested(case))
    rows = [(name, held[name], title(name)) for name in IDS if held[name]]
    if not number:
        return 0
    if format == "json":
        told = {"cases": number, "relationships": {name: n for name, n, _ in rows}}
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        return number
    for name, n, called in rows:
        sys.stdout.write(f"{name:<4}{n:>8}  {called}\n")
    sys.stdout.write(f"all {number:>8}  different cases (one counts for every claim that speaks of it)\n")
    return number


def _coverage(selection: CaseSelection, strength: int, format: str) -> int:
    cases = selection.cases()  # looks at what is asked for
    found = cover(selection.loaded(), cases, strength, selection.op or OPS)
    if not found.cases:
        raise NothingSelected("the selection holds no case")
    what = {2: "pair", 3: "triple"}[strength]
    name = f"grid '{selection.grid_name}'"
    broken = found.broken if selection.is_whole_grid else ()
    if format == "json":
        told = {
            "strength": strength,
            "cases": found.cases,
            "covered": [
                {
                    **msgspec.to_builtins(one),
                    "percent": _percent(one),
                    "missing": [dict(combination) for combination in one.missing],
                }
                for one in found.covered
            ],
            "broken": [{**msgspec.to_builtins(one), "missing": len(one.missing)} for one in broken],
        }
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    else:
        sys.stdout.write(f"{what.capitalize()}s of values of {name} that can occur together, in {found.cases} cases\n")
        for one in filter(lambda one: one.feasible, found.covered):
            held = f"{one.held:>8} of {one.feasible:>8}  {_percent(one):5.1f} %"
            sys.stdout.write(f"{one.op:<14} {one.rank}d  {held}\n")
            for combination in one.missing[:_SHOWN]:
                sys.stdout.write(f"    missing {_said(combination)}\n")
            if len(one.missing) > _SHOWN:
                sys.stdout.write(f"    missing {len(one.missing) - _SHOWN} more\n")
    if broken:
        first, number = broken[0], sum(len(one.missing) for one in broken)
        sys.stderr.write(
            f"convarith: {name} does not keep its promise: it lacks {counted(number, what)}, the first in "
            f"part {first.part} (cover = '{first.cover}'), {first.op} {first.rank}d: {_said(first.missing[0])}\n"
        )
    return UNEXPECTED if broken else AS_EXPECTED


def _percent(one: Covered) -> float:
    """Rounded down, so that what is not whole does not look whole."""
    return 1000 * one.held // one.feasible / 10 if one.feasible else 100.0


def _said(combination: Combination) -> str:
    """A combination as a grid file says it, but for the places of the axes."""
    return ", ".join(f"{name}={str(value).lower()}" for name, value in combination)
