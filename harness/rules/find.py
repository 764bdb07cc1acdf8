"""Rules of a run: the verdicts that are not as expected, in few and short sentences."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.records import PROBES, STATUSES, Status, Surface
from harness.rules import literals
from harness.rules.boxes import Box, boxes
from harness.rules.causes import cause, refusal
from harness.rules.rule import Rule
from harness.rules.search import Bools, Found, Numbers, cover
from harness.rules.table import SURFACE

if TYPE_CHECKING:
    import duckdb

EXCEPTIONS = 3  # cases that a rule names
CAUSES = 16  # of a status that are looked at one by one, those of the most verdicts
# Some statuses are of layers with nothing to compute alone, some of the others: like what is computed, it is a place.
_ANYTHING = "o_min > 0"
_DOMAIN = {_ANYTHING: ("o > 0", _ANYTHING), "": ("any o < 1", "o_min < 1")}
_ASPECTS = {str(probe): number for number, probe in enumerate(PROBES)}


@dataclass(frozen=True, slots=True)
class _Rows:
    """The verdicts on one framework, of one release."""

    framework: str
    verdict: Numbers
    case: Numbers
    cell: Numbers
    status: Numbers  # of STATUSES
    causes: dict[int, str]  # of the verdicts that do not agree, by their numbers
    cells: tuple[tuple[str, ...], ...]  # (route, mode, switch, aspect, op, whether there is anything to compute)


@dataclass(frozen=True, slots=True)
class _Said:
    """What can be said of cases, for which each holds, and the cases' ids."""

    literals: list[literals.Literal]
    holds: Bools
    names: list[str]


def rules(database: duckdb.DuckDBPyConnection, known: Collection[int] = ()) -> list[Rule]:
    """The shortest predicates that cover all verdicts that are not as expected.

    Parameters
    ----------
    database : DuckDBPyConnection
        As :func:`harness.rules.table.opened` makes it.
    known : collection of int
        Numbers of verdicts that are spoken of elsewhere: no rule is made for them, and none counts them.

    Returns
    -------
    list of Rule
        By framework; then those with the most support first. A rule without exceptions never covers a verdict that is
        not as it says; those with exceptions come only where no exact one was found.
    """
    names = [name for (name,) in database.sql("SELECT case_id FROM cases ORDER BY case_number").fetchall()]
    said = _Said(*literals.held(database, "cases"), names)
    neutral = np.fromiter(known, dtype=np.int64)
    found: list[Rule] = []
    for rows in _frameworks(database, neutral):
        of_one: list[Rule] = []
        for status in sorted({STATUSES[number] for number in np.unique(rows.status)} - {"agrees"}):
            wanted = np.asarray(rows.status == STATUSES.index(status), dtype=np.bool_)
            told: list[tuple[Rule, Bools]] = []
            for conjunction in cover(said.holds, rows.case, rows.cell, _by_cause(rows, wanted)):
                told += _told(conjunction, rows, status, said, database)
            of_one += _needed(told)
        found += sorted(of_one, key=lambda rule: (-rule.support, str(rule)))
    return found


def _frameworks(database: duckdb.DuckDBPyConnection, neutral: Numbers) -> Iterator[_Rows]:
    of_cases = database.sql(f"SELECT op, {_ANYTHING} AS anything FROM cases ORDER BY case_number").fetchnumpy()
    ops, op_of_case = np.unique(of_cases["op"].astype(str), return_inverse=True)
    anything_of_case = np.asarray(of_cases["anything"], dtype=np.int64)
    number_of = f"list_position([{', '.join(map(repr, STATUSES))}], status) - 1"
    for of_one in database.sql("SELECT DISTINCT framework, release FROM surfaces ORDER BY ALL").fetchall():
        told = database.execute(
            f"SELECT verdict, case_number, surface, {number_of} AS status FROM numbered "
            "WHERE framework = ? AND release = ? ORDER BY verdict",
            of_one,
        ).fetchnumpy()
        kept = ~np.isin(told["verdict"], neutral)
        wrong = database.execute(
            "SELECT verdict, status, observed, diagnosis FROM numbered "
            "WHERE framework = ? AND release = ? AND status <> 'agrees'",
            of_one,
        ).fetchall()
        surfaces = {
            number: tuple(rest)
            for number, *rest in database.execute(
                "SELECT surface, route, mode, switch, aspect FROM surfaces WHERE framework = ? AND release = ?", of_one
            ).fetchall()
        }
        case = np.asarray(told["case_number"][kept], dtype=np.int64)
        surface = np.asarray(told["surface"][kept], dtype=np.int64)
        place = (surface * len(ops) + op_of_case[case]) * 2 + anything_of_case[case]
        distinct, cell = np.unique(place, return_inverse=True)
        cells = tuple(
            (*surfaces[one // 2 // len(ops)], str(ops[one // 2 % len(ops)]), ("", _ANYTHING)[one % 2])
            for one in distinct.tolist()
        )
        yield _Rows(
            of_one[0],
            np.asarray(told["verdict"][kept], dtype=np.int64),
            case,
            np.asarray(cell, dtype=np.int64),
            np.asarray(told["status"][kept], dtype=np.int64),
            {number: cause(status, seen or "", why or "") for number, status, seen, why in wrong},
            cells=cells,
        )


def _by_cause(rows: _Rows, wanted: Bools) -> list[Bools]:
    """The rows of a status, by their causes: those of the most verdicts first, and what is left as one."""
    held: dict[str, list[int]] = {}
    for row in np.flatnonzero(wanted).tolist():
        held.setdefault(rows.causes[int(rows.verdict[row])], []).append(row)
    parts = sorted(held.values(), key=lambda part: (-len(part), part))
    parts = [*parts[:CAUSES], [row for part in parts[CAUSES:] for row in part]]
    found = []
    for part in parts:
        which = np.zeros_like(wanted)
        which[part] = True
        found.append(which)
    return found


def _told(
    found: Found, rows: _Rows, status: Status, said: _Said, database: duckdb.DuckDBPyConnection
) -> Iterator[tuple[Rule, Bools]]:
    """A conjunction as rules, one for each box that its cells make; and the rows that each covers."""
    named, names = [said.literals[statement] for statement in found.statements], said.names
    wanted = rows.status == STATUSES.index(status)
    covered = np.ones(len(wanted), dtype=np.bool_)
    for statement in found.statements:
        covered &= said.holds[statement, rows.case]
    others = set(np.unique(rows.cell[covered & ~wanted]).tolist()) - found.cells
    if not found.statements and not found.exact:  # all that is left, which nothing short says: nor where
        others = set()
    for box in boxes(rows.cells, found.cells, others):
        inside = covered & np.isin(rows.cell, [number for number, cell in enumerate(rows.cells) if box.holds(cell)])
        right, wrong = inside & wanted, inside & ~wanted
        first = _smallest(rows, right, names)
        domain = _domain(box, [literal.sql for literal in named])
        rule = Rule(
            framework=rows.framework,
            status=status,
            **_places(box),
            words=(*domain[:1], *(literal.words for literal in named)),
            sql=(*domain[1:], *(literal.sql for literal in named)),
            support=int(right.sum()),
            total=int(inside.sum()),
            example=names[rows.case[first[0]]],
            exceptions=tuple(
                dict.fromkeys(names[rows.case[row]] for row in _smallest(rows, wrong, names)[:EXCEPTIONS])
            ),
            **_of_example(database, int(rows.verdict[first[0]])),
        )
        yield rule, right


def _needed(told: list[tuple[Rule, Bools]]) -> list[Rule]:
    """Those without which something would not be covered: boxes are wider than the cells that they are made for."""
    times = np.sum([covered for _, covered in told], axis=0)
    left = []
    for rule, covered in sorted(told, key=lambda one: (one[0].support == one[0].total, one[0].support, str(one[0]))):
        if (times[covered] > 1).all():
            times = times - covered
        else:
            left.append(rule)
    return left


def _places(box: Box) -> dict[str, Any]:
    return dict(zip(("routes", "modes", "switches", "aspects", "ops"), box.values, strict=False))


def _domain(box: Box, said: list[str]) -> tuple[str, ...]:
    """Whether there must be anything to compute, in words and in SQL; empty if it is no matter, or said."""
    if len(box.values[-1]) != 1 or any("o_min" in sql or "o_max" in sql for sql in said):
        return ()
    return _DOMAIN[box.values[-1][0]]


def _smallest(rows: _Rows, which: Bools, names: list[str]) -> list[int]:
    """The rows, those on small cases first: a longer id has more axes, more digits or more said about it.

    Of one case first those of the aspects that show the operator.
    """

    def order(row: int) -> tuple[int, str, int, int]:
        name, cell = names[rows.case[row]], int(rows.cell[row])
        return len(name), name, _ASPECTS[rows.cells[cell][3]], cell

    found: list[int] = np.flatnonzero(which).tolist()
    return sorted(found, key=order)


def _of_example(database: duckdb.DuckDBPyConnection, verdict: int) -> dict[str, Any]:
    """Where it was observed, and its diagnosis."""
    asked = f"SELECT {', '.join(SURFACE)}, status, observed, diagnosis FROM numbered WHERE verdict = ?"
    ((*surface, aspect, status, seen, text),) = database.execute(asked, [verdict]).fetchall()
    if status == "rejected" and seen:
        text = f"refused: {refusal(seen)}"
    return {"surface": Surface(*surface), "aspect": aspect, "diagnosis": text or ""}
