"""A run that was made before surfaces had releases reads as it did. Its files are here as they were written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness import store
from harness.__main__ import main

EARLIER = Path(__file__).parent / "runs" / "of-0.1.0"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EARLIER, tmp_path / "run"))


@pytest.fixture
def merged(run: Path, tmp_path: Path) -> Path:
    """The same with verdicts that are made again: those of the time had no name for what is known."""
    assert main(["merge", str(run), "-o", str(tmp_path / "merged"), "--no-known"]) == 1
    return tmp_path / "merged"


def test_its_observations_are_read_and_judged_again(run: Path, merged: Path) -> None:
    observations, verdicts = list(store.observations(run)), list(store.verdicts(merged))
    assert list(store.observations(merged)) == observations
    assert len(observations) == len(verdicts) == 16
    assert sum(len(store.keys(run, (name, "", ""))) for name in ("fake", "wrong")) == 16
    assert {(one.surface.framework, one.surface.mode, one.surface.release) for one in verdicts} == {
        (name, mode, "") for name in ("fake", "wrong") for mode in ("eager", "abstract")
    }
    assert sum(one.status == "wrong_operator" for one in verdicts) == 6
    assert sum(one.operator is not None for one in observations) == 6


def test_what_its_verdicts_lack_is_said_with_what_to_do(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(run)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(
        f"convarith: the run in {run} was made by another release: its verdicts have no column '"
    )
    assert told.err.endswith(f"make them again by: convarith merge {run} --out NEW\n")


def test_it_is_reported_and_asked(run: Path, merged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(merged), "--html", str(run / "page.html")]) in (0, 1)
    assert "6 unexpected of 16 verdicts" in capsys.readouterr().out
    assert main(["query", str(run), "SELECT DISTINCT framework, release FROM verdicts ORDER BY ALL"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == [{"framework": "fake", "release": ""}, {"framework": "wrong", "release": ""}]


def test_it_is_compared_with_one_of_now(run: Path, merged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["diff", str(run), str(merged)]) == 0
    assert capsys.readouterr().out.startswith("Nothing that agreed is worse: no change; 16 the same")
