"""Looks at disagreements again, keeps what was seen, and tells what they depend on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from pathlib import Path

from cases.case import parse
from harness import judge, store
from harness.errors import UsageError
from harness.frameworks import registry
from harness.frameworks.base import Adapter
from harness.observe.engine import Shard, observe_all
from harness.observe.supervisor import Limits, Place, Sink
from harness.pipeline import Watcher
from harness.records import Environment, Job, Observation, Probe, Status, Surface, Verdict, Where
from harness.spread import Engine, observe_on
from harness.store import log
from harness.vary.kinds import Key, Kind, chosen, key, kinds
from harness.vary.looks import AS_IT_WAS, OF_A_CASE, Look, looks, value_of
from harness.vary.names import Names
from harness.vary.words import sentence

ROUNDS = 3  # in which what differs from time to time is observed: once it may be right by chance


@dataclass(frozen=True, slots=True)
class Depends:
    """What disagreements depend on.

    Attributes
    ----------
    texts : dict
        Of each kind: a sentence, and the smallest case, of which it was seen.
    left : int
        Kinds that were not looked at, beyond those with the smallest cases.
    """

    texts: Mapping[Key, tuple[str, str]] = field(default_factory=dict)
    left: int = 0

    def of(self, verdict: Verdict) -> str:
        """What is told of a verdict; empty if nothing is."""
        text, case_id = self.texts.get(key(verdict), ("", ""))
        return text if not text or case_id == verdict.case_id else f"{text}; seen of {case_id}"


def look(
    run: store.Run,
    mine: Sequence[Kind],
    places: Iterable[Place],
    folder: Path,
    *,
    workers: int,
    limits: Limits,
    engine: Engine | None = None,
    watcher: Watcher | None = None,
) -> store.Run:
    """Observe disagreements again, with one thing otherwise at a time, and keep what was seen in ``varied.parquet``.

    Parameters
    ----------
    run : Run
        It is closed and complete.
    mine : sequence of Kind
        Of its disagreements, those to look at.
    places : iterable of Place
        Where it was observed.
    folder : Path
        Its directory.
    workers, limits, engine
        As for the run.
    watcher : Watcher, optional

    Returns
    -------
    Run
        With the environments of what was observed again.

    Raises
    ------
    UsageError
        A framework is not the one that the run was observed in.
    """
    at = {(place.framework, place.release): place for place in places if not place.failure}
    adapters = {whose: registry.load(place.reference) for whose, place in at.items()}
    shards = _shards([kind for kind in mine if kind.smallest.status != "unstable"], at, adapters)
    shards += ROUNDS * _shards([kind for kind in mine if kind.smallest.status == "unstable"], at, adapters)
    if watcher is not None and shards:
        watcher.begin(shards)
    known = {place.where: place for place in run.environments}

    def met(environment: Environment) -> None:
        of_run = known.get(environment.where)
        if of_run is not None and (told := of_run.differs(environment)):
            raise UsageError(f"{folder} cannot be gone on with here: {told}, when it was observed and now")

    seen, environments = _observed(shards, workers=workers, limits=limits, engine=engine, watcher=watcher, met=met)
    store.write_varied(folder, seen)
    run = replace(run, varied=_once(environments))
    store.write_run(folder, run)
    return run


def depends(run: store.Run, verdicts: Iterable[Verdict], folder: Path) -> Depends:
    """What the disagreements of a run, which were observed again, depend on.

    Parameters
    ----------
    run : Run
    verdicts : iterable of Verdict
        Its disagreements.
    folder : Path
        Its directory.
    """
    facts = {place.where: place.facts for place in (*run.varied, *run.environments)}
    statuses = _statuses(store.varied(folder))
    references = registry.adapters()
    found = kinds(verdicts)
    mine = chosen(found)
    texts: dict[Key, tuple[str, str]] = {}
    for kind in mine:
        surface = kind.smallest.surface
        if surface.framework in references:
            adapter = registry.load(references[surface.framework])
            if text := _told(kind.smallest, adapter, statuses, facts):
                texts[kind.key] = text, kind.smallest.case_id
    return Depends(texts, len(found) - len(mine))


def _shards(
    mine: Sequence[Kind], at: Mapping[tuple[str, str], Place], adapters: Mapping[tuple[str, str], type[Adapter]]
) -> list[Shard]:
    """The looks at some kinds, put together: each layer once on each surface, place by place."""
    wanted: dict[tuple[Surface, str], set[Probe]] = {}
    for kind in mine:
        surface = kind.smallest.surface
        if (surface.framework, surface.release) in at:
            for one in looks(kind.smallest, adapters[surface.framework, surface.release]):
                wanted.setdefault((one.surface, one.case_id), set()).add(one.probe)
    ordered = sorted(wanted.items(), key=lambda item: (item[0][0].where, item[0][0], len(item[0][1]), item[0][1]))
    shards = []
    for (framework, switch, release), some in groupby(ordered, key=lambda item: item[0][0].where):
        jobs = [Job(case_id, surface, tuple(sorted(probes))) for (surface, case_id), probes in some]
        shards.append(Shard(replace(at[framework, release], switch=switch), jobs))
    return shards


def _observed(
    shards: Sequence[Shard],
    *,
    workers: int,
    limits: Limits,
    engine: Engine | None,
    watcher: Watcher | None,
    met: Callable[[Environment], None],
) -> tuple[list[Observation], list[Environment]]:
    found: list[list[Observation]] = [[] for _ in shards]

    def note(number: int, seen: Observation) -> None:
        found[number].append(replace(seen, operator=None))  # nobody looks at it: what is asked is whether it is right
        if watcher is not None:
            watcher.count(seen)

    def take(number: int, lines: bytes) -> None:
        for seen in log.read(lines.splitlines()):
            note(number, seen)

    def sink(number: int) -> AbstractContextManager[Sink]:
        return nullcontext(partial(note, number))

    if engine is not None:
        environments = observe_on(engine, shards, limits, take=take, met=met)
    else:
        environments = observe_all(shards, workers, sink, limits, evidence=judge.is_evidence, met=met)
    return [seen for some in found for seen in some], environments


def _statuses(seen: Iterable[Observation]) -> dict[tuple[str, Surface, Probe], Status]:
    """What observations come to, which are in the order of their keys."""
    found: dict[tuple[str, Surface, Probe], Status] = {}
    for name, same in groupby(seen, key=lambda one: one.key):
        all_of_it = list(same)
        differ = len({judge.content(one) for one in all_of_it}) > 1
        found[name] = "unstable" if differ else judge.status(all_of_it[0])
    return found


def _told(
    verdict: Verdict,
    adapter: type[Adapter],
    statuses: Mapping[tuple[str, Surface, Probe], Status],
    facts: Mapping[Where, Mapping[str, str]],
) -> str:
    """What one disagreement depends on."""
    seen: dict[str, list[tuple[str, Status]]] = {}
    for one in looks(verdict, adapter):
        status = statuses.get(one.key)
        if status is None or status in ("unsupported", "harness_error", "timed_out"):
            continue  # it shows nothing of it
        if one.dimension not in seen and one.dimension != AS_IT_WAS:
            seen[one.dimension] = [(_own(verdict, one), verdict.status)]
        seen.setdefault(one.dimension, []).append((one.value, status))
    if AS_IT_WAS not in seen:
        return ""
    surface = verdict.surface
    return sentence(verdict.status, seen, Names(surface.framework, surface.release, facts))


def _own(verdict: Verdict, one: Look) -> str:
    """What a disagreement has itself in the dimension of a look."""
    if one.dimension in OF_A_CASE:
        return value_of(parse(verdict.case_id), one.dimension)
    return verdict.surface.mode if one.dimension == "mode" else verdict.surface.switch


def _once(environments: Iterable[Environment]) -> tuple[Environment, ...]:
    found = {place.where: place for place in environments}
    return tuple(found[where] for where in sorted(found))
