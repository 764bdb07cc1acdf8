"""``convarith selftest`` as one types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.errors import AS_EXPECTED, UNEXPECTED, USAGE
from harness.selftest import score
from harness.selftest.faults import BY_NAME, FAULTS
from harness.selftest.planting import plant

pytestmark = pytest.mark.slow

GRID = """
summary = "Few"
ops = ["conv", "max_pool"]
rank = [1]
[axis]
i = [4, 5]
k = [2, 3]
"""


@pytest.fixture
def grid(tmp_path: Path) -> str:
    (tmp_path / "few.toml").write_text(GRID)
    return str(tmp_path / "few.toml")


def test_a_table_says_what_was_seen_and_what_was_not(grid: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--fault", "kernel_flipped", "--fault", "bias_doubled", "-j", "1", "--format", "markdown"]
    assert main(["selftest", "--grid", grid, *arguments]) == AS_EXPECTED
    told = capsys.readouterr().out
    assert f"| `kernel_flipped` | {BY_NAME['kernel_flipped'].says} | 2 | forward adjoint dense | wrong_op" in told
    assert "| `bias_doubled` | The bias is added twice. | not seen |" in told
    assert "1 of 2 faults seen, 50.0 %" in told
    assert "perfect framework: 0 unexpected of 24 verdicts" in told
    assert "not seen: bias_doubled (bias)" in told


def test_people_see_a_table_of_each_grid(grid: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--grid", "smoke", "--fault", "bias_doubled", "-j", "1"]
    assert main(["selftest", "--grid", grid, *arguments]) == AS_EXPECTED
    few, smoke = capsys.readouterr().out.split("perfect framework: 0 unexpected")[:2]
    assert "never" in few
    assert "1 of 1 fault seen" in smoke


def test_in_json_it_says_all(grid: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest", "--grid", grid, "--fault", "kernel_flipped", "-j", "1", "--format", "json"]) == AS_EXPECTED
    (told,) = json.loads(capsys.readouterr().out)
    (one,) = told["scores"]
    assert (one["fault"], one["after"], one["cases"], one["named"]) == ("kernel_flipped", 2, 8, one["diagnosed"])


def test_it_is_the_same_every_time_whatever_the_number_of_processes(
    grid: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for processes in ("1", "3"):
        main(["selftest", "--grid", grid, "--fault", "kernel_flipped", "--fault", "a_tap_doubled", "-j", processes])
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]


def test_a_framework_that_is_not_perfect_ends_it_with_1(
    grid: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(score, "Perfect", plant(BY_NAME["a_row_too_few"]))
    assert main(["selftest", "--grid", grid, "--fault", "kernel_flipped", "-j", "1"]) == UNEXPECTED
    assert "unexpected of the perfect framework: " in capsys.readouterr().out


def test_the_faults_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest", "--faults"]) == AS_EXPECTED
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [fault.name for fault in FAULTS]
    assert "bias_doubled: The bias is added twice. (needs bias)" in lines


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--fault", "nonsense"], "no fault 'nonsense': convarith selftest --faults lists them"),
        (["--grid", "nonsense"], "no grid 'nonsense'"),
        (["-j=-1"], "-j -1: give at least one process"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest", *arguments]) == USAGE
    assert told in capsys.readouterr().err.replace("\n", " ")
