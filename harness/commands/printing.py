"""What several commands print alike."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from harness import store
from harness.errors import UsageError


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
