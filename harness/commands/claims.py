"""``convarith claims``: what is claimed, by number."""

from __future__ import annotations

import sys
from typing import Literal

from rich.table import Table

from cases.claims import CLAIMS
from cases.statements import STATEMENTS
from harness.commands.printing import as_json, screen

_HEADS = {
    "R": "The guide's relationships",
    "S": "The guide's statements",
    "X": "Conventions beyond the guide",
}


def claims(*, format: Literal["table", "json", "markdown"] = "table") -> None:
    """Print what is claimed: relationships, statements and conventions, with formula and source.

    Parameters
    ----------
    format
        'table', 'json', or 'markdown', which is docs/claims.md.
    """
    rows = [(claim.id, claim.title, claim.statement, claim.source) for claim in CLAIMS]
    rows += [(statement.id, statement.title, "", "guide") for statement in STATEMENTS]
    rows.sort(key=lambda row: (row[0][0], int(row[0][1:])))
    if format == "json":
        told = [dict(zip(("id", "title", "statement", "source"), row, strict=True)) for row in rows]
        sys.stdout.write(as_json(told))
    elif format == "markdown":
        sys.stdout.write(_markdown(rows))
    else:
        table = Table("id", "title", "source", box=None)
        for name, title, _, source in rows:
            table.add_row(name, title, source)
        screen().print(table)


def _markdown(rows: list[tuple[str, str, str, str]]) -> str:
    parts = [
        "# Claims\n\nWhat convarith claims, by number, in the letters of the guide. Where k̂ stands, it is\n"
        "k + (k − 1)(d − 1). This page is made by `convarith claims --format markdown`.\n"
    ]
    for letter, head in _HEADS.items():
        parts.append(f"\n## {head}\n\n| | | claim | source |\n|---|---|---|---|\n")
        for name, title, statement, source in rows:
            if name[0] == letter:
                formula = f"$`{statement}`$" if statement else ""
                where = f"[documentation]({source})" if source.startswith("http") else source
                parts.append(f"| {name} | {title} | {formula} | {where} |\n")
    return "".join(parts)
