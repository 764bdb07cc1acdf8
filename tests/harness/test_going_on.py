"""A run that is killed, interrupted or out of room goes on where it stopped, and nothing shows that it did."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import store
from harness.records import Where
from harness.store import log

from ..fakes.events import Pipe, ended
from ..fakes.program import start

KILLS = 50
GRID = """
summary = "small"
rank = [1]
[axis]
i = "2..4"
k = [1, 2]
s = [1, 2]
p = [0]
"""
ABORTS = {"MISBEHAVE": json.dumps({"conv1d.i4.k2.s1.p0.d1": "abort", "max_pool1d.i4.k2.s1.p0.d1": "exit"})}
RUN = ["run", "-f", "wrong", "-f", "fake", "--grid", "small.toml", "--out", "run", "-j", "2"]
GO_ON = ["run", "--resume", "--out", "run", "-j", "2"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes as Linux tells of them"),
]
Program = Callable[..., int]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """The run that nothing happened to, and what it took."""
    folder = tmp_path_factory.mktemp("whole")
    began = time.monotonic()
    assert finished(folder, *RUN) == 1
    return folder / "run", time.monotonic() - began


def finished(folder: Path, *arguments: str, largest_file: int | None = None) -> int:
    """The exit code of the program."""
    (folder / "small.toml").write_text(GRID)
    process = start(folder, *arguments, largest_file=largest_file, variables=ABORTS)
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def same(run: Path, whole: Path) -> None:
    """Nothing shows in a run that it was ever stopped."""
    for name in ("verdicts", "cases"):
        assert (run / f"{name}.parquet").read_bytes() == (whole / f"{name}.parquet").read_bytes()
    sql = "SELECT * EXCLUDE (seconds, text) FROM observations ORDER BY ALL"
    assert store.query(run, sql) == store.query(whole, sql)
    names = [path.name for path in run.iterdir()]
    assert sorted(names) == sorted(path.name for path in whole.iterdir())
    assert list((run / "observations").iterdir()) == []
    one, other = store.read_run(run), store.read_run(whole)
    assert one.complete
    assert [place.facts for place in one.environments] == [place.facts for place in other.environments]


def test_killed_at_any_moment_it_goes_on_and_the_verdicts_are_the_same_bytes(
    whole: tuple[Path, float], tmp_path: Path
) -> None:
    reference, took = whole
    moments = random.Random(time.time_ns())
    kills, stages = 0, set()
    (tmp_path / "small.toml").write_text(GRID)
    while kills < KILLS:
        begun = (tmp_path / "run/run.json").exists()
        if not begun:  # killed before there was anything to go on with
            shutil.rmtree(tmp_path / "run", ignore_errors=True)
        process = start(tmp_path, *(GO_ON if begun else RUN), variables=ABORTS)
        if not begun and kills % 2 == 0:  # as soon as something has been observed: it is a small part of the time
            while process.exitcode is None and stage(tmp_path / "run") == "starting":
                process.join(0.002)
        else:
            process.join(moments.uniform(0, 1.1 * took))
        if process.exitcode is None:
            process.kill()
            process.join()
            kills += 1
            stages.add(stage(tmp_path / "run"))
        else:
            assert process.exitcode == 1, (tmp_path / "err").read_text()
            same(tmp_path / "run", reference)
            shutil.rmtree(tmp_path / "run")
    if (tmp_path / "run/run.json").exists():
        assert finished(tmp_path, *GO_ON) == 1
        same(tmp_path / "run", reference)
    assert "observing" in stages


def stage(run: Path) -> str:
    """How far a run was when it was killed."""
    if (run / "verdicts.parquet").exists():
        return "closed"
    if list(run.glob(".closing-*")):
        return "closing"
    return "observing" if any(path.stat().st_size for path in log.paths(run)) else "starting"


def test_going_on_observes_nothing_again(whole: tuple[Path, float], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(whole[0], folder)
    before = {path.name: path.read_bytes() for path in folder.glob("*.parquet")}
    assert finished(tmp_path, *GO_ON) == 1
    assert {path.name: path.read_bytes() for path in folder.glob("*.parquet")} == before


def marked(mark: str) -> list[int]:
    """The processes that have a mark in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if f"MARK={mark}".encode() in (path / "environ").read_bytes():
                found.append(int(path.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("how", ["hang", "tell"])
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_no_process_outlives_the_program(how: str, end: signal.Signals, tmp_path: Path) -> None:
    """Neither a case that hangs, nor a worker that has just been started."""
    mark, pipe = f"{os.getpid()}-{tmp_path.name}", Pipe(tmp_path / "pipe")
    behaviour = {"conv1d.i4.k2.s1.p0.d1" if how == "hang" else "import": how}
    (tmp_path / "small.toml").write_text(GRID)
    process = start(
        tmp_path,
        *RUN,
        *("--where", "op = 'conv'"),
        variables={"MARK": mark, "MISBEHAVE": json.dumps(behaviour), "MISBEHAVE_TELL": str(tmp_path / "pipe")},
    )
    assert process.pid is not None
    pipe.word(of=process.pid)
    assert marked(mark)
    os.kill(process.pid, end)
    process.join(10)
    assert process.exitcode == (-9 if end == signal.SIGKILL else 130)
    assert ended(marked(mark)), "a process outlived the program"
    assert not marked(mark), "a process was started after the program's end"
    if end == signal.SIGINT:
        assert "to go on: convarith run --resume --out run" in (tmp_path / "err").read_text()


@pytest.mark.parametrize("room", [2_000, 10_000, "closing"])
def test_a_full_disk_ends_it_with_one_sentence_and_it_goes_on(
    room: int | str, whole: tuple[Path, float], tmp_path: Path
) -> None:
    if room == "closing":
        room = largest_log(whole[0]) + 500  # the files of two frameworks have it, what is made of both has not
    assert finished(tmp_path, *RUN, largest_file=int(room)) == 3
    told = (tmp_path / "err").read_text()
    assert "run can no longer be written (File too large)" in told
    assert "go on by: convarith run --resume --out run" in told
    assert "Traceback" not in told
    assert told.count("convarith:") == 1
    assert not (tmp_path / "run/verdicts.parquet").exists()
    assert finished(tmp_path, *GO_ON) == 1
    same(tmp_path / "run", whole[0])


def largest_log(run: Path) -> int:
    """How large the largest file of observations was, but for the digits of the times."""
    sizes: Counter[Where] = Counter()
    for seen in store.observations(run):
        sizes[seen.surface.where] += len(log.line(seen))
    return max(sizes.values())


def test_reports_that_cannot_be_written_are_one_sentence_and_made_later(
    whole: tuple[Path, float], tmp_path: Path
) -> None:
    shutil.copytree(whole[0], tmp_path / "run")
    (tmp_path / "run/report.md").unlink()
    assert finished(tmp_path, *GO_ON, largest_file=1000) == 3
    told = (tmp_path / "err").read_text()
    assert "the reports cannot be written" in told
    assert "Traceback" not in told
    assert finished(tmp_path, *GO_ON) == 1
    same(tmp_path / "run", whole[0])
