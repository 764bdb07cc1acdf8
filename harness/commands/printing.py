"""What several commands print alike."""

from __future__ import annotations

import sys

import msgspec


def as_json(value: object) -> str:
    """A value as JSON for people and programs: indented, with a line's end."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def tell(sentence: str) -> None:
    """Say something on standard error, at once."""
    print(f"convarith: {sentence}", file=sys.stderr, flush=True)
