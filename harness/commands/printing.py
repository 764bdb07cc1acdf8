"""What several commands print alike."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TextIO

import msgspec
from rich.console import Console

from harness import store
from harness.errors import UsageError


def screen(file: TextIO | None = None, like: Console | None = None) -> Console:
    """Standard output, as tables and summaries are printed on it: as text alone, if NO_COLOR says so.

    Parameters
    ----------
    file : text stream, optional
        To print to in its place.
    like : Console, optional
        One whose width and kind it is to have.
    """
    return Console(
        file=file,
        width=like.width if like else None,
        force_terminal=like.is_terminal if like else None,
        color_system=None if os.environ.get("NO_COLOR") else "auto",  # nor bold, which says what colours say
        markup=False,
        highlight=False,
    )


def as_json(value: object) -> str:
    """A value as JSON for people and programs: indented, with a line's end."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def tell(sentence: str) -> None:
    """Say something on standard error, at once."""
    print(f"convarith: {sentence}", file=sys.stderr, flush=True)


def write(text: str, out: Path | None) -> None:
    """Print a text, or write it into a file, whole or not at all."""
    if out is None:
        print(text, end="")
        return
    try:
        store.write_whole(out, text.encode())
    except OSError as error:
        raise UsageError(f"{out} cannot be written ({error.strerror})") from error
