"""Two sides, joined: DuckDB holds every observation of the one beside that of the other, as numbers.

A key is a case, a surface without its release, and an aspect, as one number. What was observed is a number too, a hash
of outcome, shape, digest and error's class; texts are fetched of what differs alone.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.diff.changes import KINDS, Change, Compared, Kind
from harness.diff.groups import Numbers, Place, grouped
from harness.diff.sides import Side, compared, different, pairs
from harness.records import PROBES
from harness.rules.columns import derive
from harness.rules.labelled import Said
from harness.store.database import opened, read_parquet

if TYPE_CHECKING:
    import duckdb

_MEMORY = "400MB"  # what does not fit goes to the disk
_WHERE = "framework, route, mode, switch"
_ASPECTS = ", ".join(f"'{probe}'" for probe in PROBES)
# What was not observed, for the purpose of comparing: nothing was said, or we failed ourselves.
_SILENT = ("", "unsupported", "harness_error")
# Of these the values may be memory that nobody wrote: they come and go. What is unstable does by definition.
_LOOSE = "('wrong_shape', 'accepted')"
_DIFFERS = f"""
    one.status IS DISTINCT FROM other.status
    OR one.status NOT IN ('unsupported', 'harness_error', 'unstable') AND (
        one.least <> other.least OR one.most <> other.most
        OR one.status NOT IN {_LOOSE} AND (one.lowest <> other.lowest OR one.highest <> other.highest)
    )
"""


def compare(before: Side, after: Side) -> Compared:
    """What changed from one side to the other.

    Returns
    -------
    Compared
        From the observations: a change of an error's class or of a deviating value is one, if the status is the same.
    """
    with tempfile.TemporaryDirectory(prefix="convarith-") as scratch, opened(Path(scratch)) as database:
        database.execute(f"SET memory_limit = '{_MEMORY}'")
        database.execute("SET threads = 2")
        database.execute("SET preserve_insertion_order = false")
        _number(database, before, after)
        _side(database, "one")
        _side(database, "other")
        database.execute(
            f"CREATE TABLE differing AS SELECT coalesce(one.key, other.key) AS key, one.status AS before, "  # noqa: S608
            f"other.status AS after, one.outcome AS outcome_before, other.outcome AS outcome_after "
            f"FROM one FULL JOIN other ON one.key = other.key WHERE {_DIFFERS}"
        )
        (known, both) = _one(
            database,
            "SELECT (SELECT count(*) FROM one), (SELECT count(*) FROM one SEMI JOIN other ON one.key = other.key)",
        )
        alone = list(_alone(database, before, after))
        changes = tuple(sorted(_changes(database), key=order))
        groups = tuple(grouped(changes, lambda: _said(database), lambda said: _same(database, changes, said)))
        (moved,) = _one(database, "SELECT count(*) FROM differing WHERE before IS NOT NULL AND after IS NOT NULL")
    assert known >= both >= moved
    return Compared(
        before=before.name,
        after=after.name,
        releases=tuple(compared(before, after)),
        different=(*different(before, after), *alone),
        same=both - moved,
        counts=Counter(change.kind for change in changes),
        worse=sum(change.worse for change in changes),
        changes=changes,
        groups=groups,
    )


def _one(database: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    (row,) = database.execute(sql).fetchall()
    return tuple(map(int, row))


def _number(database: duckdb.DuckDBPyConnection, before: Side, after: Side) -> None:
    """Numbers for cases and surfaces, with the sides that have each."""
    database.execute("CREATE TABLE pairs (framework VARCHAR, was VARCHAR, now VARCHAR)")
    found = [(framework, release, other) for (framework, release), other in pairs(before, after).items()]
    if found:
        database.executemany("INSERT INTO pairs VALUES (?, ?, ?)", found)
    for name, side, release in (("one", before, "was"), ("other", after, "now")):
        for table in ("cases", "observations", "verdicts"):
            read_parquet(database, [side.folder / f"{table}.parquet"]).create_view(f"{name}_{table}")
        database.execute(
            f"CREATE TABLE {name}_surfaces AS SELECT DISTINCT {_WHERE}, release FROM {name}_verdicts "  # noqa: S608
            f"JOIN (SELECT framework, {release} AS release FROM pairs) USING (framework, release)"
        )
    database.execute(
        "CREATE TABLE known AS SELECT row_number() OVER () - 1 AS number, case_id, any_value(op) AS op, "
        "bool_or(side = 1) AS was, bool_or(side = 2) AS now FROM (SELECT case_id, op, 1 AS side FROM one_cases "
        "UNION ALL SELECT case_id, op, 2 FROM other_cases) GROUP BY case_id"
    )
    # Of pairs of releases, the side that is compared from gives the name.
    database.execute(
        f"CREATE TABLE surfaces AS SELECT row_number() OVER () - 1 AS number, {_WHERE}, release, "  # noqa: S608
        f"bool_or(side = 1) AS was, bool_or(side = 2) AS now "
        f"FROM (SELECT {_WHERE}, release, 1 AS side FROM one_surfaces UNION ALL "
        f"SELECT {_WHERE}, pairs.was, 2 FROM other_surfaces JOIN pairs USING (framework) "
        f"WHERE pairs.now = other_surfaces.release) GROUP BY {_WHERE}, release"
    )


def _key(aspect: str) -> str:
    """The number of a row's case, surface and aspect, in a join of _joined."""
    return (
        f"(known.number * (SELECT count(*) FROM surfaces) + surfaces.number) * {len(PROBES)} "  # noqa: S608
        f"+ list_position([{_ASPECTS}], {aspect}) - 1"
    )


def _joined(table: str, name: str) -> str:
    release = "pairs.was" if name == "one" else "pairs.now"
    same = " AND ".join(f"told.{column} = surfaces.{column}" for column in _WHERE.split(", "))
    return (
        f"{name}_{table} AS told JOIN pairs ON told.framework = pairs.framework AND told.release = {release} "
        f"JOIN surfaces ON {same} AND surfaces.release = pairs.was "
        f"JOIN known ON told.case_id = known.case_id"
    )


def _side(database: duckdb.DuckDBPyConnection, name: str) -> None:
    """One side as a table: key, status, outcome, and what was seen. What was seen twice has two of each hash."""
    database.execute(
        f"CREATE TEMP TABLE seen AS SELECT {_key('probe')} AS key, any_value(outcome) AS outcome, "  # noqa: S608
        "min(bare) AS least, max(bare) AS most, min(whole) AS lowest, max(whole) AS highest FROM ("
        "SELECT *, hash(outcome, shape, error) AS bare, hash(outcome, shape, error, digest) AS whole "
        f"FROM {name}_observations) AS told {_joined('observations', name).partition(' AS told ')[2]} GROUP BY ALL"
    )
    database.execute(
        f"CREATE TABLE {name} AS SELECT seen.*, status FROM seen JOIN "  # noqa: S608
        f"(SELECT {_key('aspect')} AS key, status FROM {_joined('verdicts', name)}) AS judged ON seen.key = judged.key"
    )
    database.execute("DROP TABLE seen")


def _alone(database: duckdb.DuckDBPyConnection, before: Side, after: Side) -> Iterator[str]:
    """Sentences about what only one of the sides ran, and about our own failures."""
    for mine, other, side in (("was", "now", before), ("now", "was", after)):
        (cases,) = _one(database, f"SELECT count(*) FROM known WHERE {mine} AND NOT {other}")  # noqa: S608
        if cases:
            yield f"{cases} cases were run in {side.name} alone"
        rows = database.execute(
            f"SELECT {_WHERE}, release FROM surfaces WHERE {mine} AND NOT {other} ORDER BY ALL"  # noqa: S608
        ).fetchall()
        for row in rows:
            yield f"{'/'.join(filter(None, row[:4]))} was run in {side.name} alone"
    for name, side in (("one", before), ("other", after)):
        (ours,) = _one(database, f"SELECT count(*) FROM {name} WHERE status = 'harness_error'")  # noqa: S608
        if ours:
            yield f"{ours} observations of {side.name} failed by the harness's own fault, and are not compared"


def _changes(database: duckdb.DuckDBPyConnection) -> Iterator[Change]:
    """What differs between cases and surfaces that both sides ran, with its texts."""
    for name in ("one", "other"):
        database.execute(
            f"CREATE TABLE {name}_said AS SELECT {_key('aspect')} AS key, observed, diagnosis "  # noqa: S608
            f"FROM {_joined('verdicts', name)} WHERE {_key('aspect')} IN (SELECT key FROM differing)"
        )
        database.execute(
            f"CREATE TABLE {name}_value AS SELECT {_key('probe')} AS key, "  # noqa: S608
            f"string_agg(DISTINCT digest[:8], ', ' ORDER BY digest[:8]) AS value "
            f"FROM {_joined('observations', name)} WHERE {_key('probe')} IN (SELECT key FROM differing) GROUP BY ALL"
        )
    rows = database.execute(
        f"SELECT framework, route, mode, switch, case_id, op, [{_ASPECTS}][key % {len(PROBES)} + 1], "  # noqa: S608
        "coalesce(before, ''), coalesce(after, ''), coalesce(outcome_before, ''), coalesce(outcome_after, ''), "
        "coalesce(a.observed, ''), coalesce(b.observed, ''), coalesce(c.value, ''), coalesce(d.value, ''), "
        "coalesce(nullif(b.diagnosis, ''), a.diagnosis, '') "
        f"FROM (SELECT *, key // {len(PROBES)} AS pair FROM differing) AS differing "
        "JOIN known ON known.number = pair // (SELECT count(*) FROM surfaces) "
        "JOIN surfaces ON surfaces.number = pair % (SELECT count(*) FROM surfaces) "
        "LEFT JOIN one_said AS a USING (key) LEFT JOIN other_said AS b USING (key) "
        "LEFT JOIN one_value AS c USING (key) LEFT JOIN other_value AS d USING (key) "
        "WHERE known.was AND known.now AND surfaces.was AND surfaces.now"
    )
    while some := rows.fetchmany(10_000):
        for (
            framework,
            route,
            mode,
            switch,
            case_id,
            op,
            aspect,
            was,
            now,
            raised,
            raises,
            saw,
            sees,
            one,
            other,
            why,
        ) in some:
            kind = kind_of(was, now, raised, raises)
            if kind is None:
                continue
            change = Change(
                kind, was == "agrees" and now not in ("agrees", *_SILENT), framework, route, mode, switch, aspect,
                case_id, op, was, now, saw, sees, why,
            )  # fmt: skip
            if was == now and saw == sees and one != other:
                change = replace(change, saw_before=f"{saw}, values {one}", saw_after=f"{sees}, values {other}")
            yield change


def _said(database: duckdb.DuckDBPyConnection) -> Said:
    """What can be said of the cases that both sides ran."""
    database.execute("CREATE VIEW shared AS SELECT one_cases.* FROM one_cases SEMI JOIN other_cases USING (case_id)")
    derive(database, "shared", "told_of")
    return Said.of(database, "told_of")


def _same(database: duckdb.DuckDBPyConnection, changes: Iterable[Change], said: Said) -> dict[Place, Numbers]:
    """The cases, place by place, of what is the same on both sides, of the frameworks of which something changed."""
    changed = {change.framework for change in changes}
    surfaces = database.execute(f"SELECT number, {_WHERE} FROM surfaces ORDER BY number").fetchall()  # noqa: S608
    places = {
        number * len(PROBES) + aspect: (*where, probe)
        for number, *where in surfaces
        for aspect, probe in enumerate(PROBES)
        if where[0] in changed
    }
    every = len(surfaces) * len(PROBES)
    rows = database.execute(
        f"SELECT key % {every} AS place, list(key // {every}) AS cases FROM one SEMI JOIN other USING (key) "  # noqa: S608
        "ANTI JOIN differing USING (key) WHERE status NOT IN ('unsupported', 'harness_error') "
        f"AND key % {every} IN ? GROUP BY ALL",
        [list(places)],
    ).fetchnumpy()
    numbers = {name: number for number, name in enumerate(said.names)}
    known = database.execute("SELECT case_id FROM known ORDER BY number").fetchall()
    number_of = np.array([numbers.get(name, -1) for (name,) in known], dtype=np.int64)
    found: dict[Place, list[Numbers]] = {}
    for number, cases in zip(rows["place"].tolist(), rows["cases"], strict=True):
        found.setdefault(places[number], []).append(np.sort(number_of[np.asarray(cases, dtype=np.int64)]))
    return {where: np.concatenate(held) for where, held in found.items()}


def kind_of(before: str, after: str, outcome_before: str, outcome_after: str) -> Kind | None:
    """What sort of change it is, by what was observed first and by what that is worth then."""
    if before in _SILENT:
        return None if after in _SILENT else "appeared"
    if after in _SILENT:
        return "disappeared"
    if after != "agrees" and (outcome_before, outcome_after) == ("raised", "returned"):
        return "newly_accepted"
    if after != "agrees" and (outcome_before, outcome_after) == ("returned", "raised"):
        return "newly_rejected"
    if before == "agrees" and after != "agrees":
        return "regression"
    return "fixed" if before != "agrees" and after == "agrees" else "changed"


def order(change: Change) -> tuple[object, ...]:
    """Sorts changes by kind, surface and size of the case."""
    where = (change.framework, change.route, change.mode, change.switch)
    return (KINDS.index(change.kind), where, len(change.case_id), change.case_id, change.aspect)
