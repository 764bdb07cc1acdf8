"""The parent's end of one worker process: start it, send jobs, read reports within a time limit.

A child's life: ``start`` (may raise StartFailed) → ``ready`` (its facts) → ``send`` and ``reports`` in turns (may raise
Died or Overran) → ``stop``.
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
from typing import IO, Any

import msgspec

OUTPUT_KEPT = 16_384  # bytes of what a child printed last
_PACKAGES = ("harness", "cases")


class ChildError(Exception):
    """A child that can no longer be talked to. The message says why; ``output`` is the end of what it printed."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


class StartFailed(ChildError):
    """It ended, or said nothing in time, before it was ready."""


class Died(ChildError):
    """It ended while it had work. The message is the signal's name or the exit status."""


class Overran(ChildError):
    """It took longer than it may, and was killed."""


class Child:
    """A running worker."""

    def __init__(self, python: str, reference: str, environment: Mapping[str, str]) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="convarith-")
        # The child sees our two packages and nothing else of ours: its own site-packages must stay its own.
        root = Path(__file__).resolve().parents[2]
        for package in _PACKAGES:
            os.symlink(root / package, Path(self._home.name) / package)
        jobs_read, jobs_write = os.pipe()
        reports_read, reports_write = os.pipe()
        path = os.pathsep.join(filter(None, (self._home.name, environment.get("PYTHONPATH", ""))))
        try:
            self._process = subprocess.Popen(
                [python, "-m", "harness.observe.worker", reference, str(jobs_read), str(reports_write)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(jobs_read, reports_write),
                env={**os.environ, "PYTHONHASHSEED": "0", **environment, "PYTHONPATH": path},
                start_new_session=True,  # Ctrl-C is the parent's to handle
            )
        except OSError as error:
            self._home.cleanup()
            for end in (jobs_write, reports_read):
                os.close(end)
            raise StartFailed(f"{python} cannot be started: {error.strerror}", "") from error
        finally:
            os.close(jobs_read)
            os.close(reports_write)
        self._jobs = os.fdopen(jobs_write, "wb")
        self._reports = reports_read
        self._selector = selectors.DefaultSelector()
        self._selector.register(reports_read, selectors.EVENT_READ)
        self._buffer = b""
        self._output: collections.deque[bytes] = collections.deque()
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._keep_output, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def ready(self, limit: float) -> dict[str, str]:
        """The facts that the worker found, once its framework is imported.

        Raises
        ------
        StartFailed
            It ended first, or said nothing for ``limit`` seconds.
        """
        try:
            facts = self._report(time.monotonic() + limit)["ready"]
        except Overran as error:
            raise StartFailed(f"did not start within {limit:g} s", error.output) from error
        except Died as error:
            raise StartFailed(f"ended while starting ({error})", error.output) from error
        return {str(name): str(value) for name, value in facts.items()}

    def send(self, jobs: Sequence[Sequence[Any]]) -> None:
        """Send jobs; what the worker reports of them is to be read until it says 'done'."""
        try:
            self._jobs.write(msgspec.json.encode({"jobs": jobs}) + b"\n")
            self._jobs.flush()
        except OSError:  # it is dead: reading will tell how
            pass

    def reports(self, limit: float) -> Iterator[dict[str, Any]]:
        """Reports until the jobs are done.

        Parameters
        ----------
        limit : float
            Seconds that may pass for one job, and more with every job that began together (a tenth each).

        Raises
        ------
        Died, Overran
        """
        allowed = limit
        while True:
            report = self._report(time.monotonic() + allowed)
            if "done" in report:
                return
            if "began" in report:
                allowed = limit * (1 + 0.1 * (len(report["began"]) - 1))
            yield report

    def stop(self) -> None:
        """End the process, if it has not ended, and free what it held. Safe to call twice."""
        self._kill()
        self._selector.close()
        for closing in (self._jobs.close, lambda: os.close(self._reports)):
            with contextlib.suppress(OSError):
                closing()
        self._home.cleanup()

    def _report(self, deadline: float) -> dict[str, Any]:
        while b"\n" not in self._buffer:
            if not self._selector.select(max(0.0, deadline - time.monotonic())):
                self._kill()
                raise Overran("took too long", self._printed())
            more = os.read(self._reports, 1 << 20)
            if not more:
                raise Died(self._end(), self._printed())
            self._buffer += more
        line, _, self._buffer = self._buffer.partition(b"\n")
        report: dict[str, Any] = msgspec.json.decode(line)
        return report

    def _end(self) -> str:
        """How the process ended: the name of a signal, or its exit status."""
        try:
            status = self._process.wait(5)
        except subprocess.TimeoutExpired:  # it closed its end and lives on
            self._kill()
            return "closed its channel"
        if status < 0:
            return signal.Signals(-status).name
        return f"exit status {status}"

    def _kill(self) -> None:
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _keep_output(self, stream: IO[bytes]) -> None:
        kept = 0
        with stream:
            while piece := os.read(stream.fileno(), 4096):
                self._output.append(piece)
                kept += len(piece)
                while kept > OUTPUT_KEPT:
                    kept -= len(self._output.popleft())

    def _printed(self) -> str:
        self._reader.join(1)
        return b"".join(list(self._output)).decode("utf-8", "replace")
