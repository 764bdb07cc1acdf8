"""Known deviations held against a run, strictly and both ways: what each entry knows, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.deviations.entry import Entry, texts
from harness.deviations.findings import Finding, Matched, Scope, of_entry, unlisted
from harness.errors import UsageError
from harness.records import Environment, Where

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of holding the entries against a run.

    Attributes
    ----------
    known : dict
        Of each verdict that an entry knows, by its number in the table: the entry's name.
    entries : dict
        Of each entry that they name, by framework and name: how many.
    findings : tuple of Finding
        What is wrong, in sentences; empty where all deviations are known and every entry is right.
    """

    known: dict[int, str] = field(default_factory=dict)
    entries: dict[tuple[str, str], int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def check(
    database: duckdb.DuckDBPyConnection,
    ledger: Mapping[str, Sequence[Entry]],
    environments: Sequence[Environment],
    scope: Scope,
) -> Checked:
    """Hold entries against the verdicts of a run.

    Parameters
    ----------
    database : DuckDBPyConnection
        As :func:`harness.rules.table.opened` makes it.
    ledger : mapping
        Of each framework: its entries. The first that knows a verdict is the one that is named by it.
    environments : sequence of Environment
        Where the run observed.
    scope : Scope
        What the run was asked for.

    Raises
    ------
    UsageError
        A predicate cannot be understood.
    """
    facts = {place.where: place.facts for place in environments}
    matches = [
        match(database, framework, entry, facts)
        for framework in sorted({name for (name,) in database.sql("SELECT framework FROM surfaces").fetchall()})
        for entry in ledger.get(framework, ())
    ]
    known: dict[int, str] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for one in matches:
        fresh = [number for number in (*one.right, *one.perhaps) if number not in known]
        known |= dict.fromkeys(fresh, one.entry.name)
        counts[one.framework, one.entry.name] += len(fresh)
    changed = {number for one in matches for number, _ in one.otherwise} - set(known)
    near = {number: (one.entry.name, one.why) for one in reversed(matches) for number in one.elsewhere}
    findings = [
        *(finding for one in matches for finding in of_entry(database, one.without(known), scope)),
        *unlisted(database, {*known, *changed}, near),
    ]
    return Checked(known, {key: number for key, number in counts.items() if number}, tuple(findings))


def match(
    database: duckdb.DuckDBPyConnection,
    framework: str,
    entry: Entry,
    facts: Mapping[Where, Mapping[str, str]],
) -> Matched:
    """The verdicts that an entry matches; the facts are those of the environments."""
    told = database.execute(
        "SELECT surface, release, route, mode, switch, aspect FROM surfaces WHERE framework = ? ORDER BY 1", [framework]
    ).fetchall()
    mine = {
        number: facts.get((framework, rest[2], release), {})
        for number, release, *rest in told
        if entry.speaks_of(*rest)
    }
    where: dict[str, list[int]] = {"yes": [], "partly": [], "no": []}
    for number, of_place in mine.items():
        where[entry.holds(of_place)].append(number)
    statuses = texts(entry.status)
    rows, agrees, agreeing = _rows(database, framework, entry, where["yes"])
    (partly, *_), (no, *_) = (_rows(database, framework, entry, where[part]) for part in ("partly", "no"))
    return Matched(
        framework=framework,
        entry=entry,
        observed=bool(where["yes"]),
        right=tuple(number for number, status in rows if status in statuses),
        agrees=agrees,
        otherwise=tuple((number, status) for number, status in rows if status not in statuses),
        perhaps=tuple(number for number, status in partly if status in statuses),
        elsewhere=tuple(number for number, status in no if status in statuses),
        why=entry.apart(mine[where["no"][0]]) if where["no"] else "",
        agreeing=agreeing,
    )


def try_out(database: duckdb.DuckDBPyConnection, ledger: Mapping[str, Sequence[Entry]], folder: str) -> None:
    """See that every predicate can be understood, before anything is observed.

    Parameters
    ----------
    database : DuckDBPyConnection
        As :func:`harness.rules.table.empty` makes it.
    ledger : mapping
    folder : str
        Where its files are, for the message.

    Raises
    ------
    UsageError
        One cannot.
    """
    table = database.table("verdicts")
    for framework, entries in ledger.items():
        for entry in entries:
            with _understood(framework, entry, f"{folder}/"):
                table.filter(entry.where)  # read and bound, and not executed: there is nothing to find yet


@contextmanager
def _understood(framework: str, entry: Entry, folder: str = "") -> Iterator[None]:
    """Say of whatever DuckDB cannot understand where it stands."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise UsageError(
            f"{folder}{framework}.toml: entry '{entry.name}': where = \"{entry.where}\" cannot be understood: "
            f"{str(error).splitlines()[0]}"
        ) from error


def _rows(
    database: duckdb.DuckDBPyConnection, framework: str, entry: Entry, surfaces: Sequence[int]
) -> tuple[list[tuple[int, str]], int, int | None]:
    """The verdicts on some surfaces for which an entry's predicate holds.

    Number and status of those that deviate; how many agree, and which of these is on the smallest case.
    """
    if not surfaces:
        return [], 0, None
    with _understood(framework, entry):
        # An expression of its own: it can neither end ours nor begin another statement.
        such = database.table("verdicts").filter(f"surface IN ({', '.join(map(str, surfaces))})")
        held = such.filter(entry.where).project("verdict, status, case_id")
        rows = held.filter("status <> 'agrees'").project("verdict, status").order("verdict").fetchall()
        first = "arg_min(verdict, {'size': len(case_id), 'case_id': case_id, 'verdict': verdict})"
        ((number, smallest),) = held.filter("status = 'agrees'").aggregate(f"count(*), {first}").fetchall()
    return rows, number, smallest
