"""Where the cells of an array lie on paper: one, two or three axes; a third is drawn as slices side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

Place = tuple[int, int]

CELL = 24  # units of the picture
SLICES = 20  # between two slices


@dataclass(frozen=True)
class Grid:
    """Cells of an array on paper.

    Attributes
    ----------
    sizes : tuple of int
        Along each axis; the outermost of three is drawn from left to right, slice by slice.
    """

    sizes: tuple[int, ...]

    @cached_property
    def vectors(self) -> tuple[Place, ...]:
        """From a cell to the next along each axis."""
        plane: tuple[Place, ...] = ((0, CELL), (CELL, 0))
        if len(self.sizes) == 1:
            return plane[1:]
        return plane if len(self.sizes) == 2 else ((self.sizes[2] * CELL + SLICES, 0), *plane)

    @property
    def width(self) -> int:
        """Of all cells together."""
        slices = self.sizes[0] if len(self.sizes) == 3 else 1
        return max(0, slices * (self.sizes[-1] * CELL + SLICES) - SLICES)

    @property
    def height(self) -> int:
        """Of all cells together."""
        return self.sizes[-2] * CELL if len(self.sizes) > 1 else CELL

    def at(self, index: Sequence[int]) -> Place:
        """The upper left corner of a cell."""
        return (
            sum(step * vector[0] for step, vector in zip(index, self.vectors, strict=True)),
            sum(step * vector[1] for step, vector in zip(index, self.vectors, strict=True)),
        )

    def path(self, cells: Iterable[Sequence[int]], inset: int = 1) -> str:
        """The outlines of some cells, as an SVG path."""
        side = CELL - 2 * inset
        places = (self.at(cell) for cell in cells)
        return "".join(f"M{x + inset} {y + inset}h{side}v{side}h-{side}z" for x, y in places)
