"""A run on disk: what is written comes back, and nothing is left half-written."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from cases.case import parse
from harness import store
from harness.errors import UsageError
from harness.records import Environment, Observation, Status, Surface, Verdict
from harness.store import database, tables

from ..fakes.closed import closed

SURFACE = Surface("fake", "fake.loops", "eager")
CASES = [parse("conv1d.i4.k3.s1.p0.d1"), parse("conv2d.i4x5.k3x2.s1x1.p1x0.d1x1.c1to2")]
RUN = store.Run(
    version="1.2.3",
    asked={"grid": "smoke"},
    environments=(Environment("fake", "/usr/bin/python", {"version": "9.9", "device": "cpu"}),),
    cases=2,
    complete=True,
    started="2026-01-01T00:00:00+00:00",
    seconds=1.5,
)
OBSERVATIONS = [
    Observation(
        case_id=CASES[0].id, surface=SURFACE, probe="forward", outcome="returned", shape=(4, 1, 2), digest="abc"
    ),
    Observation(
        case_id=CASES[1].id,
        surface=SURFACE,
        probe="adjoint",
        outcome="raised",
        error="ValueError",
        text="hostile \x1b[31m \ud800 \x00 text, with 'quotes'".encode("utf-8", "replace").decode(),
        seconds=0.25,
    ),
]
STATUSES: tuple[Status, ...] = ("agrees", "wrong_shape")
VERDICTS = [
    Verdict(
        case_id=case.id,
        surface=SURFACE,
        aspect="forward",
        relationships=held,
        status=status,
        expected="o = 2",
        observed="o = 3",
        diagnosis="",
    )
    for case, status, held in zip(CASES, STATUSES, (("R1", "R2", "R5", "R6", "R15"), ("R2", "R6", "R15")), strict=True)
]


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A run that is not closed."""
    folder = tmp_path / "run"
    store.create(folder, replace(RUN, complete=False))
    with store.ObservationFile(folder / "observations" / "fake.000000.jsonl") as file:
        for observation in OBSERVATIONS:
            file.append(observation)
    return folder


@pytest.fixture
def folder(begun: Path) -> Path:
    """A closed run."""
    close(begun)
    return begun


def close(folder: Path, verdicts: Iterable[Verdict] = VERDICTS) -> None:
    store.close(folder, CASES, RUN.environments, lambda _: iter(verdicts))
    store.write_run(folder, RUN)


def test_a_run_comes_back_as_it_was_written(folder: Path) -> None:
    assert store.read_run(folder) == RUN
    assert list(store.observations(folder)) == OBSERVATIONS
    assert list(store.verdicts(folder)) == VERDICTS


def test_the_verdicts_table_has_the_columns_of_case_and_surface(folder: Path) -> None:
    answer = store.query(
        folder,
        "SELECT i, k, p_before, padding, channels_out, relationship, framework, version, device, status "
        "FROM verdicts WHERE rank = 2",
    )
    assert answer.rows == [([4, 5], [3, 2], [1, 0], "explicit", 2, "R2", "fake", "9.9", "cpu", "wrong_shape")]


@pytest.mark.slow
def test_cases_that_do_not_fit_into_memory_together_are_put_beside_their_verdicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "opened", partial(database.opened, memory="48MB"))
    monkeypatch.setattr(tables, "_PART", 2000)
    many = [parse(f"conv2d.i{i}x{j}.k3x2.s2x1.p1x0.d1x1.float64") for i in range(3, 153) for j in range(3, 103)]
    folder = closed(tmp_path / "run", many, lambda *_: "agrees")
    answer = store.query(folder, "SELECT case_id, i, dtype, mode FROM verdicts")
    assert answer.rows == [
        (case.id, list(case.each("i")), "float64", mode)
        for case in sorted(many, key=lambda case: case.id)
        for mode in ("eager", "jit")
    ]


def test_nothing_unfinished_is_left(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "cases.parquet",
        "observations",
        "observations.parquet",
        "run.json",
        "verdicts.parquet",
    ]


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_line_that_was_cut_off_is_left_out(begun: Path, cut: int) -> None:
    path = begun / "observations" / "fake.000000.jsonl"
    path.write_bytes(path.read_bytes()[:-cut])
    assert list(store.observations(begun)) == OBSERVATIONS[:1]
    assert store.keys(begun, SURFACE.where) == {one.key for one in OBSERVATIONS[:1]}
    close(begun)
    assert list(store.observations(begun)) == OBSERVATIONS[:1]


def test_a_closed_run_keeps_its_observations_in_a_table_alone(begun: Path) -> None:
    assert list(store.observations(begun)) == OBSERVATIONS
    close(begun)
    assert list((begun / "observations").iterdir()) == []
    assert list(store.observations(begun)) == sorted(OBSERVATIONS, key=lambda seen: seen.key)
    assert store.keys(begun, SURFACE.where) == {one.key for one in OBSERVATIONS}


def test_what_is_observed_after_closing_joins_what_was_before(folder: Path) -> None:
    more = replace(OBSERVATIONS[0], probe="adjoint", seconds=9.0)
    with store.ObservationFile(folder / "observations" / "fake.000001.jsonl") as file:
        file.append(more)
    assert store.keys(folder, SURFACE.where) == {one.key for one in (*OBSERVATIONS, more)}
    close(folder)
    assert list(store.observations(folder)) == sorted([*OBSERVATIONS, more], key=lambda seen: seen.key)


def test_a_run_that_was_interrupted_while_it_was_closed_has_nothing_twice(begun: Path) -> None:
    path = begun / "observations" / "fake.000000.jsonl"
    written = path.read_bytes()
    close(begun)
    path.write_bytes(written)  # as if it had ended before this file was taken away
    close(begun)
    assert list(store.observations(begun)) == sorted(OBSERVATIONS, key=lambda seen: seen.key)


def test_a_directory_that_holds_a_run_is_refused(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match="holds another run already: name a new one with --out"):
        store.create(folder, RUN)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_directory_that_holds_anything_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(UsageError, match="holds other files already"):
        store.create(tmp_path, RUN)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"cannot be written \(Not a directory\)"):
        store.create(tmp_path / "file" / "run", RUN)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "holds no run: its run.json cannot be read"),
        (b"{", "run.json is not one of convarith's"),
        (b"\xff\xfe", "run.json is not one of convarith's"),
        (b'{"version": 1}', "run.json is not one of convarith's"),
        (b'{"version": "1", "asked": {}, "schema": 99}', "has schema 99; this release reads 1"),
    ],
)
def test_what_is_no_run_is_said_to_be_none(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(UsageError, match=said):
        store.read_run(tmp_path)


def test_a_run_that_was_not_closed_says_so(tmp_path: Path) -> None:
    store.create(tmp_path / "run", RUN)
    with pytest.raises(UsageError, match=r"it has no cases\.parquet; go on with it by: convarith run --resume --out"):
        store.query(tmp_path / "run", "SELECT 1")


@pytest.mark.parametrize(
    "sql",
    ["SELECT nonsense FROM verdicts", "SELEC", "SELECT * FROM read_csv('/etc/passwd')", "COPY cases TO '{out}'"],
)
def test_a_query_that_cannot_be_answered_is_one_sentence(folder: Path, tmp_path: Path, sql: str) -> None:
    out = tmp_path / "written.csv"
    with pytest.raises(UsageError, match=r"^the query cannot be answered: [^\n]+$"):
        store.query(folder, sql.format(out=out))
    assert not out.exists()


def test_a_run_without_verdicts_has_tables_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    store.create(folder, RUN)
    close(folder, [])
    assert list(store.verdicts(folder)) == []
    assert store.query(folder, "SELECT count(*) FROM observations").rows == [(0,)]


def test_choosing_keeps_the_order_and_names_what_cannot_be_understood() -> None:
    assert store.choose(CASES, "rank > 0") == CASES
    assert store.choose(CASES, "channels_out = 2 AND i[2] = 5") == CASES[1:]
    with pytest.raises(UsageError, match='--where "nonsense" cannot be understood'):
        store.choose(CASES, "nonsense")


def test_writing_whole_leaves_the_old_file_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        store.write_whole(path, b"new")
    assert path.read_bytes() == b"old"


def test_what_was_observed_in_one_place_is_nothing_of_another(begun: Path) -> None:
    elsewhere = replace(OBSERVATIONS[0], surface=Surface("fake", "fake.loops", "eager", "threads=2"))
    with store.ObservationFile(begun / "observations" / "fake-threads-2.000001.jsonl") as file:
        file.append(elsewhere)
    for tables_written in (False, True):
        if tables_written:
            close(begun)
        assert store.keys(begun, SURFACE.where) == {one.key for one in OBSERVATIONS}
        assert store.keys(begun, elsewhere.surface.where) == {elsewhere.key}
        assert store.keys(begun, ("other", "", "")) == set()
