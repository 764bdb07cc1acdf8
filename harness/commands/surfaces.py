"""Which surfaces a command line selects, and what is to be observed on them."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

from cyclopts import Parameter

from cases.case import Case
from harness.commands import releases
from harness.commands.releases import Chosen, Making
from harness.environments import Held
from harness.environments.wanted import without_password
from harness.errors import NothingSelected, UsageError
from harness.frameworks import registry
from harness.frameworks.base import Adapter
from harness.frameworks.ways import Way, ways
from harness.observe.engine import Shard
from harness.observe.probe import probes_of
from harness.observe.supervisor import Place
from harness.records import Job

FRAMEWORK_HELP = (
    "NAME, or NAME=PYTHON for the interpreter of another environment, or what to install: 'jax==0.4.30', "
    "'keras==3.13.0 tensorflow-cpu==2.21.0'. May be repeated. All installed, if left out."
)


class Places(list[tuple[Place, list[Way]]]):
    """Where to observe, and the ways there. As long as this is kept, nobody can remove the environments."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Held | None] = []


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
    python
        Interpreter for what -f asks to be installed: a version, such as 3.12, found on PATH or under pyenv, or a path.
        'python==3.12' among the requirements says it for them alone. The one that runs convarith, if left out.
    pre
        Install pre-releases too.
    index
        ADDRESS of the index to install from, or NAME=ADDRESS for environments with that package. May be repeated.
        What pip is configured with, if left out.
    uv
        Install with uv in place of venv and pip.
    """

    framework: Annotated[
        tuple[str, ...],
        Parameter(alias="-f", negative=(), consume_multiple=False, help=FRAMEWORK_HELP),
    ] = ()
    route: str = "*"
    mode: str | None = None
    switch: str | None = None
    device: str = "cpu"
    python: str | None = None
    pre: Annotated[bool, Parameter(negative=())] = False
    index: Annotated[tuple[str, ...], Parameter(negative=(), consume_multiple=False)] = ()
    uv: Annotated[bool, Parameter(negative=())] = False

    def places(self) -> Places:
        """Where to observe, and the ways there: first without a switch, then with each.

        Environments are made where releases are asked for; one that cannot be is a place that says why.

        Raises
        ------
        UsageError
            Something asked for does not exist.
        EnvironmentFailed
            No framework is installed.
        """
        if self.device not in ("cpu", "gpu"):
            raise UsageError(f"no device '{self.device}': there are cpu and gpu")
        found = Places()
        known = registry.adapters()
        chosen = releases.chosen(self.framework) if self.framework else releases.here()
        making = Making(python=self.python, pre=self.pre, index=self.index, uv=self.uv)
        for one, where in zip(chosen, releases.located(chosen, making), strict=True):
            adapter = registry.load(known[one.framework])
            found.held.append(where.held)
            place = Place(
                one.framework,
                known[one.framework],
                where.python,
                self.device,
                release=one.release,
                packages=where.packages,
                failure=where.failure,
            )
            found += [
                (replace(place, switch=switch), ways)
                for switch in ("", *adapter.switches, *(() if self.switch is None else adapter.further_switches))
                if (ways := list(self._ways(one, adapter, switch)))
            ]
        if not found:
            told = [f"{name} '{text}'" for name, text in (("mode", self.mode), ("switch", self.switch)) if text]
            raise NothingSelected(
                " and ".join([f"no surface matches route '{self.route}'", *told])
                + "; convarith routes --surfaces lists them"
            )
        return found

    def ways(self) -> Iterator[tuple[type[Adapter], list[Way]]]:
        """The ways that are asked for, of frameworks that need not be installed, in processes without a switch or with.

        Raises
        ------
        UsageError
            Something asked for does not exist.
        """
        for one in releases.chosen(self.framework, anywhere=True):
            adapter = registry.load(registry.adapters()[one.framework])
            for switch in ("", *adapter.switches, *adapter.further_switches):
                yield adapter, list(self._ways(one, adapter, switch))

    def _ways(self, one: Chosen, adapter: type[Adapter], switch: str) -> Iterator[Way]:
        """The ways that are asked for, in a process with a switch or without. All cases take one asked for by name."""
        otherwise = "*" if self.mode is None else ""  # a mode alone is asked for in the process without a switch
        if not fnmatch.fnmatchcase(switch, otherwise if self.switch is None else self.switch):
            return
        for way in ways(one.framework, adapter, switch, one.release):
            if not fnmatch.fnmatchcase(way.surface.route, self.route):
                continue
            if self.mode is not None:
                if fnmatch.fnmatchcase(way.surface.mode, self.mode):
                    yield replace(way, kind=None)
            elif way.kind is not None:
                yield replace(way, kind=None) if switch and self.switch is not None else way

    def remembered(self, places: Iterable[tuple[Place, object]]) -> dict[str, Any]:
        """All of it, for the record, with the interpreters that were found."""
        found = dict.fromkeys(f"{place.framework}={place.release or place.python}" for place, _ in places)
        return {**asdict(self), "framework": list(found), "index": [without_password(text) for text in self.index]}

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
