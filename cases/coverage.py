"""Which pairs, or triples, of values some cases hold, and which they could hold and do not.

What they could hold is not asked of what makes a grid's cases, but of :mod:`cases.feasible`.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cases.case import OPS, Case, Op
from cases.feasible import Factor, Feasible, Value, axis_values, layer_values, letters, properties
from cases.grid import Grid, Part

Combination = tuple[tuple[str, Value], ...]  # ('i[1]', 3), ('dtype', 'int8'): named as in --where

_Choice = tuple[int, ...]  # some factors, by their numbers
_Flags = NDArray[np.bool_]

_CHUNK = 20_000  # cases that are counted at once
_PROMISED = {"pairwise": 2, "three-way": 3}


@dataclass(frozen=True, slots=True)
class Covered:
    """What is held of the combinations that an operation can have in a number of axes.

    Attributes
    ----------
    feasible, held : int
        How many can occur; how many of these do.
    missing : tuple of combinations
        The others.
    """

    op: Op
    rank: int
    feasible: int
    held: int
    missing: tuple[Combination, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """A part of a grid, by its number from 1 on, that promises every combination and lacks some."""

    part: int
    cover: str
    op: Op
    rank: int
    missing: tuple[Combination, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How some cases cover the values of a grid.

    Attributes
    ----------
    strength : int
        How many values a combination has.
    cases : int
        How many were counted.
    covered : tuple of Covered
        By operation and number of axes, in the grid's order.
    broken : tuple of Broken
        Promises that are not kept, if the cases are the grid's.
    """

    strength: int
    cases: int
    covered: tuple[Covered, ...]
    broken: tuple[Broken, ...]


def promises(part: Part, strength: int) -> bool:
    """Whether a part says that its cases hold every combination of so many values."""
    return not part.square and (part.cover == "full" or strength <= _PROMISED.get(part.cover, 0))


def coverage(grid: Grid, cases: Iterable[Case], strength: int, ops: Collection[str] = OPS) -> Coverage:
    """Count the combinations of a grid's values.

    Parameters
    ----------
    grid : Grid
        Its parts say which values there are. A combination counts once, however many parts can have it.
    cases : iterable of Case
        Those that are to hold them, of the grid or not.
    strength : int
        How many values a combination has.
    ops : collection of str, optional
        The operations to count of; all of the grid's if left out.
    """
    spaces: dict[tuple[Op, int], _Space] = {}
    for number, part in enumerate(grid.parts, 1):
        for key in dict.fromkeys(itertools.product((op for op in part.ops if op in ops), part.rank)):
            spaces.setdefault(key, _Space(*key, strength)).add(number, part)
    count = 0
    for case in cases:
        count += 1
        if (found := spaces.get((case.op, case.rank))) is not None:
            found.take(case)
    covered, broken = [], []
    for key, space in spaces.items():
        space.flush()
        feasible = {number: space.feasible(part) for number, part in space.parts.items()}
        anywhere = {choice: np.any([flags[choice] for flags in feasible.values()], axis=0) for choice in space.choices}
        missing = tuple(space.missing(anywhere))
        total = sum(int(flags.sum()) for flags in anywhere.values())
        covered.append(Covered(*key, total, total - len(missing), missing))
        for number, part in space.parts.items():
            if promises(part, strength) and (lost := tuple(space.missing(feasible[number]))):
                broken.append(Broken(number, part.cover, *key, lost))
    return Coverage(strength, count, tuple(covered), tuple(sorted(broken, key=lambda one: one.part)))


class _Space:
    """All values of an operation in a number of axes, and which combinations of them are held."""

    def __init__(self, op: Op, rank: int, strength: int) -> None:
        self._op, self._rank, self._strength = op, rank, strength
        self.parts: dict[int, Part] = {}
        self._values: dict[Factor, dict[Value, int]] = {}  # with their numbers
        self._held: dict[_Choice, _Flags] = {}
        self._taken: list[list[int]] = []

    def add(self, number: int, part: Part) -> None:
        """Take in the values of a part; all of them before the first case."""
        self.parts[number] = part
        for place in range(self._rank + 1):
            for name, values in (axis_values if place else layer_values)(part, self._op).items():
                known = self._values.setdefault((place, name), {})
                for value in values:
                    known.setdefault(value, len(known))

    @property
    def choices(self) -> Iterable[_Choice]:
        """Every few factors."""
        return itertools.combinations(range(len(self._values)), self._strength)

    def take(self, case: Case) -> None:
        """Count a case. A value that the grid has not is in no combination."""
        said = [properties(case), *(letters(case, axis) for axis in case.axes)]
        self._taken.append([values.get(said[place][name], -1) for (place, name), values in self._values.items()])
        if len(self._taken) == _CHUNK:
            self.flush()

    def flush(self) -> None:
        """Mark what has been taken."""
        columns = np.array(self._taken, dtype=np.int64).reshape(len(self._taken), len(self._values)).T
        sizes = [len(values) for values in self._values.values()]
        for choice in self.choices:
            flags = self._held.setdefault(choice, np.zeros([sizes[number] for number in choice], dtype=np.bool_))
            chosen = columns[list(choice)]
            flags[tuple(chosen[:, (chosen >= 0).all(axis=0)])] = True
        self._taken.clear()

    def missing(self, feasible: Mapping[_Choice, _Flags]) -> Iterator[Combination]:
        """The feasible combinations that are not held."""
        names = [f"{name}[{place}]" if place else name for place, name in self._values]
        values = [list(known) for known in self._values.values()]
        for choice, flags in feasible.items():
            for at in np.argwhere(flags & ~self._held[choice]):
                yield tuple((names[one], values[one][number]) for one, number in zip(choice, at, strict=True))

    def feasible(self, part: Part) -> dict[_Choice, _Flags]:
        """Which combinations a part can have."""
        can_occur = Feasible(part, self._op, self._rank, self._strength)

        @cache
        def flags(factors: tuple[Factor, ...], values: tuple[tuple[Value, ...], ...]) -> _Flags:
            found = [can_occur(zip(factors, one, strict=True)) for one in itertools.product(*values)]
            return np.array(found, dtype=np.bool_).reshape([len(known) for known in values])

        found = {}
        factors = list(self._values)
        for choice in self.choices:
            # Axes change places freely: what the first and second can have together, the second and third can.
            places = sorted({0, *(factors[number][0] for number in choice)})
            alike = tuple((places.index(place), name) for place, name in (factors[number] for number in choice))
            found[choice] = flags(alike, tuple(tuple(self._values[factors[number]]) for number in choice))
        return found
