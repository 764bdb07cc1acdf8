"""DuckDB, as far as a run's tables need it: rows in and out, with little memory."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import duckdb

_AT_ONCE = 10_000  # rows that are read at once
_MEMORY = "256MB"  # for sorting; what does not fit goes to the disk


@contextlib.contextmanager
def opened(scratch: Path, memory: str = _MEMORY) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory; what does not fit is put into a directory.

    Raises
    ------
    OSError
        A file cannot be read or written, or there is no room.
    """
    import duckdb

    with duckdb.connect(config={"temp_directory": str(scratch), "memory_limit": memory, "threads": 1}) as database:
        try:
            yield database
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise OSError(errno.EIO, str(error).splitlines()[0]) from error


@contextlib.contextmanager
def opened_in_memory() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory, to ask tables that are read."""
    import duckdb

    with duckdb.connect() as database:
        yield database


@contextlib.contextmanager
def rows(
    folder: Path,
    table: str,
    columns: Iterable[str],
    where: str = "true",
    values: Sequence[object] | Mapping[str, object] = (),
    *,
    rest: str = "",
) -> Iterator[Iterator[tuple[Any, ...]]]:
    """Some columns of one of a run's tables, row by row, a few in memory at a time.

    ``values`` are for ``where``; ``rest`` is how they are put together, or their order.
    """
    with tempfile.TemporaryDirectory(prefix="convarith-") as scratch, opened(Path(scratch)) as database:
        read_parquet(database, [folder / f"{table}.parquet"]).create_view("found")
        sql = f"SELECT {', '.join(columns)} FROM found WHERE {where} {rest}"  # noqa: S608 - our own words
        cursor = database.execute(sql, values)
        yield itertools.chain.from_iterable(iter(lambda: cursor.fetchmany(_AT_ONCE), []))


def read_parquet(
    database: duckdb.DuckDBPyConnection, paths: Iterable[Path], releases: Mapping[tuple[str, str], str] | None = None
) -> duckdb.DuckDBPyRelation:
    """Some tables as one.

    Parameters
    ----------
    database : DuckDBPyConnection
    paths : iterable of Path
        They are read by one reader: several side by side would each hold memory of their own.
    releases : mapping, optional
        From a path and a framework to the release of rows that do not say theirs. Tables that were written before
        surfaces had releases say none.
    """
    table = database.read_parquet([str(path) for path in paths], union_by_name=True, filename=True)
    names = [name for name in table.columns if name not in ("release", "filename")]
    if "switch" in names:
        cases = " ".join(
            f"WHEN filename = {_quoted(path)} AND framework = {_quoted(framework)} THEN {_quoted(release)}"
            for (path, framework), release in (releases or {}).items()
        )
        unsaid = f"CASE {cases} ELSE '' END" if cases else "''"
        said = f"coalesce(nullif(release, ''), {unsaid})" if "release" in table.columns else unsaid
        names.insert(names.index("switch") + 1, f"{said} AS release")
    if "known" in names and "depends" not in names:  # nor have they been observed again
        names.insert(names.index("known") + 1, "NULL::VARCHAR AS depends")
    return table.project(", ".join(names))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write rows as JSON lines."""
    encoder = msgspec.json.Encoder()
    with path.open("wb") as file:
        for row in rows:
            file.write(encoder.encode(row) + b"\n")
    return path


def read_lines(database: duckdb.DuckDBPyConnection, path: Path, columns: Mapping[str, str]) -> duckdb.DuckDBPyRelation:
    """Rows from JSON lines."""
    if path.stat().st_size:
        return database.read_json(str(path), columns=dict(columns), format="newline_delimited")
    told = ", ".join(f"NULL::{kind} AS {column}" for column, kind in columns.items())
    return database.sql(f"SELECT {told} WHERE false")


def write_parquet(relation: duckdb.DuckDBPyRelation, folder: Path, name: str) -> None:
    """Write a table, whole or not at all."""
    part = folder / f".{name}.parquet.part"
    relation.write_parquet(str(part), compression="zstd")
    os.replace(part, folder / f"{name}.parquet")
