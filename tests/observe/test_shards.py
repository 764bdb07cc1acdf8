"""How work is cut into shards: none lost, none twice, in order, and enough for every worker."""

from __future__ import annotations

import pytest

from harness.observe.engine import Shard, split
from harness.observe.supervisor import Place
from harness.records import Job, Surface

PLACE = Place("fake", "fakes.loops:Loops", "python")


def shard(jobs: int) -> Shard:
    surface = Surface("fake", "fake.loops", "eager")
    return Shard(PLACE, [Job(f"conv1d.i{i}.k1.s1.p0.d1", surface, ("forward",)) for i in range(1, jobs + 1)])


@pytest.mark.parametrize("workers", [1, 2, 3, 16])
@pytest.mark.parametrize("jobs", [0, 1, 99, 100, 101, 999, 1000, 1001, 12345])
def test_shards_are_the_work_in_order(jobs: int, workers: int) -> None:
    whole = shard(jobs)
    shards = list(split([whole], workers))
    assert [job for one in shards for job in one.jobs] == whole.jobs
    assert all(one.place == PLACE and len(one.jobs) <= 1000 for one in shards)
    assert shards


@pytest.mark.parametrize(
    ("jobs", "workers", "sizes"),
    [
        (2500, 1, [1000, 1000, 500]),
        (800, 2, [100] * 8),
        (900, 2, [200, 200, 200, 200, 100]),  # what shares a compilation is not parted
        (50, 2, [50]),
        (80_000, 2, [1000] * 80),
    ],
)
def test_a_place_s_work_is_enough_shards_for_each_worker(jobs: int, workers: int, sizes: list[int]) -> None:
    assert [len(one.jobs) for one in split([shard(jobs)], workers)] == sizes
