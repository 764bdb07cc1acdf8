"""Interpreters are found by version, on PATH and under pyenv; one that is not there is one sentence."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from harness.environments.pythons import find
from harness.errors import UsageError


@pytest.fixture(autouse=True)
def _nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))


def program(path: Path, version: str) -> None:
    """An interpreter that says who it is, and can nothing else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\necho \'["{path}", "{version}", "CPython", "linux-x86_64"]\'\n')
    path.chmod(0o755)


def test_the_one_that_runs_this_is_taken_if_it_fits() -> None:
    short = ".".join(map(str, sys.version_info[:2]))
    assert find(None).path == find(short).path == sys.executable


def test_path_comes_before_pyenv_and_pyenvs_newest_first(tmp_path: Path) -> None:
    for number in ("3.98.2", "3.98.10", "3.97.1"):
        program(tmp_path / "pyenv" / "versions" / number / "bin" / "python", number)
    assert find("3.98").version == "3.98.10"
    assert find("3.98.2").version == "3.98.2"
    program(tmp_path / "bin" / "python3.98", "3.98.1")
    assert find("3.98").version == "3.98.1"
    assert find("3.98.10").version == "3.98.10"


def test_what_answers_with_another_version_is_not_taken(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "python3.98", "3.11.0")
    with pytest.raises(UsageError, match=r"no Python 3\.98 on PATH or under pyenv \(there: none\): install it"):
        find("3.98")


def test_shims_are_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "pyenv" / "shims" / "python3.98", "3.98.1")
    monkeypatch.setenv("PATH", str(tmp_path / "pyenv" / "shims"))
    with pytest.raises(UsageError, match="there is no Python"):
        find("3.98")


def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    program(tmp_path / "mine", "3.98.7")
    assert find(str(tmp_path / "mine")).version == "3.98.7"
    program(tmp_path / "old", "3.9.7")
    for asked, why in ((str(tmp_path / "old"), "3.10 or newer"), ("3.9", "3.10 or newer"), ("nothing", "can be run")):
        with pytest.raises(UsageError, match=why):
            find(asked)
    assert os.environ["PATH"]
