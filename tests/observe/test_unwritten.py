"""Memory that nobody wrote is wrong each time and in the same way, as far as the C library hands it out."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import numpy as np
import pytest

from harness.judge import is_evidence, judge
from harness.observe import unwritten
from harness.observe.supervisor import Limits, Place, observe
from harness.records import Environment, Job, Observation, Surface, Verdict

TESTS = Path(__file__).parents[1]
SURFACE = Surface("fake", "fake.loops", "eager")
CASES = ["conv1d.i6.k3.s1.p0.d1", "conv2d.i6x5.k2x2.s1x1.p0x0.d1x1", "conv2d.i60x5.k2x2.s2x1.p0x0.d1x1"]
RUNS = 5

glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries do not fill memory")


def verdicts(adapter: str, cases: list[str], **variables: str) -> tuple[list[Verdict], Environment]:
    """The verdicts of a run."""
    seen: list[Observation] = []
    place = Place(
        "fake", f"fakes.unwritten:{adapter}", sys.executable, variables={"PYTHONPATH": str(TESTS), **variables}
    )
    jobs = [Job(name, SURFACE, ("forward",)) for name in cases]
    environment = observe(place, jobs, seen.append, Limits(60, 60), evidence=is_evidence)
    return list(judge(seen)), environment


@glibc
def test_what_is_mostly_right_by_chance_is_wrong_in_every_run_and_in_the_same_words() -> None:
    found = [verdicts("Leaving", CASES) for _ in range(RUNS)]
    assert all(environment.facts["unwritten_memory"] == "0x5a" for _, environment in found)
    first, *others = (told for told, _ in found)
    assert [verdict.status for verdict in first] == ["wrong_operator"] * len(CASES)
    filling = np.frombuffer(bytes([unwritten.FILLED_WITH] * 4), dtype=np.float32)[0]
    assert all(f"{filling:.8g} whatever the input: output" in verdict.diagnosis for verdict in first)
    assert all(told == first for told in others)


@glibc
def test_whoever_says_otherwise_to_the_c_library_is_told_so() -> None:
    _, environment = verdicts("Leaving", CASES[:1], GLIBC_TUNABLES="glibc.malloc.perturb=0")
    assert environment.facts["unwritten_memory"] == "anything"


def test_values_of_a_pool_that_change_are_unstable_and_never_told() -> None:
    first, *others = (verdicts("Pooling", CASES)[0] for _ in range(RUNS))
    assert [verdict.status for verdict in first] == ["unstable"] * len(CASES)
    assert all(told == first for told in others)


def test_what_a_user_says_of_the_c_library_counts() -> None:
    assert unwritten.variables({"GLIBC_TUNABLES": "glibc.malloc.check=1"})["GLIBC_TUNABLES"].endswith(
        "tcache_count=0:glibc.malloc.check=1"
    )
