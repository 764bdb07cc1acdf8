"""How what moves in a picture moves: it stands at one placement, or steps through all of them in a circle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from harness.drawing.grid import Place

SECONDS = 0.7  # at each placement


@dataclass(slots=True)
class Steps:
    """The placements of a window, gone through row-major.

    Attributes
    ----------
    counts : tuple of int
        Placements along each axis.
    at : int
        The one that is drawn where nothing moves, from 0.
    moving : bool
    rules : list of str
        What the style sheet needs for what has been put so far.
    """

    counts: tuple[int, ...]
    at: int
    moving: bool
    rules: list[str] = field(default_factory=list)

    @property
    def index(self) -> tuple[int, ...]:
        """The placement along each axis."""
        rest, found = self.at, []
        for count in reversed(self.counts):
            rest, place = divmod(rest, count)
            found.append(place)
        return tuple(reversed(found))

    def along_axes(self, parent: ET.Element, vectors: Sequence[Place]) -> ET.Element:
        """A group that is one vector further for each placement along an axis; nested, so that each moves by itself."""
        length = math.prod(self.counts) * SECONDS
        for count, vector, place in zip(self.counts, vectors, self.index, strict=True):
            parent = self._group(parent, count, vector, length, place)
            length /= count
        return parent

    def in_order(self, parent: ET.Element, vector: Place) -> ET.Element:
        """A group that is one vector further at each placement."""
        count = math.prod(self.counts)
        return self._group(parent, count, vector, count * SECONDS, self.at)

    def _group(self, parent: ET.Element, count: int, vector: Place, length: float, place: int) -> ET.Element:
        x, y = vector
        if not self.moving:
            return ET.SubElement(parent, "g", {"transform": f"translate({x * place} {y * place})"} if place else {})
        if count < 2:
            return ET.SubElement(parent, "g")
        name = f"s{len(self.rules)}"
        far = f"translate({x * (count - 1)}px,{y * (count - 1)}px)"
        self.rules.append(
            f"@keyframes {name}{{to{{transform:{far}}}}}"
            f".{name}{{animation:{name} {length:.4g}s steps({count},jump-none) infinite}}"
        )
        return ET.SubElement(parent, "g", {"class": name})

    def style(self) -> str:
        """The rules, for those who have not asked for less motion."""
        return f"@media (prefers-reduced-motion:no-preference){{{''.join(self.rules)}}}" if self.rules else ""
