"""The search for short conjunctions that hold of some rows and not of others: exact, greedy, and the same every time.

Rows are verdicts: a case in a cell (a surface, an aspect, an operation), and whether it is one to cover. Statements are
about cases alone. Where a conjunction holds follows from the cells: it is exact in those where it covers no other row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LONGEST = 3  # statements in a conjunction
FEW = 1000  # pairs that are looked at again, each with every third statement
_WORST = 8  # exceptions for each row that is covered, beyond which a conjunction says nothing of a cell
MOST = 25  # conjunctions for each part; what is left is then told as a whole
LEAST = 100  # so is what is left if none covers one in so many of it: that would be a list, and no rule

Bools = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
_Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Found:
    """A conjunction, and the cells in which it is to be said.

    Attributes
    ----------
    statements : tuple of int
        Ascending; none says of every case.
    cells : frozenset of int
    exact : bool
        Whether it covers no other row there.
    rest : bool
        Whether it stands for what is left, of which nothing short can be said.
    """

    statements: tuple[int, ...]
    cells: frozenset[int]
    exact: bool
    rest: bool = False


class _Bits:
    """Rows as bits, cell by cell, each cell beginning with a word of its own."""

    def __init__(self, holds: Bools, case: Numbers, cell: Numbers, cells: int) -> None:
        order = np.lexsort((case, cell))
        counts = np.bincount(cell, minlength=cells)
        words = -(-counts // 64)
        starts = np.concatenate([[0], np.cumsum(words)])
        within = np.arange(len(case)) - np.repeat(np.concatenate([[0], np.cumsum(counts)])[:-1], counts)
        slots = 64 * starts[:-1][cell[order]] + within
        bits = np.zeros(64 * int(starts[-1]), dtype=np.bool_)
        packed: _Words = np.empty((len(holds) + 1, int(starts[-1])), dtype=np.uint64)
        for number, told in enumerate((None, *holds)):  # one at a time
            bits[slots] = True if told is None else told[case[order]]
            packed[number] = np.packbits(bits).view(np.uint64)
        self.all, self.holds = packed[0], packed[1:]
        self._present = np.flatnonzero(words)
        self._starts = starts[:-1][self._present]
        self._cells = cells

    def of_cells(self, words: _Words) -> Numbers:
        """How many bits each row of words has in each cell."""
        found = np.zeros((*words.shape[:-1], self._cells), dtype=np.int64)
        if len(self._starts):
            counts = np.bitwise_count(words).astype(np.int64)
            found[..., self._present] = np.add.reduceat(counts, self._starts, axis=-1)
        return found


def cover(holds: Bools, case: Numbers, cell: Numbers, parts: Sequence[Bools]) -> list[Found]:
    """Conjunctions that cover all rows that are wanted: exact ones as far as there are any.

    They are looked for part by part, and may cover rows of the others.

    Parameters
    ----------
    holds : array of bool
        For which cases (columns) each statement (rows) holds. The plainest statements first.
    case, cell : arrays of int
        Of each row.
    parts : sequence of arrays of bool
        Which rows are to be covered. No row is of two.

    Returns
    -------
    list of Found
        In the order in which they were chosen: those that say the most in the fewest words first, and at last what
        stands for the rest, if there is any. Together they cover every row that is wanted, and where all are exact no
        other.
    """
    cells = int(cell.max()) + 1 if len(cell) else 0
    wanted = np.any(parts, axis=0)
    covered, found = np.zeros_like(wanted), list[Found]()
    for part in parts:
        for one in _cover(holds, case, cell, part & ~covered, not_wanted=~wanted, cells=cells):
            found.append(one)
            covered |= _covers(one, holds, case, cell)
    needed = _needed(found, holds, case[wanted], cell[wanted])
    if (left := wanted & ~covered).any():
        needed.append(Found((), frozenset(np.unique(cell[left]).tolist()), exact=False, rest=True))
    return needed


def _cover(holds: Bools, case: Numbers, cell: Numbers, part: Bools, *, not_wanted: Bools, cells: int) -> list[Found]:
    """The same of one part, without the rest."""
    with_any = np.zeros(cells, dtype=np.bool_)
    with_any[cell[part]] = True
    others = not_wanted & with_any[cell]  # a cell without any is never spoken of
    others_bits = _Bits(holds, case[others], cell[others], cells)
    left = np.flatnonzero(part)
    found: list[Found] = []
    exact = True
    while len(left) and len(found) < MOST:
        bits = _Bits(holds, case[left], cell[left], cells)
        best = _Search(bits, others_bits, exact=exact).best()
        covered = _covers(best, holds, case[left], cell[left]) if best else np.zeros(len(left), dtype=np.bool_)
        if best and LEAST * covered.sum() >= len(left):
            found.append(best)
            left = left[~covered]
        elif exact:  # and there will be none for what is left of these
            exact = False
        else:
            break
    return found


def _covers(one: Found, holds: Bools, case: Numbers, cell: Numbers) -> Bools:
    covered: Bools = np.isin(cell, list(one.cells))
    for statement in one.statements:
        covered = covered & holds[statement, case]
    return covered


def _needed(found: Sequence[Found], holds: Bools, case: Numbers, cell: Numbers) -> list[Found]:
    """Those without which something would not be covered; those with exceptions and the last are looked at first."""
    each = [_covers(one, holds, case, cell) for one in found]
    times = np.sum(each, axis=0) if each else np.zeros(0)
    dropped = set()
    for number in sorted(range(len(found)), key=lambda number: (found[number].exact, -number)):
        if (times[each[number]] > 1).all():
            times = times - each[number]
            dropped.add(number)
    return [one for number, one in enumerate(found) if number not in dropped]


class _Search:
    """The best conjunction: the most rows, squared, for its length, which is its number of statements and one.

    One that covers all is better than a shorter one that leaves a fifth to others.

    Where exceptions are allowed, rows count in proportion to how many of all that are covered they are.
    """

    def __init__(self, wanted: _Bits, others: _Bits, *, exact: bool) -> None:
        self._wanted, self._others, self._exact = wanted, others, exact
        self._score, self._best = 0.0, None  # type: float, Found | None

    def best(self) -> Found | None:
        """The best one; None if there is none."""
        self._look([()], self._wanted.all[None], self._others.all[None])
        useful = np.flatnonzero(np.bitwise_count(self._wanted.holds).sum(axis=1))
        singles: list[tuple[int, ...]] = [(int(statement),) for statement in useful]
        if singles:
            self._look(singles, self._wanted.holds[useful], self._others.holds[useful])
        pairs = []
        for statements, most in self._extended(singles):
            pairs += [(count, pair) for pair, count in zip(statements, most, strict=True) if count]
        pairs.sort(key=lambda pair: (-pair[0], pair[1]))
        for count, pair in pairs[:FEW]:
            if count**2 / (LONGEST + 1) <= self._score:
                break
            for _ in self._extended([pair]):
                pass
        return self._best

    def _extended(self, short: Sequence[tuple[int, ...]]) -> Iterator[tuple[list[tuple[int, ...]], list[int]]]:
        """Look at every extension of some conjunctions, by later statements; and how much each covers at most."""
        for statements in short:
            of_wanted = np.bitwise_and.reduce(self._wanted.holds[list(statements)])
            if int(np.bitwise_count(of_wanted).sum()) ** 2 / (len(statements) + 2) <= self._score:
                continue
            of_others = np.bitwise_and.reduce(self._others.holds[list(statements)])
            first = statements[-1] + 1
            longer = [(*statements, other) for other in range(first, len(self._wanted.holds))]
            if longer:
                yield longer, self._look(longer, self._wanted.holds[first:] & of_wanted, of_others, first)

    def _look(self, told: list[tuple[int, ...]], wanted: _Words, others: _Words, first: int | None = None) -> list[int]:
        """Score conjunctions that cover these rows, and keep the best; returns how many each covers."""
        counts = self._wanted.of_cells(wanted)
        total = counts.sum(axis=1)
        hopeful = np.flatnonzero(total**2 / (len(told[0]) + 1) > self._score)
        if len(hopeful):
            of_others = others[hopeful] if first is None else self._others.holds[first + hopeful] & others
            wrong, right = self._others.of_cells(of_others), counts[hopeful]
            said = (right > 0) & ((wrong == 0) if self._exact else (wrong < _WORST * right))
            scores = (said * right * right / np.maximum(right + wrong, 1)).sum(axis=1) ** 2 / (len(told[0]) + 1)
            best = int(np.argmax(scores))
            if scores[best] > self._score:
                self._score = float(scores[best])
                cells = frozenset(np.flatnonzero(said[best]).tolist())
                self._best = Found(told[int(hopeful[best])], cells, self._exact)
        return [int(number) for number in total]
