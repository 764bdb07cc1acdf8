"""What is gone on with must be what was begun, and by one process alone: all else is refused, in one sentence."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from cases.case import parse
from harness import store
from harness.__main__ import main
from harness.store import log

from ..fakes.program import start
from .test_merging import alter

pytestmark = pytest.mark.slow

GO_ON = ["run", "--resume", "--out", "run"]
CASE = "conv1d.i4.k2.s1.p0.d1"


@pytest.fixture
def begun(fakes: None) -> Path:
    """A run that is not complete, as far as it says."""
    assert main(["run", "-f", "fake", "--grid", "small.toml", "--out", "run"]) == 0
    alter(Path("run/run.json"), "complete", False)
    return Path("run")


def refused(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 2) -> str:
    """The one sentence that the program ends with; nothing of the run has changed."""
    before = _files()
    capsys.readouterr()
    assert main([*arguments]) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("convarith: ")
    assert told.err.count("\n") == 1
    assert _files() == before
    return told.err


def _files() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in Path("run").rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("schema", 9, "has schema 9; this release reads 1"),
        ("version", "9.0", "was begun by convarith 9.0, and this is"),
        ("selection", {}, "does not say what the run was asked: start a new run"),
        ("selection limits case", "long", "does not say what the run was asked (Expected `float`"),
        ("selection digest", "x", "the grid has other cases than it had; start a new run"),
        ("environments 0 facts version", "2.0", "fake has version 2.0 and 1.0, when it was begun and now"),
        ("environments 0 facts device", "gpu", "fake has device gpu and cpu, when it was begun and now"),
        ("environments 0 facts threads", "2", "fake has threads 2 and unknown, when it was begun and now"),
    ],
)
def test_another_release_selection_or_environment_is_refused(
    field: str, value: object, said: str, begun: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alter(begun / "run.json", field, value)
    assert said in refused(capsys, *GO_ON)


def test_another_grid_is_refused(begun: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grid = Path("small.toml")
    was = grid.read_text()
    grid.write_text(was.replace('k = "1..3"', 'k = "1..2"'))
    assert "the grid has other cases than it had" in refused(capsys, *GO_ON)
    grid.unlink()
    assert "small.toml" in refused(capsys, *GO_ON)
    grid.write_text(f"# in other words\n{was}")
    assert main(GO_ON) == 0
    assert store.read_run(begun).complete


def test_another_processor_is_none_of_its_business(begun: Path) -> None:
    alter(begun / "run.json", "environments 0 facts processor", "another")
    assert main(GO_ON) == 0


@pytest.mark.parametrize(
    "more",
    [
        "--grid smoke", "-r R1", "--op conv", "--where rank=1", f"--case {CASE}", "-f fake", "--route fake.*",
        "--mode eager", "--switch threads=2", "--device gpu", "--random 5", "--seed 1", "--shard 1/2", "--timeout 5",
        "--start-timeout 5", "--memory 512",
    ],
)  # fmt: skip
def test_another_question_is_refused(more: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store.create(tmp_path / "run", store.Run(version="0", asked={}))
    capsys.readouterr()
    assert main(["run", "--resume", "--out", str(tmp_path / "run"), *more.split()]) == 2
    assert "--resume goes on with what the run was asked for: leave out all but" in capsys.readouterr().err


def test_what_to_go_on_with_must_be_said_and_be_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--resume"]) == 2
    assert "say which with --out" in capsys.readouterr().err
    assert main(["run", "--resume", "--out", str(tmp_path / "none")]) == 2
    assert "holds no run: its run.json cannot be read (No such file or directory)" in capsys.readouterr().err


@pytest.mark.parametrize("complete", [True, False])
def test_a_run_that_another_process_holds_is_left_alone(
    complete: bool, begun: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alter(begun / "run.json", "complete", complete)
    holder = os.open(begun / "observations", os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    assert "another process is observing into run: wait for its end" in refused(capsys, *GO_ON)
    os.close(holder)
    assert main(GO_ON) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="kills and waits as Linux does")
def test_of_two_processes_on_one_run_the_second_is_refused_and_the_first_is_not_disturbed(tmp_path: Path) -> None:
    hangs = {"MISBEHAVE": json.dumps({CASE: "hang"})}
    names = [f"conv1d.i{i}.k2.s1.p0.d1" for i in (3, 4, 5)]
    first = start(tmp_path, "run", "-f", "bad", *(f"--case={name}" for name in names), "--out", "run", variables=hangs)
    until = time.monotonic() + 60
    while not any(path.stat().st_size for path in log.paths(tmp_path / "run")):
        assert time.monotonic() < until
        time.sleep(0.02)
    second = start(tmp_path, *GO_ON)
    second.join()
    assert second.exitcode == 2
    assert "another process is observing into run: wait for its end" in (tmp_path / "err").read_text()
    assert first.exitcode is None
    assert first.pid is not None
    os.kill(first.pid, signal.SIGINT)
    first.join()
    third = start(tmp_path, *GO_ON)  # who held it has let it go by ending; the case does not hang any more
    third.join()
    assert third.exitcode == 0, (tmp_path / "err").read_text()
    assert len(list(store.verdicts(tmp_path / "run"))) == 3 * 4  # aspects: no bias is asked for


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_file_that_cannot_be_written_ends_it_with_one_sentence_and_it_goes_on(
    number: int, fakes: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    append, seen = store.ObservationFile.append, []

    def failing(self: store.ObservationFile, one: object) -> None:
        seen.append(one)
        if len(seen) == 20:
            raise OSError(number, os.strerror(number))
        append(self, one)  # type: ignore[arg-type]

    run = ["run", "-f", "fake", "--case", CASE, "--case", "conv2d.i4x5.k2x3.s1x2.p0x1.d1x1", "--case", CASE]
    whole = [*run, *(f"--case=conv1d.i{i}.k2.s1.p0.d1" for i in range(5, 10))]
    with monkeypatch.context() as patch:
        patch.setattr(store.ObservationFile, "append", failing)
        assert main([*whole, "--out", "run"]) == 3
    told = capsys.readouterr().err
    assert f"run can no longer be written ({os.strerror(number)})" in told
    assert "go on by: convarith run --resume --out run" in told
    assert told.count("convarith:") == 1
    assert not Path("run/verdicts.parquet").exists()
    assert len(list(log.lines(Path("run")))) == 19
    assert main(GO_ON) == 0
    assert main([*whole, "--out", "undisturbed"]) == 0
    assert Path("run/verdicts.parquet").read_bytes() == Path("undisturbed/verdicts.parquet").read_bytes()


def test_a_case_that_takes_more_than_its_memory_crashes_and_its_neighbours_do_not(
    fakes: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MISBEHAVE", json.dumps({CASE: "grow adjoint"}))
    names = [CASE, "conv1d.i5.k2.s1.p0.d1"]
    run = ["run", "-f", "bad", *(f"--case={parse(name).id}" for name in names), "--memory", "512", "--out", "run"]
    assert main(run) == 1
    wrong = [one for one in store.verdicts(Path("run")) if not one.as_expected]
    assert [(one.case_id, one.aspect, one.status) for one in wrong] == [(CASE, "adjoint", "crashed")]
    assert wrong[0].diagnosis == "the process ended: more than 512 MiB of memory"
    assert "more than 512 MiB of memory" in capsys.readouterr().out
    assert json.loads(Path("run/run.json").read_text())["selection"]["limits"]["memory"] == 512
