"""Interpreters: found by their versions on PATH and under pyenv."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError

OLDEST = (3, 10)  # that our part of a worker runs on
_LIMIT = 20.0  # seconds for an interpreter to say who it is
_ASK = (
    "import json, platform, sys, sysconfig; print(json.dumps([sys.executable, platform.python_version(), "
    "platform.python_implementation(), sysconfig.get_platform()]))"
)


@dataclass(frozen=True, slots=True)
class Python:
    """An interpreter.

    Attributes
    ----------
    path : str
    version : str
        All three numbers.
    implementation : str
        'CPython' …
    platform : str
        As wheels have it: 'linux-x86_64' …
    """

    path: str
    version: str
    implementation: str
    platform: str


def here() -> Python:
    """The one that runs this."""
    return Python(sys.executable, platform.python_version(), platform.python_implementation(), sysconfig.get_platform())


def find(asked: str | None) -> Python:
    """The interpreter that is asked for.

    Parameters
    ----------
    asked : str or None
        A version, '3.12' or '3.12.1', or a path; the one that runs this, if None.

    Raises
    ------
    UsageError
        There is none, or it is too old.
    """
    if not asked:
        return here()
    if not re.fullmatch(r"3(\.\d+){1,2}", asked):
        path = shutil.which(asked)
        found = _who(path) if path else None
        if found is None:
            raise UsageError(
                f"--python {asked}: there is no interpreter that can be run; give a version, 3.12, or a path"
            )
        return _young(found)
    if tuple(map(int, asked.split(".")))[:2] < OLDEST:
        raise UsageError(f"--python {asked}: workers need Python {'.'.join(map(str, OLDEST))} or newer")
    if _is(here(), asked):
        return here()
    for path in _candidates(asked):
        found = _who(path)
        if found is not None and _is(found, asked):
            return found
    others = ", ".join(path.parent.parent.name for path in _pyenv("3")) or "none"
    raise UsageError(
        f"there is no Python {asked} on PATH or under pyenv (there: {others}): install it, or give a path by --python"
    )


def _young(found: Python) -> Python:
    if tuple(map(int, found.version.split(".")[:2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise UsageError(f"{found.path} is Python {found.version}: workers need {oldest} or newer")
    return found


def _is(found: Python, asked: str) -> bool:
    return f"{found.version}.".startswith(f"{asked}.")


def _candidates(asked: str) -> Iterator[str]:
    short = ".".join(asked.split(".")[:2])
    shims = _root() / "shims"  # they answer for the versions below, slowly, and not for all
    folders = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if folder and Path(folder) != shims]
    path = os.pathsep.join(folders)
    for name in (f"python{short}", "python3", "python"):
        if found := shutil.which(name, path=path):
            yield found
    yield from map(str, _pyenv(asked))


def _root() -> Path:
    return Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")


def _pyenv(asked: str) -> list[Path]:
    """The interpreters of a version that pyenv has, the newest first."""
    found = [path for path in (_root() / "versions").glob("*/bin/python") if re.fullmatch(r"[\d.]+", path.parts[-3])]
    fitting = [path for path in found if f"{path.parts[-3]}.".startswith(f"{asked}.")]
    return sorted(fitting, key=lambda path: [int(number) for number in path.parts[-3].split(".")], reverse=True)


def _who(path: str) -> Python | None:
    """Who an interpreter says it is; None if it says nothing."""
    try:
        told = subprocess.run([path, "-I", "-c", _ASK], capture_output=True, timeout=_LIMIT, check=True).stdout
        return Python(*map(str, json.loads(told)))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        return None
