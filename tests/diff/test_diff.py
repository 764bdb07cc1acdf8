"""What changed between two releases is told by kind, and nothing that was only run differently is."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from harness import store
from harness.__main__ import main
from harness.diff import compare, sides
from harness.records import STATUSES, Environment, Observation, Surface, Verdict

from ..fakes.installed import offer

pytestmark = pytest.mark.slow

ONE, TWO, OUT = "conv1d.i5.k3.s1.p0.d1", "conv1d.i5.k3.s2.p0.d1", "conv1d.i1.k3.s1.p0.d1"
CASES = ["--case", ONE, "--case", TWO, "--case", OUT]
RELEASES = {"1.0": "", "1.1": "", "1.2": "mirror", "1.3": "refuse", "1.4": "refuse otherwise"}


@pytest.fixture
def observed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """One run of all releases."""
    offer(monkeypatch, tmp_path, RELEASES)
    named = [word for release in RELEASES for word in ("-f", f"convarith-fake=={release}")]
    assert main(["run", *named, *CASES, "--out", "run"]) == 1
    capsys.readouterr()
    return tmp_path / "run"


def told(capsys: pytest.CaptureFixture[str], *names: str, code: int) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["diff", *names, "--format", "json"]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def kinds(found: dict[str, Any]) -> dict[str, int]:
    return {kind: number for kind, number in found["counts"].items() if number}


def test_releases_of_one_run(observed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = str(observed)
    same = told(capsys, run, "1.0", "1.1", code=0)
    assert kinds(same) == {}
    assert same["different"] == []
    assert same["same"] == 12  # three cases, each by four aspects
    assert same["releases"] == ["released: convarith-fake==1.0 and convarith-fake==1.1"]
    # mirrored kernels: two cases, and three aspects that show the kernel
    assert kinds(told(capsys, run, "1.1", "1.2", code=1)) == {"regression": 6}
    assert kinds(told(capsys, run, "1.2", "1.1", code=0)) == {"fixed": 6}
    refused = told(capsys, run, "1.1", "1.3", code=1)
    assert kinds(refused) == {"newly_rejected": 4}  # the declared shape as well
    assert {change["case_id"] for change in refused["changes"]} == {TWO}
    assert refused["worse"] == 4
    # what was wrong and is refused now is no regression, as the declared shape is, which was right
    mixed = told(capsys, run, "1.2", "1.3", code=1)
    assert kinds(mixed) == {"newly_rejected": 4, "fixed": 3}
    assert [change["aspect"] for change in mixed["changes"] if change["worse"]] == ["declared"]
    # the verdict is the same, the error's class is not
    other = told(capsys, run, "1.3", "1.4", code=0)
    assert kinds(other) == {"changed": 4}
    assert {(one["before"], one["after"]) for one in other["changes"]} == {("rejected", "rejected")}
    assert other["groups"][0]["sentence"].endswith(": any s > 1: rejected (ValueError) → rejected (TypeError)")


def test_the_three_formats(observed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["diff", str(observed), "convarith-fake==1.0", "convarith-fake==1.2"]
    assert main(asked) == 1
    printed = capsys.readouterr().out
    assert printed.splitlines()[0] == "6 that agreed and agree no more: 6 regression; 6 the same"
    assert ONE in printed
    following = " ".join(printed.partition("\nNext:\n")[2].replace("\\\n", "").split())
    assert f"convarith diff {observed} convarith-fake==1.0 convarith-fake==1.2 --format html" in following
    assert following.endswith(f"see since when: convarith history {observed} --case {ONE}")
    assert main(["history", str(observed), "--case", ONE]) == 0
    capsys.readouterr()
    assert main([*asked, "--exit-zero", "--only-changed"]) == 0
    assert "released: convarith-fake==1.0 and" not in capsys.readouterr().out
    assert main([*asked, "--format", "markdown", "-o", "page.md"]) == 1
    page = Path("page.md").read_text()
    assert page.startswith("# 6 that agreed and agree no more")
    assert page.count("\n| conv1d") == 6
    assert main([*asked, "--format", "markdown", "-o", "no/page.md"]) == 2


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["run"], "RUN RUN, or RUN RELEASE RELEASE"),
        (["run", "nothing"], "nothing holds no run"),
        (["run", "1.0", "9.9"], "no release '9.9': there are 'convarith-fake==1.0', "),
    ],
)
def test_what_cannot_be_compared(
    observed: Path, names: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", *names]) == 2
    assert why in capsys.readouterr().err


def test_what_was_run_differently_is_said_and_is_no_change(observed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-f", "convarith-fake==1.0", "-f", "fake", "--case", ONE, "--mode", "eager", "--out", "a"]) == 0
    assert main(["run", "-f", "convarith-fake==1.1", "--case", ONE, "--case", TWO, "--out", "b"]) == 0
    run = json.loads(Path("b/run.json").read_text())
    run["environments"][0]["facts"]["processor"] = "another"
    Path("b/run.json").write_text(json.dumps(run))
    found = told(capsys, "a", "b", code=0)
    assert kinds(found) == {}
    assert found["same"] == 3
    sentences = " | ".join(found["different"])
    for part in (
        "asked for: mode eager, and none",
        "fake was observed in a alone",
        "1 cases were run in b alone",
        "released/fake.loops/abstract was run in b alone",
        "released: processor ",
        "and another",
    ):
        assert part in sentences
    capsys.readouterr()
    assert main(["diff", "a", "b"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("run differently: ")


def test_a_release_that_failed_is_said_and_nothing_disappears(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offer(monkeypatch, tmp_path, {"1.0": "", "2.0": None})
    assert main(["run", "-f", "convarith-fake==1.0", "-f", "convarith-fake==2.0", *CASES, "--out", "run"]) == 3
    found = told(capsys, "run", "1.0", "2.0", code=0)
    assert kinds(found) == {}
    assert any("released convarith-fake==2.0 could not be observed" in text for text in found["different"])


# Every pair of statuses, made by hand: what was observed, and what the kind of the change is to be.
SURFACE = Surface("fake", "fake.loops", "eager")
OUTCOME = {"rejected": "raised", "crashed": "crashed", "timed_out": "timed_out", "unsupported": "unsupported"}


def made(folder: Path, statuses: dict[str, str], **changes: Any) -> Path:
    """A closed run with one verdict of each status, on a case of its own."""
    environment = Environment("fake", "python", {"version": "1.0"})
    run = store.Run(version="1", asked={}, environments=(environment,), complete=True)
    store.create(folder, run)
    seen = {}
    with store.ObservationFile(folder / "observations" / "fake.000000.jsonl") as file:
        for case_id, status in statuses.items():
            outcome = OUTCOME.get(status, "harness_error" if status == "harness_error" else "returned")
            error = "E" if outcome in ("raised", "crashed") else None
            returned = {"shape": (1, 1, 3), "digest": "d" * 32} if outcome == "returned" else {}
            told = {"outcome": outcome, "error": error, **returned, **changes}
            seen[case_id] = Observation(case_id=case_id, surface=SURFACE, probe="forward", **told)
            file.append(seen[case_id])

    def judge(observations: Any) -> Any:
        for one in observations:
            yield Verdict(
                case_id=one.case_id, surface=SURFACE, aspect="forward", relationships=("R1",),
                status=statuses[one.case_id], expected="", observed=statuses[one.case_id],  # type: ignore[arg-type]
            )  # fmt: skip

    from cases.case import parse

    store.close(folder, map(parse, statuses), run.environments, judge)
    assert len(list(store.verdicts(folder))) == len(statuses)
    return folder


def expected_kind(before: str, after: str) -> str | None:
    """What is said of a pair in docs/releases.md."""
    silent = ("unsupported", "harness_error")
    if before in silent or after in silent:
        return None if before in silent and after in silent else "appeared" if before in silent else "disappeared"
    if before == after:
        return None
    if after == "agrees":
        return "fixed"
    if before == "rejected" and OUTCOME.get(after, "returned") == "returned":
        return "newly_accepted"
    if after == "rejected" and OUTCOME.get(before, "returned") == "returned":
        return "newly_rejected"
    return "regression" if before == "agrees" else "changed"


def test_every_pair_of_statuses_is_of_one_kind(tmp_path: Path) -> None:
    pairs = list(itertools.product(STATUSES, STATUSES))
    names = [f"conv1d.i{size}.k3.s1.p0.d1" for size in range(5, 5 + len(pairs))]
    one = made(tmp_path / "one", {name: was for name, (was, _) in zip(names, pairs, strict=True)})
    other = made(tmp_path / "other", {name: now for name, (_, now) in zip(names, pairs, strict=True)})
    found = compare(*sides([str(one), str(other)]))
    kinds_of = {change.case_id: change.kind for change in found.changes}
    wanted = {name: expected_kind(*pair) for name, pair in zip(names, pairs, strict=True)}
    assert kinds_of == {name: kind for name, kind in wanted.items() if kind}
    worse = {change.case_id for change in found.changes if change.worse}
    assert worse == {
        name
        for name, (was, now) in zip(names, pairs, strict=True)
        if was == "agrees" and now not in ("agrees", "unsupported", "harness_error")
    }


@pytest.mark.parametrize(
    ("status", "changes", "noticed"),
    [
        ("wrong_operator", {"digest": "e" * 32}, True),
        ("wrong_numerics", {"digest": "e" * 32}, True),
        ("wrong_shape", {"digest": "e" * 32}, False),  # may be memory that nobody wrote
        ("wrong_shape", {"shape": (1, 1, 4)}, True),
        ("accepted", {"digest": "e" * 32}, False),
        ("unstable", {"digest": "e" * 32}, False),
        ("rejected", {"error": "F"}, True),
        ("rejected", {"text": "another address"}, False),
        ("crashed", {"error": "F"}, True),
        ("unsupported", {"text": "another reason"}, False),
        ("agrees", {"seconds": 9.0}, False),
    ],
)
def test_what_is_a_change_where_the_status_is_the_same(
    status: str, changes: dict[str, Any], noticed: bool, tmp_path: Path
) -> None:
    one, other = made(tmp_path / "one", {ONE: status}), made(tmp_path / "other", {ONE: status}, **changes)
    found = compare(*sides([str(one), str(other)]))
    assert [change.kind for change in found.changes] == (["changed"] if noticed else [])
    assert found.same == (0 if noticed else 1)
