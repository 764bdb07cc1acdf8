"""``convarith merge``: the shards of a run, united."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from harness import judge, store
from harness.commands.asked import Asked, of
from harness.commands.ledger import Ledger
from harness.commands.releases import name_of
from harness.commands.report import conclude
from harness.commands.run import exit_code
from harness.errors import ConvarithError, UsageError
from harness.frameworks import registry
from harness.records import Environment, Where

_SHIPPED = Ledger()


@dataclass(frozen=True)
class _Part:
    """A run that is to be united with others."""

    folder: Path
    run: store.Run
    asked: Asked
    called: Mapping[str, str] = field(default_factory=dict)  # from frameworks to releases that they are to have

    @property
    def frameworks(self) -> tuple[str, ...]:
        return tuple(map(name_of, self.asked.surfaces.framework))

    @property
    def shard(self) -> tuple[int, int]:
        """Which of how many."""
        number, _, total = (self.asked.shard or "1/1").partition("/")
        return int(number), int(total)


def merge(
    *runs: Path,
    out: Annotated[Path, Parameter(alias="-o")],
    releases: Annotated[bool, Parameter(negative=())] = False,
    exit_zero: bool = False,
    github: Annotated[bool, Parameter(negative=())] = False,
    ledger: Ledger = _SHIPPED,
) -> int:
    """Unite the shards of a run, and report: the result is that of a run that was never divided.

    Parameters
    ----------
    runs
        Directories of finished runs: shards that 'convarith run --shard K/N' made of one selection, or runs of one
        selection on different frameworks; or directories that hold such directories.
    out
        Output directory, which must be new or empty.
    releases
        Put different releases of a framework side by side, each called by its version: runs that were observed in
        environments of their own, with -f NAME or -f NAME=PYTHON.
    exit_zero
        End with 0 where a disagreement alone would end with 1. The report is the same.
    github
        Print annotations for GitHub Actions, at most ten: one for each rule that is not known.
    """
    entries = ledger.entries()
    if not runs:
        raise UsageError("merge what? Name the directories of runs")
    parts = [_part(folder, releases=releases) for named in runs for folder in _folders(named, out)]
    first = parts[0]
    for number, other in enumerate(parts[1:], 1):
        if why := next(filter(None, (_apart(earlier, other) for earlier in parts[:number])), ""):
            raise UsageError(f"{other.folder} cannot be merged with {first.folder}: {why}")
    environments = _united(part.run.environments for part in parts)
    missing = _missing(parts)
    record = replace(
        first.run,
        asked={name: text for name, text in first.run.asked.items() if name != "shard"},
        selection={
            **first.run.selection,
            "shard": "",
            "surfaces": {**first.run.selection["surfaces"], "framework": _frameworks(parts)},
        },
        environments=environments,
        complete=False,
        started=min(part.run.started for part in parts),
        seconds=round(sum(part.run.seconds for part in parts), 1),
    )
    store.create(out, record)
    try:
        with store.held(out):
            cases = store.adopt(out, [(part.folder, part.called) for part in parts])
            store.close(out, cases, environments, judge.judge_in_order)
            complete = not missing and all(part.run.complete for part in parts)
            record = replace(record, cases=len(cases), complete=complete)
            if complete and all(store.has_varied(part.folder) for part in parts):
                store.adopt_varied(out, [(part.folder, part.called) for part in parts])
                record = replace(record, varied=_united(part.run.varied for part in parts))
            store.write_run(out, record)
    except OSError as error:
        raise ConvarithError(f"{out} cannot be written ({error.strerror}): make room, and merge again") from error
    judged, found = conclude(out, record, entries, github=github)
    if missing:
        told = f"{', '.join(missing)} missing: merge all, or observe the rest here by: {store.how_to_go_on(out)}"
        print(f"convarith: {told}", file=sys.stderr)
    return exit_code(record, judged, found, forgiving=exit_zero)


def _folders(named: Path, out: Path) -> list[Path]:
    """A run's directory, or those of the runs that are in a directory."""
    if (named / "run.json").exists() or not named.is_dir():
        return [named]
    inside = sorted(path.parent for path in named.glob("*/run.json") if path.parent.resolve() != out.resolve())
    return inside or [named]


def _part(folder: Path, *, releases: bool) -> _Part:
    run = store.read_run(folder)
    store.check(folder)
    asked = of(run, folder)
    if not releases:
        return _Part(folder, run, asked)
    called = {
        place.framework: f"{_package(place.framework)}=={place.facts['version']}"
        for place in run.environments
        if not place.release and "version" in place.facts
    }
    environments, varied = (
        tuple(replace(place, release=place.release or called.get(place.framework, "")) for place in some)
        for some in (run.environments, run.varied)
    )
    texts = tuple(
        f"{text}={called[text]}" if text in called else asked.surfaces.framework[number]
        for number, text in enumerate(map(name_of, asked.surfaces.framework))
    )
    run = replace(run, environments=environments, varied=varied)
    return _Part(folder, run, replace(asked, surfaces=replace(asked.surfaces, framework=texts)), called)


def _package(framework: str) -> str:
    """What an index has a framework as, in the first place."""
    reference = registry.adapters().get(framework)
    groups = registry.load(reference).distributions if reference else ()
    return groups[0][0] if groups else framework


def _apart(one: _Part, other: _Part) -> str:
    """Why two runs are no parts of one; empty if they are."""
    if one.run.version != other.run.version:
        return f"convarith {one.run.version} made the one and {other.run.version} the other"
    if one.folder.resolve() == other.folder.resolve():
        return "it is the same run"
    for name, of_one in one.run.asked.items():
        of_other = other.run.asked.get(name)
        if of_one != of_other and name != "shard":
            return f"the one was asked for {name} {of_one}, the other for {of_other or 'none'}"
    if one.asked.digest != other.asked.digest:
        return "their selections hold different cases"
    if _rest(one) != _rest(other):
        return "they were asked for different cases, surfaces or limits"
    for name in sorted(set(one.frameworks) & set(other.frameworks)):
        if one.shard[1] != other.shard[1]:
            return f"{name} was divided into {one.shard[1]} shards in the one and {other.shard[1]} in the other"
        if one.shard == other.shard:
            return f"both hold shard {one.shard[0]}/{one.shard[1]} of {name}"
    places = {place.where: place for place in one.run.environments}
    told = (places[place.where].differs(place) for place in other.run.environments if place.where in places)
    return next(filter(None, told), "")


def _rest(part: _Part) -> Asked:
    """What was asked, but for what parts of one run differ in."""
    asked = part.asked
    return replace(
        asked,
        shard="",
        digest="",
        cases=replace(asked.cases, grid=None),  # its file may be elsewhere; what it holds is in the digest
        # How their environments were made shows in the environments.
        surfaces=replace(asked.surfaces, framework=(), python=None, pre=False, index=(), uv=False),
    )


def _missing(parts: Sequence[_Part]) -> list[str]:
    """The shards that were not given."""
    given: dict[str, set[tuple[int, int]]] = {}
    for part in parts:
        for name in part.frameworks:
            given.setdefault(name, set()).add(part.shard)
    lacking: dict[tuple[int, int], list[str]] = {}
    for name, shards in given.items():
        for total in {total for _, total in shards}:
            for number in range(1, total + 1):
                if (number, total) not in shards:
                    lacking.setdefault((number, total), []).append(name)
    told: dict[str, list[str]] = {}
    for (number, total), names in sorted(lacking.items(), key=lambda item: (item[0][1], item[0][0])):
        of = "" if len(names) == len(given) > 1 else f" of {' and '.join(names)}"
        told.setdefault(of, []).append(f"{number}/{total}")
    return [f"{'shards' if len(shards) > 1 else 'shard'} {', '.join(shards)}{of}" for of, shards in told.items()]


def _frameworks(parts: Iterable[_Part]) -> list[str]:
    """The frameworks of all parts, each with the first interpreter it was observed by."""
    found: dict[str, str] = {}
    for part in parts:
        for name, text in zip(part.frameworks, part.asked.surfaces.framework, strict=True):
            found.setdefault(name, text)
    return list(found.values())


def _united(several: Iterable[Iterable[Environment]]) -> tuple[Environment, ...]:
    found: dict[Where, Environment] = {}
    for environments in several:
        for place in environments:
            known = found.get(place.where)
            found[place.where] = place if known is None else known.joined(place)
    return tuple(found.values())
