"""Which cases and which surfaces a command line selects."""

from __future__ import annotations

import fnmatch
import re
import shutil
import sys
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from cases import figures, generate
from cases import grid as grids
from cases.case import OPS, Case, parse
from cases.claims import IDS, claims, tested
from harness.errors import EnvironmentFailed, NothingSelected, UsageError
from harness.frameworks import registry
from harness.frameworks.base import Adapter
from harness.frameworks.ways import Way, ways
from harness.observe.engine import Shard
from harness.observe.probe import probes_of
from harness.observe.supervisor import Place
from harness.records import Job

FRAMEWORK_HELP = (
    "NAME, or NAME=PYTHON for the interpreter of another environment. May be repeated. All installed, if left out."
)


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


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SurfaceSelection:
    """Which ways into which frameworks.

    Attributes
    ----------
    route
        Only routes that match this pattern, such as 'torch.nn*'.
    mode
        Only modes that match this pattern, such as 'eager', for all cases; what the grid says, if left out.
    switch
        Only processes with a switch that matches this pattern, such as 'threads=*', for all cases; what the grid says,
        if left out. 'convarith routes --surfaces' lists them all.
    device
        Where the layers run: 'cpu' or 'gpu'.
    """

    framework: Annotated[
        tuple[str, ...],
        Parameter(alias="-f", negative=(), consume_multiple=False, help=FRAMEWORK_HELP),
    ] = ()
    route: str = "*"
    mode: str | None = None
    switch: str | None = None
    device: str = "cpu"

    def places(self) -> list[tuple[Place, list[Way]]]:
        """Where to observe, and the ways there: first without a switch, then with each.

        Raises
        ------
        UsageError
            Something asked for does not exist.
        EnvironmentFailed
            No framework is installed.
        """
        if self.device not in ("cpu", "gpu"):
            raise UsageError(f"no device '{self.device}': there are cpu and gpu")
        known = registry.adapters()
        if not self.framework:
            here = [name for name, reference in known.items() if registry.load(reference).is_installed()]
            if not here:
                raise EnvironmentFailed(
                    "no framework is installed in this environment: install one or all with "
                    "pip install 'convarith[all]', or name an interpreter that has one, -f torch=PATH/TO/python"
                )
            chosen = [(name, sys.executable) for name in here]
        else:
            chosen = [_named(text, known) for text in self.framework]
        found = []
        names = [name for name, _ in chosen]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise UsageError(f"framework {twice[0]} is named twice with -f: name each once")
        for name, python in chosen:
            adapter = registry.load(known[name])
            found += [
                (Place(name, known[name], python, self.device, switch), ways)
                for switch in ("", *adapter.switches)
                if (ways := list(self._ways(name, adapter, switch)))
            ]
        if not found:
            told = [f"{name} '{text}'" for name, text in (("mode", self.mode), ("switch", self.switch)) if text]
            raise NothingSelected(
                " and ".join([f"no surface matches route '{self.route}'", *told])
                + "; convarith routes --surfaces lists them"
            )
        return found

    def _ways(self, name: str, adapter: type[Adapter], switch: str) -> Iterator[Way]:
        """The ways that are asked for, in a process with a switch or without. All cases take one asked for by name."""
        otherwise = "*" if self.mode is None else ""  # a mode alone is asked for in the process without a switch
        if not fnmatch.fnmatchcase(switch, otherwise if self.switch is None else self.switch):
            return
        for way in ways(name, adapter, switch):
            if not fnmatch.fnmatchcase(way.surface.route, self.route):
                continue
            if self.mode is not None:
                if fnmatch.fnmatchcase(way.surface.mode, self.mode):
                    yield replace(way, kind=None)
            elif way.kind is not None:
                yield replace(way, kind=None) if switch and self.switch is not None else way

    def remembered(self, places: Iterable[tuple[Place, object]]) -> dict[str, Any]:
        """All of it, for the record, with the interpreters that were found."""
        found = dict.fromkeys(f"{place.framework}={place.python}" for place, _ in places)
        return {**asdict(self), "framework": list(found)}

    def missing(self) -> list[str]:
        """Sentences about the frameworks that are left out because they are not installed here."""
        if self.framework:
            return []
        kinds = {name: registry.load(reference) for name, reference in registry.adapters().items()}
        return [
            f"{name} is not installed here and is not observed; {kind.how_to_install()}"
            for name, kind in kinds.items()
            if not kind.is_installed()
        ]


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


def shards(
    cases: Iterable[Case],
    places: Iterable[tuple[Place, Sequence[Way]]],
    kinds: Callable[[Case], Collection[str]],
) -> list[Shard]:
    """What is to be observed where: every case on every surface that it takes, surface by surface."""
    known = [(case, probes_of(case), kinds(case)) for case in cases]
    found = []
    for place, taking in places:
        jobs = [
            Job(case.id, way.surface, seen)
            for way in taking
            for case, probes, taken in known
            if case.op in way.ops
            and (way.kind is None or way.kind in taken)
            and (seen := tuple(probe for probe in probes if probe in way.probes))
        ]
        if jobs or not place.switch:
            found.append(Shard(place, jobs))
    return found


def _named(text: str, known: dict[str, str]) -> tuple[str, str]:
    name, _, python = text.partition("=")
    if name not in known:
        raise UsageError(f"no framework '{name}': there are {', '.join(known)}")
    if python.startswith("="):
        raise UsageError(
            f"'{text}': releases by number are not made on demand; name an interpreter, {name}=PATH/TO/python"
        )
    if not python:
        adapter = registry.load(known[name])
        if not adapter.is_installed():
            raise EnvironmentFailed(f"{name} is not installed in this environment; {adapter.how_to_install()}")
        return name, sys.executable
    found = shutil.which(python)
    if found is None:
        raise UsageError(f"'{text}': there is no interpreter {python} that can be run")
    return name, str(Path(found).absolute())
