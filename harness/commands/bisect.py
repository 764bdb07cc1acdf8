"""``convarith bisect``: between which two releases an observation changed."""

from __future__ import annotations

import itertools
import shlex
import sys
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Annotated

from cyclopts import Parameter

from cases.case import parse
from harness import judge
from harness.commands.printing import tell
from harness.commands.selection import CaseSelection
from harness.commands.surfaces import SurfaceSelection, shards
from harness.diff.search import Found, search
from harness.environments import Cache, find
from harness.environments.index import between, versions
from harness.environments.wanted import of, read_indexes, requirements, without_password
from harness.errors import AS_EXPECTED, EnvironmentFailed, NothingSelected, UsageError
from harness.frameworks import registry
from harness.observe.supervisor import observe
from harness.records import Observation, Surface, Verdict
from harness.report.text import count, one_line

_Key = tuple[Surface, str]


@dataclass
class _History:
    """What was seen of each release, and how it is looked at."""

    framework: str
    package: str
    rest: str
    case_id: str
    surfaces: SurfaceSelection
    contents: dict[str, dict[_Key, Hashable]] = field(default_factory=dict)
    verdicts: dict[str, dict[_Key, Verdict]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    pythons: list[str] = field(default_factory=list)

    def named(self, version: str) -> str:
        """What one gives with -f."""
        return f"{self.framework}={requirements(f'{self.package}=={version} {self.rest}')}"

    def look(self, version: str) -> dict[_Key, Hashable] | None:
        """Observe a release. Of one that cannot be, the reason is kept."""
        places = replace(self.surfaces, framework=(self.named(version),)).places()
        work = shards([parse(self.case_id)], places, lambda _: ("plain", "declared", "switched"))
        seen: list[Observation] = []
        for shard in work:
            environment = observe(shard.place, shard.jobs, seen.append)
            if environment.failure:
                self.failures[version] = environment.failure
                tell(f"{self.package} {version} cannot be observed: {one_line(environment.failure, 300)}")
                return None
            self.pythons.append(shard.place.python)
        if not seen:
            raise NothingSelected(f"no surface of {self.framework} that is asked for can say {self.case_id}")
        found: dict[_Key, set[Hashable]] = {}
        for one in seen:
            found.setdefault(_key(one), set()).add(judge.content(one))
        self.contents[version] = {key: frozenset(some) for key, some in found.items()}
        self.verdicts[version] = {_key(one): one for one in judge.judge(seen)}
        return self.contents[version]


def bisect(
    case: str,
    *,
    framework: Annotated[str, Parameter(alias="-f")],
    good: str,
    bad: str,
    package: str | None = None,
    requires: str = "",
    route: str = "*",
    mode: str | None = None,
    switch: str | None = None,
    python: str | None = None,
    pre: Annotated[bool, Parameter(negative=())] = False,
    index: Annotated[tuple[str, ...], Parameter(negative=(), consume_multiple=False)] = (),
    uv: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Find between which two releases of a framework the observation of a case changed.

    The releases are those that pip lists. Of n of them, log2 n + 2 environments are made at most, and kept. Releases
    that cannot be installed are skipped, and said.

    Parameters
    ----------
    case
        The id of a case, or the name of one of the guide's figures.
    framework
        NAME.
    good
        A release: 0.4.30.
    bad
        Another release, of which another observation is made; it may be the older one.
    package
        What an index has the framework as; the framework's own package, if left out.
    requires
        What to install beside it: 'jax==0.10.2' for keras-jax.
    route
        Only routes that match this pattern.
    mode
        Only modes that match this pattern; the plain and the declared ones, if left out.
    switch
        Only processes with a switch that matches this pattern; those without one, if left out.
    python
        Version or path of the interpreter; the one that runs convarith, if left out.
    pre
        Look at pre-releases too.
    index
        ADDRESS of the index to install from, or NAME=ADDRESS for environments with that package.
    uv
        Install with uv in place of venv and pip.
    """
    known = registry.adapters()
    if framework not in known:
        raise UsageError(f"no framework '{framework}': there are {', '.join(known)}")
    adapter = registry.load(known[framework])
    own = package or (adapter.distributions or ((adapter.package.partition(".")[0],),))[0][0]
    (name,) = (one.id for one in CaseSelection(case=(case,)).cases())
    if not adapter.is_of(requirements(f"{own}=={good} {requires}").names):
        raise UsageError(f"{framework} is not observed with {own} alone: name what else it takes by --requires")
    surfaces = SurfaceSelection(
        route=route, mode=mode, switch="" if switch is None else switch, python=python, pre=pre, index=index, uv=uv
    )
    history = _History(framework, own, requires, name, surfaces)
    ends = [history.look(version) for version in (good, bad)]
    for version in (good, bad):
        if version in history.failures:
            raise EnvironmentFailed(f"{own} {version}: {history.failures[version]}")
    assert ends[0] is not None
    assert ends[1] is not None
    changed = [key for key in ends[0] if ends[0][key] != ends[1].get(key)]
    if not changed:
        raise UsageError(f"{name} is observed alike with {own} {good} and {bad}: there is no change to look for")

    interpreter = find(requirements(history.named(good).partition("=")[2]).python or python)
    indexes = read_indexes(index)
    address = indexes.get(own, indexes.get("", ""))
    listed = versions(own, [*history.pythons, interpreter.path, sys.executable], pre=pre, index=address)
    releases = between(listed, good, bad)
    tell(f"{count(len(releases), 'release')} of {own} from {good} to {bad}")

    def look(version: str) -> Hashable | None:
        seen = history.contents.get(version) or history.look(version)
        return None if seen is None else frozenset((key, seen.get(key)) for key in changed)

    made = {entry.name for entry in Cache().entries() if entry.made is not None}
    today = datetime.now(timezone.utc).date().isoformat()
    free = []
    for version in releases:
        asked = requirements(history.named(version).partition("=")[2])
        wanted = of(asked=asked, python=interpreter, pre=pre, indexes=indexes, today=today)
        free += [version] if wanted.name in made else []
    found = search(releases, look, free)
    assert found is not None
    _show(found, history, changed)
    return AS_EXPECTED


def _key(one: Observation | Verdict) -> _Key:
    aspect = one.probe if isinstance(one, Observation) else one.aspect
    return replace(one.surface, release=""), aspect


def _show(found: Found, history: _History, changed: Sequence[_Key]) -> None:
    print(f"{history.package} {found.good} and {found.bad}: between these the observation of {history.case_id} changed")
    if found.skipped:
        told = ", ".join(found.skipped)
        print(f"between them, and not to be observed: {told}")
    for surface, aspect in changed:
        was, now = (history.verdicts[version].get((surface, aspect)) for version in (found.good, found.bad))
        if history.contents[found.good].get((surface, aspect)) == history.contents[found.bad].get((surface, aspect)):
            continue  # it changed elsewhere
        print(f"\n{surface}, {aspect}")
        for version, verdict in ((found.good, was), (found.bad, now)):
            print(f"  {version}: {_told(verdict)}")
    surface, asked = changed[0][0], history.surfaces
    for version in (found.good, found.bad):
        words = ["convarith", "run", "-f", history.named(version), "--case", history.case_id, "--route", surface.route]
        words += ["--mode", surface.mode, *(("--switch", surface.switch) if surface.switch else ())]
        words += [*(("--python", asked.python) if asked.python else ()), *(["--pre"] if asked.pre else [])]
        words += itertools.chain.from_iterable(("--index", without_password(text)) for text in asked.index)
        print(f"\n    {shlex.join(words)}" if version == found.good else f"    {shlex.join(words)}")
    others = [pair for pair in found.changes if pair != (found.good, found.bad)]
    if others:
        told = "; ".join(f"{one} and {other}" for one, other in others)
        print(f"\nthis is not the only change: it changed between {told} as well")
    print(f"\nlooked at: {', '.join(found.looked)}")


def _told(verdict: Verdict | None) -> str:
    if verdict is None:
        return "not observed"
    told = [verdict.status, one_line(verdict.observed, 200), one_line(verdict.diagnosis, 300)]
    return ": ".join(filter(None, told))
