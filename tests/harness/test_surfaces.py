"""Which surfaces a grid, and a command line, take, and what is observed on each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.__main__ import main
from harness.frameworks import registry

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[1]

LAYERS, POOL = "several.layers", "several.pool"
GRID = """
summary = "A convolution on some surfaces, a pooling on others"
[[part]]
ops = ["conv"]
rank = [1]
surfaces = {conv}
axis = {{ i = [4], k = [2] }}
[[part]]
ops = ["max_pool"]
rank = [1]
surfaces = {pool}
axis = {{ i = [4], k = [2] }}
"""


@pytest.fixture(autouse=True)
def _fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(registry, "adapters", lambda: {"several": "fakes.several:Several"})
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.syspath_prepend(str(TESTS))
    monkeypatch.chdir(tmp_path)


def looked_at(capsys: pytest.CaptureFixture[str], *arguments: str) -> set[tuple[str, ...]]:
    """(operation, route, mode, switch) of what a run has verdicts on; all of them agree."""
    assert main(["run", "-f", "several", "--out", "run", *arguments]) == 0
    capsys.readouterr()
    return {tuple(row.values()) for row in asked(capsys, "SELECT DISTINCT op, route, mode, switch FROM verdicts")}


def asked(capsys: pytest.CaptureFixture[str], sql: str) -> list[dict[str, Any]]:
    assert main(["query", "run", sql]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def grid(conv: str, pool: str) -> list[str]:
    Path("grid.toml").write_text(GRID.format(conv=conv, pool=pool))
    return ["--grid", "grid.toml"]


def test_each_part_is_observed_on_the_surfaces_that_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert looked_at(capsys, *grid('["plain", "declared"]', '["compiled", "switched"]')) == {
        ("conv", LAYERS, "eager", ""),
        ("conv", LAYERS, "abstract", ""),
        ("max_pool", LAYERS, "compiled", ""),
        ("max_pool", LAYERS, "eager", "library=off"),
        ("max_pool", LAYERS, "eager", "threads=2"),
        ("max_pool", POOL, "eager", "library=off"),
        ("max_pool", POOL, "eager", "threads=2"),
    }


def test_a_route_is_asked_for_its_own_operations_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert looked_at(capsys, *grid('["plain"]', '["plain"]')) == {
        ("conv", LAYERS, "eager", ""),
        ("max_pool", LAYERS, "eager", ""),
        ("max_pool", POOL, "eager", ""),
    }


def test_a_case_in_two_parts_is_observed_where_either_is(capsys: pytest.CaptureFixture[str]) -> None:
    text = GRID.format(conv='["plain"]', pool='["declared"]').replace('["max_pool"]', '["conv"]')
    Path("grid.toml").write_text(text)
    assert looked_at(capsys, "--grid", "grid.toml") == {("conv", LAYERS, "eager", ""), ("conv", LAYERS, "abstract", "")}


def test_a_mode_that_is_asked_for_takes_every_case(capsys: pytest.CaptureFixture[str]) -> None:
    found = looked_at(capsys, *grid('["plain"]', '["plain"]'), "--mode", "comp*")
    assert found == {("conv", LAYERS, "compiled", ""), ("max_pool", LAYERS, "compiled", "")}


def test_a_switch_that_is_asked_for_takes_every_case(capsys: pytest.CaptureFixture[str]) -> None:
    found = looked_at(capsys, *grid('["plain"]', '["declared"]'), "--switch", "threads=*", "--route", LAYERS)
    assert found == {("conv", LAYERS, "eager", "threads=2"), ("max_pool", LAYERS, "eager", "threads=2")}


def test_a_run_says_that_not_all_surfaces_were_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    looked_at(capsys, *grid('["plain"]', '["plain"]'), "--mode", "compiled", "--switch", "threads=2", "--route", "*l*")
    told = json.loads(Path("run/run.json").read_text("utf-8"))["asked"]
    assert {name: told.get(name) for name in ("route", "mode", "switch", "shard")} == {
        "route": "*l*",
        "mode": "compiled",
        "switch": "threads=2",
        "shard": None,
    }


def test_what_no_grid_takes_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """What is compiled is observed with a switch only where both are asked for."""
    found = looked_at(capsys, *grid('["plain"]', '["plain"]'), "--mode", "compiled", "--switch", "threads=2")
    assert found == {("conv", LAYERS, "compiled", "threads=2"), ("max_pool", LAYERS, "compiled", "threads=2")}


def test_each_switch_is_a_process_that_knows_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    looked_at(capsys, *grid('["plain", "switched"]', '["plain"]'))
    environments = json.loads(Path("run/run.json").read_text())["environments"]
    assert [(place["switch"], place["facts"]["switched"]) for place in environments] == [
        ("", ""),
        ("library=off", "library=off"),
        ("threads=2", "threads=2"),
    ]


def test_a_mode_shows_what_it_can(capsys: pytest.CaptureFixture[str]) -> None:
    looked_at(capsys, *grid('["plain", "declared", "compiled"]', '["plain"]'))
    rows = asked(
        capsys, "SELECT mode, list(DISTINCT aspect ORDER BY aspect) AS a FROM verdicts WHERE op = 'conv' GROUP BY 1"
    )
    assert {row["mode"]: row["a"] for row in rows} == {
        "eager": ["adjoint", "dense", "forward"],
        "abstract": ["declared"],
        "compiled": ["adjoint", "forward"],
    }


@pytest.mark.parametrize("arguments", [["--mode", "jit"], ["--switch", "x=*"], ["--route", "torch*"]])
def test_what_matches_nothing_is_one_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-f", "several", *grid('["plain"]', '["plain"]'), *arguments]) == 4
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert arguments[1] in printed
    assert "convarith routes --surfaces" in printed


def test_the_surfaces_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routes", "--surfaces", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["route"], row["mode"], row["switch"], row["kind"]) for row in rows] == [
        (LAYERS, "eager", "", "plain"),
        (LAYERS, "abstract", "", "declared"),
        (LAYERS, "compiled", "", "compiled"),
        (POOL, "eager", "", "plain"),
        (LAYERS, "eager", "library=off", "switched"),
        (POOL, "eager", "library=off", "switched"),
        (LAYERS, "eager", "threads=2", "switched"),
        (POOL, "eager", "threads=2", "switched"),
    ]
    assert main(["routes", "--surfaces"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["framework", "route", "mode", "switch", "kind", "shows", "of"]
    assert lines[4].split()[:4] == ["several", POOL, "eager", "plain"]
    assert lines[4].endswith("forward adjoint direct bias dense  avg_pool max_pool")
    assert main(["routes", "--surfaces", "--case", "conv1d.i4.k3.s1.p1.d1"]) == 2
