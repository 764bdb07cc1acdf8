"""Makes an environment in a directory: venv and pip, or uv. Commands are lists of words: no shell reads them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from harness.environments.wanted import Wanted
from harness.errors import EnvironmentFailed
from harness.report.text import one_line

LAST = 5  # lines of what pip said that are told
_ASK = (
    "from importlib.metadata import distributions\n"
    "found = {(one.metadata['Name'], one.version) for one in distributions()}\n"
    "print(*sorted(('=='.join(one) for one in found if one[0]), key=str.lower))"
)
_AWAY = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")  # of ours, and no business of theirs


def interpreter(folder: Path) -> Path:
    """The interpreter of an environment."""
    return folder / "bin" / "python"


def install(wanted: Wanted, folder: Path, *, uv: bool = False, keep: Sequence[int] = ()) -> None:
    """Make an environment.

    Parameters
    ----------
    wanted : Wanted
    folder : Path
        Where; there is nothing there.
    uv : bool
        By uv, which must be on PATH, in place of venv and pip.
    keep : sequence of int
        File descriptors for the processes to inherit: a lock that they hold is held until they have ended.

    Raises
    ------
    EnvironmentFailed
        With the last lines of what pip said.
    """
    python = str(interpreter(folder))
    options = [*(["--pre"] if wanted.pre else []), *(["--index-url", wanted.index] if wanted.index else [])]
    if uv:
        tool = shutil.which("uv")
        if tool is None:
            raise EnvironmentFailed("--uv: there is no uv on PATH; install it with: pip install uv")
        options = ["--prerelease=allow" if option == "--pre" else option for option in options]
        _run([tool, "venv", "--quiet", "--python", wanted.python.path, str(folder)], wanted, keep)
        command = [tool, "pip", "install", "--quiet", "--python", python, *options, "--", *wanted.to_install()]
    else:
        _run([wanted.python.path, "-m", "venv", str(folder)], wanted, keep)
        quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-warn-script-location", "--prefer-binary"]
        command = [python, "-m", "pip", "install", *quiet, *options, "--", *wanted.to_install()]
    _run(command, wanted, keep)


def packages(folder: Path) -> tuple[str, ...]:
    """What an environment holds, 'NAME==VERSION', in the order of names.

    Raises
    ------
    EnvironmentFailed
        Its interpreter cannot be run.
    """
    told = said([str(interpreter(folder)), "-I", "-c", _ASK], ())
    if isinstance(told, EnvironmentFailed):
        raise told
    return tuple(told.split())


def clean_environment() -> dict[str, str]:
    """The environment variables for processes that have nothing to do with the environment this one runs in."""
    return {name: value for name, value in os.environ.items() if name not in _AWAY}


def _run(command: Sequence[str], wanted: Wanted, keep: Sequence[int]) -> None:
    told = said(command, keep)
    if isinstance(told, EnvironmentFailed):
        secret = wanted.index.rpartition("@")[0].rpartition("//")[2]  # pip may say where it asked, and how
        text = str(told).replace(f"{secret}@", "") if secret else str(told)
        raise EnvironmentFailed(f"the environment of {wanted} cannot be made: {text}")


def said(command: Sequence[str], keep: Sequence[int] = ()) -> str | EnvironmentFailed:
    """What a command printed; or how it failed, with the last that it said."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=clean_environment(),
            pass_fds=tuple(keep),
            check=False,
        )
    except OSError as error:
        return EnvironmentFailed(f"{command[0]} cannot be started ({error.strerror})")
    text = done.stdout.decode("utf-8", "replace")
    if done.returncode:
        lines = [one_line(line, 300) for line in text.splitlines() if line.strip()]
        return EnvironmentFailed(" / ".join(lines[-LAST:]) or f"exit status {done.returncode}")
    return text
