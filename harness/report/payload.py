"""All verdicts of a run, small enough to stand in a page: columns of numbers, deflated.

What a verdict says is a number for each column: of its case, its surface, its status, its texts. Verdicts come in the
order of their keys, so that most columns repeat themselves and deflate to almost nothing. Operators are kept where they
differ from what is expected, each once however many show it; all else the page works out from the case.

A payload is a head in JSON, padded with spaces to a multiple of eight, and after it the columns, each of which begins
at a multiple of eight too, little-endian; before all, the length of the head as an unsigned number of 32 bits, twice.
"""

from __future__ import annotations

import base64
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from harness.operator import Operator
from harness.records import Observation, Probe, Surface, Verdict
from harness.report.model import rows_of, title_of
from harness.report.text import clean

ENTRIES = 300_000  # of all operators together; those with the fewest entries first
TEXT = 400  # characters of what was observed, or of a diagnosis

_COLUMNS = (
    *("case", "surface", "aspect", "status", "claims", "expected", "observed", "diagnosis", "depends", "known"),
    *("printed", "operator"),
)

Key = tuple[str, Surface, Probe]
Numbers = NDArray[np.generic]
_Name = tuple[str | None, tuple[int | None, ...] | None]  # of an operator: its digest, and the shape it came in


class _Dictionary:
    """Distinct values, numbered as they come."""

    def __init__(self, *first: Any) -> None:
        self.numbers: dict[Any, int] = {value: number for number, value in enumerate(first)}

    def __call__(self, value: Any) -> int:
        return self.numbers.setdefault(value, len(self.numbers))


class _Texts:
    """Distinct texts, cleaned."""

    def __init__(self) -> None:
        self._raw: dict[str, int] = {}
        self.held = _Dictionary("")

    def __call__(self, text: str) -> int:
        number = self._raw.get(text)
        if number is None:
            number = self._raw[text] = self.held(clean(text, TEXT))
        return number


def payload(
    verdicts: Iterable[Verdict], evidence: Iterable[Observation] = (), printed: Mapping[Key, str] = MappingProxyType({})
) -> bytes:
    """Verdicts, and the operators that differ, as the page reads them.

    Parameters
    ----------
    verdicts : iterable of Verdict
        In any order, though not in any size: those of a key's order make the smallest payload.
    evidence : iterable of Observation
        With operators. Those of observations that are no verdict's are left out.
    printed : mapping, optional
        What a process that crashed or hung had printed last, of some.

    Returns
    -------
    bytes
        Deflated, in base64.
    """
    shown, operators = _operators(evidence)
    cases, surfaces, aspects, statuses, claims = (_Dictionary() for _ in range(5))
    known, texts, expected = _Dictionary(""), _Texts(), _Texts()
    columns = {name: array("I") for name in _COLUMNS}
    add = [column.append for column in columns.values()]
    for verdict in verdicts:
        key = (verdict.case_id, verdict.surface, verdict.aspect)
        told = (
            cases(verdict.case_id),
            surfaces(verdict.surface),
            aspects(verdict.aspect),
            statuses(verdict.status),
            claims(rows_of(verdict)),
            expected(verdict.expected),
            # most say what was expected
            0 if verdict.observed == verdict.expected else texts(verdict.observed) + 1,
            texts(verdict.diagnosis),
            texts(verdict.depends),
            known(verdict.known),
            texts(printed.get(key, "").strip()[-TEXT:]) if printed else 0,
            shown.get(key, 0) if shown else 0,
        )
        for append, number in zip(add, told, strict=True):
            append(number)
    arrays: dict[str, Numbers] = {name: _narrow(np.array(column)) for name, column in columns.items()}
    ids = sorted({one for held in claims.numbers for one in held})
    head = {
        "verdicts": len(columns["case"]),
        "case": [clean(case_id, TEXT) for case_id in cases.numbers],
        "surface": [
            [clean(part, TEXT) for part in (one.framework, one.route, one.mode, one.switch, one.release)]
            for one in surfaces.numbers
        ],
        "aspect": [clean(aspect) for aspect in aspects.numbers],
        "status": [clean(status) for status in statuses.numbers],
        "claims": [[ids.index(one) for one in held] for held in claims.numbers],
        "claim": [[clean(one, 40), title_of(one)] for one in ids],
        "expected": list(expected.held.numbers),
        "text": list(texts.held.numbers),
        "known": [clean(name) for name in known.numbers],
    }
    return base64.b64encode(_deflated(head, arrays | _columns(operators)))


def _operators(evidence: Iterable[Observation]) -> tuple[dict[Key, int], list[tuple[Observation, Operator]]]:
    """Which operator each observation shows, from 1, and the operators that fit, the smallest first."""
    distinct: dict[_Name, tuple[Observation, Operator]] = {}
    wanted: list[tuple[Key, _Name]] = []
    for seen in evidence:
        if seen.operator is None:
            continue
        name = seen.digest, seen.shape
        wanted.append((seen.key, name))
        if name not in distinct:
            distinct[name] = seen, Operator.from_json(seen.operator)
    ordered = sorted(distinct, key=lambda name: (distinct[name][1].indices.size, str(name)))
    number: dict[_Name, int] = {}
    room = ENTRIES
    for name in ordered:
        room -= distinct[name][1].indices.size
        if room < 0:
            break
        number[name] = len(number) + 1
    return {key: number[name] for key, name in wanted if name in number}, [distinct[name] for name in number]


def _columns(operators: Sequence[tuple[Observation, Operator]]) -> dict[str, Numbers]:
    """Operators one after the other: sizes of each, then distances between entries, and the entries' values."""
    steps = [np.diff(one.indices, prepend=0) for _, one in operators]
    entries = [one.values for _, one in operators]
    values, which = np.unique(np.concatenate([np.zeros(0), *entries]), return_inverse=True)
    shapes = [[size or 0 for size in (seen.shape or ())[2:]] for seen, _ in operators]
    return {
        "operatorRows": _narrow(np.array([one.rows for _, one in operators], dtype=np.int64)),
        "operatorColumns": _narrow(np.array([one.columns for _, one in operators], dtype=np.int64)),
        "operatorEntries": _narrow(np.array([one.indices.size for _, one in operators], dtype=np.int64)),
        "operatorRank": _narrow(np.array([len(shape) for shape in shapes], dtype=np.int64)),
        "operatorSizes": _narrow(np.array([size for shape in shapes for size in shape], dtype=np.int64)),
        "operatorStep": _narrow(np.concatenate([np.zeros(0, dtype=np.int64), *steps])),
        "operatorValue": _narrow(which.astype(np.int64)),
        "operatorValues": values.astype("<f8"),
    }


def _narrow(numbers: NDArray[Any]) -> Numbers:
    """Whole numbers, none negative, in the smallest type that holds them."""
    most = int(numbers.max(initial=0))
    return numbers.astype("u1" if most < 1 << 8 else "<u2" if most < 1 << 16 else "<u4")


def _deflated(head: Mapping[str, Any], columns: Mapping[str, Numbers]) -> bytes:
    parts, at = [], 0
    places = {}
    for name, numbers in columns.items():
        data = numbers.tobytes()
        places[name] = [numbers.dtype.str.lstrip("<|"), at, numbers.size]
        data += bytes(-len(data) % 8)
        parts.append(data)
        at += len(data)
    told = msgspec.json.encode({**head, "columns": places})
    told += b" " * (-len(told) % 8)
    length = len(told).to_bytes(4, "little")
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"".join([*(squeezed.compress(part) for part in (length, length, told, *parts)), squeezed.flush()])
