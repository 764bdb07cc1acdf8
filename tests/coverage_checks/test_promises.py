"""``convarith list --coverage``: a grid that does not keep its promise ends with 1, and says in one sentence how."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cases import generate, grid
from cases.case import Case
from cases.coverage import coverage
from cases.feasible import letters, properties
from harness.__main__ import main

pytestmark = pytest.mark.slow

GRID = """
summary = "covering"
cover = "{cover}"
rank = [2]
ops = ["conv"]
[axis]
i = [3, 4]
k = [1, 2]
s = [1, 2]
[layer]
padding = ["explicit", "same"]
bias = [false, true]
"""


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for cover in ("full", "pairwise", "three-way", "rotate"):
        (tmp_path / f"{cover}.toml").write_text(GRID.format(cover=cover))


def lose_a_case(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let the grid 'pairwise.toml' lose a case; returns how many pairs that case alone held."""
    whole = generate.cases
    held = list(whole(grid.load("pairwise.toml")))
    times = Counter(pair for case in held for pair in combinations(case, 2))
    alone, lost = max((sum(times[pair] == 1 for pair in combinations(case, 2)), case.id) for case in held)

    def lossy(*arguments: Any) -> Iterator[Case]:
        yield from (case for case in whole(*arguments) if case.id != lost)

    monkeypatch.setattr(generate, "cases", lossy)
    assert alone > 0
    return alone


def combinations(case: Case, strength: int) -> Iterator[frozenset[tuple[str, Any]]]:
    names = [*properties(case).items()]
    for place, axis in enumerate(case.axes, 1):
        names += [(f"{letter}[{place}]", value) for letter, value in letters(case, axis).items()]
    yield from map(frozenset, itertools.combinations(names, strength))


@pytest.mark.parametrize(("cover", "strength"), [("pairwise", 2), ("three-way", 3)])
def test_without_one_case_exactly_what_it_alone_held_is_missing(cover: str, strength: int) -> None:
    covering = grid.load(f"{cover}.toml")
    held = list(generate.cases(covering))
    assert coverage(covering, held, strength).broken == ()
    times = Counter(combination for case in held for combination in combinations(case, strength))
    lost = 0
    for number, case in enumerate(held):
        alone = {combination for combination in combinations(case, strength) if times[combination] == 1}
        found = coverage(covering, held[:number] + held[number + 1 :], strength)
        assert {frozenset(combination) for one in found.broken for combination in one.missing} == alone
        assert {frozenset(combination) for combination in found.covered[0].missing} == alone
        lost += len(alone)
    assert lost > 0


def test_a_promise_that_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--grid", "pairwise.toml", "--coverage", "2"]) == 0
    printed = capsys.readouterr()
    number = len(list(generate.cases(grid.load("pairwise.toml"))))
    head, line = printed.out.splitlines()
    assert head == f"Pairs of values of grid 'pairwise.toml' that can occur together, in {number} cases"
    # Two axes of i, k, s with two values, d with one, and p with two: 0 goes with explicit padding, 'by name' with
    # 'same'. The layer has padding and bias with two values, channels, groups, batch, dtype and layout with one.
    axes = (3 * 4 + 3 * 2 + (3 * 4 + 2)) * 2 + (3 * 2 + 1) ** 2 + 2 * 7 * 2 + 2  # within each; across, without p; with
    layer = 4 + 2 * 2 * 5 + 5 * 4 // 2
    both = 2 * ((3 * 2 + 1) * (2 + 2 + 5) + (2 + 2 * 2 + 2 * 5))
    pairs = axes + layer + both
    assert line.split() == ["conv", "2d", str(pairs), "of", str(pairs), "100.0", "%"]
    assert printed.err == ""


def test_a_promise_that_is_not_kept(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    alone = lose_a_case(monkeypatch)
    assert main(["list", "--grid", "pairwise.toml", "--coverage", "2"]) == 1
    printed = capsys.readouterr()
    missing = [line for line in printed.out.splitlines() if line.startswith("    missing ")]
    assert len(missing) == alone
    first = missing[0].removeprefix("    missing ")
    assert printed.err == (
        f"convarith: grid 'pairwise.toml' does not keep its promise: it lacks {alone} pairs, the first in "
        f"part 1 (cover = 'pairwise'), conv 2d: {first}\n"
    )
    whole = len({pair for case in generate.cases(grid.load("full.toml")) for pair in combinations(case, 2)})
    percent = int(1000 * (whole - alone) / whole) / 10
    assert printed.out.splitlines()[1].split() == [
        *("conv", "2d", str(whole - alone), "of", str(whole), str(percent), "%"),
    ]


def test_nothing_is_promised_of_a_selection_or_where_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lose_a_case(monkeypatch)
    assert main(["list", "--grid", "pairwise.toml", "--coverage", "2"]) == 1
    for selection in (
        ["--op", "conv"],
        ["-r", "R1"],
        ["--where", "i[1] = 3"],
        ["--case", "conv2d.i3x3.k1x1.s1x1.p0x0.d1x1"],
    ):
        assert main(["list", "--grid", "pairwise.toml", "--coverage", "2", *selection]) == 0
    capsys.readouterr()
    assert main(["list", "--grid", "rotate.toml", "--coverage", "2"]) == 0
    assert main(["list", "--grid", "pairwise.toml", "--coverage", "3"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "missing" in printed.out


def test_twenty_are_shown_and_the_others_counted(capsys: pytest.CaptureFixture[str]) -> None:
    case = "conv2d.i3x3.k1x1.s1x1.p0x0.d1x1"
    assert main(["list", "--grid", "full.toml", "--coverage", "2", "--case", case]) == 0
    lines = capsys.readouterr().out.splitlines()
    _, _, held, _, feasible, *_ = lines[1].split()
    assert len(lines) == 2 + 20 + 1
    assert lines[2] == "    missing padding=same, channels=1:1"
    assert "    missing padding=explicit, bias=true" in lines
    assert lines[-1] == f"    missing {int(feasible) - int(held) - 20} more"
    assert int(held) == 17 * 16 // 2  # seven properties of the layer, five letters for each of two axes


def test_json_has_all_of_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    case = "conv2d.i3x3.k1x1.s1x1.p0x0.d1x1"
    assert main(["list", "--grid", "full.toml", "--coverage", "2", "--case", case, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (one,) = told["covered"]
    assert told["strength"] == 2
    assert told["cases"] == 1
    assert told["broken"] == []
    assert (one["op"], one["rank"], one["held"]) == ("conv", 2, 136)
    assert one["percent"] == int(1000 * one["held"] / one["feasible"]) / 10
    assert len(one["missing"]) == one["feasible"] - one["held"] > 20
    assert {"padding": "explicit", "bias": True} in one["missing"]
    assert {"i[1]": 4, "k[2]": 2} in one["missing"]
    alone = lose_a_case(monkeypatch)
    assert main(["list", "--grid", "pairwise.toml", "--coverage", "2", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["broken"] == [
        {"part": 1, "cover": "pairwise", "op": "conv", "rank": 2, "missing": alone}
    ]


def test_the_cases_of_an_operation_are_counted_against_its_own_values(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--grid", "smoke", "--coverage", "2", "--op", "conv", "--format", "json"]) == 0
    assert [one["op"] for one in json.loads(capsys.readouterr().out)["covered"]] == ["conv"]


@pytest.mark.parametrize("name", ["smoke", "pull-request", "nightly"])
def test_shipped_grids_keep_their_promises(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--grid", name, "--coverage", "2"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--coverage", "4"], 2, '"4"'),
        (["--coverage", "2", "--count"], 2, "--count counts cases and --coverage combinations of values"),
        (["--coverage", "2", "--grid", "missing.toml"], 2, "no grid 'missing.toml'"),
        (["--coverage", "2", "--grid", "full.toml", "--op", "fft"], 2, "no operation 'fft'"),
        (["--coverage", "2", "--grid", "full.toml", "--op", "max_pool"], 4, "the selection holds no case"),
    ],
)
def test_a_mistake_is_one_sentence(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list", *arguments]) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err
    assert "Traceback" not in printed.err
