"""Which surfaces a command line selects, and what is to be observed on them."""

from __future__ import annotations

import fnmatch
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from cases.case import Case
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
