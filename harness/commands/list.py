"""``convarith list``: the cases that a selection holds."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from typing import Literal

import msgspec

from cases.case import Case
from cases.relationships import RELATIONSHIPS, claims
from harness.commands.selection import CaseSelection
from harness.errors import NothingSelected

_ALL = CaseSelection()


def list_cases(*, cases: CaseSelection = _ALL, count: bool = False, format: Literal["text", "json"] = "text") -> None:
    """List the cases that a selection holds, or count them for each relationship.

    Parameters
    ----------
    count
        Count the cases of each relationship. A case of R1 is one of R2, R5, R6 and R15 as well.
    format
        'text', an id a line, or 'json'.
    """
    number = (_count if count else _list)(cases.cases(), format)
    if not number:
        raise NothingSelected("the selection holds no case")


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
        held.update(claims(case))
    rows = [(r.id, held[r.id], f"{r.section} {r.title}") for r in RELATIONSHIPS if held[r.id]]
    if not number:
        return 0
    if format == "json":
        told = {"cases": number, "relationships": {name: n for name, n, _ in rows}}
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        return number
    for name, n, title in rows:
        sys.stdout.write(f"{name:<4}{n:>8}  {title}\n")
    sys.stdout.write(f"all {number:>8}  different cases (one counts for every relationship that it is a case of)\n")
    return number
