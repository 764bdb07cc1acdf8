"""The seal of a run: that nothing is left to be done, and of which files that is said.

It is written when all else has been, and holds as long as each file is what it was. So it need not be broken before
anything is changed: whoever is killed half-way leaves a seal that no longer fits, and what it spoke of is done again.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from harness.records import SCHEMA
from harness.store.run import write_whole

FILE = "seal.json"


class _Seal(msgspec.Struct, frozen=True):
    """What the file holds: what the run was held against, and of each other file its digest."""

    against: str
    files: dict[str, str]
    schema: int = SCHEMA


def seal(folder: Path, against: str) -> None:
    """Say of a run's files, as they are, that they are its last.

    Parameters
    ----------
    folder : Path
    against : str
        Names what else they were made from: the known deviations.
    """
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    told = _Seal(against, {name: _digest(folder / name) for name in names if name != FILE})
    write_whole(folder / FILE, msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n")


def sealed(folder: Path, against: str) -> bool:
    """Whether a run's files are those that it was sealed with, when it was held against the same."""
    try:
        told = msgspec.json.decode((folder / FILE).read_bytes(), type=_Seal)
        same = all(_digest(folder / name) == digest for name, digest in told.files.items())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return False
    return told.schema == SCHEMA and told.against == against and same


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
