"""Shards of a run, each observed by itself, are united to the run that was never divided; nothing else is united."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.records import Environment

from .conftest import SMALL

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fakes")]
TABLES = ("verdicts", "cases")


def observe(out: str, *arguments: str, frameworks: tuple[str, ...] = ("bad", "several"), code: int = 1) -> None:
    named = [word for name in frameworks for word in ("-f", name)]
    assert main(["run", *named, "--grid", "small.toml", "--out", out, *arguments]) == code


@pytest.fixture(autouse=True)
def _disagreement(monkeypatch: pytest.MonkeyPatch, fakes: None) -> None:
    """One case crashes, and what makes others of it."""
    monkeypatch.setenv("MISBEHAVE", json.dumps({"conv1d.i4.k2.s1.p0.d1.c1to2": "abort"}))


def test_shards_are_the_parts_of_a_whole_and_merged_are_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    observe("whole")
    for number in (1, 2, 3):
        observe(f"part{number}", "--shard", f"{number}/3", "--exit-zero", code=0)
    assert main(["merge", "part3", "part1", "part2", "-o", "merged"]) == 1
    for name in TABLES:
        assert Path("merged", f"{name}.parquet").read_bytes() == Path("whole", f"{name}.parquet").read_bytes()
    whole, merged = (json.loads(Path(name, "run.json").read_text()) for name in ("whole", "merged"))
    for told in (whole, merged):
        del told["started"], told["seconds"]
        told["environments"].sort(key=str)
    assert merged == whole
    assert Path("merged/report.html").exists()
    assert [count(capsys, f"part{number}") > 0 for number in (1, 2, 3)] == [True] * 3
    assert sum(count(capsys, f"part{number}") for number in (1, 2, 3)) == count(capsys, "whole")


def count(capsys: pytest.CaptureFixture[str], folder: str) -> int:
    capsys.readouterr()
    assert main(["query", folder, "SELECT count(*) AS n FROM verdicts"]) == 0
    found: int = json.loads(capsys.readouterr().out)[0]["n"]
    return found


def test_runs_on_different_frameworks_are_merged_too() -> None:
    observe("whole")
    observe("one", frameworks=("bad",))
    observe("other", frameworks=("several",), code=0)
    assert main(["merge", "one", "other", "-o", "merged", "--exit-zero"]) == 0
    assert Path("merged/verdicts.parquet").read_bytes() == Path("whole/verdicts.parquet").read_bytes()


def test_a_missing_shard_is_told_and_observed_by_going_on(capsys: pytest.CaptureFixture[str]) -> None:
    observe("whole", frameworks=("fake",), code=0)
    observe("part", "--shard", "1/2", frameworks=("fake",), code=0)
    capsys.readouterr()
    assert main(["merge", "part", "-o", "merged"]) == 3
    assert "shard 2/2 of fake missing" in capsys.readouterr().err
    assert main(["run", "--resume", "--out", "merged"]) == 0
    assert Path("merged/verdicts.parquet").read_bytes() == Path("whole/verdicts.parquet").read_bytes()


def test_missing_shards_are_told_together(capsys: pytest.CaptureFixture[str]) -> None:
    observe("all", "--shard", "2/4", frameworks=("fake", "several"), code=0)
    observe("more", "--shard", "3/4", frameworks=("several",), code=0)
    capsys.readouterr()
    assert main(["merge", "all", "-o", "merged"]) == 3
    assert "convarith: shards 1/4, 3/4, 4/4 missing: merge all" in capsys.readouterr().err
    assert main(["merge", "all", "more", "-o", "both"]) == 3
    assert "convarith: shards 1/4, 4/4, shard 3/4 of fake missing: merge all" in capsys.readouterr().err


def test_a_shard_without_cases_is_a_shard(capsys: pytest.CaptureFixture[str]) -> None:
    case = ["--case", "conv1d.i4.k2.s1.p0.d1"]
    for number in (1, 2):
        assert main(["run", "-f", "fake", *case, "--shard", f"{number}/2", "--out", f"part{number}"]) == 0
    assert 0 in {count(capsys, "part1"), count(capsys, "part2")}
    assert main(["merge", "part1", "part2", "-o", "merged"]) == 0
    assert count(capsys, "merged") == count(capsys, "part1") + count(capsys, "part2") > 0


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("schema", 9, "has schema 9; this release reads 1"),
        ("version", "9.0", "convarith 0.1.0 made the one and 9.0 the other"),
        ("selection", {}, "does not say what the run was asked"),
        ("selection digest", "x", "their selections hold different cases"),
        ("selection limits case", 1.0, "different cases, surfaces or limits"),
        ("selection limits start", 1.0, "different cases, surfaces or limits"),
        ("selection limits memory", 512, "different cases, surfaces or limits"),
        ("selection surfaces route", "fake.*", "different cases, surfaces or limits"),
        ("selection surfaces mode", "eager", "different cases, surfaces or limits"),
        ("selection surfaces switch", "threads=2", "different cases, surfaces or limits"),
        ("selection surfaces device", "gpu", "different cases, surfaces or limits"),
        ("selection cases where", "rank = 1", "different cases, surfaces or limits"),
        ("selection cases op", ["conv"], "different cases, surfaces or limits"),
        ("selection explore random", 5, "different cases, surfaces or limits"),
        ("asked device", "gpu", "the one was asked for device cpu, the other for gpu"),
        ("selection shard", "1/2", "both hold shard 1/2 of fake"),
        ("selection shard", "2/3", "divided into 2 shards in the one and 3 in the other"),
        ("environments 0 facts version", "2.0", "fake has version 1.0 and 2.0"),
        ("environments 0 facts device", "gpu", "fake has device cpu and gpu"),
        ("environments 0 facts threads", "2", "fake has threads unknown and 2"),
        ("environments 0 facts", {"version": "1.0"}, "fake has device cpu and unknown"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    field: str, value: object, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (1, 2):
        observe(f"part{number}", "--shard", f"{number}/2", frameworks=("fake",), code=0)
    alter(Path("part2/run.json"), field, value)
    capsys.readouterr()
    assert main(["merge", "part1", "part2", "-o", "merged"]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert not Path("merged").exists()


def alter(path: Path, field: str, value: object) -> None:
    """Set a field of a file, named by the way to it."""
    *way, last = field.split()
    whole = json.loads(path.read_text())
    place = whole
    for name in way:
        place = place[int(name) if name.isdigit() else name]
    place[last] = value
    path.write_text(json.dumps(whole))


def test_another_grid_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    observe("one", "--shard", "1/2", frameworks=("fake",), code=0)
    Path("other.toml").write_text(SMALL)
    assert main(["run", "-f", "fake", "--grid", "other.toml", "--shard", "2/2", "--out", "two"]) == 0
    capsys.readouterr()
    assert main(["merge", "one", "two", "-o", "merged"]) == 2
    assert "the one was asked for grid small.toml, the other for other.toml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "out"], "merge what?"),
        (["nowhere", "-o", "out"], "nowhere holds no run"),
        (["one", "one", "-o", "out"], "it is the same run"),
        (["one", "-o", "one"], "holds another run already"),
        (["begun", "-o", "out"], "was not finished"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    observe("one", frameworks=("fake",), code=0)
    Path("begun").mkdir()
    Path("begun/run.json").write_text(Path("one/run.json").read_text())
    capsys.readouterr()
    assert main(["merge", *arguments]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "a/b", "1/2/3", "-1/2"])
def test_what_is_no_shard_is_refused(shard: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-f", "fake", "--grid", "small.toml", "--out", "x", f"--shard={shard}"]) == 2
    assert "write which of how many, such as 2/8" in capsys.readouterr().err


def test_processors_may_differ_and_both_are_told() -> None:
    one = Environment("torch", "/a", {"version": "1", "processor": "A"})
    other = Environment("torch", "/b", {"version": "1", "processor": "B"})
    assert one.differs(other) == ""
    assert one.joined(other).joined(other).facts == {"version": "1", "processor": "A / B"}
