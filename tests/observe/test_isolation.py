"""A framework that dies, hangs or babbles costs exactly the guilty case: real processes and signals, fake adapters."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from harness.judge import judge
from harness.observe import worker
from harness.observe.child import Stopped
from harness.observe.supervisor import Limits, Minder, Place, observe
from harness.records import TEXT_LIMIT, Environment, Job, Observation, Surface
from harness.selftest.loops import Loops

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[1]
SURFACE = Surface("fake", "fake.loops", "eager")
IDS = [f"conv1d.i{i}.k2.s1.p0.d1" for i in range(3, 11)]
LIMITS = Limits(start=60, case=60)
IMPATIENT = Limits(start=60, case=1)

Watched = tuple[list[Observation], Environment]


def watch(
    behaviours: Mapping[str, str],
    adapter: str = "Misbehaving",
    limits: Limits = LIMITS,
    python: str = sys.executable,
    evidence: Callable[[Observation], bool] | None = None,
    **variables: str,
) -> Watched:
    """Observe the cases with a fake that behaves so."""
    seen: list[Observation] = []
    place = Place(
        "fake",
        f"fakes.misbehaving:{adapter}",
        python,
        variables={"PYTHONPATH": str(TESTS), "MISBEHAVE": json.dumps(behaviours), **variables},
    )
    jobs = [Job(name, SURFACE, ("forward", "adjoint")) for name in IDS]
    return seen, observe(place, jobs, seen.append, limits, evidence=evidence)


def outcomes(seen: list[Observation]) -> dict[tuple[str, str], list[str]]:
    """All that was seen of each case and probe, in order."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in seen:
        found.setdefault((one.case_id, one.probe), []).append(one.outcome)
    return found


def all_returned() -> dict[tuple[str, str], list[str]]:
    return {(name, probe): ["returned"] for name in IDS for probe in ("forward", "adjoint")}


def test_a_well_behaved_framework_is_observed_once_each() -> None:
    seen, environment = watch({})
    assert outcomes(seen) == all_returned()
    assert environment.failure is None
    assert environment.facts["version"] == "1.0"


@pytest.mark.parametrize("adapter", ["Misbehaving", "Batching"])
@pytest.mark.parametrize("place", [0, 3, 7], ids=["first", "middle", "last"])
@pytest.mark.parametrize(
    ("how", "name"),
    [("abort", "SIGABRT"), ("segfault", "SIGSEGV"), ("exit", "exit status 3"), ("leave", "exit status 0")],
)
@pytest.mark.parametrize("evidence", [None, lambda _: True], ids=["at once", "again"])
def test_a_dead_worker_costs_the_guilty_case_alone(
    adapter: str, place: int, how: str, name: str, evidence: Callable[[Observation], bool] | None
) -> None:
    seen, environment = watch({IDS[place]: how}, adapter, evidence=evidence)
    expected = all_returned()
    expected[IDS[place], "forward"] = ["crashed"]
    expected[IDS[place], "adjoint"] = ["crashed"]
    assert outcomes(seen) == expected
    assert {one.error for one in seen if one.outcome == "crashed"} == {name}
    assert environment.failure is None


def test_a_hand_stays_from_line_to_line_and_the_next_takes_over_when_it_has_done_its_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "_SHARE", 3)
    pair = [[number, name, "fake.loops", "eager", ["forward"]] for number, name in enumerate(IDS[:2])]
    line = json.dumps({"jobs": pair, "whole": False})
    lines, reports = iter([line] * 3), io.StringIO()
    worker.serve(Loops(), lines, reports)
    told = [json.loads(report) for report in reports.getvalue().splitlines()]
    assert [report["done"] for report in told if "done" in report] == [True, False]
    assert [report["seen"] for report in told if "seen" in report] == [0, 1] * 2
    assert list(lines) == [line]


def test_many_lines_of_jobs_are_observed_once_each_by_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = _recording_starts(monkeypatch, [])
    seen: list[Observation] = []
    place = Place("fake", "fakes.misbehaving:Misbehaving", sys.executable, variables={"PYTHONPATH": str(TESTS)})
    names = [f"conv1d.i{i}.k{k}.s1.p{p}.d1" for i in range(1, 51) for k in range(1, 7) for p in range(15)]
    with Minder(place, LIMITS, threading.Event()) as minder:
        for start in range(0, len(names), 1500):  # in the third line the first hand has done its share
            minder.mind([Job(name, SURFACE, ("declared",)) for name in names[start : start + 1500]], seen.append)
    assert [one.case_id for one in seen] == names
    assert starts() == 1


def test_a_hand_that_is_ended_while_it_has_nothing_to_do_costs_nothing() -> None:
    seen: list[Observation] = []
    place = Place("fake", "fakes.misbehaving:Misbehaving", sys.executable, variables={"PYTHONPATH": str(TESTS)})
    with Minder(place, LIMITS, threading.Event()) as minder:
        for name in IDS:
            minder.mind([Job(name, SURFACE, ("forward", "adjoint"))], seen.append)
            assert minder._child is not None
            assert minder._child._hand is not None
            os.kill(minder._child._hand, signal.SIGKILL)
    assert outcomes(seen) == all_returned()


@pytest.mark.parametrize("adapter", ["Misbehaving", "Batching"])
def test_a_probe_that_kills_leaves_the_case_s_other_probe_standing(adapter: str) -> None:
    seen, _ = watch({IDS[2]: "abort adjoint"}, adapter)
    assert outcomes(seen) == {**all_returned(), (IDS[2], "adjoint"): ["crashed"]}


@pytest.mark.parametrize("adapter", ["Misbehaving", "Batching"])
def test_two_guilty_neighbours_are_both_found(adapter: str) -> None:
    seen, _ = watch({IDS[4]: "abort", IDS[5]: "segfault"}, adapter)
    errors = {(one.case_id, one.error) for one in seen if one.outcome == "crashed"}
    assert errors == {(IDS[4], "SIGABRT"), (IDS[5], "SIGSEGV")}
    assert sum(one.outcome == "returned" for one in seen) == 2 * (len(IDS) - 2)


@pytest.mark.parametrize("adapter", ["Misbehaving", "Batching"])
@pytest.mark.parametrize("place", [0, 3, 7], ids=["first", "middle", "last"])
def test_a_hang_costs_the_guilty_case_alone(adapter: str, place: int) -> None:
    seen, environment = watch({IDS[place]: "hang forward"}, adapter, IMPATIENT)
    assert outcomes(seen) == {**all_returned(), (IDS[place], "forward"): ["timed_out"]}
    assert environment.failure is None


@pytest.mark.parametrize("adapter", ["Misbehaving", "Batching"])
@pytest.mark.parametrize("place", [0, 3, 7], ids=["first", "middle", "last"])
def test_an_error_of_the_adapter_s_own_costs_the_guilty_case_alone(adapter: str, place: int) -> None:
    seen, environment = watch({IDS[place]: "slip forward"}, adapter)
    assert outcomes(seen) == {**all_returned(), (IDS[place], "forward"): ["harness_error"]}
    assert {one.error for one in seen if one.outcome == "harness_error"} == {"KeyError"}
    assert environment.failure is None


@pytest.mark.parametrize("adapter", ["Misbehaving", "Batching"])
@pytest.mark.parametrize("place", [0, 3, 7], ids=["first", "middle", "last"])
def test_a_lost_device_is_a_crash_of_the_case_that_lost_it(adapter: str, place: int) -> None:
    """Whatever is computed in that process afterwards fails, and is not held against its case."""
    seen, environment = watch({IDS[place]: "lose forward"}, adapter)
    assert outcomes(seen) == {**all_returned(), (IDS[place], "forward"): ["crashed"]}
    (crash,) = (one for one in seen if one.outcome == "crashed")
    assert "the device is lost: FakeError: an illegal memory access was encountered" in str(crash.text)
    assert environment.failure is None


@pytest.mark.parametrize("adapter", ["Misbehaving", "Batching"])
def test_memory_that_ran_out_is_not_the_layer_s_answer(adapter: str) -> None:
    seen, _ = watch({IDS[3]: "fill adjoint"}, adapter)
    assert outcomes(seen) == {**all_returned(), (IDS[3], "adjoint"): ["harness_error"]}
    (one,) = (one for one in seen if one.outcome == "harness_error")
    assert one.text == "no memory was left for it; try fewer workers (--jobs): out of memory"


@pytest.mark.parametrize("adapter", ["Misbehaving", "Batching"])
def test_a_crash_and_a_hang_in_one_batch_are_both_found(adapter: str) -> None:
    seen, _ = watch({IDS[0]: "hang adjoint", IDS[3]: "abort"}, adapter, IMPATIENT)
    assert outcomes(seen) == {
        **all_returned(),
        (IDS[0], "adjoint"): ["timed_out"],
        (IDS[3], "forward"): ["crashed"],
        (IDS[3], "adjoint"): ["crashed"],
    }


@pytest.mark.parametrize("adapter", ["Misbehaving", "Batching"])
@pytest.mark.parametrize("place", [0, 3, 7], ids=["first", "middle", "last"])
@pytest.mark.parametrize("probe", ["forward", "adjoint"])
def test_a_crash_every_second_time_is_unstable_and_its_neighbours_are_not(
    adapter: str, place: int, probe: str, tmp_path: Path
) -> None:
    seen, _ = watch({IDS[place]: f"alternate {probe}"}, adapter, MISBEHAVE_ONCE=str(tmp_path / "mark"))
    found = outcomes(seen)
    assert sorted(found.pop((IDS[place], probe))) == ["crashed", "returned"]
    assert found == {key: value for key, value in all_returned().items() if key != (IDS[place], probe)}
    unstable = [(one.case_id, one.aspect) for one in judge(seen) if one.status == "unstable"]
    assert unstable == [(IDS[place], probe)]


@pytest.mark.parametrize("adapter", ["Misbehaving", "Batching"])
def test_all_probes_that_crash_every_second_time_are_unstable(adapter: str, tmp_path: Path) -> None:
    seen, _ = watch({IDS[2]: "alternate"}, adapter, MISBEHAVE_ONCE=str(tmp_path / "mark"))
    statuses = {(one.case_id, one.aspect): one.status for one in judge(seen)}
    assert "unstable" in {statuses.pop((IDS[2], "forward")), statuses.pop((IDS[2], "adjoint"))}
    assert set(statuses.values()) == {"agrees"}


@pytest.mark.parametrize("adapter", ["Misbehaving", "Batching"])
def test_a_case_that_takes_too_much_memory_is_a_crash_of_that_case(adapter: str) -> None:
    seen, environment = watch({IDS[5]: "grow forward"}, adapter, Limits(start=60, case=60, memory=512))
    assert outcomes(seen) == {**all_returned(), (IDS[5], "forward"): ["crashed"]}
    assert {one.error for one in seen if one.outcome == "crashed"} == {"more than 512 MiB of memory"}
    assert environment.failure is None


def test_what_a_framework_printed_last_explains_its_crash_and_is_bounded() -> None:
    seen, _ = watch({IDS[5]: "explain forward"})
    (crash,) = [one for one in seen if one.outcome == "crashed"]
    assert crash.text is not None
    assert crash.text.rstrip().endswith("the kernel cannot be chosen")
    assert len(crash.text) <= TEXT_LIMIT


def test_rubbish_on_stdout_is_not_taken_for_a_report() -> None:
    seen, environment = watch({IDS[1]: "babble"})
    assert outcomes(seen) == all_returned()
    assert environment.failure is None


def test_a_crash_that_does_not_come_again_leaves_both_observations(tmp_path: Path) -> None:
    seen, _ = watch({IDS[3]: "once"}, MISBEHAVE_ONCE=str(tmp_path / "mark"))
    assert outcomes(seen)[IDS[3], "forward"] == ["returned", "crashed"]
    others = {key: value for key, value in outcomes(seen).items() if key[0] != IDS[3]}
    assert others == {key: value for key, value in all_returned().items() if key[0] != IDS[3]}


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("abort", "fake ended while starting (SIGABRT)"),
        ("raise", "ended while starting (exit status 1); it last said: the framework cannot be initialised"),
        ("missing", "no_such_framework is not installed there; install it with: pip install 'numpy'"),
    ],
)
def test_dying_while_importing_is_a_failure_of_the_environment(how: str, said: str) -> None:
    seen, environment = watch({"import": how})
    assert seen == []
    assert environment.failure is not None
    assert said in environment.failure


def test_hanging_while_importing_is_a_failure_of_the_environment() -> None:
    seen, environment = watch({"import": "hang"}, limits=Limits(start=1, case=60))
    assert seen == []
    assert environment.failure is not None
    assert "did not start within 1 s" in environment.failure


def test_an_interpreter_that_cannot_be_started_is_a_failure_of_the_environment(tmp_path: Path) -> None:
    seen, environment = watch({}, python=str(tmp_path / "python"))
    assert seen == []
    assert environment.failure is not None
    assert "the interpreter cannot be started (No such file or directory)" in environment.failure


def test_stopping_ends_the_worker_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    pids: list[int] = []
    noticed: list[Observation] = []

    def take(seen: Observation) -> None:
        noticed.append(seen)
        stop.set()

    place = Place(
        "fake",
        "fakes.misbehaving:Misbehaving",
        sys.executable,
        variables={"PYTHONPATH": str(TESTS), "MISBEHAVE": json.dumps({IDS[1]: "hang"})},
    )
    starts = _recording_starts(monkeypatch, pids)
    jobs = [Job(name, SURFACE, ("forward",)) for name in IDS]
    with pytest.raises(Stopped):
        observe(place, jobs, take, LIMITS, stop=stop)
    assert [one.case_id for one in noticed] == IDS[:1]
    assert starts() == 1
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def _recording_starts(monkeypatch: pytest.MonkeyPatch, pids: list[int]) -> Callable[[], int]:
    import subprocess

    start = subprocess.Popen

    def recorded(*arguments: object, **options: object) -> object:
        process = start(*arguments, **options)  # type: ignore[call-overload]
        pids.append(process.pid)
        return process

    monkeypatch.setattr(subprocess, "Popen", recorded)
    return lambda: len(pids)
