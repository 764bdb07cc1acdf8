"""Minds the workers: gives them jobs, and when one dies or hangs, has it found out which job is guilty.

The worker says what it has begun, so the jobs in flight are known, and they alone are suspects. What had been reported
before stands.

An operator that is as expected is known by its digest. One that is not is observed again, to be had whole: so whatever
disagrees has been seen twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.observe.child import Child, ChildError, Died, Overran, StartFailed
from harness.observe.guilt import Guilt, Ran
from harness.records import TEXT_LIMIT, Environment, Job, Observation, Outcome, Probe, Surface, Where

_IN_VAIN = 3

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
    release : str
        What was installed for it, as its surfaces have it.
    packages : tuple of str
        All that was installed, 'NAME==VERSION', if we made the environment.
    failure : str
        Why there is nothing to observe, if the environment could not be made.
    """

    framework: str
    reference: str
    python: str
    device: str = "cpu"
    switch: str = ""
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)
    release: str = ""
    packages: tuple[str, ...] = field(default=(), hash=False)
    failure: str = ""

    @property
    def where(self) -> Where:
        """The framework, the switch and the release."""
        return self.framework, self.switch, self.release


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
        self._vain = 0  # how often, one time after the other, the process ended and no case had been begun

    def __enter__(self) -> Minder:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def mind(self, jobs: Sequence[Job], sink: Sink) -> Environment:
        """Observe jobs; see :func:`observe`."""
        self._sink = sink
        waiting = list(jobs)
        failure = None
        try:
            self._start()  # even with no jobs, to know the environment
            while waiting:
                telling: dict[_Key, Observation] | None = None if self._evidence is None else {}
                try:
                    waiting = self._work_off(waiting, telling)
                    if telling:
                        self._have_whole(telling)
                except StartFailed:
                    for seen in (telling or {}).values():  # it cannot be had whole any more, but this much is known
                        sink(seen)
                    raise
        except StartFailed as error:
            failure = _sentence(self._place, error)
        return self._environment(failure)

    def _work_off(self, jobs: Sequence[Job], telling: dict[_Key, Observation] | None) -> list[Job]:
        """Observe jobs, and find who is guilty if the process ends; returns those that are still to be observed.

        In the search some are observed again and again; what is the same is told once.
        """
        ran = self._run(jobs, telling)
        if ran.error is None:
            self._vain = 0
            return []
        if not ran.suspects:  # it ended while nothing was in flight: nobody's fault, unless it goes on so
            self._vain += 1
            if self._vain == _IN_VAIN:
                raise StartFailed(
                    f"ended before it had begun anything, {_IN_VAIN} times ({ran.error})", ran.error.output
                )
            return ran.left
        self._vain = 0
        sink = self._sink

        def once(seen: Observation) -> None:
            content = (seen.key, *_content(seen))
            if content not in known:
                known.add(content)
                sink(seen)

        known: set[tuple[object, ...]] = set()
        self._sink = once
        try:
            guilt = Guilt(lambda some: self._run(some, telling), self._report_end)
            return [*guilt.among(ran.suspects, ran.error), *ran.left]
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

    def _run(self, jobs: Sequence[Job], telling: dict[_Key, Observation] | None) -> Ran:
        """Run jobs together.

        Parameters
        ----------
        jobs : sequence of Job
        telling : dict or None
            Takes, in place of the sink, the observations whose operators are evidence; None where all are whole.

        Returns
        -------
        Ran
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
                    seen = observation(jobs[number], report)
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
            return Ran(
                [job for number, job in unseen if number in begun],
                [job for number, job in unseen if number not in begun],
                error,
            )
        return Ran()

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
            if self._place.failure:
                raise StartFailed(self._place.failure, "")
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
        return environment_of(self._place, self._facts, failure)

    def _stop(self) -> None:
        if self._child is not None:
            self._child.stop()
            self._child = None


def environment_of(place: Place, facts: Mapping[str, str], failure: str | None) -> Environment:
    """What is known of a place."""
    return Environment(
        place.framework, place.python, dict(facts), failure, place.switch, place.release, tuple(place.packages)
    )


def _content(seen: Observation) -> tuple[object, ...]:
    return seen.outcome, seen.shape, seen.digest, seen.error


def _nowhere(_: Observation) -> None:
    raise AssertionError("no jobs are being minded")


def _telling(output: str) -> str | None:
    """The end of what a process printed, without the stack's frames: the line above them says what failed."""
    lines = [line for line in output.splitlines() if not line.lstrip().startswith("@ ")]
    return "\n".join(lines)[-TEXT_LIMIT:] or None


def observation(job: Job, report: dict[str, Any]) -> Observation:
    """A worker's report of one probe, as the record that it is; what it takes of the report is gone from it."""
    shape = report.pop("shape", None)
    return Observation(
        case_id=job.case_id, surface=job.surface, shape=None if shape is None else tuple(shape), **report
    )


def _sentence(place: Place, error: StartFailed) -> str:
    if place.failure:
        return place.failure
    lines = [line for line in error.output.strip().splitlines() if line.strip()]
    said = f"; it last said: {lines[-1].strip()[:300]}" if lines else ""
    return f"{place.framework} {error}{said} [{place.python}]"
