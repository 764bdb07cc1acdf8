"""Several pictures of one layer beneath each other: what different ways to say it, or to compute it, make of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from harness.drawing.sliding import CELLS, LINE, MARGIN, Sliding, legend, sliding, text_at
from harness.drawing.steps import Steps
from harness.drawing.style import STYLE

_WIDTH = 420


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture, with what is said of it.

    Attributes
    ----------
    heading : str
    notes : tuple of str
        Lines beneath the heading.
    parts : tuple of (str, Sliding)
        What is drawn, each with its label: the layer, or each of its axes alone. May be empty.
    """

    heading: str
    notes: tuple[str, ...]
    parts: tuple[tuple[str, Sliding], ...] = ()


def parts_of(layer: Sliding, names: Sequence[str]) -> tuple[tuple[str, Sliding], ...]:
    """A layer as it can be drawn: whole, or axis by axis where it has more than three, or too many cells.

    Axes do not interact (S2). One that is too large by itself is left out.
    """
    if len(layer.lines) <= 3 and _fits(layer):
        return (("", layer),)
    alone = [
        (f"along {name}", Sliding((line,), layer.stretched, taps=False))
        for name, line in zip(names, layer.lines, strict=True)
    ]
    return tuple((label, one) for label, one in alone if _fits(one))


def _fits(layer: Sliding) -> bool:
    return max(math.prod(layer.sizes), math.prod(layer.counts)) <= CELLS


def sheet(title: str, told: Sequence[str], panels: Sequence[Panel]) -> str:
    """Draw panels.

    Parameters
    ----------
    title : str
    told : sequence of str
        Lines beneath the title.
    panels : sequence of Panel

    Returns
    -------
    str
        An SVG that needs nothing else, the same for the same arguments.
    """
    svg = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "aria-labelledby": "t d"})
    ET.SubElement(svg, "title", {"id": "t"}).text = title
    ET.SubElement(svg, "desc", {"id": "d"}).text = " ".join([*told, *(panel.heading for panel in panels)])
    ET.SubElement(svg, "style").text = STYLE.replace("\n", "")
    ET.SubElement(svg, "rect", {"class": "paper", "width": "100%", "height": "100%"})
    width, top = _texts(svg, 26, title, told)
    for panel in panels:
        across, top = _texts(svg, top + LINE, panel.heading, panel.notes)
        width = max(width, across)
        for label, layer in panel.parts:
            if label:
                text_at(svg, (MARGIN, top), label, "")
                top += LINE
            across, down = sliding(svg, layer, Steps(layer.counts, 0, moving=False), top + 4)
            width, top = max(width, across), top + 4 + down
    every = [line for panel in panels for _, layer in panel.parts for line in layer.lines]
    top += legend(svg, every, top + 4) + 8
    svg.set("viewBox", f"0 0 {width} {top}")
    svg.set("width", str(width))
    svg.set("height", str(top))
    ET.indent(svg, "")
    return ET.tostring(svg, encoding="unicode") + "\n"


def _texts(svg: ET.Element, top: int, heading: str, notes: Sequence[str]) -> tuple[int, int]:
    """A heading and lines beneath it; how wide they are, and where the next begins."""
    text_at(svg, (MARGIN, top), heading, "title")
    for number, note in enumerate(notes, 1):
        text_at(svg, (MARGIN, top + number * LINE), note, "note")
    width = 2 * MARGIN + max([9 * len(heading), *(7 * len(note) for note in notes)])
    return max(width, _WIDTH), top + (len(notes) + 1) * LINE
