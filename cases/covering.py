"""Covering arrays: few rows that hold every two, or three, values that can occur together.

A row is a layer and some axes. The two kinds of constraint there are stand in the blocks: the values of one layer or of
one axis go together only as listed, and a layer goes only with the axes of its block (which axes can be, depends on how
the padding is said). Axes do not interact otherwise, so whatever a block lists can be put together freely.

The construction is greedy and without chance: take the first combination that is not held yet, and complete it with the
layer and axes that hold most others. General-purpose generators with constraints took minutes for three axes.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]

_LOOKED_AT = 96  # candidates compared for a place; more cost time and save few rows


@dataclass(frozen=True, slots=True)
class Block:
    """Layers and axes that go together.

    Attributes
    ----------
    layers, axes : sequence of tuples
        What a layer, or an axis, can be: a value of each of its factors. All layers have the same factors, in the same
        order, and so have all axes.
    """

    layers: Sequence[tuple[Hashable, ...]]
    axes: Sequence[tuple[Hashable, ...]]


def rows(blocks: Sequence[Block], rank: int, strength: int) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """The rows of a covering array.

    Parameters
    ----------
    blocks : sequence of Block
    rank : int
        How many axes a row has.
    strength : int
        2 or 3: how many values are to be held together.

    Yields
    ------
    block, layer, axes : int, int, tuple of int
        Positions in ``blocks``, in the block's layers, and in its axes, one for each place.
    """
    array = _Array(blocks, rank, strength)
    while (wanted := array.missing()) is not None:
        yield array.add(wanted)


class _Array:
    def __init__(self, blocks: Sequence[Block], rank: int, strength: int) -> None:
        self._strength = strength
        # A value has a number of its own for each place, 0 for layers and 1 … rank for axes, and each factor there.
        ids: dict[tuple[int, int, Hashable], int] = {}

        def numbered(place: int, members: Sequence[tuple[Hashable, ...]]) -> Ids:
            columns = [
                [ids.setdefault((place, factor, value), len(ids)) for value in column]
                for factor, column in enumerate(zip(*members, strict=True))
            ]
            return np.array(columns, dtype=np.int64).T

        self._blocks = [
            [numbered(0, block.layers), *(numbered(place, block.axes) for place in range(1, rank + 1))]
            for block in blocks
        ]
        self._open = np.zeros((len(ids),) * strength, dtype=np.bool_)
        self._has: list[list[NDArray[np.bool_]]] = []  # of each block's components: which values occur in it
        for columns in self._blocks:
            self._has.append([np.zeros(len(ids), dtype=np.bool_) for _ in columns])
            for held, column in zip(self._has[-1], columns, strict=True):
                held[column] = True
            self._mark_feasible(columns)
        self._cursor = 0

    def _mark_feasible(self, columns: Sequence[Ids]) -> None:
        """Open every combination that a block can hold: values of a component together, components freely."""
        parts = range(len(columns))
        for column in columns:
            for mine in itertools.combinations(range(column.shape[1]), self._strength):
                self._set(column[:, list(mine)], True)
        for size in range(2, self._strength + 1):
            for chosen in itertools.combinations(parts, size):
                for shares in _shares(self._strength, size):
                    sets = [_distinct(columns[part], share) for part, share in zip(chosen, shares, strict=True)]
                    for combination in _cross(sets):
                        self._set(combination, True)

    def _set(self, combinations: Ids, to: bool) -> None:
        """Open or close combinations, in whatever order their values stand."""
        for order in itertools.permutations(range(self._strength)):
            self._open[tuple(combinations[:, place] for place in order)] = to

    def missing(self) -> Ids | None:
        """The first combination that no row holds yet."""
        flat = self._open.reshape(-1)
        ahead = flat[self._cursor :].argmax() if self._cursor < flat.size else 0
        self._cursor += int(ahead)
        if self._cursor >= flat.size or not flat[self._cursor]:
            return None
        return np.array(np.unravel_index(self._cursor, self._open.shape), dtype=np.int64)

    def add(self, wanted: Ids) -> tuple[int, int, tuple[int, ...]]:
        """A row that holds a combination, and as many others as can be."""
        best: tuple[int, int, tuple[int, list[int]]] | None = None
        for number, columns in enumerate(self._blocks):
            has = self._has[number]
            if not all(any(held[value] for held in has) for value in wanted):
                continue
            candidates = [_having(column, wanted[held[wanted]]) for column, held in zip(columns, has, strict=True)]
            if any(not candidate.size for candidate in candidates):
                continue
            gain, places = self._complete(columns, candidates)
            if best is None or gain > best[0]:
                best = (gain, number, (places[0], places[1:]))
        assert best is not None, "a combination was opened that no block holds"
        _, block, (layer, axes) = best
        values = np.concatenate(
            [self._blocks[block][0][layer], *(c[a] for c, a in zip(self._blocks[block][1:], axes, strict=True))]
        )
        self._set(np.array(list(itertools.combinations(values, self._strength))), False)
        return block, layer, tuple(axes)

    def _complete(self, columns: Sequence[Ids], candidates: Sequence[Ids]) -> tuple[int, list[int]]:
        """Choose a candidate for each component in turn: that which closes most, with what is chosen already."""
        places = [-1] * len(columns)
        values = np.zeros(0, dtype=np.int64)
        total = 0
        for part in sorted(range(len(columns)), key=lambda part: (len(candidates[part]), part)):
            looked_at = candidates[part]
            if looked_at.size > _LOOKED_AT:  # evenly spread, and turning with each row
                step = looked_at.size / _LOOKED_AT
                looked_at = looked_at[((np.arange(_LOOKED_AT) * step).astype(np.int64) + self._cursor) % looked_at.size]
            gains = self._gains(columns[part][looked_at], values)
            first = int(gains.argmax())
            places[part] = int(looked_at[first])
            total += int(gains[first])
            values = np.concatenate([values, columns[part][places[part]]])
        return total, places

    def _gains(self, own: Ids, values: Ids) -> Ids:
        """How many open combinations each candidate closes, with the values chosen already.

        A combination has some values of the candidate's own and the rest of those chosen. For each number of own values
        the rest is summed up first, once for all candidates.
        """
        gains = np.zeros(len(own), dtype=np.int64)
        for share in range(1, self._strength + 1):
            rest = self._strength - share
            if rest > len(values) or share > own.shape[1]:
                continue
            if rest:
                others = np.array(list(itertools.combinations(values, rest)), dtype=np.int64).T
                with_rest = self._open[(slice(None),) * share + tuple(others)].sum(axis=share)
            else:
                with_rest = self._open
            mine = np.array(list(itertools.combinations(range(own.shape[1]), share)), dtype=np.int64).T
            gains += with_rest[tuple(own[:, columns] for columns in mine)].sum(axis=1)
        return gains


def _shares(strength: int, size: int) -> list[tuple[int, ...]]:
    """The ways in which a number of values can be shared out among components, each getting at least one."""
    return [share for share in itertools.product(range(1, strength + 1), repeat=size) if sum(share) == strength]


def _distinct(column: Ids, share: int) -> Ids:
    """The different combinations of some values within one component."""
    if share == 1:
        return np.flatnonzero(np.bincount(column.reshape(-1)))[:, None]
    found = [column[:, list(mine)] for mine in itertools.combinations(range(column.shape[1]), share)]
    if not found:  # it has fewer factors
        return np.zeros((0, share), dtype=np.int64)
    return np.unique(np.concatenate(found), axis=0)


def _cross(sets: Sequence[Ids]) -> Iterator[Ids]:
    """All ways to put one member of each set together, in pieces that fit in memory."""
    first, rest = sets[0], sets[1:]
    if not rest:
        yield first
        return
    for tail in _cross(rest):
        for start in range(0, len(first), 256):
            piece = first[start : start + 256]
            yield np.concatenate([np.repeat(piece, len(tail), axis=0), np.tile(tail, (len(piece), 1))], axis=1)


def _having(column: Ids, wanted: Ids) -> Ids:
    """Which members of a component have all of some values."""
    if not wanted.size:
        return np.arange(len(column))
    fits = np.ones(len(column), dtype=np.bool_)
    for value in wanted:
        fits &= (column == value).any(axis=1)
    return np.flatnonzero(fits)
