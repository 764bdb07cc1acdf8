"""The child process that observes one framework.

``python -m harness.observe.worker ADAPTER DEVICE SWITCH JOBS REPORTS``

ADAPTER is 'MODULE:CLASS', DEVICE 'cpu' or 'gpu', SWITCH one of the adapter's or empty; JOBS and REPORTS are the numbers
of inherited file descriptors. It needs NumPy and the framework, nothing else. One JSON object a line:

    → {"jobs": [[number, case id, route, mode, [probe, …]], …], "whole": false}
    ← {"ready": {fact: text, …}}                          once, when the framework is imported; or instead
    ← {"failed": text}                                    it is not installed, or has no such device
    ← {"hand": process id}                                who has taken the line, or is to find the facts
    ← {"began": [number, …]}                              these are in flight
    ← {"seen": number, "probe": …, "outcome": …, …}       one observation; with its operator where all are to be whole
    ← {"done": stays}                                     the end of a line's jobs; whether the hand stays for the next
    ← {"ended": how}                                      the hand has ended before

The next line is sent when the jobs of the one before are done, or their hand has ended.

The framework is imported once, and not used: the jobs, and the facts, are the work of a forked *hand*. A case that ends
its process ends the hand, and the next one is there at once. What a framework does when it is first used takes it some
tenths of a second, so a hand stays for many lines, and not for ever: what it has gathered goes with it.

It ends when JOBS is closed. Standard output and error belong to the framework, which prints to them as it likes.
"""

from __future__ import annotations

import ctypes
import gc
import itertools
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TextIO

from cases.case import Case, parse
from harness.frameworks.base import Adapter, Call, NoDeviceError, Raised, Result, Unsupported, raised
from harness.frameworks.registry import load
from harness.observe import machine
from harness.observe import probe as probing
from harness.records import TEXT_LIMIT, Probe

Report = dict[str, Any]

_SHARE = 4000  # jobs of one hand
_RELEASED = 113  # its exit status when it has done its work: any other, 0 too, is an end that the framework made


def main(arguments: Sequence[str]) -> int:
    """Observe until there are no more jobs."""
    die_with_parent()
    reference, device, switch, jobs_fd, reports_fd = arguments
    jobs = os.fdopen(int(jobs_fd), "r", encoding="utf-8")
    reports = os.fdopen(int(reports_fd), "w", encoding="utf-8", errors="replace")
    kind = load(reference)
    try:
        adapter = kind(device, switch)
    except ModuleNotFoundError as error:
        send(reports, {"failed": f"{error.name} is not installed there; {kind.how_to_install()}"})
        return 1
    gc.freeze()  # a framework is a million objects: looking through them took longer than observing, and unshares pages
    by_hand(reports, lambda: introduce(adapter, reports))
    for line in jobs:  # the others of a hand are read by itself
        by_hand(reports, lambda line=line: serve(adapter, itertools.chain((line,), jobs), reports))  # type: ignore[misc]
    return 0


def by_hand(reports: TextIO, work: Callable[[], None]) -> None:
    """Do some work in a forked process, and report how it ended if it did not come to its end."""
    sys.stdout.flush()
    sys.stderr.flush()
    worker = os.getpid()
    hand = os.fork()
    if hand == 0:
        status = 1
        try:
            die_with_parent()
            if os.getppid() != worker:  # it has ended already
                os._exit(status)
            send(reports, {"hand": os.getpid()})
            work()
            status = _RELEASED
        except BaseException:  # whatever it is, it ends this process and no other
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(hand, 0)[1])
    if status != _RELEASED:  # it may have been writing a line
        reports.write("\n")
        send(reports, {"ended": signal.Signals(-status).name if status < 0 else f"exit status {status}"})


def introduce(adapter: Adapter, reports: TextIO) -> None:
    """Report what decides which code runs here."""
    try:
        send(reports, {"ready": {**adapter.facts(), **machine.facts()}})
    except NoDeviceError as error:
        send(reports, {"failed": str(error)})


def serve(adapter: Adapter, lines: Iterable[str], reports: TextIO) -> None:
    """Work off lines of jobs, until there are no more, or it has done its share."""
    left = _SHARE
    for line in lines:
        if left < _SHARE:  # the first was taken for it
            send(reports, {"hand": os.getpid()})
        work = json.loads(line)
        attend(adapter, work["jobs"], work["whole"], reports)
        left -= len(work["jobs"])
        send(reports, {"done": left > 0})
        if left <= 0:
            return


def attend(adapter: Adapter, jobs: Sequence[Sequence[Any]], whole: bool, reports: TextIO) -> None:
    """Observe jobs, as many of one route and mode together as the adapter likes."""
    for (route, mode), alike in itertools.groupby(jobs, key=lambda job: (job[2], job[3])):
        waiting = list(alike)
        most = adapter.routes[route].modes[mode].batch
        for start in range(0, len(waiting), most):
            batch = waiting[start : start + most]
            left = sum(len(job[4]) for job in batch)
            send(reports, {"began": [job[0] for job in batch]})
            for report in observe(adapter, batch, whole=whole):
                left -= 1
                send(reports, report, at_once=left > 0)  # the last one goes with what is sent before the next case


def observe(adapter: Adapter, jobs: Sequence[Sequence[Any]], *, whole: bool) -> Iterator[Report]:
    """The observations of some jobs, which the adapter may run together; whole, with operators, or not."""
    calls: list[Call] = []
    about: list[tuple[int, Case, Probe, int]] = []
    for number, case_id, route, mode, probes in jobs:
        case = parse(case_id)
        for probe in probes:
            try:
                prepared = probing.prepare(adapter, case, route, mode, probe)
            except Exception:
                yield {"seen": number, "probe": probe, **failure()}
                continue
            if isinstance(prepared, Unsupported):
                yield {"seen": number, "probe": probe, "outcome": "unsupported", "text": prepared.reason}
            else:
                calls += prepared
                about.append((number, case, probe, len(prepared)))

    # What many share is charged to each alike: the time of a group is divided among its members.
    results = run(adapter, calls)
    began = time.perf_counter()
    place = 0
    for number, case, probe, passes in about:
        try:
            report = told(
                case, probe, calls[place : place + passes], list(itertools.islice(results, passes)), whole=whole
            )
        except Exception:
            report = failure()
        place += passes
        now = time.perf_counter()
        yield {"seen": number, "probe": probe, "seconds": round(now - began, 6), **report}
        began = now


def run(adapter: Adapter, calls: Sequence[Call]) -> Iterator[Result]:
    """What the adapter makes of some calls; an error of its own is our fault, and costs the guilty call alone."""
    given = 0
    try:
        for result in adapter.run(calls):
            yield answer(adapter, result) if isinstance(result, Raised) else result
            given += 1
    except Exception as error:
        answer(adapter, raised(error))  # which ends this process if the device is lost
        rest = calls[given:]
        if len(rest) == 1:
            yield Raised(type(error).__qualname__, traceback.format_exc()[-TEXT_LIMIT:], ours=True)
            return
    else:
        return
    if rest:
        middle = len(rest) // 2
        yield from run(adapter, rest[:middle])
        yield from run(adapter, rest[middle:])


def answer(adapter: Adapter, error: Raised) -> Raised:
    """An error as what it is: the layer's answer, or our fault, since it tells of the machine and not of the layer.

    Where the device is lost, this process ends: whatever it computed next would fail too. What ended it is then looked
    for, as after a crash.
    """
    trouble = adapter.trouble(error)
    if trouble == "device":
        raise SystemExit(f"the device is lost: {error.error}: {error.text}")
    if trouble == "memory":
        return Raised(error.error, f"no memory was left for it; try fewer workers (--jobs): {error.text}", ours=True)
    return error


def told(case: Case, probe: Probe, calls: Sequence[Call], results: Sequence[Result], *, whole: bool) -> Report:
    """The results of a probe's calls as the report of one observation."""
    returned = []
    for result in results:
        if isinstance(result, Raised):
            outcome = "harness_error" if result.ours else "raised"
            return {"outcome": outcome, "error": result.error[:TEXT_LIMIT], "text": result.text[:TEXT_LIMIT]}
        returned.append(result)
    operator = probing.operator(case, probe, calls, returned)
    report: Report = {"outcome": "returned", "shape": list(probing.shape(case, probe, returned[0]))}
    if operator is not None:
        report["digest"] = operator.digest
        if whole:
            report["operator"] = operator.to_json()
    return report


def failure() -> Report:
    """The exception being handled, as a report that the fault is ours."""
    kind = sys.exc_info()[0]
    assert kind is not None
    return {
        "outcome": "harness_error",
        "error": kind.__qualname__,
        "text": traceback.format_exc()[-TEXT_LIMIT:],
    }


def send(reports: TextIO, report: Report, *, at_once: bool = True) -> None:
    """Write one line, before the framework is called again: what was seen must be known even if that ends us."""
    reports.write(json.dumps(report, ensure_ascii=False) + "\n")  # of a message that is no UTF-8 what can be said
    if at_once:
        reports.flush()


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent does, however it does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 is PR_SET_PDEATHSIG


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
