"""Shards on executors of others: threads, processes, a Dask cluster; whoever runs them, the verdicts are the same."""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from harness import pipeline
from harness.__main__ import main
from harness.commands.progress import Progress
from harness.observe.engine import split
from harness.records import Observation

pytestmark = pytest.mark.slow

RUN = ["run", "-f", "bad", "-f", "several", "--grid", "small.toml", "-j", "2"]


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch, fakes: None) -> None:
    """Many shards, and a framework that dies at a case."""
    monkeypatch.setattr(pipeline, "split", functools.partial(split, most=60))
    monkeypatch.setenv("MISBEHAVE", json.dumps({"conv1d.i4.k2.s1.p0.d1.c1to2": "abort"}))


def same(one: str, other: str) -> None:
    for name in ("verdicts", "cases"):
        assert Path(one, f"{name}.parquet").read_bytes() == Path(other, f"{name}.parquet").read_bytes()
    told = [json.loads(Path(folder, "run.json").read_text()) for folder in (one, other)]
    for run in told:
        del run["started"], run["seconds"]
    assert told[0] == told[1]


@pytest.fixture
def afresh() -> Iterator[None]:
    """Pools start their processes afresh: this one may hold frameworks of other tests, which warn of being forked."""
    before = multiprocessing.get_start_method()
    multiprocessing.set_start_method("spawn", force=True)
    yield
    multiprocessing.set_start_method(before, force=True)


@pytest.mark.usefixtures("afresh")
@pytest.mark.parametrize("engine", ["concurrent.futures:ThreadPoolExecutor", "concurrent.futures:ProcessPoolExecutor"])
def test_any_executor_gives_the_same_verdicts(engine: str) -> None:
    assert main([*RUN, "--out", "own"]) == 1
    assert main([*RUN, "--out", "theirs", "--engine", engine]) == 1
    same("theirs", "own")


class Breaking(Executor):
    """Runs three shards, and is then broken."""

    def __init__(self, workers: int) -> None:
        self.left = 3

    def submit(self, fn: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self.left:
            future.set_result(fn(*arguments, **named))
        else:
            future.set_exception(BrokenProcessPool("a worker is gone"))
        self.left -= bool(self.left)
        return future


def test_an_engine_that_breaks_is_one_sentence_and_the_run_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("concurrent.futures.Breaking", Breaking, raising=False)
    assert main([*RUN, "--out", "own"]) == 1
    capsys.readouterr()
    assert main([*RUN, "--out", "theirs", "--engine", "concurrent.futures:Breaking"]) == 3
    told = capsys.readouterr().err
    assert told == (
        "convarith: the engine has lost its workers (BrokenProcessPool): what was observed until then is kept; go on "
        "by: convarith run --resume --out theirs\n"
    )
    assert len(list(Path("theirs/observations").glob("*.jsonl"))) == 3
    assert main(["run", "--resume", "--out", "theirs", "--engine", "concurrent.futures:ThreadPoolExecutor"]) == 1
    same("theirs", "own")


def test_a_framework_that_does_not_start_is_given_no_more_shards(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MISBEHAVE", json.dumps({"import": "abort"}))
    threads = ["--engine", "concurrent.futures:ThreadPoolExecutor"]
    assert main([*RUN, "--out", "theirs", *threads]) == 3
    assert "bad ended while starting (SIGABRT)" in capsys.readouterr().err
    monkeypatch.setenv("MISBEHAVE", "{}")
    assert main(["run", "--resume", "--out", "theirs", *threads]) == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nonsense", "no such executor"),
        ("no_such_module:Executor", "no such executor (No module named 'no_such_module')"),
        ("concurrent.futures:NoneSuch", "no such executor"),
        ("builtins:list", "no such executor ('int' object is not iterable)"),
        ("builtins:str", "that makes no concurrent.futures.Executor"),
    ],
)
def test_what_is_no_engine_is_one_sentence(name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RUN, "--out", "run", "--engine", name]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


@pytest.mark.filterwarnings("ignore")  # distributed's own
def test_a_cluster_that_loses_a_worker_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert main([*RUN, "--out", "own"]) == 1
    killed: list[int] = []
    count = Progress.count
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:

        def counted(self: Progress, seen: Observation) -> None:
            if not killed:  # the first shard is back, others are at work
                killed.append(cluster.workers[0].pid)
                os.kill(killed[0], signal.SIGKILL)
            count(self, seen)

        monkeypatch.setattr(Progress, "count", counted)
        assert main([*RUN, "--out", "theirs", "--engine", f"dask={cluster.scheduler_address}"]) == 1
        assert cluster.workers[0].pid != killed[0]
    same("theirs", "own")


@pytest.mark.filterwarnings("ignore")
def test_dask_without_an_address_is_a_cluster_of_this_machine() -> None:
    case = ["run", "-f", "fake", "--case", "conv1d.i4.k2.s1.p0.d1", "-j", "2"]
    assert main([*case, "--out", "own"]) == 0
    assert main([*case, "--out", "theirs", "--engine", "dask"]) == 0
    same("theirs", "own")


def test_dask_that_is_not_installed_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    assert main([*RUN, "--out", "run", "--engine", "dask"]) == 3
    assert "install it with: pip install 'convarith[cluster]'" in capsys.readouterr().err
