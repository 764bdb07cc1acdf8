"""A heat map over input and kernel sizes, a panel for each stride, as an SVG."""

from __future__ import annotations

from cases.case import Axis
from harness.atlas.compared import KERNELS, SIZES, STRIDES, compared
from harness.atlas.pairs import Pair, Same

CELL, GAP, LEFT, TOP = 16, 34, 40, 44
# Told apart by lightness as well as by hue.
COLOURS: dict[Same, str] = {"operator": "#1b7f5c", "shape": "#f2b134", "neither": "#d5d8dd"}
WORDS: dict[Same, str] = {"operator": "same operator", "shape": "same shape alone", "neither": "neither"}


def drawn(pair: Pair) -> str:
    """The map of a pair, without dilation."""
    wide, high = len(SIZES) * CELL, len(KERNELS) * CELL
    width, height = LEFT + len(STRIDES) * (wide + GAP), TOP + high + 56
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="11" role="img">',
        f"<title>{pair.title}</title>",
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for number, s in enumerate(STRIDES):
        left = LEFT + number * (wide + GAP)
        parts.append(_text(left + wide / 2, TOP - 24, f"s = {s}", weight="bold"))
        for row, k in enumerate(KERNELS):
            y = TOP + row * CELL
            parts.append(_text(left - 10, y + 12, str(k)))
            for column, i in enumerate(SIZES):
                so = compared(pair, Axis(i, k, s))
                told = f"<title>i = {i}, k = {k}, s = {s}: {WORDS[so]}</title>"
                parts.append(f"{_cell(left + column * CELL, y, so)[:-2]}>{told}</rect>")
        for column, i in enumerate(SIZES):
            parts.append(_text(left + (column + 0.5) * CELL, TOP - 6, str(i)))
    parts.append(_text(14, TOP + high / 2, "k"))
    parts.append(_text(14, TOP - 6, "i"))
    x = LEFT
    for so, words in WORDS.items():
        parts.append(_cell(x, TOP + high + 22, so))
        parts.append(_text(x + CELL + 6, TOP + high + 34, words, anchor="start"))
        x += 150
    return "\n".join([*parts, "</svg>"]) + "\n"


def _cell(x: int, y: int, so: Same) -> str:
    return f'<rect x="{x}" y="{y}" width="{CELL - 1}" height="{CELL - 1}" fill="{COLOURS[so]}"/>'


def _text(x: float, y: float, words: str, *, anchor: str = "middle", weight: str = "normal") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-weight="{weight}">{words}</text>'
