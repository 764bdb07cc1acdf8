"""Grids for tests, and their cases by plain loops: what :mod:`cases.generate` must find, written another way."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cases import grid
from cases.case import OPS, Axis, Case
from cases.claims import claims
from cases.grid import Grid

PartValues = dict[str, Any]  # a part as a grid file says it

ORDINARY_AXIS: PartValues = {"s": [1], "p": [0], "d": [1], "a": [0]}
ORDINARY_LAYER: PartValues = {
    "padding": ["explicit"],
    "channels": ["1:1"],
    "groups": [1],
    "batch": [-1],
    "bias": [False],
    "ceil_mode": [False],
    "count_include_pad": [True],
    "divisor": [0],
    "dtype": ["float32"],
    "layout": ["default"],
}


@pytest.fixture
def grid_of() -> Callable[..., Grid]:
    """Makes a grid of some parts, and what else a grid has, by way of the text of a file."""

    def made(*parts: PartValues, **whole: Any) -> Grid:
        lines = [f"{key} = {json.dumps(value)}" for key, value in {"summary": "of a test", **whole}.items()]
        for part in parts:
            tables = {"part": {key: value for key, value in part.items() if key not in ("axis", "layer")}}
            tables |= {f"part.{key}": part[key] for key in ("axis", "layer") if key in part}
            for name, table in tables.items():
                lines.append(f"[[{name}]]" if name == "part" else f"[{name}]")
                lines += [f"{key} = {json.dumps(value)}" for key, value in table.items()]
        return grid.read("\n".join(lines), "my.toml")

    return made


@pytest.fixture
def by_loops() -> Callable[[PartValues], list[Case]]:
    """All cases of a part that is combined in full, once each: whatever can be built and is spoken of by some claim."""

    def found(part: PartValues) -> list[Case]:
        wanted = set(part.get("claims", ()))
        return [case for case in dict.fromkeys(_all(part)) if claims(case) and (not wanted or wanted & {*claims(case)})]

    return found


def _all(part: PartValues) -> Iterator[Case]:
    axis_values, layer_values = ORDINARY_AXIS | part["axis"], ORDINARY_LAYER | part.get("layer", {})
    for op, rank in itertools.product(part.get("ops", OPS), part.get("rank", [2])):
        for values in itertools.product(*layer_values.values()):
            layer = dict(zip(layer_values, values, strict=True))
            said = _layer(op, layer)
            if said is None:
                continue
            along = list(_axes(op, layer["padding"], axis_values))
            for chosen in itertools.product(along, repeat=rank):
                if part.get("square") and any(axis != chosen[0] for axis in chosen):
                    continue
                try:
                    yield Case(op=op, axes=chosen, **said)
                except ValueError:  # groups that do not divide the channels, averages of integers
                    continue


def _layer(op: str, values: PartValues) -> PartValues | None:
    """The fields of a case: what an operation has not is left out, and what a name does not mean there is None."""
    n, m = map(int, values["channels"].split(":"))
    said = {"padding": values["padding"], "dtype": values["dtype"], "layout": values["layout"], "channels_in": n}
    said["batch"] = None if values["batch"] == -1 else values["batch"]
    if op in ("avg_pool", "max_pool"):
        if n == 0 or values["padding"] == "causal":
            return None
        if values["ceil_mode"] and values["padding"] in ("same", "same_lower"):
            return None
        said |= {"channels_out": n, "ceil_mode": values["ceil_mode"]}
        if op == "avg_pool":
            said |= {"count_include_pad": values["count_include_pad"], "divisor": values["divisor"] or None}
        return said
    if op == "conv_transpose" and values["padding"] in ("same_lower", "causal"):
        return None
    return said | {"channels_out": m, "groups": values["groups"], "bias": values["bias"]}


def _axes(op: str, padding: str, values: PartValues) -> Iterator[Axis]:
    for i, k, s, d, a in itertools.product(*(values[letter] for letter in "iksda")):
        transposed = op == "conv_transpose"
        if a != 0 and not transposed:
            a = 0  # noqa: PLW2901 (another layer has none)
        if padding == "explicit":
            for p in values["p"]:
                before, after = p.split("_") if isinstance(p, str) else (p, p)
                yield Axis(i, k, s, int(before), int(after), d, a)
        elif not transposed or (a < s and i > 0):
            yield _named(padding, Axis(i, k, s, d=d, a=a), transposed)


def _named(padding: str, x: Axis, transposed: bool) -> Axis:
    """The numbers that a name means, by trying one total of padding after another."""
    if padding == "valid":
        return x
    if padding == "causal":
        return Axis(x.i, x.k, x.s, x.k_hat - 1, 0, x.d)
    size = x.s * x.i - x.a if transposed else x.i
    if size == 0:  # nothing to pad for: as the formula says
        total = max(x.k_hat - x.s, 0)
    else:
        wanted = len(range(0, size, x.s))
        total = next(t for t in itertools.count() if len(range(0, size + t - x.k_hat + 1, x.s)) >= wanted)
    small, large = sorted((total // 2, total - total // 2))
    if not transposed:
        return Axis(x.i, x.k, x.s, *((small, large) if padding == "same" else (large, small)), x.d)
    rest = size + total - x.k_hat - x.s * (x.i - 1)
    return Axis(x.i, x.k, x.s, small, large, x.d, rest)
