"""The layers that an adapter is checked with."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from cases.case import DTYPES, LAYOUTS, OPS, PADDINGS, Axis, Case, Op, Padding, parse
from cases.conventions import numbers
from harness.frameworks.base import Spelling, Unsupported

Say = Callable[[Case, str], Spelling | Unsupported]

# Of each operation the plainest layers, by the number of axes: the first that a route can say is looked at. Axes
# differ, no stride is larger than its window, and one more unit along the last axis makes the output longer.
PLAINEST: dict[Op, tuple[tuple[str, ...], ...]] = {
    "conv": (
        (
            "conv2d.i5x6.k3x2.s2x1.p0x0.d1x1.c2to3",
            "conv2d.i5x6.k3x2.s1x1.p0x0.d1x1.c2to3",
            "conv2d.i5x6.k3x2.s1x1.valid.p0x0.d1x1.c2to3",
            "conv2d.i5x6.k3x2.s1x1.p0x0.d1x1.c2to4.g2",
            "conv2d.i5x6.k3x2.s1x1.p0x0.d1x1.c2to2.g2",
        ),
        (
            "conv1d.i6.k3.s1.p0.d1.c2to3",
            "conv1d.i6.k3.s1.valid.p0.d1.c2to3",
            "conv1d.i6.k3.s1.causal.p2_0.d1.c2to3",
            "conv1d.i6.k3.s1.p0.d1.c2to4.g2",
        ),
        ("conv3d.i3x4x5.k2x2x3.s1x2x1.p0x0x0.d1x1x1.c2to3", "conv3d.i3x4x5.k2x2x3.s1x1x1.valid.p0x0x0.d1x1x1.c2to3"),
        ("conv2d.i5x6.k3x2.s1x1.p0x0.d1x1.c2to3.bias", "conv1d.i6.k3.s1.p0.d1.c2to3.bias"),
    ),
    "conv_transpose": (
        (
            "conv_transpose2d.i3x4.k3x2.s2x1.p0x0.d1x1.a0x0.c2to3",
            "conv_transpose2d.i3x4.k3x2.s1x1.valid.p0x0.d1x1.a0x0.c2to3",
            "conv_transpose2d.i3x4.k3x2.s1x1.p0x0.d1x1.a0x0.c2to2.g2",
        ),
        ("conv_transpose1d.i4.k3.s2.p0.d1.a0.c2to3", "conv_transpose1d.i4.k3.s1.valid.p0.d1.a0.c2to3"),
        (
            "conv_transpose3d.i2x3x2.k3x2x2.s1x2x1.p0x0x0.d1x1x1.a0x0x0.c2to3",
            "conv_transpose3d.i2x3x2.k3x2x2.s1x1x1.valid.p0x0x0.d1x1x1.a0x0x0.c2to3",
        ),
        ("conv_transpose2d.i3x4.k3x2.s2x1.p0x0.d1x1.a0x0.c2to3.bias", "conv_transpose1d.i4.k3.s2.p0.d1.a0.c2to3.bias"),
    ),
    "avg_pool": (
        ("avg_pool2d.i5x6.k3x2.s2x1.p0x0.d1x1.c2", "avg_pool2d.i5x6.k3x2.s1x1.valid.p0x0.d1x1.c2"),
        ("avg_pool1d.i6.k3.s1.p0.d1.c2", "avg_pool1d.i6.k3.s1.valid.p0.d1.c2"),
        ("avg_pool3d.i3x4x5.k2x2x3.s1x2x1.p0x0x0.d1x1x1.c2", "avg_pool3d.i3x4x5.k2x2x3.s1x1x1.valid.p0x0x0.d1x1x1.c2"),
    ),
    "max_pool": (
        ("max_pool2d.i5x6.k3x2.s2x1.p0x0.d1x1.c2", "max_pool2d.i5x6.k3x2.s1x1.valid.p0x0.d1x1.c2"),
        ("max_pool1d.i6.k3.s1.p0.d1.c2", "max_pool1d.i6.k3.s1.valid.p0.d1.c2"),
        ("max_pool3d.i3x4x5.k2x2x3.s1x2x1.p0x0x0.d1x1x1.c2", "max_pool3d.i3x4x5.k2x2x3.s1x1x1.valid.p0x0x0.d1x1x1.c2"),
    ),
}
# Layers that there is little or nothing to compute of, where a framework may well raise something.
EDGES = (
    "conv1d.i2.k3.s1.p0.d1.c2to3",
    "conv2d.i5x1.k3x2.s1x1.p0x0.d1x1.c2to3",
    "conv_transpose1d.i1.k1.s1.p1.d1.a0.c2to3",
    "conv_transpose2d.i1x3.k1x2.s1x1.p1x0.d1x1.a0x0.c2to3",
    "avg_pool1d.i2.k3.s1.p0.d1.c2",
    "avg_pool2d.i5x1.k3x2.s1x1.p0x0.d1x1.c2",
    "max_pool1d.i2.k3.s1.p0.d1.c2",
    "max_pool2d.i5x1.k3x2.s1x1.p0x0.d1x1.c2",
)


def plainest(say: Say, route: str, op: Op, *, one: bool = False) -> list[str]:
    """The plainest layers of an operation that a route can say, one for each number of axes, or one in all."""
    found = [next((name for name in names if _said(say, route, name)), None) for names in PLAINEST[op]]
    said = [name for name in found if name is not None]
    return said[:1] if one else said


def edges(say: Say, route: str, ops: Collection[Op]) -> list[str]:
    """The layers with little to compute, of some operations, that a route can say."""
    return [name for name in EDGES if parse(name).op in ops and _said(say, route, name)]


def _said(say: Say, route: str, name: str) -> bool:
    return isinstance(say(parse(name), route), Spelling)


def spread() -> list[Case]:
    """All sorts of layers: every operation in one to four axes, and one at a time whatever a case can have."""
    return [case for op in OPS for rank in (1, 2, 3, 4) for case in _of(op, rank)]


def _of(op: Op, rank: int) -> list[Case]:
    plain = [Axis(i, k, s) for i, k, s in ((6, 3, 2), (7, 2, 1), (5, 4, 3), (4, 2, 1))[:rank]]
    along: list[tuple[Padding, list[Axis]]] = [("explicit", plain)]
    along += [("explicit", [Axis(x.i, x.k, x.s, *ends) for x in plain]) for ends in ((1, 1), (1, 0), (0, 2))]
    along += [(name, [numbers(op, name, x) or x for x in plain]) for name in PADDINGS if name != "explicit"]
    along += [
        ("explicit", [Axis(x.i, x.k, x.s, 1, 1, d=3) for x in plain]),
        ("explicit", [Axis(x.i, 1, 1) for x in plain]),
        ("explicit", [Axis(x.i, 9, 1) for x in plain]),
        ("explicit", [Axis(0, x.k, x.s, 2, 2) for x in plain]),
    ]
    if op == "conv_transpose":
        along += [
            ("explicit", [Axis(x.i, x.k, 3, 1, 1, a=2) for x in plain]),
            ("explicit", [Axis(x.i, x.k, 1, d=3, a=2) for x in plain]),
            ("valid", [Axis(x.i, x.k, 3, a=1) for x in plain]),
            ("same", [numbers(op, "same", Axis(x.i, x.k, 3, a=1)) or x for x in plain]),
        ]
    layers: list[dict[str, Any]] = [{"channels_in": 2, "channels_out": 3}, {"channels_in": 2, "channels_out": 2}]
    layers += [{**layers[1], name: value} for name, values in _VALUES.items() for value in values]
    layers += [{"channels_in": 2, "channels_out": 4, "groups": 2}, {"channels_in": 0, "channels_out": 2}]
    made = [_case(op, axes, padding, layers[0 if op.startswith("conv") else 1]) for padding, axes in along]
    made += [_case(op, axes, padding, layer) for layer in layers for padding, axes in (along[0], along[1], along[5])]
    return list(dict.fromkeys(case for case in made if case is not None))


_VALUES: dict[str, tuple[object, ...]] = {
    "groups": (2,),
    "batch": (0, 1, 3),
    "bias": (True,),
    "ceil_mode": (True,),
    "count_include_pad": (False,),
    "divisor": (3,),
    "dtype": DTYPES,
    "layout": LAYOUTS,
}


def _case(op: Op, axes: list[Axis], padding: Padding, layer: dict[str, Any]) -> Case | None:
    try:
        return Case(op=op, axes=tuple(axes), padding=padding, **layer)
    except ValueError:  # there is no such layer
        return None
