"""Releases side by side in one run, as a user asks for them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.__main__ import main
from harness.frameworks import registry

from ..fakes import index
from ..fakes.installed import TESTS, offer

pytestmark = pytest.mark.slow

CASES = ["--case", "conv1d.i5.k3.s1.p0.d1", "--case", "conv1d.i5.k3.s2.p0.d1"]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    return offer(monkeypatch, tmp_path, {"1.0": "", "1.2": "", "1.10": "mirror", "2.0": None})


def asked(capsys: pytest.CaptureFixture[str], folder: str, sql: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["query", folder, sql]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def observe(out: str, *releases: str, code: int) -> dict[str, Any]:
    named = [word for release in releases for word in ("-f", release)]
    assert main(["run", *named, *CASES, "--out", out]) == code
    told: dict[str, Any] = json.loads(Path(out, "run.json").read_text())
    return told


def test_two_releases_stand_side_by_side(made: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run = observe("run", "convarith-fake==1.10", "convarith-fake==1.2", code=1)
    printed = capsys.readouterr().out
    assert made == ["convarith-fake==1.10", "convarith-fake==1.2"]
    told = {place["release"]: place for place in run["environments"]}
    assert told["convarith-fake==1.2"]["facts"]["version"] == "1.2"
    assert told["convarith-fake==1.2"]["packages"] == ["convarith-fake==1.2"]
    sql = "SELECT release, version, count(*) FILTER (status <> 'agrees') AS n FROM verdicts GROUP BY ALL ORDER BY n"
    assert [tuple(row.values()) for row in asked(capsys, "run", sql)] == [
        ("convarith-fake==1.2", "1.2", 0),
        ("convarith-fake==1.10", "1.10", 6),
    ]
    (head,) = [line for line in Path("run/report.md").read_text().splitlines() if line.startswith("| Relationship")]
    assert head.index("==1.2") < head.index("==1.10")  # the older first
    assert "-f released=convarith-fake==1.10" in " ".join(printed.split())


def test_a_second_run_makes_nothing(made: list[str]) -> None:
    observe("a", "convarith-fake==1.2", code=0)
    observe("b", "released=convarith-fake==1.2", code=0)
    assert len(made) == 1


def test_a_release_that_cannot_be_installed_spoils_no_other(
    made: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run = observe("run", "convarith-fake==2.0", "convarith-fake==1.2", code=3)
    failures = {place["release"]: place["failure"] for place in run["environments"]}
    assert "no release 2.0 for this Python" in failures["convarith-fake==2.0"]
    assert failures["convarith-fake==1.2"] is None
    assert "no release 2.0" in capsys.readouterr().err
    rows = asked(capsys, "run", "SELECT release, count(*) AS n FROM verdicts GROUP BY ALL")
    assert rows == [{"release": "convarith-fake==1.2", "n": 8}]


def test_what_failed_is_made_by_going_on(
    made: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    observe("run", "convarith-fake==2.0", "convarith-fake==1.2", code=3)
    offer(monkeypatch, tmp_path, {"2.0": "", "1.2": ""})
    assert main(["run", "--resume", "--out", "run"]) == 0
    observe("whole", "convarith-fake==2.0", "convarith-fake==1.2", code=0)
    assert Path("run/verdicts.parquet").read_bytes() == Path("whole/verdicts.parquet").read_bytes()


def test_runs_of_releases_are_merged(made: list[str]) -> None:
    observe("a", "convarith-fake==1.2", code=0)
    observe("b", "convarith-fake==1.10", code=1)
    observe("whole", "convarith-fake==1.2", "convarith-fake==1.10", code=1)
    assert main(["merge", "a", "b", "-o", "merged"]) == 1
    assert Path("merged/verdicts.parquet").read_bytes() == Path("whole/verdicts.parquet").read_bytes()


def test_environments_of_others_are_put_side_by_side(
    made: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    observe("whole", "convarith-fake==1.2", "convarith-fake==1.10", code=1)
    for name, folder in zip("ab", sorted(tmp_path.glob("cache/environments/*/bin/python")), strict=True):
        assert main(["run", "-f", f"released={folder}", *CASES, "--out", name, "--exit-zero"]) == 0
    assert main(["merge", "a", "b", "-o", "refused"]) == 2
    assert "both hold shard 1/1 of released" in capsys.readouterr().err
    assert main(["merge", "a", "b", "-o", "merged", "--releases"]) == 1
    assert Path("merged/verdicts.parquet").read_bytes() == Path("whole/verdicts.parquet").read_bytes()


@pytest.mark.parametrize(
    ("name", "code", "why"),
    [
        ("convarith-fake", 3, "cannot be made"),  # the newest, which this index does not say
        ("other==1.0", 2, "no framework 'other'"),
        ("released=other==1.0 convarith-fake==1.0; x", 2, "is no requirement"),
        ("nothing=convarith-fake==1.0", 2, "no framework 'nothing'"),
        ("released=no-such-python", 2, "no interpreter no-such-python"),
        ("convarith-fake==1.2 python==3.98", 2, "no Python 3.98"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(
    made: list[str], name: str, code: int, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "-f", name, *CASES, "--out", "run"]) == code
    assert why in capsys.readouterr().err


def test_one_release_twice_is_refused(made: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    asked_for = ["-f", "convarith-fake==1.2", "-f", "released=convarith-fake==1.2"]
    assert main(["run", *asked_for, *CASES, "--out", "run"]) == 2
    assert "released of convarith-fake==1.2 is named twice" in capsys.readouterr().err


def test_environments_are_listed_checked_and_removed(made: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "create", "convarith-fake==1.2"]) == 0
    path = capsys.readouterr().out.strip()
    assert Path(path).exists()
    assert main(["env", "list"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    name = line.split()[0]
    assert line.endswith("convarith-fake==1.2")
    assert main(["env", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["made"]["packages"] == ["convarith-fake==1.2"]
    assert main(["env", "check"]) == 0
    half = Path(path).parents[2] / "half"
    half.mkdir()
    assert main(["env", "check"]) == 3
    assert "half: half made" in capsys.readouterr().out
    assert main(["env", "remove"]) == 2
    assert main(["env", "remove", "nothing"]) == 2
    assert main(["env", "remove", name]) == 0
    assert main(["env", "remove", "--all"]) == 0
    capsys.readouterr()
    assert main(["env", "list"]) == 0
    assert capsys.readouterr().out.startswith("no environments are kept in")


def test_pip_and_venv_make_what_is_observed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing faked but the index; one release does not import."""
    wheels = index.offer(monkeypatch, tmp_path, {"1.0": "", "1.1": "import"})
    index.release(wheels, "3.0.dev1", name="convarith-fake-nightly")
    monkeypatch.setattr(registry, "adapters", lambda: {"released": "fakes.released:Released"})
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.syspath_prepend(str(TESTS))
    monkeypatch.chdir(tmp_path)
    run = observe("run", "convarith-fake==1.0", "convarith-fake==1.1", code=3)
    good, bad = run["environments"]
    assert {"convarith-fake==1.0", "numpy==9.9"} <= set(good["packages"])
    assert good["facts"]["version"] == "1.0"
    assert "no such symbol" in bad["failure"]
    assert main(["run", "-f", "convarith-fake-nightly", "--pre", *CASES, "--out", "nightly"]) == 0
    (nightly,) = json.loads(Path("nightly/run.json").read_text())["environments"]
    assert nightly["facts"]["version"] == "3.0.dev1"
    shutil.rmtree(wheels)  # nothing is asked for again
    assert os.listdir(tmp_path / "cache" / "environments")
    observe("again", "convarith-fake==1.0", code=0)
