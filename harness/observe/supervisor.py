"""Minds the workers: gives them jobs, and finds exactly which job is guilty when one dies or hangs.

The worker says what it has begun, so the jobs in flight are known. They alone are run again, half of them, and half of
what then was in flight, until one is left; then each of its probes by itself, and again. What had been reported before
stands.

An operator that is as expected is known by its digest. One that is not is observed again, to be had whole: so whatever
disagrees has been seen twice.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.observe.child import Child, ChildError, Died, Overran, StartFailed
from harness.records import TEXT_LIMIT, Environment, Job, Observation, Outcome, Probe, Surface

_ROUNDS = 3  # in which probes are run one by one, where one of them did end the process and then none does
BATCH = 4000  # jobs for one fork: a framework spends some tenths of a second on its first case

Sink = Callable[[Observation], None]
Evidence = Callable[[Observation], bool]
Met = Callable[[Environment], None]  # told of a worker that is ready, before it has work
_Key = tuple[str, Surface, Probe]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker may take: seconds to start, and for one case; MiB of memory, 0 where there is no limit."""

    start: float = 180.0
    case: float = 300.0
    memory: int = 0


_DEFAULT = Limits()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a framework is to be observed.

    Attributes
    ----------
    framework : str
    reference : str
        Its adapter, 'MODULE:CLASS'.
    python : str
        The interpreter that has the framework.
    device : str
        'cpu' or 'gpu'.
    switch : str
        One of the adapter's switches, or empty.
    variables : dict
        Environment variables for the worker.
    """

    framework: str
    reference: str
    python: str
    device: str = "cpu"
    switch: str = ""
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)


def observe(
    place: Place,
    jobs: Sequence[Job],
    sink: Sink,
    limits: Limits = _DEFAULT,
    *,
    stop: threading.Event | None = None,
    evidence: Evidence | None = None,
) -> Environment:
    """Observe every job, in order; each observation goes to the sink as soon as it is known.

    Parameters
    ----------
    place : Place
    jobs : sequence of Job
    sink : callable
        Takes each observation.
    limits : Limits, optional
    stop : Event, optional
        Set by another thread to end at once.
    evidence : callable, optional
        Whether the operator of an observation is to be had whole, beside its digest: then it is observed again. If left
        out, all are had whole at once.

    Returns
    -------
    Environment
        With the facts of the worker. ``failure`` says why jobs went unobserved, if any did: the worker could not be
        started, or could not be started again.

    Raises
    ------
    Stopped
        ``stop`` was set.
    """
    with Minder(place, limits, stop or threading.Event(), evidence) as minder:
        return minder.mind(jobs, sink)


class Minder:
    """Minds one worker, for as many jobs as come.

    A context manager: the worker is started with the first jobs, and ended with the context.
    """

    def __init__(
        self,
        place: Place,
        limits: Limits,
        stop: threading.Event,
        evidence: Evidence | None = None,
        met: Met | None = None,
    ) -> None:
        self._place, self._limits, self._stopping, self._evidence, self._met = place, limits, stop, evidence, met
        self._child: Child | None = None
        self._facts: dict[str, str] = {}
        self._sink: Sink = _nowhere

    def __enter__(self) -> Minder:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def mind(self, jobs: Sequence[Job], sink: Sink) -> Environment:
        """Observe jobs; see :func:`observe`."""
        self._sink = sink
        waiting = deque(jobs)
        failure = None
        try:
            self._start()  # even with no jobs, to know the environment
            while waiting:
                batch = [waiting.popleft() for _ in range(min(BATCH, len(waiting)))]
                telling: dict[_Key, Observation] | None = None if self._evidence is None else {}
                try:
                    left = self._work_off(batch, telling)
                    if telling:
                        self._have_whole(telling)
                except StartFailed:
                    for seen in (telling or {}).values():  # it cannot be had whole any more, but this much is known
                        sink(seen)
                    raise
                waiting.extendleft(reversed(left))
        except StartFailed as error:
            failure = _sentence(self._place, error)
        return self._environment(failure)

    def _work_off(self, jobs: Sequence[Job], telling: dict[_Key, Observation] | None) -> list[Job]:
        """Observe jobs, and find who is guilty if the process ends; returns those that are still to be observed.

        In the search some are observed again and again; what is the same is told once.
        """
        suspects, left, error = self._run(jobs, telling)
        if error is None:
            return left
        sink = self._sink

        def once(seen: Observation) -> None:
            content = (seen.key, *_content(seen))
            if content not in known:
                known.add(content)
                sink(seen)

        known: set[tuple[object, ...]] = set()
        self._sink = once
        try:
            return [*self._search(suspects, error, telling), *left]
        finally:
            self._sink = sink

    def _have_whole(self, telling: dict[_Key, Observation]) -> None:
        """Observe again what is evidence of something. Both observations stand where they differ."""
        jobs: dict[tuple[str, Surface], Job] = {}
        for seen in telling.values():
            job = jobs.get((seen.case_id, seen.surface), Job(seen.case_id, seen.surface, ()))
            jobs[seen.case_id, seen.surface] = replace(job, probes=(*job.probes, seen.probe))
        sink = self._sink

        def take(again: Observation) -> None:
            first = telling.pop(again.key, None)
            if first is not None and _content(first) != _content(again):
                sink(first)
            sink(again)

        self._sink = take
        try:
            waiting = list(jobs.values())
            while waiting:
                waiting = self._work_off(waiting, None)
        finally:
            self._sink = sink

    def _search(self, suspects: Sequence[Job], first: ChildError, telling: dict[_Key, Observation] | None) -> list[Job]:
        """Find the guilty among jobs that were in flight together; returns those not tried, to be run as ever."""
        if len(suspects) == 1:
            self._question(suspects[0], first, telling)
            return []
        middle = (len(suspects) + 1) // 2
        for half, others in ((suspects[:middle], suspects[middle:]), (suspects[middle:], ())):
            guilty, left, error = self._run(half, telling)
            if error is not None:
                return [*self._search(guilty, error, telling), *left, *others]
        # It happened, and now it does not: somebody does it only sometimes.
        ends = [(guilty[0], error) for guilty, _, error in (self._run([job], telling) for job in suspects) if error]
        for job, error in ends:
            self._question(job, error, telling)
        for job in suspects if not ends else ():  # or it needs them all: it cannot be told whose it is
            self._report_end(job, first)
        return []

    def _question(self, job: Job, first: ChildError, telling: dict[_Key, Observation] | None) -> None:
        """Find which probes of a job end the process, by running each by itself.

        Both observations stand where it does so only sometimes.
        """
        if len(job.probes) == 1:
            _, _, error = self._run([job], telling)
            self._report_end(job, error or first)
            return
        for _ in range(_ROUNDS):
            found = False
            for probe in job.probes:
                alone = replace(job, probes=(probe,))
                _, _, error = self._run([alone], telling)
                if isinstance(error, Overran):  # to wait again would take as long
                    self._report_end(alone, error)
                elif error is not None:
                    self._question(alone, error, telling)
                found = found or error is not None
            if found:
                return
        self._report_end(job, first)

    def _run(
        self, jobs: Sequence[Job], telling: dict[_Key, Observation] | None
    ) -> tuple[list[Job], list[Job], ChildError | None]:
        """Run jobs together.

        Parameters
        ----------
        jobs : sequence of Job
        telling : dict or None
            Takes, in place of the sink, the observations whose operators are evidence; None where all are whole.

        Returns
        -------
        suspects : list of Job
            Those in flight when the worker ended, with the probes that had not been reported.
        left : list of Job
            Those it had not begun.
        error : ChildError or None
            How it ended, if it did.
        """
        child = self._start()
        missing = {number: list(job.probes) for number, job in enumerate(jobs)}
        begun: set[int] = set()
        told = [[n, job.case_id, job.surface.route, job.surface.mode, job.probes] for n, job in enumerate(jobs)]
        child.send(told, whole=telling is None)
        try:
            for report in child.reports(self._limits.case):
                if "began" in report:
                    begun.update(report["began"])
                else:
                    number = report.pop("seen")
                    missing[number].remove(report["probe"])
                    seen = _observation(jobs[number], report)
                    if telling is not None and self._evidence and seen.digest is not None and self._evidence(seen):
                        telling[seen.key] = seen
                    else:
                        self._sink(seen)
        except (Died, Overran) as error:
            if not child.usable:
                self._stop()
            unseen = [
                (number, replace(jobs[number], probes=tuple(probes))) for number, probes in missing.items() if probes
            ]
            return (
                [job for number, job in unseen if number in begun],
                [job for number, job in unseen if number not in begun],
                error,
            )
        return [], [], None

    def _report_end(self, job: Job, error: ChildError) -> None:
        outcome: Outcome = "timed_out" if isinstance(error, Overran) else "crashed"
        name = f"more than {self._limits.case:g} s" if isinstance(error, Overran) else str(error)
        for probe in job.probes:
            self._sink(
                Observation(
                    case_id=job.case_id,
                    surface=job.surface,
                    probe=probe,
                    outcome=outcome,
                    error=name,
                    text=_telling(error.output),
                )
            )

    def _start(self) -> Child:
        if self._child is None:
            self._child = Child(
                self._place.python,
                (self._place.reference, self._place.device, self._place.switch),
                self._place.variables,
                self._stopping,
                self._limits.memory,
            )
            self._facts = self._child.ready(self._limits.start)
            if self._met is not None:
                self._met(self._environment())
        return self._child

    def _environment(self, failure: str | None = None) -> Environment:
        return Environment(self._place.framework, self._place.python, self._facts, failure, self._place.switch)

    def _stop(self) -> None:
        if self._child is not None:
            self._child.stop()
            self._child = None


def _content(seen: Observation) -> tuple[object, ...]:
    return seen.outcome, seen.shape, seen.digest, seen.error


def _nowhere(_: Observation) -> None:
    raise AssertionError("no jobs are being minded")


def _telling(output: str) -> str | None:
    """The end of what a process printed, without the stack's frames: the line above them says what failed."""
    lines = [line for line in output.splitlines() if not line.lstrip().startswith("@ ")]
    return "\n".join(lines)[-TEXT_LIMIT:] or None


def _observation(job: Job, report: dict[str, Any]) -> Observation:
    shape = report.pop("shape", None)
    return Observation(
        case_id=job.case_id, surface=job.surface, shape=None if shape is None else tuple(shape), **report
    )


def _sentence(place: Place, error: StartFailed) -> str:
    lines = [line for line in error.output.strip().splitlines() if line.strip()]
    said = f"; it last said: {lines[-1].strip()[:300]}" if lines else ""
    return f"{place.framework} {error}{said} [{place.python}]"
