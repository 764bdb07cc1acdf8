"""What the engine costs, against a bare loop over the same framework calls.

``python benchmarks/engine.py [CASES] [--row NAME]…`` prints one row, several, or all; ``--rows`` lists them.

Trio: a convolution's forward operator and adjoint, and its transposed convolution's operator, of random 2-d layers with
unequal axes. The bare loop makes the calls of the adapter, prepared beforehand, in one process, and throws their
results away; the engine prepares them, observes, compares with the theory, writes and closes the run. Both take turns,
and medians are printed. Neither counts the start of a framework nor its first use, some tenths of a second. Cases that
end the process are left out of both, and so are frameworks that are not installed.

Walls are of one worker, with its parent on another core. Where a machine has other things to do they say little, so
the processor's time is told as well: of the worker's side and of the bare loop, each in a process of its own, and of
the parent.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cases.case import parse
from harness import store
from harness.frameworks import registry
from harness.frameworks.base import Unsupported
from harness.observe import probe as probing
from harness.observe import unwritten, worker
from harness.observe.child import resident
from harness.observe.engine import Shard
from harness.observe.supervisor import Limits, Place
from harness.pipeline import conduct
from harness.records import Job, Observation, Surface

REPEATS = 3
WARM = 10  # cases before the clock starts

Line = tuple[str, str, str]
"""A figure's name, its value, and what is to be reached."""


@dataclass(frozen=True)
class Row:
    """What is measured, against a bare loop."""

    name: str
    framework: str
    route: str
    mode: str
    said: str  # at the ends of ids: the element type, the layout
    least: int  # cases a second, to be reached by the engine
    most: float  # engine ÷ bare, to be kept to
    share: float = 1.0  # of the cases asked for: some frameworks are slow
    forward: bool = False  # the convolution's forward operator alone


ROWS = (
    Row("torch float32 trio", "torch", "torch.nn.functional", "eager", "", 600, 1.15),
    Row("torch float64 trio", "torch", "torch.nn.functional", "eager", ".float64", 4000, 0),
    Row("TensorFlow eager trio", "tensorflow", "tf.nn", "eager", "", 600, 1.2),
    Row("JAX trio, together", "jax", "jax.lax", "jit", ".channels_last", 100, 1.1, 0.5),
    Row("JAX forward, together", "jax", "jax.lax", "jit", ".channels_last", 600, 0, forward=True),
    Row("Keras layers trio", "keras-tensorflow", "keras.layers", "eager", ".channels_last", 0, 1.1, 0.2),
)


def trios(number: int, row: Row, without: Collection[str] = ()) -> list[Job]:
    """So many random trios, without some cases."""
    rng = random.Random(0)
    surface = Surface(row.framework, row.route, row.mode)
    adapter = registry.load(registry.adapters()[row.framework])
    jobs: dict[Job, Job] = {}
    while len(jobs) < number:
        i, k, s = ((rng.randint(*ends), rng.randint(*ends)) for ends in ((3, 12), (1, 5), (1, 3)))
        p = (0, 0) if row.framework.startswith("keras") else (rng.randint(0, 3), rng.randint(0, 3))
        if i[0] == i[1] or any(x + 2 * z < y for x, y, z in zip(i, k, p, strict=True)):
            continue
        o = [(x + 2 * z - y) // w + 1 for x, y, w, z in zip(i, k, s, p, strict=True)]
        a = [(x + 2 * z - y) % w for x, y, w, z in zip(i, k, s, p, strict=True)]
        rest = ".".join(f"{letter}{v[0]}x{v[1]}" for letter, v in (("k", k), ("s", s), ("p", p), ("d", (1, 1))))
        names = (
            f"conv2d.i{i[0]}x{i[1]}.{rest}{row.said}",
            f"conv_transpose2d.i{o[0]}x{o[1]}.{rest}.a{a[0]}x{a[1]}{row.said}",
        )
        ids = [parse(name).id for name in names]
        if not set(ids).isdisjoint(without):
            continue
        if any(isinstance(adapter.say(parse(name), row.route), Unsupported) for name in ids):
            continue
        jobs[Job(ids[0], surface, ("forward",) if row.forward else ("forward", "adjoint"))] = Job(
            ids[1], surface, ("forward",)
        )
    # As a run has them: all of one operation, then all of the other.
    return [*jobs] if row.forward else [*jobs, *jobs.values()]


def warm(row: Row, without: Collection[str]) -> list[Job]:
    """Some of each operation, as a framework's first use: layers whose element type no row has."""
    return trios(WARM, Row(**{**row.__dict__, "said": ".float16" + row.said.replace(".float64", "")}), without)


def bare(work: Sequence[Job], row: Row) -> tuple[float, float]:
    """Seconds that the adapter's calls take by themselves, and of the processor."""
    adapter = registry.load(registry.adapters()[row.framework])("cpu")
    most = adapter.routes[row.route].modes[row.mode].batch
    both = []
    for some in (warm(row, ()), work):
        calls = []
        for start in range(0, len(some), most):
            batch = []
            for job in some[start : start + most]:
                for probe in job.probes:
                    prepared = probing.prepare(adapter, parse(job.case_id), row.route, row.mode, probe)
                    assert not isinstance(prepared, Unsupported)
                    batch += prepared
            calls.append(batch)
        both.append(calls)
    for began in (False, True):
        wall, processor = time.perf_counter(), time.process_time()
        for batch in both[began]:
            for _ in adapter.run(batch):
                pass
    return time.perf_counter() - wall, time.process_time() - processor


def worked(work: Sequence[Job], row: Row) -> tuple[float, float, int]:
    """Seconds that the worker's side takes, of the processor too, and bytes that it grows by after 1 000 cases."""
    adapter = registry.load(registry.adapters()[row.framework])("cpu")
    told = [[n, job.case_id, job.surface.route, job.surface.mode, job.probes] for n, job in enumerate(work)]
    first = [[n, job.case_id, job.surface.route, job.surface.mode, job.probes] for n, job in enumerate(warm(row, ()))]
    gc.freeze()  # as the worker does
    worker.attend(adapter, first, False, io.StringIO())
    wall, processor, early = time.perf_counter(), time.process_time(), 0
    for start in range(0, len(told), 1000):
        worker.attend(adapter, told[start : start + 1000], False, io.StringIO())
        early = early or resident(os.getpid())
    return time.perf_counter() - wall, time.process_time() - processor, resident(os.getpid()) - early


class _Began:
    """Looks on, for the moment at which the first observation was there of what is measured."""

    def __init__(self, before: Collection[Job]) -> None:
        self.wall = self.processor = 0.0
        self._before = {job.case_id for job in before}

    def begin(self, work: Sequence[Shard], /) -> None:
        """Nothing to do."""

    def count(self, seen: Observation, /) -> None:
        """Note when the first is there."""
        if not self.wall and seen.case_id not in self._before:
            self.wall, self.processor = time.perf_counter() - seen.seconds, time.process_time()


def whole(
    work: Sequence[Job], row: Row, workers: int = 1, look: Callable[[Path], None] = lambda _: None
) -> tuple[float, float]:
    """Seconds that the engine takes, from the first case to the closed run, and the parent of the processor."""
    place = Place(row.framework, registry.adapters()[row.framework], sys.executable)
    first = warm(row, ())
    began = _Began(first)
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        store.create(run, store.Run(version="0", asked={}))
        cases = [parse(name) for name in dict.fromkeys(job.case_id for job in (*first, *work))]
        shards = [Shard(place, first), Shard(place, work)]
        done, _ = conduct(store.read_run(run), cases, shards, run, workers=workers, limits=Limits(), watcher=began)
        assert done.complete, done.environments
        took = time.perf_counter() - began.wall, time.process_time() - began.processor
        look(run)
    return took


def deadly(number: int, row: Row) -> list[str]:
    """The cases that end the process; others come in their places, and some of these do too."""
    without: list[str] = []
    while True:
        found: list[str] = []

        def look(run: Path, found: list[str] = found) -> None:
            answer = store.query(run, "SELECT DISTINCT case_id FROM verdicts WHERE status = 'crashed'")
            found.extend(name for (name,) in answer.rows)

        whole(trios(number, row, without), row, look=look)
        if not found:
            return without
        without += found


def alone(what: str, number: int, row: Row, without: Sequence[str]) -> list[float]:
    """What a function of this file finds in a process of its own, whose memory is filled as a worker's is."""
    command = [sys.executable, __file__, str(number), "--row", row.name, "--alone", what, "--without", *without]
    environment = {**os.environ, **unwritten.variables(os.environ)}
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    return [float(word) for word in told.splitlines()[-1].split()]


def against_bare(number: int, row: Row) -> Iterator[Line]:
    """The engine against the bare loop."""
    cases = max(10, int(number * row.share))
    without = deadly(cases, row)
    work = trios(cases, row, without)
    turns = [
        (*whole(work, row), *alone("bare", cases, row, without), *alone("worked", cases, row, without)[:2])
        for _ in range(REPEATS)
    ]
    engine, parent, loop, loop_cpu, _, worker_cpu = (statistics.median(column) for column in zip(*turns, strict=True))
    a_case = 1e6 / cases
    yield f"{row.name}: cases", f"{cases}", ""
    yield f"{row.name}: engine ÷ bare loop", f"{engine / loop:.2f}", f"≤ {row.most}" if row.most else ""
    yield f"{row.name}: our own work a case", f"{(engine - loop) * a_case:.0f} µs", "≤ 150 µs"
    yield f"{row.name}: cases a second", f"{cases / engine:.0f}", f"≥ {row.least}" if row.least else ""
    yield f"{row.name}: cases a second, bare loop", f"{cases / loop:.0f}", ""
    yield f"{row.name}: processor a case, bare loop", f"{loop_cpu * a_case:.0f} µs", ""
    yield f"{row.name}: processor a case, worker beyond it", f"{(worker_cpu - loop_cpu) * a_case:.0f} µs", ""
    yield f"{row.name}: processor a case, parent", f"{parent * a_case:.0f} µs", ""


def two_workers(number: int) -> Iterator[Line]:
    """Two workers against one, in turns."""
    for row in (ROWS[0], ROWS[2]):
        if _installed(row):
            work = trios(number, row, deadly(number, row))
            turns = [(whole(work, row)[0], whole(work, row, 2)[0]) for _ in range(REPEATS)]
            one, two = (statistics.median(column) for column in zip(*turns, strict=True))
            yield f"{row.name}: two workers against one", f"{one / two:.2f}", "≥ 1.7"


def scale(number: int) -> Iterator[Line]:
    """What a case takes as cases become more, up to a hundred times as many; and what a closed run takes on disk."""
    row, sizes = ROWS[1], []

    def look(run: Path) -> None:
        told = sum(path.stat().st_size for path in run.rglob("*") if path.is_file())
        sizes.append(told / store.query(run, "SELECT count(*) FROM observations").rows[0][0])

    base = 0.0
    for many in (1, 10, 100):
        took, parent = whole(trios(many * number, row), row, look=look)
        base = base or took
        yield f"time a case, {many * number} cases against {number}", f"{took / many / base:.2f}", "0.9 to 1.1"
        yield f"processor a case, parent, {many * number} cases", f"{parent / many / number * 1e6:.0f} µs", ""
    yield "on disk, a closed run, 100 000 observations", f"{sizes[-1] * 100_000 / 2**20:.1f} MiB", "≤ 4 MiB"


def memory(number: int) -> Iterator[Line]:
    """What a worker grows by after its first 1 000 cases, until it has done a hand's share."""
    for row in ROWS[:4]:
        if _installed(row):
            cases = max(number, 2000)  # two jobs each: what one hand does
            grown = alone("worked", cases, row, deadly(cases, row))[2]
            yield f"{row.name}: a worker's growth, 1 000 to {2 * cases} cases", f"{grown / 1e6:.0f} MB", "≤ 50 MB"


def night(number: int) -> Iterator[Line]:
    """The grid 'nightly' on three frameworks, eager and declared surfaces, from one of so many parts of it.

    What a run takes that observes one case, the start above all, is counted once and not for each part.
    """
    parts = max(1, 60_000 // number)
    modes = {"torch": ("eager", "meta"), "tensorflow": ("eager", "graph"), "jax": ("jit", "eval_shape")}
    asked = (["--case", "conv1d.i4.k3.s1.p0.d1"], ["--grid", "nightly", "--shard", f"1/{parts}"])
    took = [0.0, 0.0]
    with tempfile.TemporaryDirectory() as folder:
        for n, what in enumerate(asked):
            began = time.perf_counter()
            for framework, names in modes.items():
                for mode in names:
                    command = [sys.executable, "-m", "harness", "run", *what, "-f", framework, "--mode", mode]
                    out = ["--out", f"{folder}/{framework}-{mode}-{n}", "--exit-zero", "--no-vary", "-j", "2"]
                    subprocess.run([*command, *out], check=True, capture_output=True)
            took[n] = time.perf_counter() - began
    start, part = took
    whole_grid = start + (part - start) * parts
    yield f"nightly, three frameworks, from 1 of {parts} parts", f"{whole_grid / 60:.0f} min", "≤ 20 min"


OTHERS: dict[str, Callable[[int], Iterator[Line]]] = {
    "two workers": two_workers,
    "scale": scale,
    "memory": memory,
    "nightly": night,
}


def _installed(row: Row) -> bool:
    return registry.load(registry.adapters()[row.framework]).is_installed()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="What the engine costs.")
    parser.add_argument("cases", type=int, nargs="?", default=1000)
    parser.add_argument("--row", action="append", default=[], help="this row alone; may be repeated")
    parser.add_argument("--rows", action="store_true", help="list the rows")
    parser.add_argument("--alone", choices=("bare", "worked"), help=argparse.SUPPRESS)
    parser.add_argument("--without", nargs="*", default=[], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    by_name = {row.name: row for row in ROWS}
    if unknown := set(asked.row) - {*by_name, *OTHERS}:
        parser.error(f"no row '{min(unknown)}': there are {', '.join((*by_name, *OTHERS))}")
    if asked.rows:
        print("\n".join((*by_name, *OTHERS)))
        return
    if asked.alone:
        row = by_name[asked.row[0]]
        work = trios(asked.cases, row, asked.without)
        print(*(bare if asked.alone == "bare" else worked)(work, row))
        return
    print(f"{asked.cases} cases; slow frameworks fewer\n")
    for name in asked.row or (*by_name, *OTHERS):
        if name in by_name and not _installed(by_name[name]):
            continue
        for told in OTHERS[name](asked.cases) if name in OTHERS else against_bare(asked.cases, by_name[name]):
            print("{:<72}{:>12}   {}".format(*told), flush=True)


if __name__ == "__main__":
    main()
