"""Environments are made once, whole or not at all, whoever is interrupted, and stay while they are used."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from harness.environments import Cache, Held
from harness.environments import install as installing
from harness.environments.pythons import here
from harness.environments.wanted import Wanted
from harness.errors import EnvironmentFailed, UsageError

from ..fakes.events import Pipe
from ..fakes.index import offer

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ONE = Wanted(("convarith-fake==1.0",), here())


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Where environments were made; by hand, which takes no time."""
    found: list[Path] = []

    def install(wanted: Wanted, folder: Path, *, uv: bool, keep: object) -> None:
        found.append(folder)
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "python").touch()

    monkeypatch.setattr(installing, "install", install)
    monkeypatch.setattr(installing, "packages", lambda folder: ("convarith-fake==1.0",))
    return found


def test_it_is_made_once(made: list[Path], tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    first, again = cache.have(ONE), cache.have(ONE)
    assert first.python == again.python == str(made[0] / "bin" / "python")
    assert first.made.packages == ("convarith-fake==1.0",)
    assert len(made) == 1


def test_who_comes_while_one_is_made_waits_for_it(
    made: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found: list[Held] = []
    said: list[str] = []
    others_wait, install = threading.Event(), installing.install

    def slow(wanted: Wanted, folder: Path, *, uv: bool, keep: tuple[int, ...]) -> None:
        assert others_wait.wait(60)
        install(wanted, folder, uv=uv, keep=keep)

    def say(sentence: str) -> None:
        said.append(sentence)
        if sum("waiting" in sentence for sentence in said) >= 3:
            others_wait.set()

    monkeypatch.setattr(installing, "install", slow)
    threads = [threading.Thread(target=lambda: found.append(Cache(tmp_path, say).have(ONE))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len({held.python for held in found}) == 1


def test_one_that_is_half_made_is_made_again(made: list[Path], tmp_path: Path) -> None:
    half = tmp_path / ONE.name
    (half / "bin").mkdir(parents=True)
    (half / "rest").touch()
    assert [entry.made for entry in Cache(tmp_path).entries()] == [None]
    assert Cache(tmp_path).have(ONE).made.requirements == ONE.requirements
    assert not (half / "rest").exists()


def test_one_that_cannot_be_made_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def install(wanted: Wanted, folder: Path, *, uv: bool, keep: object) -> None:
        folder.mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(installing, "install", install)
    with pytest.raises(KeyboardInterrupt):
        Cache(tmp_path).have(ONE)
    assert Cache(tmp_path).entries() == []


def test_one_whose_interpreter_is_gone_is_made_again(made: list[Path], tmp_path: Path) -> None:
    Path(Cache(tmp_path).have(ONE).python).unlink()
    Cache(tmp_path).have(ONE)
    assert len(made) == 2


def test_one_in_use_cannot_be_removed(made: list[Path], tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    held: Held | None = cache.have(ONE)
    with pytest.raises(UsageError, match="is in use"):
        cache.remove(ONE.name)
    assert held is not None
    held = None
    cache.remove(ONE.name)
    assert list(tmp_path.iterdir()) == []
    for name in (ONE.name, "..", "../x", ""):
        with pytest.raises(UsageError, match="there is no environment"):
            cache.remove(name)


def test_what_pip_said_last_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(monkeypatch, tmp_path, {})
    with pytest.raises(EnvironmentFailed) as caught:
        Cache().have(ONE)
    assert "convarith-fake==1.0 on Python" in str(caught.value)
    assert "No matching distribution found for convarith-fake==1.0" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert Cache().entries() == []


def test_a_password_is_not_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(monkeypatch, tmp_path, {})
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    with pytest.raises(EnvironmentFailed) as caught:
        Cache().have(Wanted(("convarith-fake==1.0",), here(), index="file://me:secret@localhost/simple"))
    assert "localhost/simple" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_who_is_killed_leaves_what_the_next_makes_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Even the pip that it started: it holds the lock until it has ended, so that nobody makes what it still writes."""
    offer(monkeypatch, tmp_path, {"1.0": ""})
    begun, on = Pipe(tmp_path / "begun"), Pipe(tmp_path / "on")
    slow = tmp_path / "slow"
    slow.write_text(
        f'#!/bin/sh\necho begun > "{tmp_path}/begun"\nread word < "{tmp_path}/on"\nexec "{sys.executable}" "$@"\n'
    )
    slow.chmod(0o755)
    code = (
        "from dataclasses import replace; from harness.environments import Cache; "
        "from harness.environments.pythons import here; from harness.environments.wanted import Wanted; "
        f"Cache().have(Wanted(('convarith-fake==1.0',), replace(here(), path={str(slow)!r})))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.DEVNULL)
    assert begun.word(of=process.pid) == "begun\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    said: list[str] = []

    def say(sentence: str) -> None:
        said.append(sentence)
        if "waiting" in sentence:
            on.say("on")

    held = Cache(say=say).have(ONE)
    assert "waiting" in said[0]
    assert "convarith-fake==1.0" in held.made.packages
    done = subprocess.run([held.python, "-c", "import convarith_fake, numpy"], check=False)
    assert done.returncode == 0
