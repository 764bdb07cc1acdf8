"""A run on disk: its observations line by line as they come, its tables when it is closed, and SQL over them.

run.json               what was asked, where it was observed, whether it is complete
observations/*.jsonl   one writer a file, one observation a line
cases.parquet  observations.parquet  verdicts.parquet
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import msgspec

from cases.case import Case, parse
from cases.claims import claims
from harness.errors import UsageError
from harness.records import SCHEMA, Environment, Observation, Surface, Verdict

TABLES = ("cases", "observations", "verdicts")

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
_SURFACE_COLUMNS = {"framework": "VARCHAR", "route": "VARCHAR", "mode": "VARCHAR", "switch": "VARCHAR"}
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
    "version": "VARCHAR",
    "device": "VARCHAR",
    "aspect": "VARCHAR",
    "status": "VARCHAR",
    "expected": "VARCHAR",
    "observed": "VARCHAR",
    "diagnosis": "VARCHAR",
    "schema": "INTEGER",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What ``run.json`` says.

    Attributes
    ----------
    asked : dict
        The selection, as on the command line.
    environments : tuple of Environment
    cases : int
        How many were selected.
    complete : bool
        Whether every job was observed.
    started : str
        Time of the start, ISO 8601 with zone.
    seconds : float
    """

    version: str
    asked: dict[str, str]
    environments: tuple[Environment, ...] = ()
    cases: int = 0
    complete: bool = False
    started: str = ""
    seconds: float = 0.0
    schema: int = SCHEMA


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """An observation as a line of a file: flat, with the schema's number, and without what is not there."""

    case_id: str
    framework: str
    route: str
    mode: str
    probe: str
    outcome: str
    schema: int
    switch: str = ""
    shape: tuple[int | None, ...] | None = None
    digest: str | None = None
    operator: dict[str, Any] | None = None
    error: str | None = None
    text: str | None = None
    seconds: float = 0.0


class ObservationFile:
    """A file that observations are appended to, each at once and whole."""

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("ab", buffering=0)

    def append(self, seen: Observation) -> None:
        """Write one observation.

        Raises
        ------
        OSError
            The disk is full, or the file can no longer be written.
        """
        line = Line(
            case_id=seen.case_id,
            framework=seen.surface.framework,
            route=seen.surface.route,
            mode=seen.surface.mode,
            switch=seen.surface.switch,
            probe=seen.probe,
            outcome=seen.outcome,
            schema=SCHEMA,
            shape=seen.shape,
            digest=seen.digest,
            operator=seen.operator,
            error=seen.error,
            text=seen.text,
            seconds=seen.seconds,
        )
        self._file.write(msgspec.json.encode(line) + b"\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def create(folder: Path, run: Run) -> None:
    """Make a run directory.

    Raises
    ------
    UsageError
        It holds something already, or cannot be written.
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            what = "another run" if (folder / "run.json").exists() else "other files"
            raise UsageError(f"the output directory {folder} holds {what} already: name a new one with --out")
        (folder / "observations").mkdir(parents=True, exist_ok=True)
        write_run(folder, run)
    except OSError as error:
        raise UsageError(
            f"the output directory {folder} cannot be written ({error.strerror}): name another with --out"
        ) from error


def write_run(folder: Path, run: Run) -> None:
    """Write ``run.json``, whole or not at all."""
    text = msgspec.json.format(msgspec.json.encode(run), indent=2) + b"\n"
    write_whole(folder / "run.json", text)


def read_run(folder: Path) -> Run:
    """Read ``run.json``.

    Raises
    ------
    UsageError
        There is none, or not one of ours.
    """
    try:
        run = msgspec.json.decode((folder / "run.json").read_bytes(), type=Run)
    except OSError as error:
        raise UsageError(f"{folder} holds no run: its run.json cannot be read ({error.strerror})") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{folder}/run.json is not one of convarith's: {error}") from error
    if run.schema != SCHEMA:
        raise UsageError(f"{folder}/run.json has schema {run.schema}; this release reads {SCHEMA}")
    return run


def observations(folder: Path) -> Iterator[Observation]:
    """All observations of a run. A last line that was cut off by the end of the process that wrote it is left out."""
    for line in _lines(folder):
        yield msgspec.convert(
            {
                **{name: getattr(line, name) for name in Observation.__slots__ if name != "surface"},
                "surface": Surface(line.framework, line.route, line.mode, line.switch),
            },
            Observation,
        )


def close(folder: Path, run: Run, cases: Iterable[Case], verdicts: Iterable[Verdict]) -> None:
    """Write the tables of a run, and ``run.json`` as the last."""
    _write_table(folder, "cases", _CASE_COLUMNS, map(_case_row, cases))
    _write_table(
        folder, "observations", _OBSERVATION_COLUMNS, (msgspec.structs.asdict(line) for line in _lines(folder))
    )
    facts = {(place.framework, place.switch): place.facts for place in run.environments}
    of_case = lru_cache(maxsize=65536)(lambda case_id: _case_row(parse(case_id)))
    # The case's columns stand in the table of verdicts too, so that one table answers most questions.
    rows = (
        {**of_case(one.case_id), **_verdict_row(one, facts.get((one.surface.framework, one.surface.switch), {}))}
        for one in verdicts
    )
    _write_table(folder, "verdicts", {**_CASE_COLUMNS, **_VERDICT_COLUMNS}, rows)
    write_run(folder, run)


def verdicts(folder: Path) -> list[Verdict]:
    """The verdicts of a closed run.

    Raises
    ------
    UsageError
        It has none.
    """
    columns = "case_id, framework, route, mode, switch, aspect, relationships, status, expected, observed, diagnosis"
    names = columns.split(", ")
    found = []
    for values in query(folder, f"SELECT {columns} FROM verdicts").rows:  # noqa: S608 - no input in it
        row = dict(zip(names, values, strict=True))
        row["surface"] = Surface(*(row.pop(name) for name in ("framework", "route", "mode", "switch")))
        found.append(msgspec.convert(row, Verdict))
    return found


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

    missing = [name for name in TABLES if not (folder / f"{name}.parquet").exists()]
    if missing:
        read_run(folder)
        raise UsageError(f"the run in {folder} was not finished: it has no {missing[0]}.parquet")
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
    with tempfile.TemporaryDirectory(prefix="convarith-") as scratch:
        _write_table(Path(scratch), "cases", _CASE_COLUMNS, map(_case_row, held.values()))
        with duckdb.connect() as database:
            database.read_parquet(f"{scratch}/cases.parquet").create("cases")
            database.execute("SET enable_external_access = false")
            try:
                found = database.sql(f"SELECT case_id FROM cases WHERE ({where})").fetchall()  # noqa: S608 - the user's own query
            except duckdb.Error as error:
                raise UsageError(f'--where "{where}" cannot be understood: {str(error).splitlines()[0]}') from error
    names = {row[0] for row in found}
    return [case for name, case in held.items() if name in names]


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    scratch = path.with_name(f".{path.name}.part")
    scratch.write_bytes(content)
    os.replace(scratch, path)


def _lines(folder: Path) -> Iterator[Line]:
    decoder = msgspec.json.Decoder(Line)
    for path in sorted((folder / "observations").glob("*.jsonl")):
        with path.open("rb") as file:
            for text in file:
                if text.endswith(b"\n"):
                    yield decoder.decode(text)


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
        # of this aspect: the statements that it tests as well
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


def _write_table(folder: Path, name: str, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as NAME.parquet, in their order, whole or not at all."""
    import duckdb

    encoder = msgspec.json.Encoder()
    lines = folder / f".{name}.jsonl.part"
    part = folder / f".{name}.parquet.part"
    with lines.open("wb") as file:
        for row in rows:
            file.write(encoder.encode(row) + b"\n")
    with duckdb.connect() as database:
        if lines.stat().st_size:
            table = database.read_json(str(lines), columns=dict(columns), format="newline_delimited")
        else:
            told = ", ".join(f"NULL::{kind} AS {column}" for column, kind in columns.items())
            table = database.sql(f"SELECT {told} WHERE false")
        table.write_parquet(str(part), compression="zstd")
    os.replace(part, folder / f"{name}.parquet")
    lines.unlink()
