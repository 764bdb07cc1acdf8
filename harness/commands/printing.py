"""What several commands print alike."""

from __future__ import annotations

import msgspec


def as_json(value: object) -> str:
    """A value as JSON for people and programs: indented, with a line's end."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"
