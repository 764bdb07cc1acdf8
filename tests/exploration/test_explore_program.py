"""``convarith run --random``: random cases on fakes, and the smallest case of each sort of disagreement."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cases.case import parse
from cases.claims import claims
from harness import store
from harness.__main__ import main
from harness.commands import explore
from harness.frameworks import registry
from harness.observe import engine
from harness.observe.supervisor import Limits, Place
from harness.records import Status, Surface, Verdict

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[1]
CONVOLUTIONS = ["--op", "conv", "--where", "rank < 3 AND channels_in > 0 AND channels_out > 0"]


@pytest.fixture(autouse=True)
def _fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fakes = {"fake": "fakes.loops:Loops", "faulty": "exploration.faulty:Faulty"}
    monkeypatch.setattr(registry, "adapters", lambda: fakes)
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.syspath_prepend(str(TESTS))
    monkeypatch.chdir(tmp_path)


def asked(run: str, sql: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["query", run, sql]) == 0
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return rows


def shrunk(run: str) -> list[dict[str, Any]]:
    content = json.loads(Path(run, "shrunk.json").read_text())
    assert content["schema"] == 1
    groups: list[dict[str, Any]] = content["groups"]
    return groups


def counted_batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many jobs are observed at once, each time that anything is."""
    batches: list[int] = []
    whole = engine.observe_all

    def counting(shards: Any, *others: Any, **named: Any) -> Any:
        batches.append(sum(len(shard.jobs) for shard in shards))
        return whole(shards, *others, **named)

    monkeypatch.setattr("harness.pipeline.observe_all", counting)
    monkeypatch.setattr("harness.commands.explore.observe_all", counting)
    return batches


def test_where_all_agree_there_is_nothing_to_make_small(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    batches = counted_batches(monkeypatch)
    assert main(["run", "-f", "faulty", "--random", "40", "--seed", "3", *CONVOLUTIONS, "--out", "run"]) == 0
    printed = capsys.readouterr()
    assert "smallest" not in printed.out + printed.err
    assert shrunk("run") == []
    assert batches == [40]


def test_cases_are_different_claimed_and_such_as_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-f", "fake", "--random", "40", "--seed", "3", *CONVOLUTIONS, "-r", "R15", "--out", "run"]) == 0
    rows = asked("run", "SELECT case_id, rank, op, relationships FROM cases", capsys)
    assert len({row["case_id"] for row in rows}) == len(rows) == 40
    assert {row["op"] for row in rows} == {"conv"}
    assert {row["rank"] for row in rows} == {1, 2}
    assert all("R15" in row["relationships"] and claims(parse(row["case_id"])) for row in rows)
    run = json.loads(Path("run/run.json").read_text())
    assert run["cases"] == 40
    assert (run["asked"]["random"], run["asked"]["seed"]) == ("40", "3")
    assert "grid" not in run["asked"]


def test_a_seed_says_which_cases(capsys: pytest.CaptureFixture[str]) -> None:
    selection = ["run", "-f", "fake", "--random", "6", *CONVOLUTIONS]
    for out, seed in (("a", ["--seed", "0"]), ("b", []), ("c", ["--seed", "4"])):
        assert main([*selection, *seed, "--out", out]) == 0
    found = [[row["case_id"] for row in asked(out, "SELECT case_id FROM cases", capsys)] for out in "abc"]
    assert found[0] == found[1]
    assert set(found[0]) != set(found[2])
    assert Path("a/verdicts.parquet").read_bytes() == Path("b/verdicts.parquet").read_bytes()


def test_a_wrong_operator_is_made_small(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FAULT", "even kernels, strided")
    batches = counted_batches(monkeypatch)
    assert main(["run", "-f", "faulty", "--random", "25", "--seed", "3", *CONVOLUTIONS, "--out", "run"]) == 1
    lines = capsys.readouterr().out.splitlines()
    told = {line: following for line, following in itertools.pairwise(lines) if "wrong_operator" in line}
    for aspect, smallest in (("forward", ""), ("dense", ""), ("bias", ".bias")):
        line = told[f"faulty/faulty.loops/eager {aspect}: wrong_operator"]
        assert line == f"  smallest: conv1d.i2.k2.s2.p0.d1{smallest}"
    by_aspect = {found["aspect"]: found for found in shrunk("run")}
    assert set(by_aspect) == {"forward", "dense", "bias"}
    one, bias, dense = (by_aspect[aspect] for aspect in ("forward", "bias", "dense"))
    wrong = asked("run", "SELECT case_id FROM verdicts WHERE status = 'wrong_operator'", capsys)
    assert one["found"] in {row["case_id"] for row in wrong}
    assert one["found"] != one["smallest"]
    del one["found"]
    tried = one.pop("tried")
    assert tried > 10
    # A round of all searches is one batch; and what is known already is not observed again.
    assert batches[0] == 25
    assert 0 < len(batches[1:]) <= 15
    assert sum(batches[1:]) <= tried + bias["tried"] + dense["tried"]
    assert one == {
        "surface": {"framework": "faulty", "route": "faulty.loops", "mode": "eager", "switch": "", "release": ""},
        "aspect": "forward",
        "status": "wrong_operator",
        "smallest": "conv1d.i2.k2.s2.p0.d1",
        "finished": True,
        "expected": "o = 1",
        "observed": "o = 1",
        "diagnosis": "every tap times 2",
    }
    assert (bias["aspect"], bias["smallest"]) == ("bias", "conv1d.i2.k2.s2.p0.d1.bias")
    # What was looked at in search of it is none of the run's own cases.
    assert asked("run", "SELECT count(*) AS n FROM cases", capsys) == [{"n": 25}]
    assert not asked("run", f"SELECT * FROM observations WHERE case_id = '{one['smallest']}'", capsys)


def test_a_crash_is_made_small_and_costs_no_other_case(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAULT", "ends where dilated")
    arguments = ["--random", "8", "--seed", "3", *CONVOLUTIONS, "--out", "run", "--exit-zero"]
    assert main(["run", "-f", "faulty", *arguments]) == 0
    printed = capsys.readouterr()
    found = {one["aspect"]: one for one in shrunk("run")}
    assert set(found) == {"forward", "adjoint", "bias", "dense"}
    smallest = {aspect: one["smallest"] for aspect, one in found.items()}
    assert smallest == {
        "forward": "conv1d.i1.k1.s1.p0.d2",
        "adjoint": "conv1d.i1.k1.s1.p0.d2",
        "bias": "conv1d.i1.k1.s1.p0.d2.bias",
        "dense": "conv1d.i1.k1.s1.p0.d2",
    }
    assert {(one["status"], one["observed"], one["finished"]) for one in found.values()} == {
        ("crashed", "SIGABRT", True)
    }
    assert printed.out.count("  smallest: ") == 4
    assert "looking for the smallest cases of 4 sorts of disagreement" in printed.err


def test_what_hangs_is_tried_a_few_times(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FAULT", "hangs where wide")
    monkeypatch.setattr(explore, "_SLOW_ATTEMPTS", 2)
    cases = ["--op", "conv", "--where", "rank = 1 AND k[1] = 3 AND dtype = 'int32' AND p_before[1] + p_after[1] > 0"]
    arguments = ["--random", "1", "--timeout", "0.5", "--out", "run", "--exit-zero"]
    assert main(["run", "-f", "faulty", *cases, *arguments]) == 0
    (one, *_) = shrunk("run")
    assert (one["status"], one["tried"], one["finished"]) == ("timed_out", 2, False)
    assert "timed_out, not tried to the end" in capsys.readouterr().out


def test_a_framework_that_starts_no_more_is_said_and_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("FAULT", "even kernels, strided")
    monkeypatch.setenv("STARTS_ONCE", str(tmp_path / "started"))
    batches = counted_batches(monkeypatch)
    assert (
        main(["run", "-f", "faulty", "--random", "12", "--seed", "3", *CONVOLUTIONS, "--out", "run", "--no-vary"]) == 1
    )
    assert sum(map(bool, batches)) == 2  # the run, and one attempt
    assert all((one["smallest"], one["finished"]) == (one["found"], False) for one in shrunk("run"))
    assert shrunk("run")
    printed = capsys.readouterr()
    assert printed.err.count("faulty ended while starting (exit status 1)") == 1
    assert "wrong_operator, not tried to the end" in printed.out


SURFACE = Surface("faulty", "faulty.loops", "eager")


def verdict(case_id: str, status: Status) -> Verdict:
    return Verdict(
        case_id=case_id, surface=SURFACE, aspect="forward", relationships=(), status=status, expected="", observed=""
    )


def small(folder: Path, *verdicts: Verdict) -> list[explore.Smallest]:
    shard = engine.Shard(Place("faulty", "exploration.faulty:Faulty", sys.executable), [])
    run = store.Run(version="", asked={})
    return explore.make_small(run, verdicts, [shard], folder, workers=1, limits=Limits())


def test_what_is_known_is_not_observed_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    batches = counted_batches(monkeypatch)
    plain, biased = "conv1d.i1.k1.s1.p0.d1", "conv1d.i1.k1.s1.p0.d1.bias"
    (one,) = small(tmp_path, verdict(biased, "wrong_operator"), verdict(plain, "agrees"))
    assert (one.smallest, one.tried, one.finished) == (biased, 1, True)
    assert sum(batches) == 0
    (one,) = small(tmp_path, verdict(biased, "wrong_operator"))  # the framework is right: nothing else shows it
    assert (one.smallest, one.tried, one.finished) == (biased, 1, True)
    assert sum(batches) == 1


def test_what_is_so_only_sometimes_is_not_searched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    batches = counted_batches(monkeypatch)
    (one,) = small(tmp_path, verdict("conv1d.i5.k3.s2.p1.d1", "unstable"))
    assert (one.smallest, one.tried, one.finished) == ("conv1d.i5.k3.s2.p1.d1", 0, False)
    assert sum(batches) == 0


def test_two_frameworks_are_searched_side_by_side(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAULT", "even kernels, strided")
    arguments = ["--random", "12", "--seed", "3", *CONVOLUTIONS, "--out", "run"]
    assert main(["run", "-f", "faulty", "-f", "fake", *arguments]) == 1
    assert {one["surface"]["framework"] for one in shrunk("run")} == {"faulty"}
    assert shrunk("run")[0]["smallest"] == "conv1d.i2.k2.s2.p0.d1"


def test_fewer_than_asked_for_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(explore, "_DRAWS", (300, 0))
    where = ["--op", "conv", "--where", "rank = 1 AND i[1] = 1 AND channels_in > 0 AND channels_out > 0"]
    assert main(["run", "-f", "fake", "--random", "250", *where, "--out", "run"]) == 0
    number = len(asked("run", "SELECT * FROM cases", capsys))
    assert 0 < number < 250
    assert main(["run", "-f", "fake", "--random", "250", *where, "--out", "again"]) == 0
    assert f"only {number} different random cases such as are asked for were found" in capsys.readouterr().err
    assert main(["run", "-f", "fake", "--random", "5", "--where", "i[1] > 99", "--out", "none"]) == 4


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--random", "0"], 2, "--random 0: draw at least one case"),
        (["--random", "-5"], 2, "--random -5: draw at least one case"),
        (["--random", "few"], 2, "few"),
        (["--random", "5", "--grid", "smoke"], 2, "leave out --grid and --case"),
        (["--random", "5", "--case", "conv1d.i2.k2.s2.p0.d1"], 2, "leave out --grid and --case"),
        (["--seed", "5"], 2, "--seed says which random cases to draw: give --random as well"),
        (["--random", "5", "--op", "fft"], 2, "no operation 'fft'"),
        (["--random", "5", "-r", "R99"], 2, "no claim 'R99'"),
        (["--random", "5", "--where", "size = 3"], 2, '--where "size = 3" cannot be understood'),
    ],
)
def test_a_mistake_is_one_sentence(
    arguments: Sequence[str], code: int, said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["run", "-f", "fake", *arguments]) == code
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.out == ""
    assert "Traceback" not in printed.err
    assert [path.name for path in tmp_path.iterdir() if path.name != ".hypothesis"] == []


def test_without_hypothesis_one_sentence_names_the_extra(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['hypothesis'] = None; sys.path[:0] = sys.argv[1:3]\n"
        "from harness.frameworks import registry\n"
        "registry.adapters = lambda: {'fake': 'fakes.loops:Loops'}\n"
        "from harness.__main__ import main\n"
        "sys.exit(main(['run', '-f', 'fake', *sys.argv[3:]]))"
    )
    program = [sys.executable, "-c", code, str(TESTS), str(TESTS.parent)]
    done = subprocess.run([*program, "--random", "5"], check=False, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 3
    assert "pip install 'convarith[random]'" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    # Nothing else needs it.
    program += ["--case", "conv1d.i2.k2.s2.p0.d1"]
    subprocess.run(program, check=True, capture_output=True, cwd=tmp_path)
