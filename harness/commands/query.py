"""``convarith query``: a run's tables in SQL."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Literal

from rich.table import Table

from harness import store
from harness.commands.printing import as_json, screen


def query(run: Path, sql: str, *, format: Literal["table", "json", "csv"] | None = None) -> None:
    """Ask a run in SQL. Its tables are cases, observations and verdicts.

    Parameters
    ----------
    run
        Directory of the run.
    sql
        For example: SELECT status, count(*) FROM verdicts GROUP BY ALL
    format
        'table', 'json' (a list of objects) or 'csv'; a table on a terminal and JSON elsewhere, if left out.
    """
    answer = store.query(run, sql)
    chosen = format or ("table" if sys.stdout.isatty() else "json")
    if chosen == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(answer.columns)
        writer.writerows(answer.rows)
    elif chosen == "json":
        rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
        sys.stdout.write(as_json(rows))
    else:
        table = Table(*answer.columns)
        for row in answer.rows:
            table.add_row(*("" if value is None else str(value) for value in row))
        screen().print(table)
