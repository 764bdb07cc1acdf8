"""docs/translation.md: its counts are those of now, its proofs of the sample that it says, and none of them failed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cases import generate, grid
from harness.investigate.translation_page import PROVED, page
from harness.investigate.translations import LIMIT, Pair, layers, pairs, sample

PAGE = (Path(__file__).parents[2] / "docs" / "translation.md").read_text("utf-8")
COUNTED, _, PROOFS = PAGE.partition(PROVED)
MADE = re.search(r"`convarith translations --grid ([\w-]+)(?: --prove (\d+|all))?`", PAGE)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def asked() -> tuple[str, int, list[Pair]]:
    assert MADE is not None
    wanted = layers(generate.cases(grid.load(MADE[1])))
    return MADE[1], len(wanted), pairs(wanted)


def test_the_counts_are_those_of_now(asked: tuple[str, int, list[Pair]]) -> None:
    told = page(*asked)
    assert MADE is not None
    assert told.replace(f"--grid {asked[0]}`", f"--grid {asked[0]} --prove {MADE[2]}`") == COUNTED


def test_the_proofs_are_of_the_sample_that_it_names_and_none_failed(asked: tuple[str, int, list[Pair]]) -> None:
    assert MADE is not None
    most = None if MADE[2] == "all" else int(MADE[2])
    lines = PROOFS.partition("\n| who ")[0].splitlines()
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in lines if row.startswith("| ")]
    told = {(source, target): [int(one) for one in numbers] for source, target, *numbers in rows[1:]}
    assert told.keys() == {(pair.source, pair.target) for pair in asked[2]}
    for pair in asked[2]:
        tried, proved, later, no_source, refused, unproved, failed = told[pair.source, pair.target]
        assert tried == len(sample(pair, most)), (pair.source, pair.target)
        assert tried == proved + no_source + refused + unproved + failed
        assert (unproved, failed) == (0, 0)
        assert later <= proved
    total = sum(numbers[0] for numbers in told.values())
    assert f"**{_number(total)} translations were tried, 0 failed.**" in PROOFS
    assert sum(numbers[1] for numbers in told.values()) > 0.9 * total
    assert f"more than {_number(LIMIT)} entries" in " ".join(PROOFS.split())


def _number(number: int) -> str:
    return f"{number:,}".replace(",", " ")
