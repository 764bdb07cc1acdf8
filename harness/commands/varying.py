"""Disagreements of a run, observed again to see on which switch they depend: ``run --vary``."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from harness import store
from harness.commands.asked import Asked
from harness.commands.progress import Progress
from harness.deviations.settle import keep
from harness.deviations.settled import Settled
from harness.observe.supervisor import Place
from harness.records import Verdict
from harness.report.text import count
from harness.spread import named
from harness.store.columns import SURFACE
from harness.vary.again import Depends, depends, look
from harness.vary.kinds import chosen, kinds


def observed_again(
    run: store.Run,
    verdicts: Collection[Verdict],
    places: Iterable[Place],
    folder: Path,
    asked: Asked,
    *,
    workers: int,
    engine: str,
) -> store.Run:
    """Look at the disagreements of a run again, if it is complete, that is asked for, and it has not been done.

    Parameters
    ----------
    run : Run
    verdicts : collection of Verdict
        What is not as expected, and not known.
    places : iterable of Place
        Where it was observed.
    folder : Path
        Its directory, which is held.
    asked : Asked
    workers, engine
        As for the run.

    Returns
    -------
    Run
        With the environments of what was observed again.

    Raises
    ------
    OSError
        There is no room.
    """
    if not asked.vary or not run.complete or store.has_varied(folder):
        return run
    mine = chosen(kinds(verdicts))
    if mine:
        told = f"{count(len(mine), 'kind')} of disagreements are observed again, to see on which switch they depend"
        print(f"convarith: {told}", file=sys.stderr)
    with named(engine, workers) if engine and mine else nullcontext() as others, Progress() as progress:
        run = look(run, mine, places, folder, workers=workers, limits=asked.limits, engine=others, watcher=progress)
    known = {place.failure for place in run.environments}
    for place in run.varied:
        if place.failure and place.failure not in known:
            print(f"convarith: not observed again with {place.switch}: {place.failure}", file=sys.stderr)
    return run


def decided(folder: Path, run: store.Run, found: Settled) -> Settled:
    """What a closed run comes to, with what its disagreements depend on, as far as they were observed again.

    Parameters
    ----------
    folder : Path
        Its directory, which is held. Its verdicts say it afterwards, and so does the file of what it comes to.
    run : Run
    found : Settled

    Raises
    ------
    OSError
        There is no room.
    """
    verdicts = store.Unexpected(folder)
    told = depends(run, verdicts, folder) if store.has_varied(folder) else Depends()
    store.mark(folder, _rows(verdicts, told) if told.texts else (), "depends")
    keys = {rule.key for rule in found.rules}
    texts: dict[object, str] = {}
    for verdict in verdicts if told.texts else ():
        if (key := (verdict.case_id, verdict.surface, verdict.aspect)) in keys:
            texts[key] = told.of(verdict)
    rules = tuple(replace(rule, depends=texts[rule.key]) if texts.get(rule.key) else rule for rule in found.rules)
    found = replace(found, rules=rules, left=told.left)
    keep(folder, found)
    return found


def _rows(verdicts: Iterable[Verdict], told: Depends) -> Iterator[dict[str, str]]:
    for verdict in verdicts:
        if text := told.of(verdict):
            surface = {name: getattr(verdict.surface, name) for name in SURFACE}
            yield {"case_id": verdict.case_id, **surface, "aspect": verdict.aspect, "depends": text}
