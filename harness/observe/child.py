"""The parent's end of one worker process: start it, send jobs, read reports within a time limit.

A child's life: it is made (may raise StartFailed) → ``ready`` (its facts; may raise StartFailed) → ``send`` and
``reports`` in turns (may raise Died or Overran, and then is ``usable`` again or not) → ``stop``.

The worker forks a *hand* that does the jobs, so that what ends a case ends the hand: the framework is imported once,
and the next hand is there in milliseconds.
"""

from __future__ import annotations

import collections
import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from harness.observe import unwritten

OUTPUT_KEPT = 16_384  # bytes of what a child printed last
_GATHER = 0.005  # seconds in which reports gather: who is woken by each one runs on the worker's core, in its place
_TICK = 0.2  # seconds between looks at whether to stop
_PATIENCE = 5.0  # seconds for a killed hand to be reported
_PACKAGES = ("harness", "cases")

Report = dict[str, Any]


class ChildError(Exception):
    """A hand or a worker that has ended. The message says how; ``output`` is the end of what it printed."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


class StartFailed(ChildError):
    """The worker ended, or said nothing in time, before it was ready."""


class Died(ChildError):
    """It ended while it had work. The message is the signal's name or the exit status."""


class Overran(ChildError):
    """It took longer than it may, and was killed."""


class Outgrew(Died):
    """It took more memory than it may, and was killed. The message says how much that is."""


class Stopped(Exception):
    """The user asked for the end while a child was being waited for."""


class Child:
    """A running worker."""

    def __init__(
        self,
        python: str,
        what: Sequence[str],
        environment: Mapping[str, str],
        stop: threading.Event,
        memory: int = 0,
    ) -> None:
        self._stopping = stop
        self._memory = memory
        self._weighed = 0.0
        self._home = tempfile.TemporaryDirectory(prefix="convarith-")
        # The child sees our two packages and nothing else of ours: its own site-packages must stay its own.
        lend(Path(self._home.name))
        jobs_read, jobs_write = os.pipe()
        reports_read, reports_write = os.pipe()
        output_read, output_write = os.pipe()
        theirs = environment.get("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
        path = os.pathsep.join(filter(None, (self._home.name, theirs)))
        try:
            self._process = subprocess.Popen(
                [python, "-m", "harness.observe.worker", *what, str(jobs_read), str(reports_write)],
                stdin=subprocess.DEVNULL,
                stdout=output_write,
                stderr=output_write,
                pass_fds=(jobs_read, reports_write),
                env={
                    **os.environ,
                    "PYTHONHASHSEED": "0",
                    **environment,
                    **unwritten.variables({**os.environ, **environment}),
                    "PYTHONPATH": path,
                },
                start_new_session=True,  # Ctrl-C is the parent's to handle
            )
        except OSError as error:
            self._home.cleanup()
            for end in (jobs_write, reports_read, output_read):
                os.close(end)
            why = f"cannot be observed: the interpreter cannot be started ({error.strerror})"
            raise StartFailed(why, "") from error
        finally:
            for end in (jobs_read, reports_write, output_write):
                os.close(end)
        self._jobs, self._reports, self._output = jobs_write, reports_read, output_read
        self._selector = selectors.DefaultSelector()
        for end in (reports_read, output_read):
            os.set_blocking(end, False)
            self._selector.register(end, selectors.EVENT_READ)
        self._buffer = bytearray()
        self._lines: collections.deque[bytes] = collections.deque()
        self._printed = bytearray()
        self._hand: int | None = None
        self._taken = False  # whether a hand has taken what was sent last
        self._ended = False

    def ready(self, limit: float) -> dict[str, str]:
        """The facts that the worker found, once its framework is imported.

        Raises
        ------
        StartFailed
            It ended first, or said nothing for ``limit`` seconds.
        """
        try:
            report: Report = {}
            while "ready" not in report:
                report = self._report(time.monotonic() + limit)
                if "failed" in report:
                    raise StartFailed(f"cannot be observed: {report['failed']}", "")
        except Overran as error:
            raise StartFailed(f"did not start within {limit:g} s", error.output) from error
        except Died as error:
            raise StartFailed(f"ended while starting ({error})", error.output) from error
        return {str(name): str(value) for name, value in report["ready"].items()}

    def send(self, jobs: Sequence[Sequence[Any]], *, whole: bool) -> None:
        """Send jobs; what the worker reports of them, whole or without operators, is to be read until they are done."""
        self._printed.clear()
        self._taken = False
        rest = memoryview(msgspec.json.encode({"jobs": jobs, "whole": whole}) + b"\n")
        with contextlib.suppress(OSError):  # it is dead: reading will tell how
            while rest:
                rest = rest[os.write(self._jobs, rest) :]

    def reports(self, limit: float) -> Iterator[Report]:
        """Reports until the jobs are done.

        Parameters
        ----------
        limit : float
            Seconds that may pass for one job, and a tenth more for each that began together with it.

        Raises
        ------
        Died, Outgrew, Overran
        """
        allowed = limit + _PATIENCE  # a fork, and what the framework does at first
        while True:
            report = self._report(time.monotonic() + allowed)
            if "done" in report:
                if not report["done"]:
                    self._hand = None
                return
            if "began" in report:
                allowed = limit * (1 + 0.1 * (len(report["began"]) - 1))
            yield report

    @property
    def usable(self) -> bool:
        """Whether more jobs can be sent."""
        return not self._ended

    def stop(self) -> None:
        """End the worker and its hand, if they have not ended, and free what it held. Safe to call twice."""
        self._kill()
        self._selector.close()
        for end in (self._jobs, self._reports, self._output):
            with contextlib.suppress(OSError):
                os.close(end)
        self._jobs = self._reports = self._output = -1
        self._home.cleanup()

    def _report(self, deadline: float) -> Report:
        """The next report that is the supervisor's to know."""
        while True:
            report = self._next(deadline)
            if "hand" in report:
                self._hand, self._taken = int(report["hand"]), True
            elif "ended" in report:
                self._hand = None
                if not self._taken:  # it had nothing to do; the line that was sent may be gone with it, or be there yet
                    self._kill()
                raise Died(str(report["ended"]), self._said())
            else:
                return report

    def _next(self, deadline: float) -> Report:
        while True:
            while self._lines:
                line = self._lines.popleft()
                # A hand that dies may leave a line unfinished. What it would have said counts as not said.
                with contextlib.suppress(msgspec.DecodeError):
                    report: Report = msgspec.json.decode(line)
                    return report
            if self._stopping.is_set():
                raise Stopped
            now = time.monotonic()
            if self._memory and now - self._weighed >= _TICK:
                self._weighed = now
                if self._hand is not None and resident(self._hand) > self._memory << 20:
                    self._end_hand(Outgrew, f"more than {self._memory} MiB of memory")
            left = deadline - now
            if left <= 0:
                self._end_hand(Overran, "took too long")
            for key, _ in self._selector.select(min(_TICK, max(0.0, left))):
                if key.fd == self._reports:
                    time.sleep(_GATHER)
                    self._read_reports()
                else:
                    self._read_output()

    def _read_reports(self) -> None:
        more = os.read(self._reports, 1 << 20)
        if not more:
            raise Died(self._end(), self._said())
        self._buffer += more
        *lines, rest = self._buffer.split(b"\n")
        self._lines.extend(bytes(line) for line in lines if line)
        self._buffer = bytearray(rest)

    def _read_output(self) -> bool:
        """Take in what was printed; whether there may be more."""
        try:
            more = os.read(self._output, 1 << 16)
        except BlockingIOError:
            return False
        if not more:
            self._selector.unregister(self._output)
            return False
        self._printed += more
        del self._printed[:-OUTPUT_KEPT]
        return True

    def _said(self) -> str:
        with contextlib.suppress(KeyError, ValueError):  # closed already
            self._selector.get_key(self._output)
            while self._read_output():
                pass
        return self._printed.decode("utf-8", "replace")

    def _end_hand(self, how: type[ChildError], why: str) -> NoReturn:
        """Kill what takes too much: the hand if there is one, and the worker only if that does not help."""
        if self._hand is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._hand, signal.SIGKILL)
            self._hand = None
            try:
                while True:
                    self._report(time.monotonic() + _PATIENCE)
            except Died as error:
                raise how(why, error.output) from None
            except Overran:
                pass
        self._kill()
        raise how(why, self._said())

    def _end(self) -> str:
        """How the worker itself ended: the name of a signal, or its exit status."""
        self._ended = True
        try:
            return told(self._process.wait(_PATIENCE))
        except subprocess.TimeoutExpired:  # it closed its end and lives on
            self._kill()
            return "closed its channel"

    def _kill(self) -> None:
        self._ended = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def lend(folder: Path) -> None:
    """Make our two packages, and nothing else of ours, importable from a folder."""
    root = Path(__file__).resolve().parents[2]
    for package in _PACKAGES:
        os.symlink(root / package, folder / package)


def resident(process: int) -> int:
    """Bytes of memory that a process holds, its own and shared; 0 where Linux does not tell, or it has ended."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def told(status: int) -> str:
    """A process's end in words: the name of the signal, or the exit status."""
    return signal.Signals(-status).name if status < 0 else f"exit status {status}"
