"""``convarith routes``: how each route says a layer, argument by argument. No framework is needed."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from cyclopts import Parameter

from cases import figures
from cases.case import OPS, Case, Op, parse
from cases.grid import SurfaceKind
from harness.commands.printing import as_json
from harness.errors import UsageError
from harness.frameworks import registry
from harness.frameworks.base import Unsupported
from harness.frameworks.ways import ways
from harness.records import Probe

# One layer for each operation and each way to say its padding, with axes that differ.
EXAMPLES: dict[str, str] = {
    "Convolution, padding in numbers": "conv2d.i6x7.k3x5.s2x1.p1x2.d1x2.c2to3",
    "Convolution, ends that differ": "conv2d.i6x7.k3x2.s2x1.p0_1x1_0.d1x1.c2to3",
    "Convolution, no padding by name": "conv2d.i6x7.k3x2.s2x1.valid.p0x0.d1x1.c2to3",
    "Convolution, SAME": "conv2d.i6x7.k3x2.s2x1.same.p0_1x0_1.d1x1.c2to3",
    "Convolution, SAME with unit strides": "conv2d.i6x7.k3x4.s1x1.same.p1x1_2.d1x1.c2to3",
    "Convolution, causal": "conv1d.i6.k3.s1.causal.p2_0.d1.c2to3",
    "Depthwise convolution": "conv2d.i6x7.k3x2.s1x1.p0x0.d1x1.c2to4.g2",
    "Transposed convolution, padding in numbers": "conv_transpose2d.i3x4.k3x5.s2x3.p1x2.d1x1.a1x0.c2to3",
    "Transposed convolution, no padding by name": "conv_transpose2d.i3x4.k3x5.s2x3.valid.p0x0.d1x1.a0x0.c2to3",
    "Transposed convolution, SAME": "conv_transpose2d.i3x4.k3x5.s2x3.same.p0_1x1.d1x1.a0x0.c2to3",
    "Average pooling": "avg_pool2d.i6x7.k3x2.s2x1.p0x0.d1x1.c2",
    "Average pooling, SAME, padding not counted": "avg_pool2d.i6x7.k3x2.s2x1.same.p0_1x0_1.d1x1.c2.nopad",
    "Average pooling, padding counted": "avg_pool2d.i6x7.k3x2.s2x1.p1x0.d1x1.c2",
    "Max pooling": "max_pool2d.i6x7.k3x2.s2x1.p0x0.d1x1.c2",
    "Max pooling, padding in numbers": "max_pool2d.i6x7.k3x2.s2x1.p1x0.d1x1.c2",
    "Max pooling, ceil mode": "max_pool2d.i6x7.k3x2.s2x1.p1x0.d1x1.c2.ceil",
}


@dataclass(frozen=True, slots=True)
class Row:
    """How one route says one layer.

    Attributes
    ----------
    layer, case_id : str
    framework, route : str
    call : str
        What one writes; empty where there is no way to.
    data, kernel : str
        The order of the axes of the input and of the kernel.
    flip : bool
        Whether the kernel has to be turned by 180° first.
    stride, divisor : str
        What they are where they are left out; empty where they have to be given, or there are none.
    reason : str
        Why there is no way.
    """

    layer: str
    case_id: str
    framework: str
    route: str
    call: str = ""
    data: str = ""
    kernel: str = ""
    flip: bool = False
    stride: str = ""
    divisor: str = ""
    reason: str = ""


RowKind = SurfaceKind | Literal["by name"]  # that no grid takes is asked for by name


@dataclass(frozen=True, slots=True)
class SurfaceRow:
    """A surface, as the list has it: what a grid calls its kind, what is seen on it, of which operations."""

    framework: str
    route: str
    mode: str
    switch: str
    kind: RowKind
    probes: tuple[Probe, ...]
    ops: tuple[Op, ...]


def routes(
    *,
    surfaces: bool = False,
    padding: Annotated[bool, Parameter(negative=())] = False,
    case: Annotated[tuple[str, ...], Parameter(negative=(), consume_multiple=False)] = (),
    format: Literal["text", "json", "markdown"] = "text",
) -> None:
    """Print how each route into each framework says a layer: function, arguments, layouts, or why it cannot.

    Parameters
    ----------
    surfaces
        List the surfaces instead: every route in every mode, and with every switch.
    padding
        Tell instead what each framework pads or crops, in closed form: docs/padding.md.
    case
        A layer, by its id or the name of a figure. May be repeated; one for each operation and way to say the padding,
        if left out.
    format
        'text', 'json', or 'markdown', which is docs/routes.md.
    """
    if surfaces:
        if case:
            raise UsageError("--surfaces lists all surfaces, whatever the case: leave out --case")
        listed = list(_surfaces())
        sys.stdout.write(as_json(listed) if format == "json" else _table(listed, format))
        return
    if padding:
        if case:
            raise UsageError("--padding tells of all ways to pad: leave out --case, or ask convarith explain CASE")
        from harness.investigate.padding_page import page

        sys.stdout.write(page())
        return
    asked = {text: text for text in case} or EXAMPLES
    rows = [row for layer, text in asked.items() for row in _rows(layer, _case(text))]
    if format == "json":
        sys.stdout.write(as_json(rows))
        return
    # What is said in the same words whichever framework computes it, people read once.
    once = list({replace(row, framework=""): row for row in rows}.values())
    sys.stdout.write(_markdown(once) if format == "markdown" else _text(once))


def _surfaces() -> Iterator[SurfaceRow]:
    for framework, reference in registry.adapters().items():
        adapter = registry.load(reference)
        for switch in ("", *adapter.switches, *adapter.further_switches):
            for way in ways(framework, adapter, switch):
                if way.kind is not None:
                    where = way.surface
                    kind: RowKind = "by name" if switch in adapter.further_switches else way.kind
                    yield SurfaceRow(framework, where.route, where.mode, switch, kind, way.probes, way.ops)


def _table(rows: Sequence[SurfaceRow], format: str) -> str:
    heads = ("framework", "route", "mode", "switch", "kind", "shows", "of")
    cells = [
        (row.framework, row.route, row.mode, row.switch, row.kind, " ".join(row.probes), _ops(row.ops)) for row in rows
    ]
    if format == "markdown":
        lines = ["| " + " | ".join(line) + " |" for line in (heads, ("---",) * len(heads), *cells)]
    else:
        widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in (heads, *cells)
        ]
    return "\n".join(lines) + "\n"


def _ops(ops: Sequence[Op]) -> str:
    return "all" if set(ops) == set(OPS) else " ".join(ops)


def _case(text: str) -> Case:
    try:
        return figures.CASES.get(text) or parse(text)
    except ValueError as error:
        raise UsageError(f"--case: {error}") from error


def _rows(layer: str, case: Case) -> Iterator[Row]:
    for framework, reference in registry.adapters().items():
        adapter = registry.load(reference)
        for route, found in adapter.routes.items():
            if case.op not in found.ops:
                continue
            said = adapter.say(case, route)
            if isinstance(said, Unsupported):
                yield Row(layer, case.id, framework, route, reason=said.reason)
            else:
                yield Row(
                    layer,
                    case.id,
                    framework,
                    route,
                    said.call,
                    said.data,
                    said.kernel,
                    said.flip,
                    said.stride,
                    said.divisor,
                )


def _text(rows: list[Row]) -> str:
    lines: list[str] = []
    last = ""
    for row in rows:
        if row.layer != last:
            head = row.layer if row.layer == row.case_id else f"{row.layer}  [{row.case_id}]"
            lines += ["", head] if lines else [head]
            last = row.layer
        lines.append(f"  {row.route}")
        if row.call:
            kernel = f", kernel {_kernel(row)}" if row.kernel else ""
            lines += [f"    {row.call}", f"    data {row.data}{kernel}"]
            lines += [f"    by default {told}" for told in [_defaults(row)] if told]
        else:
            lines.append(f"    no way to say it: {row.reason}")
    return "\n".join(lines) + "\n"


def _kernel(row: Row) -> str:
    return f"{row.kernel}, turned by 180°" if row.flip else row.kernel


def _defaults(row: Row) -> str:
    """What the stride is, and what an average divides by, where the call does not say it."""
    told = (("stride", row.stride), ("divisor", row.divisor))
    return "; ".join(f"{what}: {value}" for what, value in told if value)


def _markdown(rows: list[Row]) -> str:
    parts = [
        "# How each route says a layer\n\nThe arguments that convarith itself uses, for a layer of each operation and"
        " each way to say its padding.\nKernels are in the order given, I and O being the layer's own input and output"
        " maps; of a transposed convolution the\nkernel is that of the convolution it is the transpose of. *Turned by"
        " 180°* is what its weights have to be first. The last\ncolumn has the stride that a call takes where it says"
        " none, and what an average divides by; nothing where both have to be\ngiven. A route that has no function for"
        " an operation is left out there. This page is made by\n`convarith routes --format markdown`; `convarith routes"
        " --case ID` says any other layer.\n"
    ]
    last = ""
    for row in rows:
        if row.layer != last:
            parts.append(
                f"\n## {row.layer}\n\n`{row.case_id}`\n\n"
                "| route | call | data | kernel | by default |\n|---|---|---|---|---|\n"
            )
            last = row.layer
        said = f"`{row.call}`" if row.call else f"*no way: {row.reason}*"
        parts.append(f"| {row.route} | {said} | {row.data} | {_kernel(row)} | {_defaults(row)} |\n")
    return "".join(parts)
