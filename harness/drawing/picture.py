"""A layer as a picture: the padded input, the window on it, the output, and the matrix that it multiplies by."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from xml.etree import ElementTree as ET

from cases.case import Case
from cases.claims import BY_ID, claims
from harness.drawing import heat
from harness.drawing.grid import CELL, Grid, Place
from harness.drawing.line import KINDS, Kind, Line, lines
from harness.drawing.numerical import Numbers
from harness.drawing.steps import Steps
from harness.drawing.style import STYLE
from harness.theory.expected import expected

CELLS = 4000  # of one array; nobody can tell more of them apart
_MARGIN, _GAP, _LINE = 16, 56, 19
_SAYS: Mapping[Kind, str] = {
    "unit": "input",
    "inserted": "zero between units (stride)",
    "padding": "zero padding",
    "extra": "a: zero at the far end",
    "overhang": "beyond the padding (ceil mode)",
    "cropped": "cut off (negative padding)",
}
_OPS = {
    "conv": "convolution",
    "conv_transpose": "transposed convolution",
    "avg_pool": "average pooling",
    "max_pool": "maximum pooling",
}


class CannotDraw(ValueError):
    """A layer of which no picture can be drawn; the message says why."""


@dataclass(frozen=True, slots=True)
class _Layer:
    """What is drawn: one input map and one output map of a case."""

    case: Case
    lines: tuple[Line, ...]

    @property
    def counts(self) -> tuple[int, ...]:
        return tuple(len(line.starts) for line in self.lines)


def picture(case: Case, *, step: int = 1, animate: bool = False, name: str = "", numbers: Numbers | None = None) -> str:
    """Draw a case.

    Parameters
    ----------
    case : Case
    step : int
        Which placement of the window is drawn, from 1, row-major: the row of the matrix.
    animate : bool
        Step through all of them instead.
    name : str
        To head the picture, beside the case's id.
    numbers : Numbers, optional
        To be written into the cells; then there is no matrix.

    Returns
    -------
    str
        An SVG that needs nothing else, the same for the same arguments.

    Raises
    ------
    CannotDraw
        It has more than three axes, or too many units, or no such placement.
    """
    layer = _Layer(case, lines(case))
    _check(layer, step)
    steps = Steps(layer.counts, step - 1, animate)
    svg = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "aria-labelledby": "t d"})
    title, told = _words(layer, name)
    ET.SubElement(svg, "title", {"id": "t"}).text = title
    ET.SubElement(svg, "desc", {"id": "d"}).text = told
    style = ET.SubElement(svg, "style")
    ET.SubElement(svg, "rect", {"class": "paper", "width": "100%", "height": "100%"})
    _text(svg, (_MARGIN, 26), title, "title")
    _text(svg, (_MARGIN, 26 + _LINE), told, "note")
    top = 26 + 2 * _LINE
    width, height = _sliding(svg, layer, steps, top, numbers)
    top += height
    if numbers is None:
        across, down = _matrix(svg, layer, steps, top)
        width, top = max(width, across), top + down
    top += _legend(svg, layer, top)
    width = max(width, 2 * _MARGIN + max(9 * len(title), 7 * len(told)), 420)
    svg.set("viewBox", f"0 0 {width} {top}")
    svg.set("width", str(width))
    svg.set("height", str(top))
    style.text = STYLE.replace("\n", "") + steps.style()
    ET.indent(svg, "")
    return ET.tostring(svg, encoding="unicode") + "\n"


def _check(layer: _Layer, step: int) -> None:
    case = layer.case
    if case.rank > 3:
        raise CannotDraw(f"{case.id} has {case.rank} axes: pictures are of one to three")
    for sizes, what in ((tuple(len(line.cells) for line in layer.lines), "padded input"), (layer.counts, "output")):
        if math.prod(sizes) > CELLS:
            raise CannotDraw(
                f"{case.id}: its {what} has {'×'.join(map(str, sizes))} units, and pictures hold {CELLS}: "
                "draw a smaller one; sizes that differ by a multiple of the stride look alike"
            )
    if not 1 <= step <= max(math.prod(layer.counts), 1):
        raise CannotDraw(f"step {step}: the window of {case.id} has {math.prod(layer.counts)} placements")


def _words(layer: _Layer, name: str) -> tuple[str, str]:
    """A title, and what there is to see in a sentence."""
    case = layer.case
    said = [_each(letter, case) for letter in "iks"]
    said.append(f"p = {_padding(case)}")
    said += [_each(letter, case) for letter in "da" if any(value != (letter == "d") for value in case.each(letter))]
    outputs = "×".join(map(str, layer.counts))
    result = f"o = {outputs}" if math.prod(layer.counts) else f"nothing to compute: o = {outputs}"
    claimed = [one for one in claims(case) if one in BY_ID][:1]
    title = f"{name}: {_OPS[case.op]}" if name else _OPS[case.op].capitalize()
    if claimed:
        title += f", {claimed[0]}"
    return title, ", ".join([*said, result])


def _each(letter: str, case: Case) -> str:
    name = "i'" if letter == "i" and case.transposed else letter
    return f"{name} = {'×'.join(map(str, case.each(letter)))}"


def _padding(case: Case) -> str:
    ends = (
        f"{axis.p_before}" if axis.p_before == axis.p_after else f"({axis.p_before}, {axis.p_after})"
        for axis in case.axes
    )
    return "×".join(ends)


def _sliding(svg: ET.Element, layer: _Layer, steps: Steps, top: int, numbers: Numbers | None) -> tuple[int, int]:
    """The window on the padded input, and beside it the output."""
    source, target = Grid(tuple(len(line.cells) for line in layer.lines)), Grid(layer.counts)
    wide = max(source.width, target.width) if len(layer.counts) == 3 else 0
    units = "×".join(map(str, layer.case.each("i")))
    stretched = layer.case.transposed and any(axis.s > 1 for axis in layer.case.axes)
    _text(svg, (_MARGIN, top), f"input {units}" + (", stretched" if stretched else ""), "note")
    below = (source.height + 2 * _LINE) if wide else 0  # slices take the whole width: the output stands beneath
    left = _MARGIN if wide else _MARGIN + max(source.width, 90) + _GAP
    outputs = "×".join(map(str, layer.counts))
    _text(svg, (left, top + below), f"output {outputs}", "note")
    field = ET.SubElement(svg, "g", {"transform": f"translate({_MARGIN} {top + 8})"})
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
    return max(wide + 2 * _MARGIN, left + max(target.width, 90) + _MARGIN), height + 8 + _LINE + 12


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


def _window(parent: ET.Element, grid: Grid, layer: _Layer, steps: Steps, numbers: Numbers | None) -> None:
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
            _text(group, (x + CELL - 3, y + CELL - 3), numbers.kernel[tap], "tap")
        elif numbers is None and not layer.case.pools and math.prod(sizes) < 100:
            _text(group, (x + CELL // 2, y + CELL // 2 + 4), str(tap + 1), "")
    planes = layer.lines[0].offsets if len(sizes) == 3 else (0,)
    for plane in planes:
        x, y = grid.at([first[0] + plane, *first[1:]] if len(sizes) == 3 else first)
        across = layer.lines[-1].span * CELL
        down = layer.lines[-2].span * CELL if len(sizes) > 1 else CELL
        box = {"class": "frame", "x": str(x), "y": str(y), "width": str(across), "height": str(down), "rx": "2"}
        ET.SubElement(group, "rect", box)


def _matrix(svg: ET.Element, layer: _Layer, steps: Steps, top: int) -> tuple[int, int]:
    """The matrix of one pair of maps."""
    case = layer.case
    one = replace(case, channels_in=1, channels_out=1, groups=1, batch=None, bias=False, dtype="float32")
    operator = expected(one).operator
    said = f"{'Cᵀ' if case.transposed else 'C'}, {operator.rows}×{operator.columns}"
    if not operator.rows or not operator.columns:
        return 0, 0
    if operator.indices.size > heat.ENTRIES:
        _text(svg, (_MARGIN, top), f"{said}: {operator.indices.size} entries, too many to draw", "note")
        return 0, _LINE + 8
    if not case.pools:
        said += ": a row for each output, stronger the later the tap"
    if max(case.channels_in, case.channels_out) > 1:
        said += "; of one pair of maps"
    _text(svg, (_MARGIN, top), said, "note")
    group = ET.SubElement(svg, "g", {"transform": f"translate({_MARGIN} {top + 10})"})
    width, height = heat.heat(group, operator, steps)
    return width + 2 * _MARGIN, height + 10 + _LINE + 8


def _legend(svg: ET.Element, layer: _Layer, top: int) -> int:
    """What the kinds of cells are, those that occur besides units."""
    kinds = [kind for kind in KINDS if kind != "unit" and any(kind in line.cells for line in layer.lines)]
    for number, kind in enumerate(kinds):
        y = top + number * 20
        swatch = ET.SubElement(svg, "g", {"transform": f"translate({_MARGIN} {y - 2}) scale(.6)"})
        ET.SubElement(swatch, "path", {"class": kind, "d": Grid((1,)).path([(0,)])})
        if kind == "inserted":
            ET.SubElement(swatch, "path", {"class": "dot", "d": "M10 10h4v4h-4z"})
        if kind == "cropped":
            ET.SubElement(swatch, "path", {"class": "strike", "d": "M2 22l20-20"})
        _text(svg, (_MARGIN + 22, y + 10), _SAYS[kind], "note")
    return len(kinds) * 20 + (10 if kinds else 0)


def _value(parent: ET.Element, place: Place, value: str) -> None:
    _text(parent, (place[0] + CELL // 2, place[1] + CELL // 2 + 3), value, "value")


def _text(parent: ET.Element, place: Place, text: str, kind: str) -> None:
    said = {"x": str(place[0]), "y": str(place[1])} | ({"class": kind} if kind else {})
    ET.SubElement(parent, "text", said).text = text
