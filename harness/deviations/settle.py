"""A closed run, held against the known deviations: what came of it stays with the run, beside its tables."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness import store
from harness.deviations.check import Checked, check
from harness.deviations.entry import Entry
from harness.deviations.findings import Scope
from harness.deviations.settled import Known, Settled
from harness.errors import UsageError
from harness.judge import diagnosis
from harness.records import SCHEMA, Observation
from harness.rules import Rule, rules
from harness.rules.table import SURFACE, opened

if TYPE_CHECKING:
    import duckdb

FILE = "known.json"
_AT_ONCE = 10_000  # rows in memory
_WITH_OPERATORS = ("wrong_operator", "wrong_shape")  # what a run keeps is enough to show what differs
# What a run may be asked for and still hold all cases of its grid, each on the surfaces that the grid says.
_WHOLE = frozenset({"grid", "device"})
_OTHER_CASES = frozenset({"mode", "switch", "random", "cases"})


@dataclass(frozen=True, slots=True)
class _File:
    """What the file holds."""

    settled: Settled
    schema: int = SCHEMA


def settle(folder: Path, run: store.Run, ledger: Mapping[str, Sequence[Entry]] | None) -> Settled:
    """Hold a closed run against known deviations; its verdicts then carry the names of the entries that know them.

    Parameters
    ----------
    folder : Path
    run : Run
    ledger : mapping or None
        Of each framework: its entries. None if nothing is held to be known.

    Raises
    ------
    UsageError
        A predicate cannot be understood.
    OSError
        There is no room.
    """
    store.check(folder)
    with opened(folder / "verdicts.parquet") as database:
        checked = Checked() if ledger is None else check(database, ledger, run.environments, scope(run))
        told = with_matrices(folder, rules(database, checked.known))
        found = Settled(told, checked.findings, _known(ledger or {}, checked))
        marks = [msgspec.json.encode(row) for row in _marks(database, checked.known)]  # so they take little
    store.mark(folder, map(msgspec.json.decode, marks))  # in a database of its own, one at a time
    keep(folder, found)
    return found


def name_of(ledger: Mapping[str, Sequence[Entry]] | None) -> str:
    """A name for known deviations, which others have not; empty if nothing is held to be known."""
    if ledger is None:
        return ""
    told = msgspec.json.encode(dict(ledger), order="deterministic")
    return hashlib.blake2b(told, digest_size=16).hexdigest()


def keep(folder: Path, found: Settled) -> None:
    """Leave what a run comes to in its directory.

    Raises
    ------
    OSError
        There is no room.
    """
    store.write_whole(folder / FILE, msgspec.json.format(msgspec.json.encode(_File(found)), indent=2) + b"\n")


def with_matrices(folder: Path, told: Iterable[Rule]) -> tuple[Rule, ...]:
    """Rules with the operators of their examples, made from what a closed run keeps of them."""
    held = tuple(told)
    keys = {rule.key for rule in held if rule.key is not None and rule.status in _WITH_OPERATORS}
    found = {seen.key: seen for seen in store.observed(folder, keys)}
    return tuple(_with_matrices(rule, None if rule.key is None else found.get(rule.key)) for rule in held)


def _with_matrices(rule: Rule, seen: Observation | None) -> Rule:
    if seen is None or seen.outcome != "returned":
        return rule
    found = diagnosis(seen)
    return replace(rule, expected=found.expected, observed=found.observed)


def settled(folder: Path) -> Settled:
    """What :func:`settle` found of a run; nothing, if it was never asked.

    Raises
    ------
    UsageError
        Its file is not one of ours.
    """
    path = folder / FILE
    if not path.exists():
        return Settled()
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File).settled
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(
            f"{path} is not one of convarith's: {error}; make it again by: {store.how_to_go_on(folder)}"
        ) from error


def scope(run: store.Run) -> Scope:
    """What a run was asked for, as far as strictness goes."""
    asked = set(run.asked)
    grid = "" if asked & _OTHER_CASES else run.asked.get("grid", "")
    date = datetime.date.fromisoformat(run.started[:10]) if run.started else datetime.date.today()  # noqa: DTZ011
    return Scope(grid, whole=bool(grid) and asked <= _WHOLE and run.complete, date=date)


def _known(ledger: Mapping[str, Sequence[Entry]], checked: Checked) -> tuple[Known, ...]:
    entries = {(framework, entry.name): entry for framework, mine in ledger.items() for entry in mine}
    return tuple(
        Known(framework, name, number, entries[framework, name].reason, entries[framework, name].upstream)
        for (framework, name), number in checked.entries.items()
    )


def _marks(database: duckdb.DuckDBPyConnection, known: Mapping[int, str]) -> Iterator[dict[str, str]]:
    """The rows that are marked, a few in memory at a time."""
    names = ("case_id", *SURFACE)
    cursor = database.execute(f"SELECT verdict, {', '.join(names)} FROM numbered ORDER BY verdict")
    while some := cursor.fetchmany(_AT_ONCE):
        for number, *key in some:
            if number in known:
                yield {**dict(zip(names, key, strict=True)), "known": known[number]}
