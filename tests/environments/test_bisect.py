"""``convarith bisect`` on fakes: which releases it looks at, and what it says."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.commands import bisect as program
from harness.environments.index import between, versions
from harness.errors import EnvironmentFailed, UsageError

from ..fakes import index
from ..fakes.installed import offer

pytestmark = pytest.mark.slow

CASE = "conv1d.i5.k3.s2.p0.d1"
ASKED = ["bisect", CASE, "-f", "released"]


def have(patch: pytest.MonkeyPatch, folder: Path, releases: dict[str, str | None]) -> list[str]:
    patch.setattr(program, "versions", lambda package, pythons, **_: list(releases))
    return offer(patch, folder, releases)


def twelve(first: int) -> dict[str, str | None]:
    return {f"1.{number}": "mirror" if number >= first else "" for number in range(12)}


@pytest.mark.parametrize("first", [1, 7, 11])
def test_it_names_both_releases_both_observations_and_the_commands(
    first: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = have(monkeypatch, tmp_path, twelve(first))
    assert main([*ASKED, "--good", "1.0", "--bad", "1.11", "--mode", "eager"]) == 0
    assert len(made) <= 6
    printed = capsys.readouterr().out
    good, bad = f"1.{first - 1}", f"1.{first}"
    assert printed.startswith(f"convarith-fake {good} and {bad}: between these the observation of {CASE} changed")
    assert f"  {good}: agrees" in printed
    assert f"  {bad}: wrong_operator: o = 2: " in printed
    commands = [line.strip() for line in printed.splitlines() if line.startswith("    convarith run")]
    for number, (command, release, code) in enumerate(zip(commands, (good, bad), (0, 1), strict=True)):
        words = shlex.split(command)
        assert f"released=convarith-fake=={release}" in words
        assert main([*words[1:], "--out", f"run{number}"]) == code


def test_what_cannot_be_installed_is_skipped_and_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    have(monkeypatch, tmp_path, {**twelve(6), "1.5": None, "1.6": None})
    assert main([*ASKED, "--good", "1.0", "--bad", "1.11"]) == 0
    printed, said = capsys.readouterr()
    assert printed.startswith("convarith-fake 1.4 and 1.7: ")
    assert "between them, and not to be observed: 1.5, 1.6" in printed
    assert "convarith-fake 1.5 cannot be observed: " in said


def test_the_bad_one_may_be_the_older(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    have(monkeypatch, tmp_path, twelve(4))
    assert main([*ASKED, "--good", "1.11", "--bad", "1.1"]) == 0
    assert capsys.readouterr().out.startswith("convarith-fake 1.4 and 1.3: ")


def test_a_history_of_more_than_one_change_is_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    releases = twelve(8) | {"1.3": "mirror"}
    have(monkeypatch, tmp_path, releases)
    assert main(["env", "create", "convarith-fake==1.3"]) == 0
    assert main([*ASKED, "--good", "1.0", "--bad", "1.11"]) == 0
    printed = capsys.readouterr().out
    assert "this is not the only change: it changed between " in printed
    assert "1.3" in printed.rpartition("looked at")[2]


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["--good", "1.0", "--bad", "1.1"], 2, "observed alike with convarith-fake 1.0 and 1.1"),
        (["--good", "1.0", "--bad", "9.9"], 3, "convarith-fake 9.9: "),
        (["--good", "1.0", "--bad", "1.11", "--route", "no*"], 4, "no surface matches"),
        (["--good", "1.0", "--bad", "1.11", "--package", "other"], 2, "not observed with other alone"),
    ],
)
def test_what_cannot_be_searched_is_one_sentence(
    arguments: list[str],
    code: int,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    have(monkeypatch, tmp_path, twelve(4))
    assert main([*ASKED, *arguments]) == code
    assert why in capsys.readouterr().err


def test_releases_are_those_that_pip_lists(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    index.offer(monkeypatch, tmp_path, {"1.2": "", "1.10": "", "1.9": "", "2.0rc1": ""})
    assert versions("convarith-fake", ["/no/python", sys.executable]) == ["1.2", "1.9", "1.10"]
    assert versions("convarith-fake", [sys.executable], pre=True) == ["1.2", "1.9", "1.10", "2.0rc1"]
    with pytest.raises(EnvironmentFailed, match="releases of no-such cannot be listed"):
        versions("no-such", [sys.executable])


def test_the_releases_from_one_to_another() -> None:
    listed = ["1.2", "1.9", "1.10", "2.0"]
    assert between(listed, "1.2", "2.0") == ["1.2", "1.9", "1.10", "2.0"]
    assert between(listed, "1.10", "1.2") == ["1.10", "1.9", "1.2"]
    assert between(listed, "1.3", "1.9.1") == ["1.3", "1.9", "1.9.1"]
    with pytest.raises(UsageError, match="are to be releases"):
        between(listed, "1.2", "newest")
