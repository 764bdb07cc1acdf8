"""Finds which of some jobs are guilty of the end of their process.

Those in flight together are run again, half of them, and half of what then was in flight, until one is left; then each
of its probes by itself, and again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from harness.observe.child import ChildError, Outgrew, Overran
from harness.records import Job

_ROUNDS = 3  # in which probes are run one by one, where one of them did end the process and then none does


@dataclass(frozen=True, slots=True)
class Ran:
    """How it went when some jobs were run together.

    Attributes
    ----------
    suspects : list of Job
        Those in flight when the process ended, with the probes that had not been reported.
    left : list of Job
        Those it had not begun.
    error : ChildError or None
        How it ended, if it did.
    """

    suspects: list[Job] = field(default_factory=list)
    left: list[Job] = field(default_factory=list)
    error: ChildError | None = None


class Guilt:
    """The search, by running jobs again.

    Parameters
    ----------
    run : callable
        Runs jobs together. What they report on the way is told as ever.
    tell : callable
        Takes a guilty job, and how it ended its process.
    """

    def __init__(self, run: Callable[[Sequence[Job]], Ran], tell: Callable[[Job, ChildError], None]) -> None:
        self._run, self._tell = run, tell

    def among(self, suspects: Sequence[Job], first: ChildError) -> list[Job]:
        """Find the guilty among jobs that were in flight together; returns those not tried, to be run as ever."""
        if len(suspects) == 1:
            self._question(suspects[0], first)
            return []
        middle = (len(suspects) + 1) // 2
        for half, others in ((suspects[:middle], suspects[middle:]), (suspects[middle:], ())):
            ran = self._run(half)
            if ran.error is not None:
                return [*self.among(ran.suspects, ran.error), *ran.left, *others]
        # It happened, and now it does not: somebody does it only sometimes.
        alone = [self._run([job]) for job in suspects]
        ends = [(ran.suspects[0], ran.error) for ran in alone if ran.error is not None]
        for job, error in ends:
            self._question(job, error)
        for job in (
            suspects if not ends and not _passes(first) else ()
        ):  # or it needs them all: it cannot be told whose it is
            self._tell(job, first)
        return []

    def _question(self, job: Job, first: ChildError) -> None:
        """Find which probes of a job end the process, by running each by itself.

        Both observations stand where it does so only sometimes.
        """
        if len(job.probes) == 1:
            error = self._run([job]).error
            if error is not None or not _passes(first):
                self._tell(job, error or first)
            return
        for _ in range(_ROUNDS):
            found = False
            for probe in job.probes:
                alone = replace(job, probes=(probe,))
                error = self._run([alone]).error
                if isinstance(error, Overran):  # to wait again would take as long
                    self._tell(alone, error)
                elif error is not None:
                    self._question(alone, error)
                found = found or error is not None
            if found or _passes(first):
                return
        self._tell(job, first)


def _passes(error: ChildError) -> bool:
    """Whether an end says nothing if it does not come again when the job is run by itself.

    It took too long because the machine had other things to do, or held what those before it had left there: another
    time, or in another batch, it had not. What it gave by itself is what it gives.
    """
    return isinstance(error, (Overran, Outgrew))
