"""The simple statements that rules are put together from, each in words and in SQL, and for which cases each holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from harness.rules.columns import OF_A_LAYER, OF_AN_AXIS

if TYPE_CHECKING:
    import duckdb

_NAMED = {
    "i_even": "i even",
    "i_odd": "i odd",
    "k_even": "k even",
    "k_odd": "k odd",
    "k_hat_over_i": "i < k̂",
    "p_over_half": "p > k̂/2",
    "p_over_half_k": "p > k/2",
    "p_reaches_k": "p ≥ k",
    "p_reaches_k_hat": "p ≥ k̂",
    "p_uneven": "padding uneven",
    "s_over_k": "s > k",
    "s_over_k_hat": "s > k̂",
    "s_over_i": "s > i",
    "a_reaches_s": "a ≥ s",
    "strided_and_dilated": "s > 1 and d > 1 on one axis",
    "leftover": "input left over at the end",
    "window_on_padding": "a window on padding alone",
    "i_mixed": "mixed sizes",
    "k_mixed": "mixed kernel sizes",
    "s_mixed": "mixed strides",
    "d_mixed": "mixed dilations",
    "p_mixed": "mixed paddings",
    "strides_and_dilations": "s > 1 and d > 1",
    "depthwise": "depthwise",
    "integers": "integers",
    "half": "16-bit floats",
    "no_maps": "no feature maps",
}
# What is asked of numbers: the letter, and (comparison, number) of its greatest and of its least.
_ASKED: dict[str, tuple[str, ...]] = {
    "o": ("< 0", "= 0", "< 1", "> 0", "= 1", "> 1"),
    "o_truncated": ("= 0", "= 1", "< 1"),
    "s": ("> 1", "= 1", "> 2"),
    "d": ("> 1", "= 1", "> 2"),
    "k": ("> 1", "= 1", "> 2", "> 3"),
    "k_hat": ("> 1", "= 1"),
    "p": ("> 0", "= 0", "> 1"),
    "i": ("= 0", "= 1", "> 1"),
}
_NONE = -1 << 30  # there is no least


@dataclass(frozen=True, slots=True)
class Literal:
    """One simple statement about a case.

    Attributes
    ----------
    words, sql : str
    """

    words: str
    sql: str


def held(database: duckdb.DuckDBPyConnection, cases: str) -> tuple[list[Literal], npt.NDArray[np.bool_]]:
    """All statements that hold of some cases and not of others, the plainest first.

    Of those that hold of the same cases only the plainest is kept.

    Parameters
    ----------
    database : DuckDBPyConnection
    cases : str
        A table that :func:`harness.rules.columns.derive` has made.

    Returns
    -------
    list of Literal
    array
        For which cases each holds: a row for each statement, a column for each case, in the table's order.
    """
    asked = [*_layers(database, cases), *_numbers(), *_flags()]
    told = ", ".join(f"coalesce({literal.sql}, false) AS c{number}" for number, literal in enumerate(asked))
    found = database.sql(f"SELECT {told} FROM {cases} ORDER BY case_id").fetchnumpy()
    distinct: dict[bytes, tuple[Literal, npt.NDArray[np.bool_]]] = {}
    for number, literal in enumerate(asked):
        values = np.asarray(found[f"c{number}"], dtype=np.bool_)
        if values.any() and not values.all():
            distinct.setdefault(np.packbits(values).tobytes(), (literal, values))
    literals = [literal for literal, _ in distinct.values()]
    if not literals:
        size = int(database.sql(f"SELECT count(*) FROM {cases}").fetchall()[0][0])
        return [], np.zeros((0, size), dtype=np.bool_)
    return literals, np.array([values for _, values in distinct.values()])


def _layers(database: duckdb.DuckDBPyConnection, cases: str) -> Iterator[Literal]:
    """What is said of the layer as a whole, with the values that occur."""
    for column, words in (("rank", "rank {}"), ("padding", "padding {}"), ("dtype", "{}"), ("layout", "{}")):
        found = _values(database, cases, column)
        for value in found:
            told = "default layout" if value == "default" else words.format(str(value).replace("_", " "))
            yield Literal(told, f"{column} = {value!r}")
        if len(found) > 2:
            for value in found:
                told = "default layout" if value == "default" else words.format(str(value).replace("_", " "))
                yield Literal(f"not {told}", f"{column} <> {value!r}")
    yield from (
        Literal("empty batch", "batch = 0"),
        Literal("all inputs at once", "batch IS NULL"),
        Literal("batch of 1", "batch = 1"),
        Literal("a batch given", "batch IS NOT NULL"),
        Literal("groups", "groups > 1"),
        Literal("no groups", "groups = 1"),
        Literal("one input map", "channels_in = 1"),
        Literal("bias", "bias"),
        Literal("no bias", "NOT bias"),
        Literal("ceil mode", "ceil_mode"),
        Literal("no ceil mode", "NOT ceil_mode"),
        Literal("padding not counted", "NOT count_include_pad"),
        Literal("padding counted", "count_include_pad"),
        Literal("a divisor given", "divisor IS NOT NULL"),
        Literal("no divisor given", "divisor IS NULL"),
    )


def _values(database: duckdb.DuckDBPyConnection, cases: str, column: str) -> Sequence[object]:
    found = database.sql(f"SELECT DISTINCT {column} FROM {cases} ORDER BY 1").fetchall()
    return [value for (value,) in found]


def _numbers() -> Iterator[Literal]:
    """Comparisons of a letter's greatest and least value: 'any s > 1' is said of the greatest, 'every s = 1' too."""
    for letter, comparisons in _ASKED.items():
        name = {"k_hat": "k̂", "o_truncated": "o rounded to zero"}.get(letter, letter)
        for comparison in comparisons:
            sign, number = comparison.split()
            any_end, every_end = ("max", "min") if sign == ">" else ("min", "max")
            lowest = {"o": _NONE, "o_truncated": _NONE, "p": 0, "i": 0}.get(letter, 1)
            if sign == "=" and int(number) > lowest:  # not the least that there can be: both ends are needed
                yield Literal(f"every {name} = {number}", f"{letter}_min = {number} AND {letter}_max = {number}")
                yield Literal(f"least {name} = {number}", f"{letter}_min = {number}")
                yield Literal(f"greatest {name} = {number}", f"{letter}_max = {number}")
                continue
            yield Literal(f"any {name} {comparison}", f"{letter}_{any_end} {comparison}")
            yield Literal(f"every {name} {comparison}", f"{letter}_{every_end} {comparison}")
    yield Literal("any a > 0", "a_max > 0")
    yield Literal("every a = 0", "a_max = 0")


def _flags() -> Iterator[Literal]:
    for name in OF_AN_AXIS:
        yield Literal(_NAMED[name], name)
        yield Literal(f"{_NAMED[name]} somewhere", f"any_{name}")
        yield Literal(f"nowhere {_NAMED[name]}", f"NOT any_{name}")
        yield Literal(f"not everywhere {_NAMED[name]}", f"NOT {name}")
    for name in OF_A_LAYER:
        yield Literal(_NAMED[name], name)
        yield Literal(f"not {_NAMED[name]}" if not _NAMED[name].startswith("no ") else "feature maps", f"NOT {name}")
