"""Minds the workers: gives them jobs, and finds exactly which job is guilty when one dies or hangs.

The worker says what it has begun, so the jobs in flight are known. They alone are run again, each by itself, until one
is found that does it alone; then each of its probes by itself. What had been reported before stands.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.observe.child import Child, ChildError, Died, Overran, StartFailed
from harness.records import TEXT_LIMIT, Environment, Job, Observation, Outcome

BATCH = 4000  # jobs for one fork: a framework spends some tenths of a second on its first case

Sink = Callable[[Observation], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that a worker may take: to start, and for one case."""

    start: float = 180.0
    case: float = 300.0


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
    variables: Mapping[str, str] = field(default_factory=dict)


def observe(
    place: Place, jobs: Sequence[Job], sink: Sink, limits: Limits = _DEFAULT, stop: threading.Event | None = None
) -> Environment:
    """Observe every job, in order; each observation goes to the sink as soon as it is known.

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
    with _Minder(place, sink, limits, stop or threading.Event()) as minder:
        return minder.mind(jobs)


class _Minder:
    def __init__(self, place: Place, sink: Sink, limits: Limits, stop: threading.Event) -> None:
        self._place, self._sink, self._limits, self._stopping = place, sink, limits, stop
        self._child: Child | None = None
        self._facts: dict[str, str] = {}

    def __enter__(self) -> _Minder:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def mind(self, jobs: Sequence[Job]) -> Environment:
        waiting = deque(jobs)
        failure = None
        try:
            self._start()  # even with no jobs, to know the environment
            while waiting:
                batch = [waiting.popleft() for _ in range(min(BATCH, len(waiting)))]
                suspects, left, error = self._run(batch)
                waiting.extendleft(reversed(left))
                if error is not None:
                    waiting.extendleft(reversed(self._try_alone(suspects, error)))
        except StartFailed as error:
            failure = _sentence(self._place, error)
        return Environment(self._place.framework, self._place.python, self._facts, failure, self._place.switch)

    def _try_alone(self, suspects: Sequence[Job], first: ChildError) -> list[Job]:
        """Find the guilty among jobs that were in flight together; returns those not tried, to be run as ever."""
        innocent = []
        for number, job in enumerate(suspects):
            _, _, error = self._run([job]) if len(job.probes) == 1 else self._run_probes(job)
            if error is not None:
                if len(job.probes) == 1:
                    self._report_end(job, error)
                return list(suspects[number + 1 :])
            innocent.append(job)
        # It happened, and now it does not: a case that is so only sometimes. Both observations stand.
        for job in innocent:
            self._report_end(job, first)
        return []

    def _run_probes(self, job: Job) -> tuple[list[Job], list[Job], ChildError | None]:
        """Run a job's probes one by one; the ends of those that end the process are reported."""
        last: ChildError | None = None
        for probe in job.probes:
            alone = replace(job, probes=(probe,))
            _, _, error = self._run([alone])
            if error is not None:
                self._report_end(alone, error)
                last = error
        return [], [], last

    def _run(self, jobs: Sequence[Job]) -> tuple[list[Job], list[Job], ChildError | None]:
        """Run jobs together.

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
        child.send([[n, job.case_id, job.surface.route, job.surface.mode, job.probes] for n, job in enumerate(jobs)])
        try:
            for report in child.reports(self._limits.case):
                if "began" in report:
                    begun.update(report["began"])
                else:
                    number = report.pop("seen")
                    missing[number].remove(report["probe"])
                    self._sink(_observation(jobs[number], report))
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
            )
            self._facts = self._child.ready(self._limits.start)
        return self._child

    def _stop(self) -> None:
        if self._child is not None:
            self._child.stop()
            self._child = None


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
