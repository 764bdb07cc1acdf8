"""A layer as a picture: the padded input, the window on it, the output, and the matrix that it multiplies by."""

from __future__ import annotations

import math
from dataclasses import replace
from xml.etree import ElementTree as ET

from cases.case import Case
from cases.claims import BY_ID, claims
from harness.drawing import heat
from harness.drawing.line import lines
from harness.drawing.numerical import Numbers
from harness.drawing.sliding import CELLS, LINE, MARGIN, Sliding, legend, sliding, text_at
from harness.drawing.steps import Steps
from harness.drawing.style import STYLE
from harness.theory.expected import expected

_OPS = {
    "conv": "convolution",
    "conv_transpose": "transposed convolution",
    "avg_pool": "average pooling",
    "max_pool": "maximum pooling",
}


class CannotDraw(ValueError):
    """A layer of which no picture can be drawn; the message says why."""


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
    layer = sliding_of(case)
    _check(case, layer, step)
    steps = Steps(layer.counts, step - 1, animate)
    svg = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "aria-labelledby": "t d"})
    title, told = _words(case, layer, name)
    ET.SubElement(svg, "title", {"id": "t"}).text = title
    ET.SubElement(svg, "desc", {"id": "d"}).text = told
    style = ET.SubElement(svg, "style")
    ET.SubElement(svg, "rect", {"class": "paper", "width": "100%", "height": "100%"})
    text_at(svg, (MARGIN, 26), title, "title")
    text_at(svg, (MARGIN, 26 + LINE), told, "note")
    top = 26 + 2 * LINE
    width, height = sliding(svg, layer, steps, top, numbers)
    top += height
    if numbers is None:
        across, down = _matrix(svg, case, steps, top)
        width, top = max(width, across), top + down
    top += legend(svg, layer.lines, top)
    width = max(width, 2 * MARGIN + max(9 * len(title), 7 * len(told)), 420)
    svg.set("viewBox", f"0 0 {width} {top}")
    svg.set("width", str(width))
    svg.set("height", str(top))
    style.text = STYLE.replace("\n", "") + steps.style()
    ET.indent(svg, "")
    return ET.tostring(svg, encoding="unicode") + "\n"


def sliding_of(case: Case) -> Sliding:
    """One input map and one output map of a case."""
    return Sliding(lines(case), case.transposed and any(axis.s > 1 for axis in case.axes), not case.pools)


def _check(case: Case, layer: Sliding, step: int) -> None:
    if case.rank > 3:
        raise CannotDraw(f"{case.id} has {case.rank} axes: pictures are of one to three")
    for sizes, what in ((layer.sizes, "padded input"), (layer.counts, "output")):
        if math.prod(sizes) > CELLS:
            raise CannotDraw(
                f"{case.id}: its {what} has {'×'.join(map(str, sizes))} units, and pictures hold {CELLS}: "
                "draw a smaller one; sizes that differ by a multiple of the stride look alike"
            )
    if not 1 <= step <= max(math.prod(layer.counts), 1):
        raise CannotDraw(f"step {step}: the window of {case.id} has {math.prod(layer.counts)} placements")


def _words(case: Case, layer: Sliding, name: str) -> tuple[str, str]:
    """A title, and what there is to see in a sentence."""
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


def _matrix(svg: ET.Element, case: Case, steps: Steps, top: int) -> tuple[int, int]:
    """The matrix of one pair of maps."""
    one = replace(case, channels_in=1, channels_out=1, groups=1, batch=None, bias=False, dtype="float32")
    operator = expected(one).operator
    said = f"{'Cᵀ' if case.transposed else 'C'}, {operator.rows}×{operator.columns}"
    if not operator.rows or not operator.columns:
        return 0, 0
    if operator.indices.size > heat.ENTRIES:
        text_at(svg, (MARGIN, top), f"{said}: {operator.indices.size} entries, too many to draw", "note")
        return 0, LINE + 8
    if not case.pools:
        said += ": a row for each output, stronger the later the tap"
    if max(case.channels_in, case.channels_out) > 1:
        said += "; of one pair of maps"
    text_at(svg, (MARGIN, top), said, "note")
    group = ET.SubElement(svg, "g", {"transform": f"translate({MARGIN} {top + 10})"})
    width, height = heat.heat(group, operator, steps)
    return width + 2 * MARGIN, height + 10 + LINE + 8
