"""The matrix of a layer as a heat map: a row for each output, a column for each input, a shade for each tap."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np

from harness.drawing.steps import Steps
from harness.operator import Operator

ENTRIES = 20_000  # more are a grey field
WIDTH, HEIGHT = 520, 260
_LARGEST, _SMALLEST = 12, 3


def cell_of(operator: Operator) -> int:
    """The side of an entry, in units of the picture."""
    return max(_SMALLEST, min(_LARGEST, WIDTH // max(operator.columns, 1), HEIGHT // max(operator.rows, 1)))


def heat(parent: ET.Element, operator: Operator, steps: Steps) -> tuple[int, int]:
    """Draw a matrix into a group, with the row of the placement marked; returns its width and height."""
    cell = cell_of(operator)
    width, height = operator.columns * cell, operator.rows * cell
    finite = np.where(np.isfinite(operator.values), np.abs(operator.values), 0)
    most = finite.max(initial=0)
    for value in np.unique(operator.values):
        rows, columns = np.divmod(operator.indices[operator.values == value], max(operator.columns, 1))
        path = "".join(
            f"M{x} {y}h{cell}v{cell}h-{cell}z"
            for x, y in zip((columns * cell).tolist(), (rows * cell).tolist(), strict=True)
        )
        if np.isfinite(value):
            shade = f"{0.16 + 0.84 * abs(value) / most:.2f}"
            ET.SubElement(parent, "path", {"class": "heat", "fill-opacity": shade, "d": path})
        else:
            ET.SubElement(parent, "path", {"class": "blind", "d": path})
    frame = {"class": "frame", "x": "-0.5", "y": "-0.5", "width": f"{width + 1}", "height": f"{height + 1}"}
    ET.SubElement(parent, "rect", frame)
    if operator.rows:
        row = {"class": "row", "x": "-2", "y": "-1", "width": f"{width + 4}", "height": f"{cell + 2}", "rx": "1"}
        ET.SubElement(steps.in_order(parent, (0, cell)), "rect", row)
    return width, height
