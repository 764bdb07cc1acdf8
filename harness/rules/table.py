"""A run's verdicts in a database of their own, with all that predicates speak of, and nothing else in reach."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness.rules.columns import PARAMETERS, derive
from harness.store.database import opened as database_in
from harness.store.database import read_parquet

if TYPE_CHECKING:
    import duckdb

SURFACE = ("framework", "route", "mode", "switch", "release", "aspect")

_MEMORY = "128MB"  # those who look for rules take as much themselves
# What a verdict says; 'unsupported' says nothing of a framework, 'harness_error' nothing but of ourselves.
_SAID = "status NOT IN ('unsupported', 'harness_error')"
_COLUMNS = (*SURFACE, "status", "relationship", "relationships", "expected", "observed", "diagnosis")


@contextlib.contextmanager
def opened(verdicts: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the tables ``verdicts``, ``cases`` and ``surfaces`` of a table of verdicts in Parquet.

    ``verdicts`` has a row, numbered by ``verdict``, for each verdict that says something of a framework: the columns
    of :mod:`harness.rules.columns`, and ``case_number`` and ``surface``, which number the rows of the other two, from
    0. The database can read and write no file but its own scratch, where it puts what does not fit into memory; that
    cannot be changed.
    """
    with tempfile.TemporaryDirectory(prefix="convarith-") as scratch, database_in(Path(scratch), _MEMORY) as database:
        read_parquet(database, [verdicts]).filter(_SAID).create_view("told")
        _make(database)
        yield database


def empty() -> contextlib.AbstractContextManager[duckdb.DuckDBPyConnection]:
    """The same without any verdict, in which predicates can be tried."""

    @contextlib.contextmanager
    def made() -> Iterator[duckdb.DuckDBPyConnection]:
        import duckdb

        kinds = {
            **dict.fromkeys(("case_id", *_COLUMNS, "op", "padding", "dtype", "layout"), "VARCHAR"),
            **dict.fromkeys(("relationships",), "VARCHAR[]"),
            **dict.fromkeys(("i", "k", "s", "p_before", "p_after", "d", "a"), "INTEGER[]"),
            **dict.fromkeys(("rank", "channels_in", "channels_out", "groups", "batch", "divisor"), "INTEGER"),
            **dict.fromkeys(("bias", "ceil_mode", "count_include_pad"), "BOOLEAN"),
        }
        with duckdb.connect() as database:
            database.execute(f"CREATE TABLE nothing ({', '.join(f'{name} {kind}' for name, kind in kinds.items())})")
            database.table("nothing").create_view("told")
            _make(database)
            yield database

    return made()


def _make(database: duckdb.DuckDBPyConnection) -> None:
    derive(database, "told", "derived")
    database.execute(
        "CREATE TABLE cases AS SELECT row_number() OVER (ORDER BY case_id) - 1 AS case_number, * FROM derived"
    )
    where = ", ".join(SURFACE)
    database.execute(
        f"CREATE TABLE surfaces AS SELECT row_number() OVER (ORDER BY {where}) - 1 AS surface, * "
        f"FROM (SELECT DISTINCT {where} FROM told)"
    )
    told = ", ".join(f"told.{name}" for name in _COLUMNS)
    order = ", ".join(f"told.{name}" for name in ("case_id", *SURFACE))
    database.execute(
        f"CREATE TABLE numbered AS SELECT row_number() OVER (ORDER BY {order}) - 1 AS verdict, "
        f"case_number, surface, told.case_id, {told} "
        f"FROM told JOIN cases USING (case_id) JOIN surfaces USING ({where})"
    )
    database.execute("DROP VIEW told")
    database.execute("DROP TABLE derived")
    database.execute(
        "CREATE VIEW verdicts AS SELECT numbered.*, cases.* EXCLUDE (case_number, case_id) "
        "FROM numbered JOIN cases USING (case_number)"
    )
    database.execute("SET enable_external_access = false")
    database.execute("SET lock_configuration = true")


__all__ = ["PARAMETERS", "SURFACE", "empty", "opened"]
