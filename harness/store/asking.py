"""SQL over a run's tables, and over cases."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cases.case import Case
from harness.errors import UsageError
from harness.store.columns import CASE_COLUMNS, TABLES, case_row
from harness.store.database import opened, read_lines, read_parquet, write_lines
from harness.store.tables import check
from harness.store.varied import VARIED, has_varied


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gave: the columns' names, and the rows."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def query(folder: Path, sql: str) -> Answer:
    """Ask a run in SQL; its tables are ``cases``, ``observations`` and ``verdicts``, and ``varied`` where it is there.

    The database reads the run's own files and no others, and writes none.

    Raises
    ------
    UsageError
        There is no closed run, or the query cannot be understood.
    """
    import duckdb

    check(folder)
    with duckdb.connect() as database:
        for name in (*TABLES, *([VARIED] if has_varied(folder) else [])):
            read_parquet(database, [folder / f"{name}.parquet"]).create(name)
        database.execute("SET enable_external_access = false")
        try:
            cursor = database.execute(sql)
        except duckdb.Error as error:
            raise UsageError(f"the query cannot be answered: {str(error).splitlines()[0]}") from error
        return Answer(tuple(column[0] for column in cursor.description or ()), cursor.fetchall())


def choose(cases: Iterable[Case], where: str) -> list[Case]:
    """The cases for which an SQL predicate over the columns of the table ``cases`` holds, in their order.

    Raises
    ------
    UsageError
        The predicate cannot be understood.
    """
    import duckdb

    held = {case.id: case for case in cases}
    with tempfile.TemporaryDirectory(prefix="convarith-") as scratch, opened(Path(scratch)) as database:
        lines = write_lines(Path(scratch) / "cases", map(case_row, held.values()))
        read_lines(database, lines, CASE_COLUMNS).create("cases")
        database.execute("SET enable_external_access = false")
        try:
            found = database.sql(f"SELECT case_id FROM cases WHERE ({where})").fetchall()  # noqa: S608 - the user's own query
        except duckdb.Error as error:
            raise UsageError(f'--where "{where}" cannot be understood: {str(error).splitlines()[0]}') from error
    names = {row[0] for row in found}
    return [case for name, case in held.items() if name in names]
