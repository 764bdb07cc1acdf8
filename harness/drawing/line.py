"""One axis of a layer as it is drawn: its cells in a row, and the cells that the window lands on.

Both directions become the same thing here. A convolution slides over its padded input, in steps of s. A transposed
convolution is drawn as the direct convolution that equals it (S7): unit steps over its input, stretched by s - 1 zeros
between units and padded by p' = k̂ - p - 1, or cropped where p' is negative. Both are read off placements: those of
the theory, or those that a diagnosis found in an operator.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from cases.case import Case
from harness.diagnose.geometry import Sweep
from harness.theory import placements
from harness.theory.placements import Placements

Kind = Literal["unit", "inserted", "padding", "extra", "overhang", "cropped"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Line:
    """The cells along one axis, and where the window lands on them.

    Attributes
    ----------
    cells : tuple of str
        What each cell is: a unit of the input; a zero inserted between two (stretching); padding; one of the a zeros
        added at the far end of a transposed convolution's input; where a last window overhangs (ceil mode); what a
        negative padding cuts off.
    units : tuple of (int or None)
        Which unit of the input stands in each cell.
    starts : tuple of int
        The first cell of each placement, in steps that are all equal.
    offsets : tuple of int
        From there, the cell of each element of the window, ascending.
    taps : tuple of int
        The kernel's tap in each of them: descending where the kernel is turned by 180° (S7).
    """

    cells: tuple[Kind, ...]
    units: tuple[int | None, ...]
    starts: tuple[int, ...]
    offsets: tuple[int, ...]
    taps: tuple[int, ...]

    @property
    def step(self) -> int:
        """Cells from one placement to the next; 0 where there are no two."""
        return self.starts[1] - self.starts[0] if len(self.starts) > 1 else 0

    @property
    def span(self) -> int:
        """Cells that the window spans."""
        return self.offsets[-1] + 1

    def seen(self, placement: int) -> Iterator[tuple[int, int]]:
        """The units that a placement of the window sees, and the tap that meets each."""
        for offset, tap in zip(self.offsets, self.taps, strict=True):
            unit = self.units[self.starts[placement] + offset]
            if unit is not None and self.cells[self.starts[placement] + offset] != "cropped":
                yield unit, tap


def lines(case: Case) -> tuple[Line, ...]:
    """Each axis of a layer, outermost first."""
    if case.transposed:
        return tuple(_turned(placements.transposed(x), x.p_before, x.p_after, x.a) for x in case.axes)
    return tuple(_direct(placements.convolution(x, case.ceil_mode), x.p_before, x.p_after) for x in case.axes)


def found(sweeps: Sequence[Sweep], ends: Sequence[tuple[int, int]], *, transposed: bool) -> tuple[Line, ...]:
    """Each axis of a layer whose parameters were read off its operator.

    Parameters
    ----------
    sweeps : sequence of Sweep
    ends : sequence of (int, int)
        Padding before and after, negative where the input is cut; of a transposed convolution what is cropped, negative
        where units are added.
    transposed : bool
    """
    both = zip(sweeps, ends, strict=True)
    if not transposed:
        return tuple(_direct(sweep.placements(), before, after) for sweep, (before, after) in both)
    return tuple(_turned(sweep.placements(), before, max(after, 0), max(-after, 0)) for sweep, (before, after) in both)


def _direct(placed: Placements, before: int, after: int) -> Line:
    offsets = tuple(map(int, placed.offset))
    first = min(-before, 0)  # the unit, or the padding, in the first cell
    starts = tuple(int(start) - first for start in placed.start)
    inside = placed.size + after - first
    size = max([inside, placed.size - first, *(start + offsets[-1] + 1 for start in starts[-1:])])
    cells: list[Kind] = []
    units: list[int | None] = []
    for cell in range(size):
        unit = cell + first
        real = 0 <= unit < placed.size
        if real:
            cells.append("unit" if unit >= -before and cell < inside else "cropped")
        else:
            cells.append("overhang" if cell >= inside else "padding")
        units.append(unit if real else None)
    return Line(tuple(cells), tuple(units), starts, offsets, tuple(range(len(offsets))))


def _turned(placed: Placements, before: int, after: int, a: int) -> Line:
    """The output y gets tap t from the unit w where start[w] + offset[t] = y: in a cell y - offset[t] - start[0]."""
    offsets = tuple(map(int, placed.offset))
    first = int(placed.start[0]) if placed.start.size else -before
    unit_at = {int(start) - first: unit for unit, start in enumerate(placed.start)}
    stretched = max(unit_at, default=-1) + 1
    begin = -first - offsets[-1]  # of the padded input, relative to the first unit: -p'
    end = placed.size - first if placed.size else max(stretched, offsets[-1] - after)
    cells: list[Kind] = []
    units: list[int | None] = []
    for place in range(min(begin, 0), max(end, stretched)):
        unit = unit_at.get(place)
        if 0 <= place < stretched:
            kept = begin <= place < end
            cells.append(("unit" if unit is not None else "inserted") if kept else "cropped")
        else:
            cells.append("extra" if place >= end - a else "padding")
        units.append(unit)
    starts = tuple(range(max(begin, 0), max(begin, 0) + placed.size)) if placed.start.size else ()
    return Line(tuple(cells), tuple(units), starts, offsets, tuple(reversed(range(len(offsets)))))
