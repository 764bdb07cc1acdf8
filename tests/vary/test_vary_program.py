"""What disagreements depend on, as a user meets it: a fault is planted under conditions, and the run names them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness import store
from harness.__main__ import main
from harness.frameworks import registry

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[1]
CASE = "conv1d.i6.k3.s1.p0.d1"
EVERY = "every switch, mode, layout, element type and batch"
FOUR = "mode, layout, element type and batch"  # but the switches


@pytest.fixture(autouse=True)
def _fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(registry, "adapters", lambda: {"fake": "fakes.varying:Varying"})
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.syspath_prepend(str(TESTS))
    monkeypatch.chdir(tmp_path)


def plant(monkeypatch: pytest.MonkeyPatch, how: str = "mirror", /, **conditions: list[Any]) -> None:
    monkeypatch.setenv("FAULT", json.dumps({"how": how, **conditions}))


def told(*more: str, out: str = "run", case: str = CASE) -> dict[tuple[str, str], str]:
    """What a run says, by status and aspect."""
    assert main(["run", "-f", "fake", "--case", case, "--out", out, "--no-known", *more]) == 1
    return {(one.status, one.aspect): one.depends for one in store.verdicts(Path(out)) if not one.as_expected}


@pytest.mark.parametrize(
    ("conditions", "case", "said"),
    [
        ({}, CASE, f"with {EVERY}"),
        ({"kernels": ["new"]}, CASE, f"only with kernels new; with every {FOUR}, whatever threads"),
        ({"threads": ["1", "2"]}, CASE, f"not with threads 4; with every {FOUR}, whatever kernels"),
        ({"mode": ["eager"]}, CASE, "only in mode eager; with every switch, layout, element type and batch"),
        ({"dtype": ["float32", "bfloat16"]}, CASE,
         "only in float32 and bfloat16; with every switch, mode, layout and batch"),
        ({"dtype": ["float64", "float32", "float16", "bfloat16", "int32"]}, CASE,
         "in every element type but int8; with every switch, mode, layout and batch"),
        ({"layout": ["channels_last"]}, f"{CASE}.channels_last",
         "only with channels last; with every switch, mode, element type and batch"),
        ({"batch": [2]}, CASE, "only with batch > 1; with every switch, mode, layout and element type"),
        ({"batch": [3]}, CASE,
         "only with more than 2 inputs in one batch; with every switch, mode, layout and element type"),
        ({"kernels": ["new"], "dtype": ["float32"]}, CASE,
         "only with kernels new; only in float32; with every mode, layout and batch, whatever threads"),
    ],
)  # fmt: skip
def test_what_decides_is_named_and_what_does_not_too(
    conditions: dict[str, list[Any]], case: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, **conditions)
    assert told(case=case)["wrong_operator", "forward"] == said


def test_a_mode_that_only_declares_shows_what_is_refused_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, "refuse", mode=["eager", "jit"])
    found = told()
    assert found["rejected", "forward"] == "in every mode but meta; with every switch, layout, element type and batch"
    assert found["rejected", "dense"] == f"with {EVERY}"  # which meta does not show


def test_what_ends_a_process_with_a_switch_is_a_result_of_that_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, threads=["1", "2"])
    monkeypatch.setenv("ABORTS", "threads=2")
    assert told()["wrong_operator", "forward"].startswith(
        "only with threads 1 (crashed with threads 2); with every mode"
    )
    plant(monkeypatch)
    found = told(out="other")["wrong_operator", "forward"]
    assert found == f"crashed with threads 2 instead; with every {FOUR}, whatever kernels"


def test_a_switch_that_cannot_be_set_is_told_and_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(monkeypatch)
    monkeypatch.setenv("UNSTARTED", "threads=4")
    assert told()["wrong_operator", "forward"] == f"with {EVERY}"
    assert "not observed again with threads=4: fake ended while starting" in capsys.readouterr().err
    assert store.read_run(Path("run")).complete


def test_what_is_different_each_time_is_told_alike_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, "differ", kernels=["new"])
    for out in ("one", "two"):
        assert told(out=out)["unstable", "forward"].startswith("only with kernels new; with every mode")
    assert Path("one/verdicts.parquet").read_bytes() == Path("two/verdicts.parquet").read_bytes()
    assert Path("one/known.json").read_bytes() == Path("two/known.json").read_bytes()


def test_it_is_seen_of_the_smallest_case_of_a_kind_and_the_others_say_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(monkeypatch, kernels=["new"])
    larger = "conv1d.i60.k3.s1.p0.d1"
    found = told("--case", larger)
    assert len(found) == 2
    of_each = {one.case_id: one.depends for one in store.verdicts(Path("run")) if one.aspect == "forward"}
    assert of_each[CASE].startswith("only with kernels new")
    assert of_each[larger] == f"{of_each[CASE]}; seen of {CASE}"
    printed = capsys.readouterr()
    assert "2 kinds of disagreements are observed again" in printed.err
    assert "only with kernels new; with every mode" in " ".join(printed.out.split())
    for name in ("report.md", "report.html", "junit.xml"):
        assert "only with kernels new; with every mode" in Path("run", name).read_text()
    assert main(["query", "run", "SELECT count(*) AS n FROM varied WHERE switch = 'kernels=old'"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"n": 2}]


def test_nothing_is_observed_again_on_request_or_where_all_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    assert told("--no-vary") == {("wrong_operator", "forward"): "", ("wrong_operator", "dense"): ""}
    assert not store.has_varied(Path("run"))
    Path("ledger").mkdir()
    Path("ledger/fake.toml").write_text(
        '[[entry]]\nname = "all"\nwhere = "true"\nstatus = "wrong_operator"\ngrid = "smoke"\ndate = 2026-09-01\n'
        'reason = "It is planted."\nexceptions = "any"\n'
    )
    assert main(["run", "-f", "fake", "--case", CASE, "--out", "known", "--known", "ledger"]) == 0
    assert list(store.varied(Path("known"))) == []
    assert store.read_run(Path("known")).varied == ()


def test_a_run_that_ended_before_goes_on_there(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, dtype=["float32"])
    told()
    for name in ("varied.parquet", "verdicts.parquet", "known.json"):
        Path("first", name).parent.mkdir(exist_ok=True)
        Path("first", name).write_bytes(Path("run", name).read_bytes())
    Path("run/varied.parquet").unlink()
    again = ["run", "--resume", "--out", "run", "--no-known"]
    assert main(again) == 1
    for _ in range(2):  # and then finds it done
        for name in ("verdicts.parquet", "known.json"):
            assert Path("run", name).read_bytes() == Path("first", name).read_bytes()
        assert main(again) == 1


def test_merged_shards_say_what_an_undivided_run_says(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, dtype=["float32"])
    Path("grid.toml").write_text(
        'summary = "small"\nrank = [1]\nops = ["conv"]\n[axis]\ni = "3..6"\nk = "2..3"\ns = [1, 2]\n'
    )
    asked = ["run", "-f", "fake", "--grid", "grid.toml", "--no-known"]
    assert main([*asked, "--out", "whole"]) == 1
    for number in (1, 2, 3):
        main([*asked, "--shard", f"{number}/3", "--out", f"part{number}"])
    assert main(["merge", "part1", "part2", "part3", "--out", "merged", "--no-known"]) == 1
    for name in ("verdicts.parquet", "known.json"):
        assert Path("merged", name).read_bytes() == Path("whole", name).read_bytes()
    assert any("only in float32" in one.depends for one in store.verdicts(Path("merged")))


def test_another_engine_observes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, kernels=["new"])
    ours = told()
    assert told("--engine", "concurrent.futures:ThreadPoolExecutor", out="theirs") == ours
