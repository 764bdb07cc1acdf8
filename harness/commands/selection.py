"""Which cases a command line selects."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from cases import figures, generate
from cases import grid as grids
from cases.case import OPS, Case, parse
from cases.claims import IDS, claims, tested
from harness.errors import UsageError

DEFAULT_GRID = "smoke"


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class CaseSelection:
    """Which cases.

    Attributes
    ----------
    grid
        Name of a shipped grid, or a TOML file; smoke, if left out.
    relationship
        Only cases that this relationship or convention speaks of, or this statement is tested by: R1 … R15, S1 … S12,
        X1 …; 'convarith claims' lists them. May be repeated.
    op
        Only cases of this operation. May be repeated.
    where
        Only cases for which this SQL predicate holds, over the columns of the table 'cases'.
    case
        This case alone, by its id or the name of a figure of the guide, whether or not the grid has it. May be
        repeated.
    """

    grid: str | None = None
    relationship: Annotated[tuple[str, ...], Parameter(alias="-r", negative=(), consume_multiple=False)] = ()
    op: Annotated[tuple[str, ...], Parameter(negative=(), consume_multiple=False)] = ()
    where: str | None = None
    case: Annotated[tuple[str, ...], Parameter(negative=(), consume_multiple=False)] = ()

    def cases(self) -> Iterator[Case]:
        """The cases, in the grid's order, as a stream where nothing but the grid is asked.

        Raises
        ------
        UsageError
            Something asked for does not exist, or cannot be understood.
        """
        self._check()
        return self._such(self._by_id() if self.case else self._of_grid())

    def of(self, cases: Iterable[Case]) -> Iterator[Case]:
        """Those of some other cases, in place of a grid's, that are asked for.

        Raises
        ------
        UsageError
            As :meth:`cases`.
        """
        self._check()
        wanted = set(self.relationship)
        return self._such(case for case in cases if not wanted or not wanted.isdisjoint(tested(case)))

    def loaded(self) -> grids.Grid:
        """The grid.

        Raises
        ------
        UsageError
            There is none, or it cannot be understood.
        """
        try:
            return grids.load(self.grid_name)
        except grids.GridError as error:
            raise UsageError(str(error)) from error

    @property
    def grid_name(self) -> str:
        """The grid's name or file, asked for or not."""
        return DEFAULT_GRID if self.grid is None else self.grid

    @property
    def is_whole_grid(self) -> bool:
        """Whether nothing but a grid is asked for."""
        return not (self.relationship or self.op or self.where is not None or self.case)

    def remembered(self) -> dict[str, Any]:
        """All of it, for the record, so that a run can be gone on with from anywhere."""
        told = asdict(self)
        if self.grid is not None and self.grid not in grids.shipped():
            told["grid"] = str(Path(self.grid).resolve())
        return told

    def _check(self) -> None:
        for name in self.relationship:
            if name not in IDS:
                raise UsageError(f"no claim '{name}': there are {', '.join(IDS)}")
        for op in self.op:
            if op not in OPS:
                raise UsageError(f"no operation '{op}': there are {', '.join(OPS)}")

    def _such(self, found: Iterator[Case]) -> Iterator[Case]:
        if self.op:
            found = (case for case in found if case.op in self.op)
        if self.where is not None:
            from harness.store import choose

            return iter(choose(found, self.where))
        return found

    def _of_grid(self) -> Iterator[Case]:
        yield from generate.cases(self.loaded(), self.relationship or None)

    def _by_id(self) -> Iterator[Case]:
        for text in self.case:
            try:
                case = figures.CASES.get(text) or parse(text)
            except ValueError as error:
                raise UsageError(f"--case: {error}") from error
            if not claims(case):
                raise UsageError(f"--case: no relationship makes a claim about {text}")
            if not self.relationship or not set(self.relationship).isdisjoint(tested(case)):
                yield case

    def kinds(self) -> Callable[[Case], Collection[str]]:
        """Which kinds of surfaces a case is observed on, as the grid says; chosen cases on those that cost little."""
        if self.case:
            return lambda _: ("plain", "declared")
        loaded = self.loaded()
        of_all = frozenset.intersection(*(frozenset(part.surfaces) for part in loaded.parts))
        others = {
            kind: {case.id for case in generate.cases(loaded.on(kind), self.relationship or None)}
            for kind in loaded.surfaces - of_all
        }
        return lambda case: {*of_all, *(kind for kind, ids in others.items() if case.id in ids)}

    def asked(self) -> dict[str, str]:
        """What was asked, for the record."""
        told = {
            "grid": "" if self.case else self.grid_name,
            "relationships": " ".join(self.relationship),
            "operations": " ".join(self.op),
            "where": self.where or "",
            "cases": " ".join(self.case),
        }
        return {name: text for name, text in told.items() if text}


def of_shard(cases: Iterable[Case], shard: str) -> Iterator[Case]:
    """The cases of one shard of several, 'K/N', by their ids: it does not matter what else is selected.

    Raises
    ------
    UsageError
        It is no shard.
    """
    match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", shard)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(f"--shard {shard}: write which of how many, such as 2/8")
    number, total = int(match[1]), int(match[2])
    return (case for case in cases if zlib.crc32(case.id.encode()) % total == number - 1)
