"""The search looks at few releases, skips what cannot be seen, and notices what is no single change."""

from __future__ import annotations

import itertools
import math

import pytest

from harness.diff.search import search


def names(number: int) -> list[str]:
    return [f"1.{n}" for n in range(number)]


@pytest.mark.parametrize("number", range(2, 20))
def test_a_single_change_is_found_wherever_it_is_and_few_are_looked_at(number: int) -> None:
    for first in range(1, number):
        looked: list[str] = []

        def look(release: str, first: int = first, looked: list[str] = looked) -> bool:
            looked.append(release)
            return int(release[2:]) >= first

        found = search(names(number), look)
        assert found is not None
        assert (found.good, found.bad) == (f"1.{first - 1}", f"1.{first}")
        assert len(looked) == len(set(looked)) <= 2 + math.ceil(math.log2(number - 1) if number > 2 else 0)
        assert found.changes == ((found.good, found.bad),)


def test_twelve_releases_take_six_environments() -> None:
    most = 0
    for first in range(1, 12):
        looked: list[str] = []

        def look(release: str, first: int = first, looked: list[str] = looked) -> bool:
            looked.append(release)
            return int(release[2:]) >= first

        search(names(12), look)
        most = max(most, len(looked))
    assert most == 6


def test_what_cannot_be_seen_is_skipped_and_said() -> None:
    for number in range(3, 8):
        for gone in itertools.product([False, True], repeat=number - 2):
            for first in range(1, number):
                missing = {f"1.{n + 1}" for n, one in enumerate(gone) if one}

                def look(release: str, first: int = first, missing: set[str] = missing) -> bool | None:
                    return None if release in missing else int(release[2:]) >= first

                found = search(names(number), look)
                assert found is not None
                low, high = int(found.good[2:]), int(found.bad[2:])
                assert low < first <= high
                assert set(found.skipped) == {f"1.{n}" for n in range(low + 1, high)} <= missing


def test_ends_that_are_alike_or_not_seen_have_no_change_between_them() -> None:
    assert search(names(5), lambda release: 0) is None
    assert search(names(5), lambda release: None if release == "1.0" else 1) is None
    assert search(names(5), lambda release: None if release == "1.4" else 1) is None


def test_a_third_observation_is_noticed() -> None:
    found = search(names(9), lambda release: (int(release[2:]) >= 3) + (int(release[2:]) >= 6))
    assert found is not None
    assert (found.good, found.bad) == ("1.2", "1.3")
    assert len(found.changes) == 2


def test_what_costs_nothing_is_looked_at_and_shows_a_change_that_came_and_went() -> None:
    def look(release: str) -> bool:
        return int(release[2:]) in (2, 8)

    alone = search(names(9), look)
    assert alone is not None
    assert alone.changes == (("1.7", "1.8"),)
    found = search(names(9), look, free={"1.2"})
    assert found is not None
    assert (found.good, found.bad) == ("1.7", "1.8")
    assert found.changes == (("1.0", "1.2"), ("1.2", "1.4"), ("1.7", "1.8"))
