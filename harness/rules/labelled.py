"""Labelled rows in few and short sentences: verdicts by their status, changes by their kind, anything that cases have.

A row is a case in a place (a route in a mode, with a switch, looked at by an aspect), with a label: what happened. One
label is what is plain, of which nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.records import PROBES
from harness.rules import literals
from harness.rules.boxes import Box, boxes
from harness.rules.rule import Rule
from harness.rules.search import Bools, Found, Numbers, cover

if TYPE_CHECKING:
    import duckdb

EXCEPTIONS = 3  # cases that a rule names
CAUSES = 16  # of a label that are looked at one by one, those of the most rows
# Some labels are of layers with nothing to compute alone, some of the others: like what is computed, it is a place.
_ANYTHING = "o_min > 0"
_DOMAIN = {_ANYTHING: ("o > 0", _ANYTHING), "": ("any o < 1", "o_min < 1")}
_ASPECTS = {str(probe): number for number, probe in enumerate(PROBES)}

Place = tuple[str, str, str, str]  # route, mode, switch, aspect


@dataclass(frozen=True, slots=True)
class Said:
    """What can be said of cases.

    Attributes
    ----------
    literals : list of Literal
    holds : array of bool
        For which cases (columns) each literal (rows) holds.
    names : list of str
        The cases' ids, by their numbers.
    ops : list of str
        The operations that occur.
    kind : array of int
        Of each case: twice the number of its operation, and one more if there is anything to compute.
    """

    literals: list[literals.Literal]
    holds: Bools
    names: list[str]
    ops: list[str]
    kind: Numbers

    @classmethod
    def of(cls, database: duckdb.DuckDBPyConnection, cases: str) -> Said:
        """Of a table that :func:`harness.rules.columns.derive` has made; cases are numbered in the order of ids."""
        told = database.sql(f"SELECT case_id, op, {_ANYTHING} AS anything FROM {cases} ORDER BY case_id").fetchnumpy()
        ops, number = np.unique(told["op"].astype(str), return_inverse=True)
        kind = 2 * np.asarray(number, dtype=np.int64) + np.asarray(told["anything"], dtype=np.int64)
        return cls(*literals.held(database, cases), [str(name) for name in told["case_id"]], ops.tolist(), kind)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one framework, of one release.

    Attributes
    ----------
    framework : str
    number : array of int
        What each row is called.
    case : array of int
        The number of each row's case.
    cell : array of int
        Of each row, of ``cells``.
    label : array of int
        Of each row, of ``labels``.
    labels : sequence of str
        The first is the plain one.
    causes : mapping
        From the numbers of the rows that are not plain to a text that those of one cause have in common.
    cells : tuple
        Where rows are: the place, the operation, and whether there is anything to compute.
    """

    framework: str
    number: Numbers
    case: Numbers
    cell: Numbers
    label: Numbers
    labels: Sequence[str]
    causes: Mapping[int, str]
    cells: tuple[tuple[str, ...], ...]

    @classmethod
    def of(
        cls,
        framework: str,
        said: Said,
        *,
        number: Numbers,
        case: Numbers,
        place: Numbers,
        places: Mapping[int, Place],
        label: Numbers,
        labels: Sequence[str],
        causes: Mapping[int, str],
    ) -> Rows:
        """From rows that have numbers of places."""
        kinds = 2 * len(said.ops)
        distinct, cell = np.unique(place * kinds + said.kind[case], return_inverse=True)
        cells = tuple(
            (*places[one // kinds], said.ops[one % kinds // 2], ("", _ANYTHING)[one % 2]) for one in distinct.tolist()
        )
        return cls(framework, number, case, np.asarray(cell, dtype=np.int64), label, labels, causes, cells)


def sentences(rows: Rows, said: Said, example: Callable[[int], dict[str, Any]]) -> list[tuple[Rule, Numbers]]:
    """The shortest predicates that cover every row that is not plain.

    Parameters
    ----------
    rows : Rows
    said : Said
    example : callable
        What else a rule holds of its example, by the number of the row.

    Returns
    -------
    list of (Rule, array of int)
        Those that say the most first: how many rows are as they say, in proportion to how many they speak of. With each
        the numbers of these rows: its status is their label. A rule without exceptions never covers a row that is not
        as it says; those with exceptions come only where no exact one was found, and hide none.
    """
    found: list[tuple[Rule, Numbers]] = []
    for label in sorted({rows.labels[number] for number in np.unique(rows.label)} - {rows.labels[0]}):
        wanted = np.asarray(rows.label == rows.labels.index(label), dtype=np.bool_)
        told: list[tuple[Rule, Bools]] = []
        rest: list[tuple[Rule, Bools]] = []
        for conjunction in cover(said.holds, rows.case, rows.cell, _by_cause(rows, wanted)):
            (rest if conjunction.rest else told).extend(_told(conjunction, rows, label, said, example))
        told = _needed(told)
        covered = np.any([right for _, right in told], axis=0) if told else np.zeros_like(wanted)
        told += [(rule, right) for rule, right in rest if not covered[right].all()]
        found += [(rule, rows.number[right]) for rule, right in told]
    return sorted(found, key=lambda one: (-(one[0].support ** 2) / one[0].total, str(one[0])))


def _by_cause(rows: Rows, wanted: Bools) -> list[Bools]:
    """The rows of a label, by their causes: those of the most rows first, and what is left as one."""
    held: dict[str, list[int]] = {}
    for row in np.flatnonzero(wanted).tolist():
        held.setdefault(rows.causes[int(rows.number[row])], []).append(row)
    parts = sorted(held.values(), key=lambda part: (-len(part), part))
    parts = [*parts[:CAUSES], [row for part in parts[CAUSES:] for row in part]]
    found = []
    for part in parts:
        which = np.zeros_like(wanted)
        which[part] = True
        found.append(which)
    return found


def _told(
    found: Found, rows: Rows, label: str, said: Said, example: Callable[[int], dict[str, Any]]
) -> Iterator[tuple[Rule, Bools]]:
    """A conjunction as rules, one for each box that its cells make; and the rows that each covers."""
    named, names = [said.literals[statement] for statement in found.statements], said.names
    wanted = rows.label == rows.labels.index(label)
    covered = np.ones(len(wanted), dtype=np.bool_)
    for statement in found.statements:
        covered &= said.holds[statement, rows.case]
    others = set(np.unique(rows.cell[covered & ~wanted]).tolist()) - found.cells
    if not found.statements and not found.exact:  # such as all that is left, which nothing short says: nor where
        others = set()
    for box in boxes(rows.cells, found.cells, others):
        inside = covered & np.isin(rows.cell, [number for number, cell in enumerate(rows.cells) if box.holds(cell)])
        right, wrong = inside & wanted, inside & ~wanted
        first = _smallest(rows, right, names)
        domain = _domain(box, [literal.sql for literal in named])
        rule = Rule(
            framework=rows.framework,
            status=label,
            **_places(box),
            words=(*domain[:1], *(literal.words for literal in named)),
            sql=(*domain[1:], *(literal.sql for literal in named)),
            support=int(right.sum()),
            total=int(inside.sum()),
            example=names[rows.case[first[0]]],
            exceptions=tuple(
                dict.fromkeys(names[rows.case[row]] for row in _smallest(rows, wrong, names)[:EXCEPTIONS])
            ),
            **example(int(rows.number[first[0]])),
        )
        yield rule, right


def _needed(told: list[tuple[Rule, Bools]]) -> list[tuple[Rule, Bools]]:
    """Those without which something would not be covered: boxes are wider than the cells that they are made for."""
    times = np.sum([covered for _, covered in told], axis=0)
    left = []
    for rule, covered in sorted(told, key=lambda one: (one[0].support == one[0].total, one[0].support, str(one[0]))):
        if (times[covered] > 1).all():
            times = times - covered
        else:
            left.append((rule, covered))
    return left


def _places(box: Box) -> dict[str, Any]:
    return dict(zip(("routes", "modes", "switches", "aspects", "ops"), box.values, strict=False))


def _domain(box: Box, said: list[str]) -> tuple[str, ...]:
    """Whether there must be anything to compute, in words and in SQL; empty if it is no matter, or said."""
    if len(box.values[-1]) != 1 or any("o_min" in sql or "o_max" in sql for sql in said):
        return ()
    return _DOMAIN[box.values[-1][0]]


def _smallest(rows: Rows, which: Bools, names: list[str]) -> list[int]:
    """The rows, those on small cases first: a longer id has more axes, more digits or more said about it.

    Of one case first those of the aspects that show the operator.
    """

    def order(row: int) -> tuple[int, str, int, int]:
        name, cell = names[rows.case[row]], int(rows.cell[row])
        return len(name), name, _ASPECTS[rows.cells[cell][3]], cell

    found: list[int] = np.flatnonzero(which).tolist()
    return sorted(found, key=order)
