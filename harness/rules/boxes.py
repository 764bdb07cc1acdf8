"""Places put together: sets of (route, mode, switch, aspect, operation), said by as few words as they can be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Cell = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """All places whose parts are among some values.

    Attributes
    ----------
    values : tuple
        Of each part: the values, sorted; empty if any will do.
    """

    values: tuple[tuple[str, ...], ...]

    def holds(self, cell: Cell) -> bool:
        """Whether a place is among them."""
        return all(not values or part in values for values, part in zip(self.values, cell, strict=True))


def boxes(cells: Sequence[Cell], wanted: Iterable[int], shunned: Iterable[int]) -> list[Box]:
    """Boxes that hold all cells that are wanted and none that is shunned; of others it does not matter.

    Each is grown from the first cell that no box holds yet: what a part is does not matter, if it can be so; else it
    is as many of the values of the cells that are wanted as can be.

    Parameters
    ----------
    cells : sequence of tuple of str
    wanted, shunned : iterables of int
        Numbers of cells, apart.
    """
    good = sorted(set(wanted))
    bad = [cells[number] for number in sorted(set(shunned))]
    found: list[Box] = []
    for number in good:
        if any(box.holds(cells[number]) for box in found):
            continue
        grown = _grown(cells[number], [cells[one] for one in good], bad)
        found = [box for box in found if not all(grown.holds(cells[one]) for one in good if box.holds(cells[one]))]
        found.append(grown)
    return found


def _grown(seed: Cell, good: Sequence[Cell], bad: Sequence[Cell]) -> Box:
    box = Box(tuple((part,) for part in seed))
    for position in range(len(seed)):
        before, after = box.values[:position], box.values[position + 1 :]
        free = Box((*before, (), *after))
        if not any(free.holds(cell) for cell in bad):
            box = free
            continue
        for cell in good:  # only what holds one more of those that are wanted
            wider = Box((*before, tuple(sorted({*box.values[position], cell[position]})), *after))
            if wider.holds(cell) and not any(wider.holds(other) for other in bad):
                box = wider
    return box
