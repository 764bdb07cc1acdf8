"""Environments that are kept: made once, whole or not at all, and used by as many as like.

NAME/                 an environment, which may be half made
NAME/convarith.json   says what is in it; written last, so that one without it is not there
NAME.lock             held by who makes or removes it, and shared by who uses it

The lock is the kernel's: whoever held it and ended, however, holds it no more.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from harness.environments import install
from harness.environments.wanted import Wanted
from harness.errors import EnvironmentFailed, UsageError
from harness.store import write_whole

MARK = "convarith.json"

Say = Callable[[str], None]


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What an environment says of itself.

    Attributes
    ----------
    requirements : tuple of str
    python, implementation, platform : str
    pre : bool
    index : str
    date : str
        See :class:`harness.environments.wanted.Wanted`.
    packages : tuple of str
        All that was installed, 'NAME==VERSION'.
    made : str
        When, ISO 8601.
    by : str
        'pip' or 'uv'.
    """

    requirements: tuple[str, ...]
    python: str
    implementation: str
    platform: str
    pre: bool
    index: str
    date: str
    packages: tuple[str, ...]
    made: str
    by: str


class Held:
    """An environment that stays as it is while this object is referred to.

    Attributes
    ----------
    made : Made
    python : str
        Path of its interpreter.
    """

    def __init__(self, made: Made, python: str, lock: int) -> None:
        self.made, self.python, self._lock = made, python, lock

    def __del__(self) -> None:
        os.close(self._lock)


@dataclass(frozen=True, slots=True)
class Entry:
    """An environment that is kept: its name, its directory, and what it says of itself, None if it is half made."""

    name: str
    folder: Path
    made: Made | None


def default() -> Path:
    """Where environments are kept unless CONVARITH_CACHE says otherwise: in the user's cache directory."""
    if named := os.environ.get("CONVARITH_CACHE"):
        return Path(named).absolute() / "environments"
    home = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return Path(os.environ.get("XDG_CACHE_HOME") or home).absolute() / "convarith" / "environments"


def _nothing(_: str) -> None:
    pass


class Cache:
    """All environments that are kept in one directory.

    Parameters
    ----------
    folder : Path, optional
        The user's, if left out.
    say : callable, optional
        Is told, in a sentence, what takes its time.
    """

    def __init__(self, folder: Path | None = None, say: Say = _nothing) -> None:
        self.folder, self._say = folder or default(), say

    def have(self, wanted: Wanted, *, uv: bool = False) -> Held:
        """The environment, made now if it is not there, and not to be removed as long as what is returned is kept.

        Raises
        ------
        EnvironmentFailed
            It cannot be made.
        """
        try:
            return self._have(wanted, uv=uv)
        except OSError as error:
            raise EnvironmentFailed(
                f"the environment of {wanted} cannot be made: {self.folder} cannot be written ({error.strerror})"
            ) from error

    def _have(self, wanted: Wanted, *, uv: bool) -> Held:
        folder = self.folder / wanted.name
        self.folder.mkdir(parents=True, exist_ok=True)
        while True:
            lock = self._locked(wanted.name, fcntl.LOCK_SH)
            made = self._made(folder)
            if made is not None:
                return Held(made, str(install.interpreter(folder)), lock)
            os.close(lock)
            lock = self._locked(wanted.name, fcntl.LOCK_EX)
            try:
                if self._made(folder) is None:  # nobody made it while we waited
                    self._make(wanted, folder, lock, uv=uv)
            finally:
                os.close(lock)

    def _make(self, wanted: Wanted, folder: Path, lock: int, *, uv: bool) -> None:
        """Make it, of which nothing is there but what somebody who was interrupted left."""
        if folder.exists():
            shutil.rmtree(folder)
        self._say(f"making the environment of {wanted}")
        try:
            install.install(wanted, folder, uv=uv, keep=(lock,))
            made = Made(
                requirements=wanted.requirements,
                python=wanted.python.version,
                implementation=wanted.python.implementation,
                platform=wanted.python.platform,
                pre=wanted.pre,
                index=str(wanted.key["index"]),
                date=wanted.date,
                packages=install.packages(folder),
                made=datetime.now(timezone.utc).isoformat(timespec="seconds"),
                by="uv" if uv else "pip",
            )
            write_whole(folder / MARK, msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n")
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def entries(self) -> list[Entry]:
        """All that is kept, by name; half made ones too."""
        folders = sorted(path for path in self.folder.glob("*") if path.is_dir())
        return [Entry(folder.name, folder, self._made(folder)) for folder in folders]

    def remove(self, name: str) -> None:
        """Take one away.

        Raises
        ------
        UsageError
            There is none of that name, or it is in use.
        """
        folder = self.folder / name
        if name not in {entry.name for entry in self.entries()}:
            raise UsageError(f"there is no environment {name}; convarith env list shows them")
        try:
            lock = self._locked(name, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(f"the environment {name} is in use: wait for the end of who uses it") from error
        try:
            (folder / MARK).unlink(missing_ok=True)  # first, so that one that is half removed is none
            shutil.rmtree(folder)
            self._lock(name).unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(f"the environment {name} cannot be removed ({error.strerror})") from error
        finally:
            os.close(lock)

    def _lock(self, name: str) -> Path:
        return self.folder / f"{name}.lock"

    def _locked(self, name: str, how: int) -> int:
        """A lock on an environment's name. Who removed it took the file away, which then is no lock of it any more."""
        path = self._lock(name)
        while True:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                self._wait(lock, how, name)
                if _same(lock, path):
                    return lock
            except BaseException:
                os.close(lock)
                raise
            os.close(lock)

    def _wait(self, lock: int, how: int, name: str) -> None:
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if how & fcntl.LOCK_NB:
                raise
            self._say(f"waiting for who makes the environment {name}")
            fcntl.flock(lock, how)

    @staticmethod
    def _made(folder: Path) -> Made | None:
        try:
            made = msgspec.json.decode((folder / MARK).read_bytes(), type=Made)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        return made if install.interpreter(folder).exists() else None


def size(folder: Path) -> int:
    """Bytes that a directory takes."""
    return sum(path.lstat().st_size for path in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    for here, _, names in os.walk(folder):
        yield from (Path(here) / name for name in names)


def _same(lock: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock), path.stat())
    except FileNotFoundError:
        return False
