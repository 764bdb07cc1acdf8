"""What a run is: ``run.json``, and the directory that holds it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from harness.errors import UsageError
from harness.records import SCHEMA, Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What ``run.json`` says.

    Attributes
    ----------
    asked : dict
        The selection, as on the command line and as reports show it.
    selection : dict
        The same, whole, as it takes to go on with the run.
    environments : tuple of Environment
    varied : tuple of Environment
        Where disagreements were observed again.
    cases : int
        How many were selected.
    complete : bool
        Whether every job was observed.
    started : str
        Time of the start, ISO 8601 with zone.
    seconds : float
    """

    version: str
    asked: dict[str, str]
    selection: dict[str, Any] = field(default_factory=dict)
    environments: tuple[Environment, ...] = ()
    varied: tuple[Environment, ...] = ()
    cases: int = 0
    complete: bool = False
    started: str = ""
    seconds: float = 0.0
    schema: int = SCHEMA


def create(folder: Path, run: Run) -> None:
    """Make a run directory.

    Raises
    ------
    UsageError
        It holds something already, or cannot be written.
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            if (folder / "run.json").exists():
                raise UsageError(
                    f"the output directory {folder} holds another run already: name a new one with --out, "
                    "or go on with that one with --resume"
                )
            raise UsageError(f"the output directory {folder} holds other files already: name a new one with --out")
        (folder / "observations").mkdir(parents=True, exist_ok=True)
        write_run(folder, run)
    except OSError as error:
        raise UsageError(
            f"the output directory {folder} cannot be written ({error.strerror}): name another with --out"
        ) from error


def how_to_go_on(folder: Path) -> str:
    """The command that goes on with a run."""
    return shlex.join(["convarith", "run", "--resume", "--out", str(folder)])


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep other processes from going on with a run while this one does. What holds it lets it go, however it ends.

    Raises
    ------
    UsageError
        Another process goes on with it.
    """
    directory = os.open(folder / "observations", os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise UsageError(f"another process is observing into {folder}: wait for its end") from error
    finally:
        os.close(directory)


def write_run(folder: Path, run: Run) -> None:
    """Write ``run.json``, whole or not at all."""
    text = msgspec.json.format(msgspec.json.encode(run), indent=2) + b"\n"
    write_whole(folder / "run.json", text)


def read_run(folder: Path) -> Run:
    """Read ``run.json``.

    Raises
    ------
    UsageError
        There is none, or not one of ours.
    """
    try:
        run = msgspec.json.decode((folder / "run.json").read_bytes(), type=Run)
    except OSError as error:
        raise UsageError(f"{folder} holds no run: its run.json cannot be read ({error.strerror})") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{folder}/run.json is not one of convarith's: {error}") from error
    if run.schema != SCHEMA:
        raise UsageError(f"{folder}/run.json has schema {run.schema}; this release reads {SCHEMA}")
    return run


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    with writing_whole(path) as file:
        file.write(content)


@contextlib.contextmanager
def writing_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which is there when all has been written, or not at all."""
    scratch = path.with_name(f".{path.name}.part")
    with scratch.open("wb") as file:
        yield file
    os.replace(scratch, path)
