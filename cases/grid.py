"""Grid files: what a person writes in TOML, read into values.

A grid has one or more parts. A part gives values for each letter of an axis and for each property of a layer, and says
how they are to be combined. :mod:`cases.generate` makes the cases.
"""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
import tomllib

from cases import networks
from cases.case import DTYPES, LAYOUTS, OPS, PADDINGS, Dtype, Layout, Op, Padding
from cases.claims import BY_ID

Numbers = tuple[int, ...] | str  # [1, 2, 5], or "1..7"
Ends = tuple[int | str, ...] | str  # the same, and "1_0": 1 before and 0 after
Cover = Literal["full", "rotate", "pairwise", "three-way"]
SurfaceKind = Literal["plain", "declared", "compiled", "switched"]
AtLeast0 = Annotated[int, msgspec.Meta(ge=0)]
AtLeast1 = Annotated[int, msgspec.Meta(ge=1)]

LETTERS = ("i", "k", "s", "p", "d", "a")


class GridError(ValueError):
    """A grid file that cannot be used. The message names the file, the key and the value, and what would do."""


class AxisValues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Values of each letter, along every axis.

    p is a number for both ends, or "1_0". Where a layer's padding is said by a name, p is what the name means. a is of
    transposed convolutions alone.
    """

    i: Numbers
    k: Numbers
    s: Numbers = (1,)
    p: Ends = (0,)
    d: Numbers = (1,)
    a: Numbers = (0,)


class LayerValues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Values of what a layer has beside its axes.

    ``channels`` are pairs, "input:output"; a pooling takes the first for both. What an operation has not is left at its
    default there: groups and bias of poolings, ceil mode and divisors of convolutions, averages of integers.
    ``batch`` -1 feeds all inputs at once, ``divisor`` 0 is the window's size.
    """

    padding: tuple[Padding, ...] = ("explicit",)
    channels: tuple[str, ...] = ("1:1",)
    groups: tuple[AtLeast1, ...] = (1,)
    batch: tuple[Annotated[int, msgspec.Meta(ge=-1)], ...] = (-1,)
    bias: tuple[bool, ...] = (False,)
    ceil_mode: tuple[bool, ...] = (False,)
    count_include_pad: tuple[bool, ...] = (True,)
    divisor: tuple[AtLeast0, ...] = (0,)
    dtype: tuple[Dtype, ...] = ("float32",)
    layout: tuple[Layout, ...] = ("default",)


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a grid.

    ``cover`` says how values are combined: 'full', every combination; 'rotate', every axis that a full product would
    hold beside others that change with it; 'pairwise' and 'three-way', few cases that hold every two or three values
    that can occur together.

    ``surfaces`` are the kinds of surfaces that the cases are observed on: 'plain', every route as most people run it;
    'declared', the shapes that are said without computing; 'compiled', every other way to run a route; 'switched',
    'plain' again with each switch of the process.
    """

    axis: AxisValues
    layer: LayerValues = LayerValues()
    cover: Cover = "full"
    ops: tuple[Op, ...] = ("conv", "conv_transpose", "avg_pool", "max_pool")
    rank: tuple[Annotated[int, msgspec.Meta(ge=1, le=3)], ...] = (2,)
    square: bool = False
    claims: tuple[str, ...] = ()
    surfaces: tuple[SurfaceKind, ...] = ("plain",)

    def numbers(self, letter: str) -> tuple[int, ...]:
        """Values of i, k, s, d or a."""
        return tuple(dict.fromkeys(numbers(getattr(self.axis, letter), letter)))

    @property
    def ends(self) -> tuple[tuple[int, int], ...]:
        """Values of p, as (before, after)."""
        values = self.axis.p
        return tuple(dict.fromkeys(map(_end, values if isinstance(values, tuple) else numbers(values, "p"))))


class Grid(msgspec.Struct, frozen=True):
    """A grid file.

    Attributes
    ----------
    summary : str
    parts : tuple of Part
    figures : bool
        Whether the guide's figures belong to it.
    networks : tuple of str
        The networks that belong to it (:mod:`cases.networks`). Like the figures they are observed on all surfaces that
        any part takes.
    """

    summary: str
    parts: tuple[Part, ...]
    figures: bool = False
    networks: tuple[str, ...] = ()

    @property
    def surfaces(self) -> frozenset[SurfaceKind]:
        """The kinds of surfaces that any of its parts takes."""
        return frozenset(kind for part in self.parts for kind in part.surfaces)

    def on(self, kind: SurfaceKind) -> Grid:
        """What of the grid is observed on surfaces of a kind."""
        taking = tuple(part for part in self.parts if kind in part.surfaces)
        if not taking:
            return Grid(self.summary, ())
        return msgspec.structs.replace(self, parts=taking)


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
        except UnicodeDecodeError as error:
            raise GridError(f"{where}: not a text file in UTF-8") from error
        except (OSError, ValueError) as error:
            raise GridError(
                f"no grid '{name}': it is neither shipped ({', '.join(shipped())}) nor a file that can be read "
                f"({getattr(error, 'strerror', None) or 'no such path'})"
            ) from error
    return read(text, where)


def read(text: str, where: str) -> Grid:
    """The grid that a TOML text says; ``where`` it comes from is for messages.

    A grid of one part has the part's keys at the top; one of several has a table ``[[part]]`` for each.

    Raises
    ------
    GridError
        It is not TOML, or no grid.
    """
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise GridError(f"{where}: not TOML: {error}") from error
    several = told.pop("part", None)
    whole = {key: told.pop(key) for key in ("summary", "figures", "networks") if key in told}
    if several is None:
        several = [told]
    elif told:
        raise GridError(f"{where}: {min(told)}: a grid with [[part]] has its axes and layers in the parts")
    if not isinstance(several, list):
        raise GridError(f"{where}: part: write [[part]] for each part, not [part]")
    if not several:
        raise GridError(f"{where}: part = []: give at least one part")
    grid: Grid = _converted({**whole, "parts": []}, Grid, where)
    parts = tuple(
        _part(part, where, f"part {number}: " if len(several) > 1 else "") for number, part in enumerate(several, 1)
    )
    for name in grid.networks:
        if name not in networks.NETWORKS:
            raise GridError(f"{where}: networks: no network '{name}'; there are {', '.join(networks.NETWORKS)}")
    return msgspec.structs.replace(grid, parts=parts)


def _part(told: Any, where: str, number: str) -> Part:
    part: Part = _converted(told, Part, f"{where}: {number}".removesuffix(": "))
    for name in (*LETTERS, *LayerValues.__struct_fields__, "ops", "rank", "surfaces"):
        table = "axis." if name in LETTERS else "layer." if name in LayerValues.__struct_fields__ else ""
        if getattr(part.axis if name in LETTERS else part.layer if table else part, name) == ():
            raise GridError(f"{where}: {number}{table}{name} = []: give at least one value")
    for letter, least in (("i", 0), ("k", 1), ("s", 1), ("d", 1), ("a", 0)):
        try:
            values = part.numbers(letter)
        except ValueError as error:
            raise GridError(f"{where}: {number}axis.{error}") from error
        for value in values:
            if value < least:
                raise GridError(f"{where}: {number}axis.{letter} = {value}: {letter} is at least {least}")
    try:
        ends = part.ends
    except ValueError as error:
        raise GridError(f"{where}: {number}axis.{error}") from error
    for pair in ends:
        if min(pair) < 0:
            raise GridError(f"{where}: {number}axis.p = {min(pair)}: p is at least 0")
    for text in part.layer.channels:
        if not re.fullmatch(r"[0-9]+:[0-9]+", text):
            raise GridError(f"{where}: {number}layer.channels = {text!r}: write input and output, '2:3'")
    for key, given in (("claims", part.claims), ("square", part.square)):
        if given and part.cover != "full":
            raise GridError(f"{where}: {number}{key}: goes with cover 'full' alone, not with '{part.cover}'")
    for name in part.claims:
        if name not in BY_ID:
            raise GridError(f"{where}: {number}claims: no claim '{name}'; there are {', '.join(BY_ID)}")
    return part


def _converted(told: Any, kind: Any, where: str) -> Any:
    try:
        return msgspec.convert(told, kind)
    except msgspec.ValidationError as error:
        # msgspec's message, with the key and its value in front and no path syntax
        what, _, path = str(error).partition(" - at `$")
        key = path.rstrip("`").lstrip(".")
        choices = _CHOICES.get(re.sub(r"[^a-z_].*", "", key.rpartition(".")[2]))
        if choices and "enum" in what:
            what += f"; there are {', '.join(choices)}"
        raise GridError(f"{where}: {key}{_value(told, key)}: {what}" if key else f"{where}: {what}") from error


_CHOICES: dict[str, tuple[str, ...]] = {
    "cover": get_args(Cover),
    "ops": OPS,
    "padding": PADDINGS,
    "dtype": DTYPES,
    "layout": LAYOUTS,
    "surfaces": get_args(SurfaceKind),
}


def _value(told: Any, key: str) -> str:
    """' = ' and what stands at a key such as 'axis.i[1]', in short; empty for a table."""
    for step in re.findall(r"[^.\[\]]+", key):
        try:
            told = told[int(step)] if isinstance(told, list) else told[step]
        except (KeyError, IndexError, ValueError, TypeError):
            return ""
    return (
        "" if isinstance(told, dict) else f" = {str(told)[:60]!r}" if isinstance(told, str) else f" = {str(told)[:60]}"
    )


def numbers(values: Numbers, letter: str) -> tuple[int, ...]:
    """The numbers that a list or a range says.

    Raises
    ------
    ValueError
        It is neither.
    """
    if isinstance(values, tuple):
        return values
    match = re.fullmatch(r"(-?\d+)\.\.(-?\d+)", values)
    if match is None or int(match[1]) > int(match[2]):
        raise ValueError(f"{letter} = '{values}': write a list, [1, 2, 5], or a range from low to high, '1..7'")
    return tuple(range(int(match[1]), int(match[2]) + 1))


def _end(value: int | str) -> tuple[int, int]:
    if isinstance(value, int):
        return value, value
    match = re.fullmatch(r"(\d+)_(\d+)", value)
    if match is None:
        raise ValueError(f"p = '{value}': write a number, or before and after, '1_0'")
    return int(match[1]), int(match[2])
