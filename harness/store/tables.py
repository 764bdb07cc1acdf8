"""The tables of a run, in Parquet, and SQL over them."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cases.case import Case
from cases.claims import claims
from harness.errors import UsageError
from harness.records import SCHEMA, Environment, Observation, Surface, Verdict
from harness.store import log
from harness.store.run import read_run

if TYPE_CHECKING:
    import duckdb

TABLES = ("cases", "observations", "verdicts")

Judge = Callable[[Iterable[Observation]], Iterator[Verdict]]

_CASE_COLUMNS = {
    "case_id": "VARCHAR",
    "relationship": "VARCHAR",
    "relationships": "VARCHAR[]",
    "op": "VARCHAR",
    "rank": "INTEGER",
    "i": "INTEGER[]",
    "k": "INTEGER[]",
    "s": "INTEGER[]",
    "p_before": "INTEGER[]",
    "p_after": "INTEGER[]",
    "d": "INTEGER[]",
    "a": "INTEGER[]",
    "padding": "VARCHAR",
    "channels_in": "INTEGER",
    "channels_out": "INTEGER",
    "groups": "INTEGER",
    "batch": "INTEGER",
    "bias": "BOOLEAN",
    "ceil_mode": "BOOLEAN",
    "count_include_pad": "BOOLEAN",
    "divisor": "INTEGER",
    "dtype": "VARCHAR",
    "layout": "VARCHAR",
}
_SURFACE = ("framework", "route", "mode", "switch")
_SURFACE_COLUMNS = dict.fromkeys(_SURFACE, "VARCHAR")
_OBSERVATION_COLUMNS = {
    "case_id": "VARCHAR",
    **_SURFACE_COLUMNS,
    "probe": "VARCHAR",
    "outcome": "VARCHAR",
    "shape": "INTEGER[]",
    "digest": "VARCHAR",
    "operator": "JSON",
    "error": "VARCHAR",
    "text": "VARCHAR",
    "seconds": "DOUBLE",
    "schema": "INTEGER",
}
_VERDICT_COLUMNS = {
    "case_id": "VARCHAR",
    **_SURFACE_COLUMNS,
    # of this aspect: the statements that it tests as well
    "relationship": "VARCHAR",
    "relationships": "VARCHAR[]",
    "version": "VARCHAR",
    "device": "VARCHAR",
    "aspect": "VARCHAR",
    "status": "VARCHAR",
    "expected": "VARCHAR",
    "observed": "VARCHAR",
    "diagnosis": "VARCHAR",
    "schema": "INTEGER",
}
# The order of the keys of observations and verdicts, as Python sorts them.
_ORDER = "ORDER BY case_id, framework, route, mode, switch, {}"
_AT_ONCE = 10_000  # rows that are read at once
_MEMORY = "256MB"  # for sorting; what does not fit goes to the disk


def close(folder: Path, cases: Iterable[Case], environments: Iterable[Environment], judge: Judge) -> Iterator[Verdict]:
    """Write the tables of a run from its observations, judging these on the way.

    In memory there are the cases, never all observations or verdicts.

    Parameters
    ----------
    folder : Path
    cases : iterable of Case
        All that observations speak of.
    environments : iterable of Environment
    judge : callable
        Makes verdicts of observations that come in the order of their keys.

    Yields
    ------
    Verdict
        In the order of their keys. The tables are written when the last has been taken.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix=".closing-") as scratch, _database(Path(scratch)) as database:
        of_cases = _lines(Path(scratch) / "cases", map(_case_row, cases))
        _write_parquet(_read(database, of_cases, _CASE_COLUMNS), folder, "cases")
        _gather(database, folder, Path(scratch) / "observations")
        facts = {(place.framework, place.switch): place.facts for place in environments}
        told = Path(scratch) / "verdicts"
        encoder = msgspec.json.Encoder()
        with told.open("wb") as file:
            for verdict in judge(observations(folder)):
                of_place = facts.get((verdict.surface.framework, verdict.surface.switch), {})
                file.write(encoder.encode(_verdict_row(verdict, of_place)) + b"\n")
                yield verdict
        # The case's columns stand in the table of verdicts too, so that one table answers most questions.
        database.read_parquet(str(folder / "cases.parquet")).create_view("known")
        columns = [
            f"{'told' if name in _VERDICT_COLUMNS else 'known'}.{name}"
            for name in {**_CASE_COLUMNS, **_VERDICT_COLUMNS}
        ]
        joined = f"SELECT {', '.join(columns)} FROM told LEFT JOIN known ON told.case_id = known.case_id"  # noqa: S608
        order = _ORDER.format("aspect").replace("case_id", "told.case_id")
        _read(database, told, _VERDICT_COLUMNS).create_view("told")
        _write_parquet(database.sql(f"{joined} {order}"), folder, "verdicts")
    for path in log.paths(folder):  # all that they say is in the tables
        path.unlink()


def observations(folder: Path) -> Iterator[Observation]:
    """All observations of a run; of one whose tables are written, in the order of their keys."""
    if not (folder / "observations.parquet").exists():
        yield from log.read(folder)
        return
    names = [name for name in Observation.__slots__ if name != "surface"]
    with _rows(folder, "observations", (*_SURFACE, *names)) as rows:
        for framework, route, mode, switch, *rest in rows:
            seen = dict(zip(names, rest, strict=True))
            seen["shape"] = None if seen["shape"] is None else tuple(seen["shape"])
            seen["operator"] = None if seen["operator"] is None else msgspec.json.decode(seen["operator"])
            yield Observation(surface=Surface(framework, route, mode, switch), **seen)


def keys(folder: Path) -> set[tuple[str, Surface, str]]:
    """What of a run has been observed: case, surface and probe."""
    found: Iterator[tuple[str, ...]] = log.keys(folder)
    if (folder / "observations.parquet").exists():
        with _rows(folder, "observations", ("case_id", *_SURFACE, "probe")) as rows:
            found = iter([*found, *rows])
    surfaces: dict[tuple[str, ...], Surface] = {}  # equal texts are held once: there may be a million keys
    return {
        (sys.intern(case_id), surfaces.setdefault(tuple(where), Surface(*where)), sys.intern(probe))
        for case_id, *where, probe in found
    }


def verdicts(folder: Path) -> Iterator[Verdict]:
    """The verdicts of a closed run, in the order of their keys.

    Raises
    ------
    UsageError
        It has none.
    """
    _check(folder)
    names = [name for name in Verdict.__slots__ if name != "surface"]
    with _rows(folder, "verdicts", (*_SURFACE, *names)) as rows:
        for framework, route, mode, switch, *rest in rows:
            told = dict(zip(names, rest, strict=True))
            told["relationships"] = tuple(told["relationships"])
            yield Verdict(surface=Surface(framework, route, mode, switch), **told)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gave: the columns' names, and the rows."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def query(folder: Path, sql: str) -> Answer:
    """Ask a run in SQL; its tables are ``cases``, ``observations`` and ``verdicts``.

    The database reads the run's own files and no others, and writes none.

    Raises
    ------
    UsageError
        There is no closed run, or the query cannot be understood.
    """
    import duckdb

    _check(folder)
    with duckdb.connect() as database:
        for name in TABLES:
            database.read_parquet(str(folder / f"{name}.parquet")).create(name)
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
    with tempfile.TemporaryDirectory(prefix="convarith-") as scratch, _database(Path(scratch)) as database:
        lines = _lines(Path(scratch) / "cases", map(_case_row, held.values()))
        _read(database, lines, _CASE_COLUMNS).create("cases")
        database.execute("SET enable_external_access = false")
        try:
            found = database.sql(f"SELECT case_id FROM cases WHERE ({where})").fetchall()  # noqa: S608 - the user's own query
        except duckdb.Error as error:
            raise UsageError(f'--where "{where}" cannot be understood: {str(error).splitlines()[0]}') from error
    names = {row[0] for row in found}
    return [case for name, case in held.items() if name in names]


def _check(folder: Path) -> None:
    missing = [name for name in TABLES if not (folder / f"{name}.parquet").exists()]
    if missing:
        read_run(folder)
        raise UsageError(
            f"the run in {folder} was not finished: it has no {missing[0]}.parquet; "
            f"go on with it by: convarith run --resume --out {folder}"
        )


@contextlib.contextmanager
def _database(scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    with duckdb.connect(config={"temp_directory": str(scratch), "memory_limit": _MEMORY, "threads": 1}) as database:
        yield database


@contextlib.contextmanager
def _rows(folder: Path, table: str, columns: Iterable[str]) -> Iterator[Iterator[tuple[Any, ...]]]:
    """The rows of one of a run's tables, a few in memory at a time."""
    import duckdb

    with duckdb.connect() as database:
        path = str(folder / f"{table}.parquet")
        cursor = database.execute(f"SELECT {', '.join(columns)} FROM read_parquet(?)", [path])  # noqa: S608 - our own names
        yield itertools.chain.from_iterable(iter(lambda: cursor.fetchmany(_AT_ONCE), []))


def _gather(database: duckdb.DuckDBPyConnection, folder: Path, scratch: Path) -> None:
    """Put all observations that are known into one table, in the order of their keys."""
    sources = []
    with scratch.open("wb") as file:
        file.writelines(log.lines(folder))
    columns = ", ".join("coalesce(switch, '') AS switch" if name == "switch" else name for name in _OBSERVATION_COLUMNS)
    logged = _read(database, scratch, _OBSERVATION_COLUMNS)
    logged.create_view("logged")
    sources.append(f"SELECT {columns} FROM logged")  # noqa: S608 - our own names
    if (folder / "observations.parquet").exists():  # closed before it was complete, and gone on with
        database.read_parquet(str(folder / "observations.parquet")).create_view("earlier")
        sources.append("SELECT * FROM earlier")
    # What comes last makes the order whole, where a case was observed twice.
    order = _ORDER.format("probe, outcome, digest, error, seconds")
    united = database.sql(f"SELECT * FROM ({' UNION '.join(sources)}) {order}")  # noqa: S608 - our own names
    _write_parquet(united, folder, "observations")


def _case_row(case: Case) -> dict[str, Any]:
    held = claims(case)
    return {
        "case_id": case.id,
        "relationship": held[0] if held else None,
        "relationships": held,
        "op": case.op,
        "rank": case.rank,
        **{letter: case.each(letter) for letter in ("i", "k", "s", "p_before", "p_after", "d", "a")},
        "padding": case.padding,
        "channels_in": case.channels_in,
        "channels_out": case.channels_out,
        "groups": case.groups,
        "batch": case.batch,
        "bias": case.bias,
        "ceil_mode": case.ceil_mode,
        "count_include_pad": case.count_include_pad,
        "divisor": case.divisor,
        "dtype": case.dtype,
        "layout": case.layout,
    }


def _verdict_row(verdict: Verdict, facts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "case_id": verdict.case_id,
        "framework": verdict.surface.framework,
        "route": verdict.surface.route,
        "mode": verdict.surface.mode,
        "switch": verdict.surface.switch,
        "relationship": verdict.relationships[0] if verdict.relationships else None,
        "relationships": verdict.relationships,
        "version": facts.get("version"),
        "device": facts.get("device"),
        "aspect": verdict.aspect,
        "status": verdict.status,
        "expected": verdict.expected,
        "observed": verdict.observed,
        "diagnosis": verdict.diagnosis,
        "schema": SCHEMA,
    }


def _lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write rows as JSON lines."""
    encoder = msgspec.json.Encoder()
    with path.open("wb") as file:
        for row in rows:
            file.write(encoder.encode(row) + b"\n")
    return path


def _read(database: duckdb.DuckDBPyConnection, path: Path, columns: Mapping[str, str]) -> duckdb.DuckDBPyRelation:
    """Rows from JSON lines."""
    if path.stat().st_size:
        return database.read_json(str(path), columns=dict(columns), format="newline_delimited")
    told = ", ".join(f"NULL::{kind} AS {column}" for column, kind in columns.items())
    return database.sql(f"SELECT {told} WHERE false")


def _write_parquet(relation: duckdb.DuckDBPyRelation, folder: Path, name: str) -> None:
    """Write a table, whole or not at all."""
    part = folder / f".{name}.parquet.part"
    relation.write_parquet(str(part), compression="zstd")
    os.replace(part, folder / f"{name}.parquet")
