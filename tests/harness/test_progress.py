"""How far a run is, by a clock that the test turns."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable

import pytest
from rich.console import Console

from harness import judge
from harness.__main__ import main
from harness.commands import progress
from harness.commands.progress import Progress, duration
from harness.observe.engine import Shard
from harness.observe.supervisor import Place
from harness.records import Job, Observation, Outcome, Surface

pytestmark = pytest.mark.slow

CASE = "conv1d.i4.k2.s1.p0.d1"


class Clock:
    """Goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Told:
    """A progress that nobody but the test lets tick."""

    def __init__(self, *, terminal: bool = False, **totals: int) -> None:
        self.clock, self.screen = Clock(), io.StringIO()
        console = Console(file=self.screen, force_terminal=terminal, width=120, color_system=None)
        self.progress = Progress(console, self.clock)
        self.progress.begin(
            [
                Shard(Place(name, "", "python"), [Job(CASE, Surface(name, "r", "m"), ("forward",))] * total)
                for name, total in totals.items()
            ]
        )

    def seconds(self, number: int, framework: str = "", each: int = 0, outcome: Outcome = "returned") -> None:
        """So many pass, and in each a framework is observed so often."""
        for _ in range(number):
            for _ in range(each):
                seen = Observation(
                    case_id=CASE,
                    surface=Surface(framework, "r", "m"),
                    probe="forward",
                    outcome=outcome,
                    shape=(4, 1, 3),
                    digest=judge.aspect(CASE, "forward")[1],
                )
                self.progress.count(seen)
            self.clock.now += 1
            self.progress.tick()


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_a_line_a_minute_tells_how_far_each_framework_is(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told(torch=5000, jax=300)
    told.seconds(59, "torch", 20)
    assert lines(capsys) == []
    told.seconds(1, "torch", 5, "crashed")
    assert lines(capsys) == [
        "convarith: torch 1185 of 5000, 20/s, 3 min 13 s left (1180 agrees, 5 crashed); jax 0 of 300, waiting"
    ]
    told.seconds(59, "jax", 1)
    assert lines(capsys) == []
    told.seconds(1, "jax", 1)
    assert lines(capsys) == [
        "convarith: torch 1185 of 5000, standing still (1180 agrees, 5 crashed); "
        "jax 60 of 300, 1.0/s, 4 min 00 s left (60 agrees)"
    ]


def test_a_rate_is_that_of_the_last_minute(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told(torch=100_000)
    told.seconds(300, "torch", 100)
    told.seconds(60, "torch", 10)
    assert lines(capsys)[-1] == "convarith: torch 30600 of 100000, 10/s, 1 h 55 min left (30600 agrees)"


def test_the_time_before_a_framework_s_turn_is_not_counted(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told(jax=330)
    told.seconds(50)
    told.seconds(10, "jax", 3)
    assert lines(capsys) == ["convarith: jax 30 of 330, 3.0/s, 1 min 40 s left (30 agrees)"]


def test_what_is_done_is_said_to_be_and_never_more_than_there_was(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told(torch=5)
    told.seconds(3, "torch", 2)
    told.seconds(60)
    assert lines(capsys) == ["convarith: torch 5 of 5, done (6 agrees)"]


def test_a_terminal_has_bars_and_no_lines(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told(terminal=True, torch=5000)
    with told.progress:
        told.seconds(60, "torch", 20)
    assert lines(capsys) == []
    shown = told.screen.getvalue()
    assert "torch" in shown
    assert "1200/5000 20/s, 3 min 10 s left 1200 agrees" in shown


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (3599.0, "59 min 59 s"), (7265.0, "2 h 01 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    monkeypatch.setattr(progress, "_TICK", 0.01)


@pytest.mark.usefixtures("fakes", "_impatient")
def test_a_run_tells_it_while_it_observes_and_not_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-f", "fake", "--grid", "small.toml", "--out", "run"]) == 0
    printed = capsys.readouterr()
    assert "convarith: fake 0 of " in printed.err
    assert "agrees)" in printed.err
    assert "convarith: fake" not in printed.out


@pytest.mark.usefixtures("fakes")
def test_what_was_observed_before_is_not_to_be_done_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    begin = Progress.begin

    def counted(self: Progress, work: Iterable[Shard]) -> None:
        begun.append(sum(len(shard.jobs) for shard in work))
        begin(self, work)

    monkeypatch.setattr(Progress, "begin", counted)
    monkeypatch.setenv("MISBEHAVE", json.dumps({"import": "abort"}))
    assert main(["run", "-f", "fake", "-f", "bad", "--grid", "small.toml", "--out", "run"]) == 3
    monkeypatch.setenv("MISBEHAVE", "{}")
    assert main(["run", "--resume", "--out", "run"]) == 0
    assert begun[0] == 2 * begun[1]
