"""What was observed again of a run's disagreements: a table of observations of its own, ``varied.parquet``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from harness.records import SCHEMA, Observation
from harness.store.columns import OBSERVATION_COLUMNS, SURFACE
from harness.store.database import read_lines, rows, write_lines, write_parquet
from harness.store.tables import OBSERVED, ORDER, WHOLE, adopted, as_observation, scratch

VARIED = "varied"


def has_varied(folder: Path) -> bool:
    """Whether a run's disagreements have been observed again."""
    return (folder / f"{VARIED}.parquet").exists()


def write_varied(folder: Path, seen: Iterable[Observation]) -> None:
    """Keep what was observed again, without operators; with nothing, that there was nothing to observe.

    Raises
    ------
    OSError
        There is no room.
    """
    with scratch(folder) as (place, database):
        lines = write_lines(place / VARIED, map(_row, seen))
        found = read_lines(database, lines, OBSERVATION_COLUMNS)
        write_parquet(found.order(ORDER.format(WHOLE)), folder, VARIED)


def varied(folder: Path) -> Iterator[Observation]:
    """What was observed again, in the order of its keys; nothing, if nothing was."""
    if has_varied(folder):
        with rows(folder, VARIED, OBSERVED) as found:
            yield from map(as_observation, found)


def adopt_varied(folder: Path, others: Sequence[tuple[Path, Mapping[str, str]]]) -> None:
    """Put together what was observed again in other runs; see :func:`harness.store.tables.adopt`."""
    with scratch(folder) as (_, database):
        adopted(database, folder, others, VARIED)


def _row(seen: Observation) -> dict[str, object]:
    told: dict[str, object] = {name: getattr(seen.surface, name) for name in SURFACE}
    told |= {name: getattr(seen, name) for name in OBSERVATION_COLUMNS if name not in (*SURFACE, "schema", "operator")}
    return {**told, "schema": SCHEMA}
