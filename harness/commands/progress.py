"""Progress of long work on standard error: bars on a terminal, and a line every minute elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from harness import judge
from harness.observe.engine import Shard
from harness.records import Observation, Status
from harness.report.model import occurring

EVERY = 60.0  # seconds from line to line; a rate is that of as many seconds
_TICK = 0.5  # seconds between looks


class Pace:
    """How far the work on one framework is, how fast it goes, and what has come of it."""

    def __init__(self, total: int) -> None:
        self.total, self.done = total, 0
        self.counts: Counter[Status] = Counter()
        self._samples: deque[tuple[float, int]] = deque()  # times, and what was done then

    def count(self, status: Status) -> None:
        """One more is done."""
        self.done = min(self.done + 1, self.total)  # what was observed twice is one still
        self.counts[status] += 1

    def sample(self, now: float) -> None:
        """Remember how much is done now; while nothing is, nobody has begun."""
        if not self.done:
            self._samples.clear()
        self._samples.append((now, self.done))
        while len(self._samples) > 2 and self._samples[1][0] <= now - EVERY:
            self._samples.popleft()

    @property
    def rate(self) -> float:
        """How many a second, of late."""
        if len(self._samples) < 2:
            return 0.0
        (then, before), (now, done) = self._samples[0], self._samples[-1]
        return (done - before) / (now - then) if now > then else 0.0

    @property
    def speed(self) -> str:
        """How fast it goes and when it will be done, in words."""
        if self.done == self.total:
            return "done"
        if not self.done:
            return "waiting"
        if not self.rate:
            return "standing still"
        return f"{self.rate:.{0 if self.rate >= 10 else 1}f}/s, {duration((self.total - self.done) / self.rate)} left"

    @property
    def found(self) -> str:
        """How many of each status, in words."""
        return ", ".join(f"{self.counts[status]} {status}" for status in occurring(self.counts))


class Progress:
    """Counts the observations that are made, and tells of them: a context manager.

    Parameters
    ----------
    console : Console, optional
        Standard error's, if left out.
    clock : callable, optional
        Tells the time, in seconds.
    """

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console or Console(stderr=True)
        self._clock, self._lock, self._ended = clock, threading.Lock(), threading.Event()
        self._paces: dict[str, Pace] = {}
        self._tasks: dict[str, TaskID] = {}
        self._last = clock()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            TextColumn("{task.fields[found]}", style="dim"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )

    def __enter__(self) -> Progress:
        self._bars.start()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
        self._bars.stop()

    def begin(self, work: Iterable[Shard]) -> None:
        """So much is to be done."""
        totals: Counter[str] = Counter()
        for shard in work:
            totals[shard.place.release or shard.place.framework] += sum(len(job.probes) for job in shard.jobs)
        with self._lock:
            for name, total in totals.items():
                self._paces[name] = Pace(total)
                self._tasks[name] = self._bars.add_task(name, total=total, speed="", found="")
            self._last = self._clock()
        self.tick()

    def count(self, seen: Observation) -> None:
        """One more has been made. Called from all threads."""
        status = judge.status(seen)
        with self._lock:
            self._paces[seen.surface.release or seen.surface.framework].count(status)

    def tick(self) -> None:
        """Look at how far it is; show it, or tell if it is time to."""
        with self._lock:
            now = self._clock()
            for name, pace in self._paces.items():
                pace.sample(now)
                self._bars.update(self._tasks[name], completed=pace.done, speed=pace.speed, found=pace.found)
            if self._console.is_terminal or not self._paces or now - self._last < EVERY:
                return
            self._last = now
            told = "; ".join(map(_told, self._paces.items()))
        print(f"convarith: {told}", file=sys.stderr, flush=True)

    def _watch(self) -> None:
        while not self._ended.wait(_TICK):
            self.tick()


def _told(item: tuple[str, Pace]) -> str:
    name, pace = item
    found = f" ({pace.found})" if pace.found else ""
    return f"{name} {pace.done} of {pace.total}, {pace.speed}{found}"


def duration(seconds: float) -> str:
    """A time to wait, in words: no more exact than it can be known."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
