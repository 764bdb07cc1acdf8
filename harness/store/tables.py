"""The tables of a run, in Parquet: written when it is closed, and read again."""

from __future__ import annotations

import contextlib
import itertools
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cases.case import Case, parse
from harness.errors import UsageError
from harness.records import Environment, Observation, Probe, Surface, Verdict, Where
from harness.store import log
from harness.store.columns import (
    CASE_COLUMNS,
    OBSERVATION_COLUMNS,
    SURFACE,
    SURFACE_COLUMNS,
    TABLES,
    VERDICT_COLUMNS,
    case_row,
    verdict_row,
)
from harness.store.database import opened, read_lines, read_parquet, rows, write_lines, write_parquet
from harness.store.run import how_to_go_on, read_run

if TYPE_CHECKING:
    import duckdb

Judge = Callable[[Iterable[Observation]], Iterator[Verdict]]

# The order of the keys of observations and verdicts, as Python sorts them.
ORDER = f"case_id, {', '.join(SURFACE)}, {{}}"
WHOLE = "probe, outcome, digest, error, seconds"  # makes it whole where a case was observed twice
_SCRATCH = ".closing-"
_PART = 50_000  # verdicts that are put beside their cases at once; those of all cases would not fit into memory


def close(folder: Path, cases: Iterable[Case], environments: Iterable[Environment], judge: Judge) -> None:
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

    Raises
    ------
    OSError
        There is no room for them. What was observed is kept.
    """
    with scratch(folder) as (place, database):
        of_cases = write_lines(place / "cases", map(case_row, sorted(cases, key=lambda case: case.id)))
        write_parquet(read_lines(database, of_cases, CASE_COLUMNS), folder, "cases")
        _gather(database, folder, place / "observations")
        database.read_parquet(str(folder / "cases.parquet")).create_view("known")
        facts = {place.where: place.facts for place in environments}
        parts = [
            _with_cases(database, told) for told in _in_parts(judge(observations(folder)), facts, place / "verdicts")
        ]
        write_parquet(database.read_parquet(parts), folder, "verdicts")  # in this order
    for path in log.paths(folder):  # all that they say is in the tables
        path.unlink()


def _in_parts(
    verdicts: Iterable[Verdict], facts: Mapping[Where, Mapping[str, str]], place: Path
) -> Iterator[tuple[Path, str, str]]:
    """Write verdicts that come in the order of their keys as JSON lines, a file for some of the cases at a time.

    Yields each file, with the first and the last of its cases; at least one, be it empty.
    """
    place.mkdir()
    encoder = msgspec.json.Encoder()
    by_case = itertools.groupby(verdicts, key=lambda verdict: verdict.case_id)
    for number in itertools.count():
        path, of, count = place / f"{number}.json", [], 0
        with path.open("wb") as file:
            for case_id, same in by_case:
                for verdict in same:
                    file.write(encoder.encode(verdict_row(verdict, facts.get(verdict.surface.where, {}))) + b"\n")
                    count += 1
                of.append(case_id)
                if count >= _PART:
                    break
        if of or number == 0:
            yield path, min(of, default=""), max(of, default="")
        if count < _PART:
            return


def _with_cases(database: duckdb.DuckDBPyConnection, part: tuple[Path, str, str]) -> str:
    """Put the columns of cases beside those of verdicts, so that one table answers most questions; where that is."""
    told, first, last = part
    columns = [
        f"{'told' if name in VERDICT_COLUMNS else 'known'}.{name}" for name in {**CASE_COLUMNS, **VERDICT_COLUMNS}
    ]
    joined = (
        f"SELECT {', '.join(columns)} FROM told LEFT JOIN (FROM known WHERE case_id BETWEEN $first AND $last) AS known "  # noqa: S608
        "ON told.case_id = known.case_id"
    )
    order = ORDER.format("aspect").replace("case_id", "told.case_id")
    read_lines(database, told, VERDICT_COLUMNS).create_view("told", replace=True)
    beside = told.with_suffix(".parquet")
    database.sql(f"{joined} ORDER BY {order}", params={"first": first, "last": last}).write_parquet(str(beside))
    told.unlink()
    return str(beside)


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[tuple[Path, duckdb.DuckDBPyConnection]]:
    """A directory for what is gone afterwards, and a database that puts there what does not fit into memory."""
    for path in folder.glob(f"{_SCRATCH}*"):  # of a process that was killed
        shutil.rmtree(path)
    with tempfile.TemporaryDirectory(dir=folder, prefix=_SCRATCH) as place, opened(Path(place)) as database:
        yield Path(place), database


def mark(folder: Path, told: Iterable[Mapping[str, str]], column: str = "known") -> None:
    """Say something of the verdicts of a closed run in one column of their table, and nothing there of the others.

    Parameters
    ----------
    folder : Path
    told : iterable of dict
        Of each verdict that something is said of: its case_id, surface and aspect, and what is said, by the column.
    column : str, optional
        'known', the entry that knows it; or 'depends', on what it depends.

    Raises
    ------
    UsageError
        There is no such table.
    OSError
        There is no room. The table is as it was.
    """
    _check_columns(folder)
    key = ", ".join(("case_id", *SURFACE, "aspect"))
    columns = {"case_id": "VARCHAR", **SURFACE_COLUMNS, "aspect": "VARCHAR", column: "VARCHAR"}
    with scratch(folder) as (place, database):
        lines = write_lines(place / column, told)
        read_parquet(database, [folder / "verdicts.parquet"]).create_view("found")
        if not lines.stat().st_size and not database.sql(f"FROM found WHERE {column} IS NOT NULL LIMIT 1").fetchall():
            return
        read_lines(database, lines, columns).create_view("said")
        marked = f"SELECT found.* REPLACE (said.{column} AS {column}) FROM found LEFT JOIN said"  # noqa: S608
        write_parquet(database.sql(f"{marked} USING ({key}) ORDER BY {key}"), folder, "verdicts")


def observations(folder: Path) -> Iterator[Observation]:
    """All observations of a run; of one whose tables are written, in the order of their keys."""
    if not (folder / "observations.parquet").exists():
        yield from log.read(log.lines(folder))
        return
    with rows(folder, "observations", OBSERVED) as found:
        yield from map(as_observation, found)


def observed(folder: Path, keys: Collection[tuple[str, Surface, Probe]]) -> Iterator[Observation]:
    """Those observations of a closed run that have some keys."""
    cases = sorted({case_id for case_id, _, _ in keys})
    with rows(folder, "observations", OBSERVED, "case_id IN (SELECT unnest($cases))", {"cases": cases}) as found:
        yield from (seen for seen in map(as_observation, found) if seen.key in keys)


def evidence(folder: Path) -> Iterator[Observation]:
    """Those observations of a closed run whose operators were kept: they differ from what was expected."""
    with rows(folder, "observations", OBSERVED, "operator IS NOT NULL") as found:
        yield from map(as_observation, found)


_NAMES = tuple(name for name in Observation.__slots__ if name != "surface")
OBSERVED = (*SURFACE, *_NAMES)


def as_observation(row: tuple[Any, ...]) -> Observation:
    """An observation from the columns :data:`OBSERVED`."""
    framework, route, mode, switch, release, *rest = row
    seen = dict(zip(_NAMES, rest, strict=True))
    seen["shape"] = None if seen["shape"] is None else tuple(seen["shape"])
    seen["operator"] = None if seen["operator"] is None else msgspec.json.decode(seen["operator"])
    return Observation(surface=Surface(framework, route, mode, switch, release), **seen)


def keys(folder: Path, where: Where) -> set[tuple[str, Surface, str]]:
    """What of a run has been observed in one place: case, surface and probe."""
    return {
        (sys.intern(case_id), surface, sys.intern(probe))
        for case_id, surface, probe in itertools.chain(log.keys(folder, where), _closed_keys(folder, where))
    }


def _closed_keys(folder: Path, where: Where) -> Iterator[tuple[str, Surface, str]]:
    """The same of what is in the tables, if there are any."""
    if not (folder / "observations.parquet").exists():
        return
    here = " AND ".join(f"{name} = ${name}" for name in ("framework", "switch", "release"))
    values = dict(zip(("framework", "switch", "release"), where, strict=True))
    surfaces: dict[tuple[str, ...], Surface] = {}  # equal ones are held once
    with rows(folder, "observations", ("case_id", *SURFACE, "probe"), here, values) as found:
        for case_id, *of_surface, probe in found:
            yield case_id, surfaces.setdefault(tuple(of_surface), Surface(*of_surface)), probe


def printed(folder: Path) -> dict[tuple[str, Surface, Probe], str]:
    """Of a closed run, by case, surface and probe: what processes had printed last that crashed or hung."""
    wanted = "outcome IN ('crashed', 'timed_out') AND text IS NOT NULL"
    with rows(folder, "observations", ("case_id", *SURFACE, "probe", "text"), wanted) as found:
        return {(case_id, Surface(*where), probe): text for case_id, *where, probe, text in found}


def verdicts(folder: Path, where: str = "true", order: str = "") -> Iterator[Verdict]:
    """The verdicts of a closed run, in the order of their keys.

    Parameters
    ----------
    folder : Path
    where, order : str, optional
        In SQL, of our own: which, and in another order (ORDER BY …).

    Raises
    ------
    UsageError
        It has none.
    """
    names = [name for name in Verdict.__slots__ if name != "surface"]
    with verdict_rows(folder, (*SURFACE, *names), where, rest=order) as found:
        for framework, route, mode, switch, release, *rest in found:
            told = dict(zip(names, rest, strict=True))
            told["relationships"] = tuple(told["relationships"])
            told |= {name: told[name] or "" for name in ("known", "depends")}
            yield Verdict(surface=Surface(framework, route, mode, switch, release), **told)


def adopt(folder: Path, others: Sequence[tuple[Path, Mapping[str, str]]]) -> list[Case]:
    """Put the observations of other, closed, runs into one that has none; returns the cases that they speak of.

    Parameters
    ----------
    folder : Path
    others : sequence of (Path, mapping)
        Directories; and of each, from frameworks to the releases that their observations are of if they do not say.

    Raises
    ------
    OSError
        There is no room for them.
    """
    with scratch(folder) as (_, database):
        adopted(database, folder, others, "observations")
        known = database.read_parquet([str(other / "cases.parquet") for other, _ in others])
        names = known.project("case_id").distinct().fetchall()
    return [parse(name) for (name,) in names]


def adopted(
    database: duckdb.DuckDBPyConnection,
    folder: Path,
    others: Sequence[tuple[Path, Mapping[str, str]]],
    name: str,
) -> None:
    """Put one table of observations of other runs into one that has none; see :func:`adopt`."""
    paths = [other / f"{name}.parquet" for other, _ in others]
    releases = {
        (str(path), framework): release
        for path, (_, called) in zip(paths, others, strict=True)
        for framework, release in called.items()
    }
    write_parquet(read_parquet(database, paths, releases).order(ORDER.format(WHOLE)), folder, name)


def _gather(database: duckdb.DuckDBPyConnection, folder: Path, scratch: Path) -> None:
    """Put all observations that are known into one table, in the order of their keys."""
    sources = []
    with scratch.open("wb") as file:
        file.writelines(log.lines(folder))
    columns = ", ".join(
        f"coalesce({name}, '') AS {name}" if name in ("switch", "release") else name for name in OBSERVATION_COLUMNS
    )
    logged = read_lines(database, scratch, OBSERVATION_COLUMNS)
    logged.create_view("logged")
    sources.append(f"SELECT {columns} FROM logged")  # noqa: S608 - our own names
    if (folder / "observations.parquet").exists():  # closed before it was complete, and gone on with
        read_parquet(database, [folder / "observations.parquet"]).create_view("earlier")
        sources.append("SELECT * FROM earlier")
    united = database.sql(" UNION ".join(sources))
    write_parquet(united.order(ORDER.format(WHOLE)), folder, "observations")


def check(folder: Path) -> None:
    """Look whether a run has its tables.

    Raises
    ------
    UsageError
        It has not.
    """
    missing = [name for name in TABLES if not (folder / f"{name}.parquet").exists()]
    if missing:
        read_run(folder)
        raise UsageError(
            f"the run in {folder} was not finished: it has no {missing[0]}.parquet; "
            f"go on with it by: {how_to_go_on(folder)}"
        )


@contextlib.contextmanager
def verdict_rows(
    folder: Path, columns: Iterable[str], where: str = "true", *, rest: str = ""
) -> Iterator[Iterator[tuple[Any, ...]]]:
    """Some columns of the verdicts of a closed run, row by row.

    Raises
    ------
    UsageError
        It has none, or not these: another release made it.
    """
    import duckdb

    check(folder)
    try:
        with rows(folder, "verdicts", columns, where, rest=rest) as found:
            yield found
    except duckdb.BinderException:
        _check_columns(folder)  # only now: to look takes as long as to read
        raise


def _check_columns(folder: Path) -> None:
    """Look whether a run has its tables, and that of verdicts all columns."""
    import duckdb

    check(folder)
    with duckdb.connect() as database:
        found = read_parquet(database, [folder / "verdicts.parquet"]).columns
    if missing := [name for name in VERDICT_COLUMNS if name not in found]:
        raise UsageError(
            f"the run in {folder} was made by another release: its verdicts have no column '{missing[0]}'; make them "
            f"again by: {shlex.join(['convarith', 'merge', str(folder), '--out', 'NEW'])}"
        )
