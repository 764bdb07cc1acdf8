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


def test_its_observations_and_verdicts_are_read(run: Path) -> None:
    observations, verdicts = list(store.observations(run)), list(store.verdicts(run))
    assert len(observations) == len(verdicts) == 16
    assert {(one.surface.framework, one.surface.mode, one.surface.release) for one in verdicts} == {
        (name, mode, "") for name in ("fake", "wrong") for mode in ("eager", "abstract")
    }
    assert sum(one.status == "wrong_operator" for one in verdicts) == 6
    assert sum(one.operator is not None for one in observations) == 6
    assert len(store.keys(run)) == 16


def test_it_is_reported_and_asked(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["report", str(run), "--html", str(run / "page.html")])
    assert "6 unexpected of 16 verdicts" in capsys.readouterr().out
    assert main(["query", str(run), "SELECT DISTINCT framework, release FROM verdicts ORDER BY ALL"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == [{"framework": "fake", "release": ""}, {"framework": "wrong", "release": ""}]


def test_it_is_merged(run: Path, tmp_path: Path) -> None:
    assert main(["merge", str(run), "-o", str(tmp_path / "merged")]) == 1
    assert list(store.verdicts(tmp_path / "merged")) == list(store.verdicts(run))
