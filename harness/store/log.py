"""Observations on disk as they come: JSON lines, each written at once and whole, or ignored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

from harness.records import SCHEMA, Observation, Surface, Where


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """An observation as a line of a file: flat, with the schema's number, and without what is not there."""

    case_id: str
    framework: str
    route: str
    mode: str
    probe: str
    outcome: str
    schema: int
    seconds: float
    switch: str = ""
    release: str = ""
    shape: tuple[int | None, ...] | None = None
    digest: str | None = None
    operator: dict[str, Any] | None = None
    error: str | None = None
    text: str | None = None


_ENCODER = msgspec.json.Encoder()


def line(seen: Observation) -> bytes:
    """An observation as a line of a file."""
    told = Line(
        case_id=seen.case_id,
        framework=seen.surface.framework,
        route=seen.surface.route,
        mode=seen.surface.mode,
        switch=seen.surface.switch,
        release=seen.surface.release,
        probe=seen.probe,
        outcome=seen.outcome,
        schema=SCHEMA,
        shape=seen.shape,
        digest=seen.digest,
        operator=seen.operator,
        error=seen.error,
        text=seen.text,
        seconds=seen.seconds,
    )
    return _ENCODER.encode(told) + b"\n"


class ObservationFile:
    """A file that observations are appended to, made when the first comes. It is closed with its context."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def __enter__(self) -> ObservationFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, seen: Observation) -> None:
        """Write one observation.

        Raises
        ------
        OSError
            The disk is full, or the file can not, or no longer, be written.
        """
        if self._file is None:
            self._file = self._path.open("ab", buffering=0)
        rest = memoryview(line(seen))
        while rest:  # a disk that is nearly full takes a part
            rest = rest[self._file.write(rest) :]

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()


def paths(folder: Path) -> list[Path]:
    """The files of a run that hold its observations while it is not closed."""
    return sorted((folder / "observations").glob("*.jsonl"))


def name(where: Where, number: int) -> str:
    """What the file of a shard is called. The number tells it from all others of the run, the rest is for people."""
    framework, switch, release = where
    told = "-".join(filter(None, (framework, re.sub(r"[^\w.]+", "-", release), switch)))
    return f"{told[:100]}.{number:06d}.jsonl"


def next_number(folder: Path) -> int:
    """The least number that is greater than those of all files of a run."""
    found = (re.search(r"\.(\d+)\.jsonl$", path.name) for path in paths(folder))
    return max((int(match[1]) + 1 for match in found if match), default=0)


def lines(folder: Path) -> Iterator[bytes]:
    """All whole lines; one that was cut off by the end of the process that wrote it is left out."""
    for path in paths(folder):
        yield from _whole(path)


def _whole(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line


def read(texts: Iterable[bytes]) -> Iterator[Observation]:
    """The observations of some lines."""
    decoder = msgspec.json.Decoder(Line)
    for told in map(decoder.decode, texts):
        yield msgspec.convert(
            {
                **{field: getattr(told, field) for field in Observation.__slots__ if field != "surface"},
                "surface": Surface(told.framework, told.route, told.mode, told.switch, told.release),
            },
            Observation,
        )


def keys(folder: Path, where: Where) -> Iterator[tuple[str, Surface, str]]:
    """What has been observed in one place: case, surface and probe. A file is of one place: the others are left."""
    decoder = msgspec.json.Decoder(Line)
    surfaces: dict[Surface, Surface] = {}  # equal ones are held once
    for path in paths(folder):
        for told in map(decoder.decode, _whole(path)):
            surface = Surface(told.framework, told.route, told.mode, told.switch, told.release)
            if surface.where != where:
                break
            yield told.case_id, surfaces.setdefault(surface, surface), told.probe
