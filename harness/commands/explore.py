"""``convarith run --random``: random cases in place of a grid's, and what disagrees made small."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from cyclopts import Parameter

from cases.case import OPS, Case, parse
from harness import judge, store
from harness.commands.printing import as_json
from harness.commands.selection import CaseSelection
from harness.errors import ConvarithError, EnvironmentFailed, UsageError
from harness.observe.engine import Shard, observe_all
from harness.observe.probe import probes_of
from harness.observe.supervisor import Limits, Place, Sink
from harness.records import SCHEMA, Job, Observation, Probe, Status, Surface, Verdict
from harness.report.summary import Group, groups
from harness.shrink import ATTEMPTS, shrink_together

_AT_ONCE = 200  # cases drawn before it is looked which of them are asked for
_DRAWS = (2000, 50)  # so many draws, and so many more for each case, before there seem to be no more
_SLOW_ATTEMPTS = 20  # where each may take as long as it is allowed to

_Key = tuple[str, Surface, Probe]  # a case's id, and what is looked at


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Exploration:
    """Random cases.

    Attributes
    ----------
    random
        So many different random cases in place of a grid's. Of each sort of disagreement the smallest case is looked
        for. Needs hypothesis: pip install 'convarith[random]'
    seed
        Which random cases: the same for the same number. 0, if left out.
    """

    random: int | None = None
    seed: int | None = None

    def cases(self, selection: CaseSelection) -> Iterator[Case]:
        """The cases of a selection, or random ones such as it asks for.

        Raises
        ------
        UsageError
            What is asked for contradicts itself, or cannot be understood.
        EnvironmentFailed
            hypothesis is not installed.
        """
        if self.random is None:
            if self.seed is not None:
                raise UsageError("--seed says which random cases to draw: give --random as well")
            return selection.cases()
        if self.random < 1:
            raise UsageError(f"--random {self.random}: draw at least one case")
        if selection.case or selection.grid is not None:
            raise UsageError("--random draws cases in place of a grid's or of chosen ones: leave out --grid and --case")
        return itertools.islice(self._drawn(selection, self.random), self.random)

    def kinds(self, selection: CaseSelection) -> Callable[[Case], Collection[str]]:
        """Which kinds of surfaces a case is observed on: of random ones, those that cost little."""
        return selection.kinds() if self.random is None else lambda _: ("plain", "declared")

    def asked(self, selection: CaseSelection) -> dict[str, str]:
        """What was asked, for the record."""
        told = selection.asked()
        if self.random is not None:
            del told["grid"]
            told |= {"random": str(self.random), "seed": str(self.seed or 0)}
        return told

    def _drawn(self, selection: CaseSelection, number: int) -> Iterator[Case]:
        try:
            from cases import strategies
        except ModuleNotFoundError as error:
            raise EnvironmentFailed(
                "--random needs hypothesis, which is missing here; install it with: pip install 'convarith[random]'"
            ) from error
        selection.of(())  # looks at what is asked for
        ops = [op for op in OPS if not selection.op or op in selection.op]
        stream = itertools.islice(
            strategies.stream(strategies.cases(ops=ops), self.seed or 0), _DRAWS[0] + _DRAWS[1] * number
        )
        found = 0
        while some := list(itertools.islice(stream, _AT_ONCE)):
            for case in selection.of(some):
                found += 1
                yield case
        print(f"convarith: only {found} different random cases such as are asked for were found", file=sys.stderr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Smallest:
    """The smallest case of a group of disagreements, as ``shrunk.json`` has it.

    Attributes
    ----------
    aspect, status : str
        With the surface, what the group has in common.
    found, smallest : str
        Ids of the smallest case of the run, and of the smallest that was found from there.
    tried : int
        How many cases were observed for it.
    finished : bool
        Whether nothing smaller was left to try.
    expected, observed, diagnosis : str
        The verdict on it.
    """

    surface: Surface
    aspect: Probe
    status: Status
    found: str
    smallest: str
    tried: int
    finished: bool
    expected: str
    observed: str
    diagnosis: str


def make_small(
    run: store.Run,
    verdicts: Collection[Verdict],
    shards: Sequence[Shard],
    folder: Path,
    *,
    workers: int,
    limits: Limits,
) -> list[Smallest]:
    """Look for the smallest case of each group of disagreements, print them and leave them in the run's directory.

    Parameters
    ----------
    run : Run
    verdicts : collection of Verdict
    shards : sequence of Shard
        Where the run observed.
    folder : Path
        The run's directory.
    workers, limits
        As for the run.
    """
    wrong = groups(verdict for verdict in verdicts if not verdict.as_expected)
    failed = {place.where for place in run.environments if place.failure}
    places = [shard.place for shard in shards if shard.place.where not in failed]
    if wrong:
        print(f"convarith: looking for the smallest cases of {len(wrong)} sorts of disagreement", file=sys.stderr)
    found = _smallest(wrong, _Observer(verdicts, places, workers, limits))
    content = {"schema": SCHEMA, "groups": found}
    try:
        store.write_whole(folder / "shrunk.json", as_json(content).encode())
    except OSError as error:
        raise ConvarithError(f"{folder}/shrunk.json cannot be written ({error.strerror})") from error
    for one in found:
        print(f"\n{one.surface} {one.aspect}: {one.status}{'' if one.finished else ', not tried to the end'}")
        print(f"  smallest: {one.smallest}")
    return found


def _smallest(wrong: Sequence[Group], observer: _Observer) -> list[Smallest]:
    def shows(asked: list[tuple[int, Case]]) -> list[bool]:
        keys = [(case.id, wrong[number].surface, wrong[number].aspect) for number, case in asked]
        observer.look(key for key, (_, case) in zip(keys, asked, strict=True) if key[2] in probes_of(case))
        return [observer.status(key) == wrong[number].status for key, (number, _) in zip(keys, asked, strict=True)]

    shrunk = shrink_together(
        [parse(group.smallest.case_id) for group in wrong], shows, [_attempts(group.status) for group in wrong]
    )
    found = []
    for group, end in zip(wrong, shrunk, strict=True):
        verdict = observer.known[end.case.id, group.surface, group.aspect]
        found.append(
            Smallest(
                surface=group.surface,
                aspect=group.aspect,
                status=group.status,
                found=group.smallest.case_id,
                smallest=end.case.id,
                tried=end.tried,
                finished=end.finished and group.surface.where in observer.places,
                expected=verdict.expected,
                observed=verdict.observed,
                diagnosis=verdict.diagnosis,
            )
        )
    return found


def _attempts(status: Status) -> int:
    if status == "unstable":  # that it is so only sometimes does not show when a case is observed once
        return 0
    return _SLOW_ATTEMPTS if status == "timed_out" else ATTEMPTS


class _Observer:
    """What is known of cases, and a way to know more: in the run's own places, many at once."""

    def __init__(self, verdicts: Iterable[Verdict], places: Iterable[Place], workers: int, limits: Limits) -> None:
        self.known: dict[_Key, Verdict] = {(one.case_id, one.surface, one.aspect): one for one in verdicts}
        self.places = {place.where: place for place in places}
        self._workers, self._limits = workers, limits

    def status(self, key: _Key) -> Status | None:
        """The status of what is known; None of what could not be observed."""
        verdict = self.known.get(key)
        return None if verdict is None else verdict.status

    def look(self, keys: Iterable[_Key]) -> None:
        """Observe what is not known."""
        jobs: dict[tuple[str, Surface], Job] = {}
        for case_id, surface, aspect in dict.fromkeys(key for key in keys if key not in self.known):
            job = jobs.get((case_id, surface), Job(case_id, surface, ()))
            jobs[case_id, surface] = replace(job, probes=(*job.probes, aspect))
        shards = [
            Shard(place, mine)
            for where, place in self.places.items()
            if (mine := [job for job in jobs.values() if job.surface.where == where])
        ]
        seen: list[list[Observation]] = [[] for _ in shards]

        def sink(number: int) -> AbstractContextManager[Sink]:
            return nullcontext(seen[number].append)

        for environment in observe_all(shards, self._workers, sink, self._limits, evidence=judge.is_evidence):
            if environment.failure:  # it will not do better next time
                print(f"convarith: {environment.failure}", file=sys.stderr)
                del self.places[environment.where]
        for verdict in judge.judge(itertools.chain.from_iterable(seen)):
            self.known[verdict.case_id, verdict.surface, verdict.aspect] = verdict
