"""Who is told to have ended a process, by runs that are made up: no processes here."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harness.observe.child import ChildError, Died, Outgrew, Overran
from harness.observe.guilt import Guilt, Ran
from harness.records import Job, Surface

SURFACE = Surface("fake", "fake.loops", "eager")
ONE, TWO = (Job(f"conv1d.i{i}.k2.s1.p0.d1", SURFACE, ("forward", "adjoint")) for i in (3, 4))
OVERRAN, OUTGREW, DIED = Overran("took too long", ""), Outgrew("more than 9 MiB", ""), Died("SIGSEGV", "")


def told(suspects: Sequence[Job], first: ChildError, again: dict[tuple[str, ...], ChildError]) -> list[tuple[str, str]]:
    """Who is told, where jobs end their process again when they are run with some of their probes."""
    found: list[tuple[str, str]] = []

    def run(jobs: Sequence[Job]) -> Ran:
        for number, job in enumerate(jobs):
            for probe in job.probes:
                if (job.case_id, probe) in again:
                    return Ran([job], list(jobs[number + 1 :]), again[job.case_id, probe])
        return Ran()

    def tell(job: Job, error: ChildError) -> None:
        found.extend((f"{job.case_id} {probe}", str(error)) for probe in job.probes)

    Guilt(run, tell).among(suspects, first)
    return found


@pytest.mark.parametrize("first", [OVERRAN, OUTGREW])
@pytest.mark.parametrize("suspects", [[ONE], [ONE, TWO]], ids=["alone", "with others"])
def test_what_a_busy_machine_did_not_finish_once_and_does_alone_is_as_it_is_alone(
    first: ChildError, suspects: list[Job]
) -> None:
    assert told(suspects, first, {}) == []


@pytest.mark.parametrize("suspects", [[ONE], [ONE, TWO]], ids=["alone", "with others"])
def test_a_crash_that_does_not_come_again_is_told_all_the_same(suspects: list[Job]) -> None:
    names = [f"{job.case_id} {probe}" for job in suspects for probe in job.probes]
    assert told(suspects, DIED, {}) == [(name, "SIGSEGV") for name in names]


@pytest.mark.parametrize("error", [OVERRAN, OUTGREW, DIED])
def test_what_comes_again_alone_is_told_of_the_probe_that_does_it(error: ChildError) -> None:
    assert told([ONE, TWO], error, {(TWO.case_id, "adjoint"): error}) == [(f"{TWO.case_id} adjoint", str(error))]
