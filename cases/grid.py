"""Grid files: what a person writes in TOML, and the cases that it holds.

A grid gives values for each letter of an axis and for each property of a layer. Its cases are all their combinations
that some relationship makes a claim about. They come as a stream, in an order that the file alone decides, each once.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import tomllib

from cases.case import Axis, Case, Dtype, Layout, Op, Padding
from cases.relationships import BY_ID, Relationship, claims, says

Values = tuple[int, ...] | str  # [1, 2, 5], or "1..7"


class GridError(ValueError):
    """A grid file that cannot be used. The message names the file, the key and the value, and what would do."""


class AxisValues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Values of each letter, along every axis."""

    i: Values
    k: Values
    s: Values = (1,)
    p: Values = (0,)
    d: Values = (1,)
    a: Values = (0,)


class LayerValues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Values of what a layer has beside its axes.

    ``channels`` are pairs, "input:output"; a pooling takes the first for both.
    """

    padding: tuple[Padding, ...] = ("explicit",)
    channels: tuple[Annotated[str, msgspec.Meta(pattern=r"^[0-9]+:[0-9]+$")], ...] = ("1:1",)
    groups: tuple[Annotated[int, msgspec.Meta(ge=1)], ...] = (1,)
    dtype: tuple[Dtype, ...] = ("float32",)
    layout: tuple[Layout, ...] = ("default",)


class Grid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A grid file, as it is written."""

    summary: str
    axis: AxisValues
    layer: LayerValues = LayerValues()
    cover: Literal["full"] = "full"
    rank: tuple[Annotated[int, msgspec.Meta(ge=1, le=3)], ...] = (2,)
    square: bool = False
    relationships: tuple[str, ...] = tuple(BY_ID)


def shipped() -> tuple[str, ...]:
    """Names of the grids that come with the package."""
    folder = resources.files("cases") / "grids"
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


def load(name: str) -> Grid:
    """Read a grid.

    Parameters
    ----------
    name : str
        Of a shipped grid, or the path of a file.

    Raises
    ------
    GridError
        There is none, or it cannot be understood.
    """
    if name in shipped():
        text, where = (resources.files("cases") / "grids" / f"{name}.toml").read_text("utf-8"), f"grid '{name}'"
    else:
        where = name
        try:
            text = Path(name).read_text("utf-8")
        except OSError as error:
            raise GridError(
                f"no grid '{name}': it is neither shipped ({', '.join(shipped())}) nor a file that can be read "
                f"({error.strerror})"
            ) from error
        except UnicodeDecodeError as error:
            raise GridError(f"{where}: not a text file in UTF-8") from error
    return read(text, where)


def read(text: str, where: str) -> Grid:
    """The grid that a TOML text says; ``where`` it comes from is for messages.

    Raises
    ------
    GridError
        It is not TOML, or no grid.
    """
    try:
        grid = msgspec.convert(tomllib.loads(text), Grid)
    except tomllib.TOMLDecodeError as error:
        raise GridError(f"{where}: not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise GridError(f"{where}: {_plainly(str(error))}") from error
    for letter, least in (("i", 0), ("k", 1), ("s", 1), ("p", 0), ("d", 1), ("a", 0)):
        for value in _numbers(getattr(grid.axis, letter), f"{where}: axis.{letter}"):
            if value < least:
                raise GridError(f"{where}: axis.{letter} = {value}: {letter} is at least {least}")
    for name in grid.relationships:
        if name not in BY_ID:
            raise GridError(f"{where}: relationships: no relationship '{name}'; there are {', '.join(BY_ID)}")
    return grid


def cases(grid: Grid, relationships: Iterable[str] | None = None) -> Iterator[Case]:
    """The cases of a grid, each once, as a stream.

    Parameters
    ----------
    grid : Grid
    relationships : iterable of str, optional
        Ids of those to take cases of; all of the grid's if left out.
    """
    chosen = [BY_ID[name] for name in grid.relationships if relationships is None or name in set(relationships)]
    for number, relationship in enumerate(chosen):
        earlier = {other.id for other in chosen[:number]}
        for case in _cases_of(grid, relationship):
            if earlier.isdisjoint(claims(case)):  # else it has come already, as one of an earlier relationship
                yield case


def _cases_of(grid: Grid, relationship: Relationship) -> Iterator[Case]:
    axes = list(_axes(grid.axis, relationship))
    for op, padding, rank in itertools.product(relationship.ops, grid.layer.padding, grid.rank):
        said = [axis for axis in axes if says(padding, axis)]
        placed = ((axis,) * rank for axis in said) if grid.square else itertools.product(said, repeat=rank)
        for along in placed:
            yield from _layers(grid.layer, op, padding, along)


def _axes(values: AxisValues, relationship: Relationship) -> Iterator[Axis]:
    """All axes in the domain of a relationship."""
    columns = (_numbers(getattr(values, letter), letter) for letter in ("i", "k", "s", "p", "d", "a"))
    for i, k, s, p, d, a in itertools.product(*columns):
        axis = Axis(i, k, s, p, p, d, a)
        if relationship.domain(axis):
            yield axis


def _layers(values: LayerValues, op: Op, padding: Padding, axes: tuple[Axis, ...]) -> Iterator[Case]:
    pools = op in ("avg_pool", "max_pool")
    pairs = [tuple(int(number) for number in text.split(":")) for text in values.channels]
    if pools:  # as many output as input maps, in no groups
        pairs = list(dict.fromkeys((maps, maps) for maps, _ in pairs))
    for (channels_in, channels_out), groups, dtype, layout in itertools.product(
        pairs, (1,) if pools else values.groups, values.dtype, values.layout
    ):
        if channels_in % groups or channels_out % groups:
            continue
        yield Case(
            op=op,
            axes=axes,
            padding=padding,
            channels_in=channels_in,
            channels_out=channels_out,
            groups=groups,
            dtype=dtype,
            layout=layout,
        )


def _numbers(values: Values, where: str) -> tuple[int, ...]:
    if isinstance(values, tuple):
        return values
    match = re.fullmatch(r"(-?\d+)\.\.(-?\d+)", values)
    if match is None or int(match[1]) > int(match[2]):
        raise GridError(f"{where} = '{values}': write a list, [1, 2, 5], or a range from low to high, '1..7'")
    return tuple(range(int(match[1]), int(match[2]) + 1))


def _plainly(message: str) -> str:
    """Msgspec's message, with the key in front and no path syntax."""
    what, _, path = message.partition(" - at `$")
    key = path.rstrip("`").lstrip(".")
    return f"{key}: {what}" if key else what
