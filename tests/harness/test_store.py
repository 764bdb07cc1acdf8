"""A run on disk: what is written comes back, and nothing is left half-written."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from cases.case import parse
from harness import store
from harness.errors import UsageError
from harness.records import Environment, Observation, Status, Surface, Verdict

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
def folder(tmp_path: Path) -> Path:
    """A closed run."""
    folder = tmp_path / "run"
    store.create(folder, replace(RUN, complete=False))
    file = store.ObservationFile(folder / "observations" / "fake.jsonl")
    for observation in OBSERVATIONS:
        file.append(observation)
    file.close()
    store.close(folder, RUN, CASES, VERDICTS)
    return folder


def test_a_run_comes_back_as_it_was_written(folder: Path) -> None:
    assert store.read_run(folder) == RUN
    assert list(store.observations(folder)) == OBSERVATIONS
    assert store.verdicts(folder) == VERDICTS


def test_the_verdicts_table_has_the_columns_of_case_and_surface(folder: Path) -> None:
    answer = store.query(
        folder,
        "SELECT i, k, p_before, padding, channels_out, relationship, framework, version, device, status "
        "FROM verdicts WHERE rank = 2",
    )
    assert answer.rows == [([4, 5], [3, 2], [1, 0], "explicit", 2, "R2", "fake", "9.9", "cpu", "wrong_shape")]


def test_nothing_unfinished_is_left(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "cases.parquet",
        "observations",
        "observations.parquet",
        "run.json",
        "verdicts.parquet",
    ]


def test_a_line_that_was_cut_off_is_left_out(folder: Path) -> None:
    path = folder / "observations" / "fake.jsonl"
    path.write_bytes(path.read_bytes()[:-10])
    assert list(store.observations(folder)) == OBSERVATIONS[:1]


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
    with pytest.raises(UsageError, match=r"was not finished: it has no cases\.parquet"):
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
    store.close(folder, RUN, [], [])
    assert store.verdicts(folder) == []
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
