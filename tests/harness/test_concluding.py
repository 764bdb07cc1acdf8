"""What follows a run's closing is done once; again if something is not as it was left, or the ledger is another."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import store
from harness.__main__ import main
from harness.commands import report as reporting
from harness.report.model import Judged

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fakes")]
GUILTY = "conv1d.i4.k2.s1.p0.d1.c1to2"
TABLES = {"run.json", "cases.parquet", "observations.parquet", "varied.parquet", "verdicts.parquet"}
ENTRY = """
[[entry]]
name = "it-dies"
where = "true"
exceptions = "any"
grid = "smoke"
status = "crashed"
reason = "It ends the process."
date = 2026-01-01
"""
GO_ON = ["run", "--resume", "--out", "run", "--known", "ledger"]


@pytest.fixture(autouse=True)
def run(monkeypatch: pytest.MonkeyPatch, fakes: None) -> Path:
    """A finished run in which one case crashes."""
    monkeypatch.setenv("MISBEHAVE", json.dumps({GUILTY: "abort"}))
    Path("ledger").mkdir()
    assert main(["run", "-f", "bad", "-f", "several", "--grid", "small.toml", *GO_ON[2:]]) == 1
    return Path("run")


def files(run: Path) -> dict[str, tuple[int, int]]:
    """Of each file: which it is, and when it was written."""
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in run.iterdir() if path.is_file()}


def contents(run: Path) -> dict[str, object]:
    """What a run's files hold; of its table of verdicts, which are counted in its seal as well, the rows."""
    found: dict[str, object] = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}
    found.pop("seal.json", None)
    return {**found, "verdicts.parquet": list(store.verdicts(run))}


def test_a_finished_run_is_gone_on_with_by_reading_alone(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(GO_ON) == 1
    before, told = files(run), capsys.readouterr().out
    assert "unexpected of" in told
    for name in ("settle", "html", "markdown", "write_junit"):
        monkeypatch.setattr(reporting, name, lambda *_: pytest.fail("it is done again"))
    assert main(GO_ON) == 1
    assert files(run) == before
    assert capsys.readouterr().out == told


def test_what_is_not_as_it_was_left_is_made_again(run: Path) -> None:
    before = contents(run)
    changes: list[tuple[str, Callable[[Path], object]]] = [
        ("report.html", Path.unlink),
        ("report.md", lambda path: path.write_bytes(path.read_bytes()[:100])),
        ("junit.xml", lambda path: path.write_bytes(b"")),
        ("known.json", Path.unlink),
        ("known.json", lambda path: path.write_text("{}")),
        ("verdicts.parquet", lambda path: marked(path.parent)),
        ("seal.json", Path.unlink),
        ("seal.json", lambda path: path.write_bytes(b"\xff")),
        ("seal.json", lambda path: path.write_text("{}")),
        ("seal.json", lambda path: path.write_text(path.read_text().replace('"schema": 1', '"schema": 9'))),
    ]
    for name, change in changes:
        was = (run / name).read_bytes()
        change(run / name)
        assert not (run / name).exists() or (run / name).read_bytes() != was
        written = files(run)
        assert main(GO_ON) == 1
        assert contents(run) == before, name
        assert {name for name, when in files(run).items() if when == written.get(name)} <= TABLES
        assert main(GO_ON) == 1


def marked(run: Path) -> None:
    """Say in the table that a verdict is known, as a process does that is killed before it says so elsewhere."""
    one = next(iter(store.Unexpected(run)))
    where = one.surface
    named = {"framework": where.framework, "route": where.route, "mode": where.mode, "switch": "", "release": ""}
    store.mark(run, [{"case_id": one.case_id, **named, "aspect": one.aspect, "known": "an-entry"}])


def test_another_ledger_is_held_against_it_and_the_first_one_again(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(run)
    Path("ledger/bad.toml").write_text(ENTRY)
    assert main(GO_ON) == 0
    assert "deviate as known" in capsys.readouterr().out.splitlines()[0]
    assert main([*GO_ON[:-2], "--no-known"]) == 1
    assert Judged.read(run).counts["known"] == 0
    shutil.rmtree("ledger")
    Path("ledger").mkdir()
    assert main(GO_ON) == 1
    assert contents(run) == before
