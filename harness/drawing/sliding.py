"""The window on the padded input, and the output beside it: what every picture of a layer has."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from harness.drawing.grid import CELL, Grid, Place
from harness.drawing.line import KINDS, Kind, Line
from harness.drawing.numerical import Numbers
from harness.drawing.steps import Steps

CELLS = 4000  # of one array; nobody can tell more of them apart
MARGIN, GAP, LINE = 16, 56, 19
_SAYS: Mapping[Kind, str] = {
    "unit": "input",
    "inserted": "zero between units (stride)",
    "padding": "zero padding",
    "extra": "a: zero at the far end",
    "overhang": "beyond the padding (ceil mode)",
    "cropped": "cut off (negative padding)",
}


@dataclass(frozen=True, slots=True)
class Sliding:
    """One input map and one output map of a layer.

    Attributes
    ----------
    lines : tuple of Line
        Its axes.
    stretched : bool
        Whether zeros are inserted between the units of the input.
    taps : bool
        Whether the window has a kernel, whose taps are numbered.
    """

    lines: tuple[Line, ...]
    stretched: bool
    taps: bool

    @property
    def counts(self) -> tuple[int, ...]:
        """Placements along each axis: the output's size."""
        return tuple(len(line.starts) for line in self.lines)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of the padded input."""
        return tuple(len(line.cells) for line in self.lines)

    @property
    def units(self) -> tuple[int, ...]:
        """Of the input itself."""
        return tuple(sum(unit is not None for unit in line.units) for line in self.lines)


def sliding(svg: ET.Element, layer: Sliding, steps: Steps, top: int, numbers: Numbers | None = None) -> tuple[int, int]:
    """The window on the padded input, and beside it the output."""
    source, target = Grid(layer.sizes), Grid(layer.counts)
    wide = max(source.width, target.width) if len(layer.counts) == 3 else 0
    units = "×".join(map(str, layer.units))
    text_at(svg, (MARGIN, top), f"input {units}" + (", stretched" if layer.stretched else ""), "note")
    below = (source.height + 2 * LINE) if wide else 0  # slices take the whole width: the output stands beneath
    left = MARGIN if wide else MARGIN + max(source.width, 90) + GAP
    outputs = "×".join(map(str, layer.counts))
    text_at(svg, (left, top + below), f"output {outputs}", "note")
    field = ET.SubElement(svg, "g", {"transform": f"translate({MARGIN} {top + 8})"})
    _cells(field, source, layer.lines, numbers)
    result = ET.SubElement(svg, "g", {"transform": f"translate({left} {top + below + 8})"})
    every = list(itertools.product(*map(range, layer.counts)))
    if every:
        ET.SubElement(result, "path", {"class": "out", "d": target.path(every)})
        if numbers is not None:
            for index, value in zip(every, numbers.output, strict=True):
                _value(result, target.at(index), value)
        _window(field, source, layer, steps, numbers)
        now = {"class": "now", "x": "1", "y": "1", "width": f"{CELL - 2}", "height": f"{CELL - 2}"}
        ET.SubElement(steps.along_axes(result, target.vectors), "rect", now)
    height = below + target.height if wide else max(source.height, target.height)
    return max(wide + 2 * MARGIN, left + max(target.width, 90) + MARGIN), height + 8 + LINE + 12


def _cells(parent: ET.Element, grid: Grid, axes: Sequence[Line], numbers: Numbers | None) -> None:
    """The cells of the padded input. A cell is what it is along its least ordinary axis."""
    of_kind: dict[Kind, list[tuple[int, ...]]] = {}
    for index in itertools.product(*map(range, grid.sizes)):
        kinds = [line.cells[place] for line, place in zip(axes, index, strict=True)]
        of_kind.setdefault(max(kinds, key=KINDS.index), []).append(index)
    for kind in KINDS:
        cells = of_kind.get(kind, [])
        if not cells:
            continue
        ET.SubElement(parent, "path", {"class": kind, "d": grid.path(cells, 1 if kind == "unit" else 2)})
        if kind == "inserted":
            dots = "".join(f"M{x + CELL // 2 - 1} {y + CELL // 2 - 1}h2v2h-2z" for x, y in map(grid.at, cells))
            ET.SubElement(parent, "path", {"class": "dot", "d": dots})
        if kind == "cropped":
            strikes = "".join(f"M{x + 2} {y + CELL - 2}l{CELL - 4}-{CELL - 4}" for x, y in map(grid.at, cells))
            ET.SubElement(parent, "path", {"class": "strike", "d": strikes})
        if kind == "unit" and numbers is not None:
            for index, value in zip(cells, numbers.input, strict=True):
                _value(parent, grid.at(index), value)


def _window(parent: ET.Element, grid: Grid, layer: Sliding, steps: Steps, numbers: Numbers | None) -> None:
    """The window at the placement, or moving: its elements, the tap in each, and what it spans."""
    moved = [
        (x * max(line.step, 1), y * max(line.step, 1)) for line, (x, y) in zip(layer.lines, grid.vectors, strict=True)
    ]
    group = steps.along_axes(ET.SubElement(parent, "g", {"class": "window"}), moved)
    sizes = tuple(len(line.taps) for line in layer.lines)
    first = [line.starts[0] for line in layer.lines]
    for element in itertools.product(*map(range, sizes)):
        place = [begin + line.offsets[number] for begin, line, number in zip(first, layer.lines, element, strict=True)]
        x, y = grid.at(place)
        side = str(CELL - 2)
        ET.SubElement(group, "rect", {"x": f"{x + 1}", "y": f"{y + 1}", "width": side, "height": side})
        tap = 0
        for line, number in zip(layer.lines, element, strict=True):
            tap = tap * len(line.taps) + line.taps[number]
        if numbers is not None and numbers.kernel:
            text_at(group, (x + CELL - 3, y + CELL - 3), numbers.kernel[tap], "tap")
        elif numbers is None and layer.taps and math.prod(sizes) < 100:
            text_at(group, (x + CELL // 2, y + CELL // 2 + 4), str(tap + 1), "")
    planes = layer.lines[0].offsets if len(sizes) == 3 else (0,)
    for plane in planes:
        x, y = grid.at([first[0] + plane, *first[1:]] if len(sizes) == 3 else first)
        across = layer.lines[-1].span * CELL
        down = layer.lines[-2].span * CELL if len(sizes) > 1 else CELL
        box = {"class": "frame", "x": str(x), "y": str(y), "width": str(across), "height": str(down), "rx": "2"}
        ET.SubElement(group, "rect", box)


def legend(svg: ET.Element, lines: Iterable[Line], top: int) -> int:
    """What the kinds of cells are, those that occur besides units."""
    found = {kind for line in lines for kind in line.cells}
    kinds = [kind for kind in KINDS if kind != "unit" and kind in found]
    for number, kind in enumerate(kinds):
        y = top + number * 20
        swatch = ET.SubElement(svg, "g", {"transform": f"translate({MARGIN} {y - 2}) scale(.6)"})
        ET.SubElement(swatch, "path", {"class": kind, "d": Grid((1,)).path([(0,)])})
        if kind == "inserted":
            ET.SubElement(swatch, "path", {"class": "dot", "d": "M10 10h4v4h-4z"})
        if kind == "cropped":
            ET.SubElement(swatch, "path", {"class": "strike", "d": "M2 22l20-20"})
        text_at(svg, (MARGIN + 22, y + 10), _SAYS[kind], "note")
    return len(kinds) * 20 + (10 if kinds else 0)


def _value(parent: ET.Element, place: Place, value: str) -> None:
    text_at(parent, (place[0] + CELL // 2, place[1] + CELL // 2 + 3), value, "value")


def text_at(parent: ET.Element, place: Place, text: str, kind: str) -> None:
    """A text, of a class of the style sheet."""
    said = {"x": str(place[0]), "y": str(place[1])} | ({"class": kind} if kind else {})
    ET.SubElement(parent, "text", said).text = text
