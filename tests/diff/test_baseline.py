"""A baseline is small, the same bytes for the same run, and a run differs from it exactly in what is new."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from harness import store
from harness.__main__ import main
from harness.diff import baseline

from ..fakes.installed import offer

pytestmark = pytest.mark.slow

ONE, TWO, OUT = "conv1d.i5.k3.s1.p0.d1", "conv1d.i5.k3.s2.p0.d1", "conv1d.i1.k3.s1.p0.d1"
RELEASES = {"1.0": "", "1.2": "mirror", "1.3": "refuse", "1.4": "refuse otherwise"}


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of each release, in a directory that is called like it; made once, and not to be written to."""
    folder = tmp_path_factory.mktemp("observed")
    with pytest.MonkeyPatch.context() as patch:
        offer(patch, folder, RELEASES)
        for release, does in RELEASES.items():
            asked = ["-f", f"convarith-fake=={release}", "--case", ONE, "--case", TWO, "--case", OUT]
            assert main(["run", *asked, "--out", release]) == bool(does)
    return folder


@pytest.fixture
def runs(observed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The runs, where a test may write."""
    offer(monkeypatch, tmp_path, RELEASES)
    for release in RELEASES:
        shutil.copytree(observed / release, release)
    capsys.readouterr()


def told(capsys: pytest.CaptureFixture[str], before: str, after: str, code: int) -> dict[str, Any]:
    assert main(["baseline", before, "-o", "kept"]) == 0
    capsys.readouterr()
    assert main(["diff", "kept", after, "--format", "json"]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("before", RELEASES)
@pytest.mark.parametrize("after", RELEASES)
def test_it_tells_what_the_run_itself_would_tell(
    runs: None, before: str, after: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", before, after, "--format", "json", "--exit-zero"]) == 0
    whole = json.loads(capsys.readouterr().out)
    found = told(capsys, before, after, code=1 if whole["worse"] else 0)
    keys = ("kind", "worse", "case_id", "route", "mode", "switch", "aspect", "before", "after")
    assert [[one[key] for key in keys] for one in found["changes"]] == [
        [one[key] for key in keys] for one in whole["changes"]
    ]
    assert found["counts"] == whole["counts"]
    assert found["different"] == []


def test_its_text_is_read_back_and_is_the_same_each_time(runs: None, tmp_path: Path) -> None:
    assert main(["baseline", "1.2", "-o", "kept"]) == 0
    first = {path.name: path.read_bytes() for path in Path("kept").iterdir()}
    assert main(["baseline", "1.2", "-o", "kept"]) == 0
    assert {path.name: path.read_bytes() for path in Path("kept").iterdir()} == first
    _, listed = baseline.read(Path("kept"))
    assert listed == {key: seen for key, seen, *_ in baseline.deviations(Path("1.2"))}
    assert len(listed) == sum(not one.as_expected for one in store.verdicts(Path("1.2"))) == 6
    text = first["released.txt"].decode()
    assert "\n[wrong_operator\t-\tfake.loops\teager\t-]\n" in text
    assert str(tmp_path) not in text + first["baseline.json"].decode()


def test_another_selection_is_refused(runs: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-f", "convarith-fake==1.2", "--case", ONE, "--out", "less", "--exit-zero"]) == 0
    assert main(["baseline", "1.2", "-o", "kept"]) == 0
    assert main(["diff", "kept", "less"]) == 2
    assert "is the baseline of another selection" in capsys.readouterr().err


def test_a_surface_that_is_new_is_said_and_is_no_change(runs: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["baseline", "1.0", "-o", "kept"]) == 0
    record = json.loads(Path("kept/baseline.json").read_text())
    record["selection"]["surfaces"] = [one for one in record["selection"]["surfaces"] if "abstract" not in one]
    Path("kept/baseline.json").write_text(json.dumps(record))
    capsys.readouterr()
    assert main(["diff", "kept", "1.3", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert {one["mode"] for one in found["changes"]} == {"eager"}
    assert "released/fake.loops/abstract was run in 1.3 alone" in found["different"]


def test_what_cannot_be_kept_or_read(runs: None, capsys: pytest.CaptureFixture[str]) -> None:
    both = ["-f", "convarith-fake==1.0", "-f", "convarith-fake==1.2"]
    assert main(["run", *both, "--case", ONE, "--out", "both", "--exit-zero"]) == 0
    assert main(["baseline", "both", "-o", "kept"]) == 2
    assert "several releases of released" in capsys.readouterr().err
    assert main(["run", "-f", "convarith-fake==9.9", "--case", ONE, "--out", "failed"]) == 3
    assert main(["baseline", "failed", "-o", "kept"]) == 2
    assert "is not complete" in capsys.readouterr().err
    Path("mine").mkdir()
    Path("mine/file").touch()
    assert main(["baseline", "1.0", "-o", "mine"]) == 2
    assert main(["baseline", "1.2", "-o", "kept"]) == 0
    Path("kept/released.txt").write_text("conv1d.i5.k3.s1.p0.d1 forward:abc\n")
    capsys.readouterr()
    assert main(["diff", "kept", "1.2"]) == 2
    assert "released.txt, line 1: not as convarith baseline writes it" in capsys.readouterr().err
