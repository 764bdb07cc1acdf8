"""What can be wrong with known deviations, each in a sentence that says what to do."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from harness.deviations.entry import Entry, texts

if TYPE_CHECKING:
    import duckdb

Kind = Literal[
    "new", "fixed", "partly fixed", "changed", "matches nothing", "matches more", "no reason", "expired", "elsewhere"
]
STALE: frozenset[Kind] = frozenset({"fixed", "matches nothing"})  # what pruning removes


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that fails a run.

    Attributes
    ----------
    kind : str
    framework : str
    entry : str
        Its name; empty where no entry is concerned.
    sentence : str
        What is wrong, and what to do.
    """

    kind: Kind
    framework: str
    entry: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run was asked for, as far as strictness goes.

    Attributes
    ----------
    grid : str
        The grid that its cases are of; empty if of none.
    whole : bool
        Whether it holds all cases of the grid.
    date : date
        Of its start: an entry expires after it, not after the day on which a run is looked at again.
    """

    grid: str
    whole: bool
    date: datetime.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The verdicts that an entry matches, by number; those that agree are counted alone, since there may be a million.

    Attributes
    ----------
    framework : str
    entry : Entry
    observed : bool
        Whether there is any verdict on a surface and an aspect that it speaks of, where its version and environment
        hold. All that follow but the last are such.
    right : tuple of int
        As it says.
    agrees : int
        How many are as the theory says, and ``agreeing``: the number of the one of the smallest case.
    otherwise : tuple of (int, str)
        Those that deviate otherwise, with their statuses.
    perhaps : tuple of int
        As it says, where its environment holds on some of the machines that observed.
    elsewhere : tuple of int
        As it says, where its version or environment does not hold; ``why`` not.
    """

    framework: str
    entry: Entry
    observed: bool
    right: tuple[int, ...]
    agrees: int
    otherwise: tuple[tuple[int, str], ...]
    perhaps: tuple[int, ...] = ()
    elsewhere: tuple[int, ...] = ()
    why: str = ""
    agreeing: int | None = None

    @property
    def total(self) -> int:
        """All of them, where it holds."""
        return len(self.right) + self.agrees + len(self.otherwise)

    def without(self, known: Collection[int]) -> Matched:
        """The same, without what deviates otherwise as another entry says."""
        return replace(self, otherwise=tuple(one for one in self.otherwise if one[0] not in known))


def of_entry(database: duckdb.DuckDBPyConnection, matched: Matched, scope: Scope) -> Iterator[Finding]:
    """What is wrong with an entry. That its version or environment does not hold here is no fault."""
    framework, entry = matched.framework, matched.entry

    def finding(kind: Kind, sentence: str) -> Finding:
        return Finding(kind, framework, entry.name, f"{framework}.toml: {entry.name}: {sentence}")

    if not entry.reason.strip():
        yield finding("no reason", "it gives no reason: write why it deviates and whose fault it is, at 'reason'")
    if entry.until is not None and entry.until < scope.date:
        yield finding(
            "expired", f"it was to hold until {entry.until}: see what has come of it, and remove it or set a later date"
        )
    of_grid = scope.grid in texts(entry.grid)
    if matched.total:
        for kind, sentence in (*_agreeing(database, matched, scope, of_grid), *_deviating(database, matched, of_grid)):
            yield finding(kind, sentence)
    elif of_grid and scope.whole and matched.observed:
        yield finding(
            "matches nothing",
            f'it matches no verdict of grid {scope.grid}: correct its predicate, where = "{entry.where}", or '
            "remove it (convarith known prune RUN)",
        )


def _agreeing(
    database: duckdb.DuckDBPyConnection, matched: Matched, scope: Scope, of_grid: bool
) -> Iterator[tuple[Kind, str]]:
    """What of it no longer occurs."""
    entry, number = matched.entry, matched.agrees
    allowed = number if entry.exceptions == "any" else entry.exceptions
    if not matched.right and not matched.otherwise:
        if number > allowed or (of_grid and scope.whole):
            yield (
                "fixed",
                f"it no longer occurs, {'all ' if number > 1 else ''}{count(number, 'verdict')} that it matches "
                f"{'agree' if number > 1 else 'agrees'}: if it is fixed, remove it (convarith known prune RUN) or end "
                f"its versions ('{entry.versions or 'any'}' now); if the machine decides it, say which at environment",
            )
    elif number > allowed:
        yield (
            "partly fixed",
            f"{number} of the {matched.total} verdicts that it matches {'agree' if number > 1 else 'agrees'}"
            + (f", and it allows {allowed}" if allowed else "")
            + f", such as {_smallest(database, [matched.agreeing])}: narrow its predicate, or say at 'exceptions' how "
            "many may",
        )


def _deviating(database: duckdb.DuckDBPyConnection, matched: Matched, of_grid: bool) -> Iterator[tuple[Kind, str]]:
    """What of it there is more of, and what happens in its place."""
    entry = matched.entry
    status = " or ".join(texts(entry.status))
    if entry.count is not None and of_grid and len(matched.right) > entry.count:
        yield (
            "matches more",
            f"it says {status} of {entry.count} verdicts at most, and there are {len(matched.right)}: look at the new "
            "ones, then narrow its predicate or raise 'count'",
        )
    for other, number in sorted(Counter(said for _, said in matched.otherwise).items()):
        some = [verdict for verdict, said in matched.otherwise if said == other]
        yield (
            "changed",
            f"{number} of the {matched.total} verdicts that it matches {'are' if number > 1 else 'is'} {other}, not "
            f"{status}, such as {_smallest(database, some)}: something else happens now; look at it, and change "
            "'status' or the predicate",
        )


def unlisted(
    database: duckdb.DuckDBPyConnection, spoken_of: Collection[int], near: Mapping[int, tuple[str, str]]
) -> Iterator[Finding]:
    """The deviations that no entry knows, by framework and status.

    Parameters
    ----------
    database : DuckDBPyConnection
    spoken_of : collection of int
        Those that entries know, or find changed.
    near : mapping
        Of those that an entry would know in another environment: its name, and what differs.
    """
    wrong = database.sql("SELECT verdict, framework, status FROM verdicts WHERE status <> 'agrees'").fetchall()
    found: dict[tuple[str, str, tuple[str, str]], list[int]] = {}
    for number, framework, status in wrong:
        if number not in spoken_of:
            found.setdefault((framework, status, near.get(number, ("", ""))), []).append(number)
    for (framework, status, (entry, why)), numbers in sorted(found.items()):
        told = (
            f"{count(len(numbers), 'verdict')} on {framework} {'are' if len(numbers) > 1 else 'is'} {status} and known "
            f"by no entry, such as {_smallest(database, numbers)}: "
        )
        if entry:
            told += (
                f"{framework}.toml: {entry} would know {'them' if len(numbers) > 1 else 'it'}, but for {why}; if it "
            )
            yield Finding("elsewhere", framework, entry, f"{told}is the same, widen that")
        else:
            told += "look at it, and list it with its reason (convarith known add RUN) or have it fixed"
            yield Finding("new", framework, "", told)


def count(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _smallest(database: duckdb.DuckDBPyConnection, verdicts: Sequence[int | None]) -> str:
    """The smallest case of some verdicts, with where."""
    ((told,),) = database.execute(
        "SELECT case_id || ' on ' || concat_ws('/', route, mode, nullif(switch, '')) || ' ' || aspect FROM numbered "
        "WHERE verdict IN (SELECT unnest(?)) ORDER BY len(case_id), case_id, verdict LIMIT 1",
        [list(verdicts)],
    ).fetchall()
    return str(told)
