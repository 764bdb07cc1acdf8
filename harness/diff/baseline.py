"""A baseline: what of a run is not as the theory says, small enough to be kept in a repository and reviewed as a diff.

baseline.json      what was asked, by whom it was judged, which surfaces were observed, in which environments
FRAMEWORK.txt      what is not as expected, in sections: status, class of error, and the route, mode and switch of each
                   surface on which the cases below did the same; of each case the aspects, with what was seen: the
                   first digits of the operator's digest, or the shape

What a run of the same selection observed and what is not listed was as expected.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from cases.case import parse
from harness import store
from harness.diff.changes import Change, Compared, Kind
from harness.diff.groups import Numbers, Place, grouped, place
from harness.diff.join import kind_of, order
from harness.diff.sides import Side, compared, different, pairs
from harness.errors import UsageError
from harness.records import SCHEMA
from harness.rules.columns import derive
from harness.rules.labelled import Said
from harness.store.database import opened_in_memory, read_parquet

FILE = "baseline.json"
_NONE = "-"  # in the place of what is empty
_VALUE = (
    "CASE WHEN status IN ('wrong_operator', 'wrong_numerics') THEN min(digest[:8]) "
    "WHEN status IN ('wrong_shape', 'accepted') THEN min(array_to_string(list_transform(shape, "
    "lambda size: coalesce(size::VARCHAR, '?')), 'x')) END"
)
_ERROR = "CASE WHEN status IN ('rejected', 'crashed', 'timed_out') THEN min(error) END"

Key = tuple[str, str, str, str, str, str]  # framework, route, mode, switch, case, aspect


@dataclass(frozen=True, slots=True)
class Deviation:
    """What is not as the theory says.

    Attributes
    ----------
    status, error, value : str
        The class of the error and the value seen, each empty where the status has none.
    """

    status: str
    error: str
    value: str

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.error, self.value))) or self.status


def deviations(folder: Path) -> Iterator[tuple[Key, Deviation, str, str]]:
    """What of a closed run is not as expected, our own failures aside, by key; what was observed, and the diagnosis."""
    with opened_in_memory() as database:
        for table in ("observations", "verdicts"):
            read_parquet(database, [folder / f"{table}.parquet"]).create_view(table)
        cursor = database.execute(
            "SELECT v.framework, v.route, v.mode, v.switch, v.case_id, v.aspect, status, "  # noqa: S608 - our own words
            f"coalesce({_ERROR}, ''), coalesce({_VALUE}, ''), any_value(observed), "
            "coalesce(any_value(diagnosis), '') FROM "
            "(SELECT * FROM verdicts WHERE status NOT IN ('agrees', 'unsupported', 'harness_error')) AS v "
            "JOIN observations AS o ON v.case_id = o.case_id AND v.framework = o.framework AND v.route = o.route "
            "AND v.mode = o.mode AND v.switch = o.switch AND v.release = o.release AND v.aspect = o.probe "
            "GROUP BY v.framework, v.route, v.mode, v.switch, v.case_id, v.aspect, status ORDER BY ALL"
        )
        for row in cursor.fetchall():
            yield row[:6], Deviation(row[6], _word(row[7]), row[8]), row[9], row[10]


def write(run: Path, folder: Path) -> dict[str, int]:
    """Write the baseline of a run; returns how many deviations each framework has.

    Raises
    ------
    UsageError
        The run is not complete, or holds several releases of one framework.
    """
    record = store.read_run(run)
    store.check(run)
    if not record.complete:
        raise UsageError(f"the run in {run} is not complete: what it lacks would be taken to be as expected")
    frameworks = Counter(framework for framework, _ in {(one.framework, one.release) for one in record.environments})
    if several := [name for name, number in frameworks.items() if number > 1]:
        raise UsageError(f"the run in {run} holds several releases of {several[0]}: a baseline is of one of each")
    told: dict[str, dict[tuple[str, ...], list[str]]] = {name: {} for name in sorted(frameworks)}
    counts = dict.fromkeys(told, 0)
    for (framework, *surface, case_id, aspect), seen, *_ in deviations(run):
        words = told[framework].setdefault((case_id, seen.status, seen.error, *surface), [])
        words.append(f"{aspect}:{seen.value}" if seen.value else aspect)
        counts[framework] += 1
    kept = replace(
        record,
        selection={"digest": record.selection.get("digest", ""), "surfaces": sorted(map(list, _surfaces(run)))},
        environments=tuple(replace(one, python="", packages=()) for one in record.environments),
        varied=(),  # why verdicts disagree is not compared
        started="",
        seconds=0.0,
    )
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.txt"):
        path.unlink()
    for framework, lines in told.items():
        store.write_whole(folder / f"{framework}.txt", _text(framework, lines).encode())
    store.write_whole(folder / FILE, msgspec.json.format(msgspec.json.encode(kept), indent=2) + b"\n")
    return counts


def read(folder: Path) -> tuple[Side, dict[Key, Deviation]]:
    """A baseline, as a side of a comparison, and what it lists.

    Raises
    ------
    UsageError
        It is none, or cannot be understood.
    """
    try:
        record = msgspec.json.decode((folder / FILE).read_bytes(), type=store.Run)
        texts = {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.txt"))}
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{folder} holds no baseline: {error}") from error
    if record.schema != SCHEMA:
        raise UsageError(f"{folder}/{FILE} has schema {record.schema}; this release reads {SCHEMA}")
    found: dict[Key, Deviation] = {}
    for framework, text in texts.items():
        section: list[str] = []
        for number, line in enumerate(text.splitlines(), 1):
            head = re.fullmatch(r"\[(.*)\]", line)
            if head:
                section = ["" if word == _NONE else word for word in head[1].split("\t")]
            elif line and not line.startswith("#"):
                case_id, *aspects = line.split(" ")
                if len(section) < 5 or len(section) % 3 != 2 or not aspects:
                    raise UsageError(f"{folder}/{framework}.txt, line {number}: not as convarith baseline writes it")
                status, kind, *surfaces = section
                for word, place in itertools.product(aspects, range(0, len(surfaces), 3)):
                    aspect, _, value = word.partition(":")
                    route, mode, switch = surfaces[place : place + 3]
                    found[framework, route, mode, switch, case_id, aspect] = Deviation(status, kind, value)
    return Side(str(folder), folder, record), found


def against(folder: Path, after: Side) -> Compared:
    """What changed from a baseline to a run of the same selection."""
    before, listed = read(folder)
    if before.run.selection.get("digest", "") != after.run.selection.get("digest", ""):
        raise UsageError(
            f"{folder} is the baseline of another selection than {after.name} is of: what is not listed in it need not "
            "have been as expected; compare two runs, or make it again by convarith baseline"
        )
    known = {tuple(one) for one in before.run.selection.get("surfaces", ())}
    here = _surfaces(after.folder)
    now = {key: (seen, said, why) for key, seen, said, why in deviations(after.folder)}
    statuses = _statuses(after.folder, set(listed) - set(now))
    changes = []
    for key in dict.fromkeys([*listed, *now]):
        was = listed.get(key)
        seen, said, why = now.get(key, (None, "", ""))
        status = seen.status if seen else statuses.get(key, "")
        if key[:4] not in known or key[:4] not in here or not status or seen == was:
            continue
        before_status = was.status if was else "agrees"
        kind = kind_of(before_status, status, _outcome(before_status), _outcome(status))
        if kind is not None:
            worse = was is None and status not in ("unsupported", "harness_error")
            saw = str(was or "as expected")
            changes.append(
                Change(kind, worse, *key[:4], key[5], key[4], parse(key[4]).op, before_status, status, saw, said, why)
            )
    changes.sort(key=order)
    both = {framework for framework, _ in pairs(before, after)}
    alone = [
        f"{'/'.join(filter(None, one))} was run {where} alone"
        for where, surfaces in ((f"in {after.name}", here - known), (f"for {folder}", known - here))
        for one in sorted(surfaces)
        if one[0] in both
    ]
    counts: Counter[Kind] = Counter(change.kind for change in changes)
    return Compared(
        before=str(folder),
        after=after.name,
        releases=tuple(compared(before, after)),
        different=(*different(before, after), *alone),
        same=sum(key in now and now[key][0] == was for key, was in listed.items()),
        counts=counts,
        worse=sum(change.worse for change in changes),
        changes=tuple(changes),
        groups=tuple(grouped(changes, lambda: _said(after.folder), lambda said: _same(after.folder, changes, said))),
    )


def _outcome(status: str) -> str:
    """What was seen, as far as its status says: what agrees has mostly returned something."""
    return {"rejected": "raised", "crashed": "crashed", "timed_out": "timed_out"}.get(status, "returned")


def _surfaces(folder: Path) -> set[tuple[str, ...]]:
    with opened_in_memory() as database:
        found = read_parquet(database, [folder / "verdicts.parquet"])
        return set(found.project("framework, route, mode, switch").distinct().fetchall())


def _statuses(folder: Path, keys: set[Key]) -> dict[Key, str]:
    """What a run judged of some keys."""
    if not keys:
        return {}
    with opened_in_memory() as database:
        read_parquet(database, [folder / "verdicts.parquet"]).create_view("verdicts")
        names = [case_id for _, _, _, _, case_id, _ in keys]
        sql = "SELECT framework, route, mode, switch, case_id, aspect, status FROM verdicts WHERE case_id IN ?"
        rows: list[Any] = database.execute(sql, [sorted(set(names))]).fetchall()
    return {tuple(row[:6]): row[6] for row in rows if tuple(row[:6]) in keys}


def _said(folder: Path) -> Said:
    """What can be said of a run's cases."""
    with opened_in_memory() as database:
        read_parquet(database, [folder / "cases.parquet"]).create_view("cases")
        derive(database, "cases", "told_of")
        return Said.of(database, "told_of")


def _same(folder: Path, changes: Sequence[Change], said: Said) -> dict[Place, Numbers]:
    """The cases, place by place, of what a run observed and is as the baseline has it."""
    changed: dict[Place, list[str]] = {}
    for change in changes:
        changed.setdefault(place(change), []).append(change.case_id)
    with opened_in_memory() as database:
        read_parquet(database, [folder / "verdicts.parquet"]).create_view("verdicts")
        rows = database.execute(
            "SELECT framework, route, mode, switch, aspect, list(case_id) FROM verdicts WHERE framework IN ? "
            "AND status NOT IN ('unsupported', 'harness_error') GROUP BY ALL",
            [sorted({change.framework for change in changes})],
        ).fetchall()
    return {
        tuple(where): np.searchsorted(said.names, np.setdiff1d(cases, changed.get(tuple(where), [])))
        for *where, cases in rows
    }


def _text(framework: str, lines: Mapping[tuple[str, ...], Sequence[str]]) -> str:
    """Sections of what happened alike on some surfaces; a line is of (case, status, error, route, mode, switch)."""
    alike: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for (case_id, status, error, *surface), words in lines.items():
        alike.setdefault((status, error, case_id, *words), []).append(tuple(surface))
    sections: dict[tuple[str, ...], list[str]] = {}
    for (status, error, *words), surfaces in alike.items():
        head = (status, error, *itertools.chain.from_iterable(sorted(surfaces)))
        sections.setdefault(head, []).append(" ".join(words))
    text = [f"# What {framework} does otherwise than the theory says; written by convarith baseline"]
    for head, told in sorted(sections.items()):
        text += ["", "[" + "\t".join(word or _NONE for word in head) + "]", *sorted(told)]
    return "\n".join(text) + "\n"


def _word(error: str) -> str:
    """A class of error, which is a framework's text, as one word."""
    return re.sub(r"[^\w.: -]", "", error)[:120]
