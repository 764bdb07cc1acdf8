"""Rules of a run: the verdicts that are not as expected, in few and short sentences."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.records import STATUSES, Surface
from harness.rules.causes import cause, refusal
from harness.rules.labelled import Rows, Said, sentences
from harness.rules.rule import Rule
from harness.rules.search import Numbers
from harness.rules.table import SURFACE

if TYPE_CHECKING:
    import duckdb


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
    said = Said.of(database, "cases")
    return [
        rule
        for rows in _frameworks(database, said, np.fromiter(known, dtype=np.int64))
        for rule, _ in sentences(rows, said, partial(_of_example, database))
    ]


def _frameworks(database: duckdb.DuckDBPyConnection, said: Said, neutral: Numbers) -> Iterator[Rows]:
    """The verdicts on each framework, of each release."""
    number_of = f"list_position([{', '.join(map(repr, STATUSES))}], status) - 1"
    for of_one in database.sql("SELECT DISTINCT framework, release FROM surfaces ORDER BY ALL").fetchall():
        told = database.execute(
            f"SELECT verdict, case_number, surface, {number_of} AS status FROM numbered "
            "WHERE framework = ? AND release = ? ORDER BY verdict",
            of_one,
        ).fetchnumpy()
        kept = ~np.isin(told["verdict"], neutral)
        verdict, case, place, status = (
            np.asarray(told[name][kept], dtype=np.int64) for name in ("verdict", "case_number", "surface", "status")
        )
        wrong = database.execute(
            "SELECT verdict, status, observed, diagnosis FROM numbered "
            "WHERE framework = ? AND release = ? AND status <> 'agrees'",
            of_one,
        ).fetchall()
        places = database.execute(
            "SELECT surface, route, mode, switch, aspect FROM surfaces WHERE framework = ? AND release = ?", of_one
        ).fetchall()
        yield Rows.of(
            of_one[0],
            said,
            number=verdict,
            case=case,
            place=place,
            places={number: tuple(rest) for number, *rest in places},
            label=status,
            labels=STATUSES,
            causes={number: cause(status, seen or "", why or "") for number, status, seen, why in wrong},
        )


def _of_example(database: duckdb.DuckDBPyConnection, verdict: int) -> dict[str, Any]:
    """Where it was observed, and its diagnosis."""
    asked = f"SELECT {', '.join(SURFACE)}, status, observed, diagnosis FROM numbered WHERE verdict = ?"
    ((*surface, aspect, status, seen, text),) = database.execute(asked, [verdict]).fetchall()
    if status == "rejected" and seen:
        text = f"refused: {refusal(seen)}"
    return {"surface": Surface(*surface), "aspect": aspect, "diagnosis": text or ""}
