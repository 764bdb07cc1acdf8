"""Progress of long work: bars on standard error, on a terminal only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from harness.observe.engine import Shard
from harness.records import Observation


class Progress:
    """One bar for each framework, counting the observations that are made."""

    def __init__(self, shards: Iterable[Shard]) -> None:
        totals: Counter[str] = Counter()
        for shard in shards:
            totals[shard.place.framework] += sum(len(job.probes) for job in shard.jobs)
        console = Console(stderr=True)
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {
            name: self._bars.add_task(name, total=total) for name, total in totals.items()
        }

    def __enter__(self) -> Progress:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()

    def count(self, seen: Observation) -> None:
        """One more has been made."""
        self._bars.advance(self._tasks[seen.surface.framework])
