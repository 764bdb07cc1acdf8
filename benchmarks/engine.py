"""What the engine costs, against a bare loop over the same framework calls: ``python benchmarks/engine.py [CASES]``.

Trio: a convolution's forward operator and adjoint, and its transposed convolution's operator, of random 2-d layers with
unequal axes. The bare loop makes the calls of the adapter, prepared beforehand, in one process, and throws their
results away; the engine prepares them, observes, compares with the theory, writes and closes the run. Both take turns,
and medians are printed. Neither counts the start of a framework, both its first use, some tenths of a second: only from
some thousand cases on does it not show. Cases that end the process are left out of both, and so are frameworks that are
not installed.
"""

from __future__ import annotations

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
from harness.observe.engine import Shard
from harness.observe.supervisor import Limits, Place
from harness.pipeline import conduct
from harness.records import Job, Observation, Surface

REPEATS = 3
BARE = "--bare"  # what a process is told that is to make the bare loop


@dataclass(frozen=True)
class Row:
    """What is measured."""

    title: str
    framework: str
    route: str
    mode: str
    said: str  # at the ends of ids: the element type, the layout
    least: int  # cases a second, to be reached by the engine
    most: float  # engine ÷ bare, to be kept to
    share: float = 1.0  # of the cases asked for: some frameworks are slow


ROWS = (
    Row("torch float32 trio", "torch", "torch.nn.functional", "eager", "", 600, 1.15),
    Row("torch float64 trio", "torch", "torch.nn.functional", "eager", ".float64", 4000, 0),
    Row("TensorFlow eager trio", "tensorflow", "tf.nn", "eager", "", 600, 1.2),
    Row("JAX trio, together", "jax", "jax.lax", "jit", ".channels_last", 100, 1.1, 0.5),
    Row("Keras layers trio", "keras-tensorflow", "keras.layers", "eager", ".channels_last", 0, 1.1, 0.2),
)


def trios(number: int, row: Row, without: Collection[str] = ()) -> list[Job]:
    """So many random trios, without some cases."""
    rng = random.Random(0)
    surface = Surface(row.framework, row.route, row.mode)
    adapter = registry.load(registry.adapters()[row.framework])
    jobs: list[Job] = []
    for _ in range(100 * number):
        if len(jobs) == 2 * number:
            break
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
        jobs += [Job(ids[0], surface, ("forward", "adjoint")), Job(ids[1], surface, ("forward",))]
    # As a run has them: all of one operation, then all of the other.
    return list(dict.fromkeys(jobs[::2])) + list(dict.fromkeys(jobs[1::2]))


def bare(number: int, row: Row, without: Collection[str]) -> float:
    """Seconds that the adapter's calls take by themselves."""
    adapter = registry.load(registry.adapters()[row.framework])("cpu")
    most = adapter.routes[row.route].modes[row.mode].batch
    work = trios(number, row, without)
    calls = []
    for start in range(0, len(work), most):
        batch = []
        for job in work[start : start + most]:
            for probe in job.probes:
                prepared = probing.prepare(adapter, parse(job.case_id), row.route, row.mode, probe)
                assert not isinstance(prepared, Unsupported)
                batch += prepared
        calls.append(batch)
    began = time.perf_counter()
    for batch in calls:
        for _ in adapter.run(batch):
            pass
    return time.perf_counter() - began


class _Began:
    """Looks on, for the moment at which the first observation was there."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def begin(self, work: Sequence[Shard], /) -> None:
        """Nothing to do."""

    def count(self, seen: Observation, /) -> None:
        """Note when the first is there."""
        if not self.times:
            self.times.append(time.perf_counter() - seen.seconds)


def whole(
    number: int,
    row: Row,
    workers: int,
    without: Collection[str] = (),
    look: Callable[[Path], None] = lambda _: None,
) -> float:
    """Seconds that the engine takes, from the first case to the closed run."""
    work = trios(number, row, without)
    place = Place(row.framework, registry.adapters()[row.framework], sys.executable)
    began = _Began()
    with tempfile.TemporaryDirectory() as folder:
        run = store.Run(version="0", asked={})
        store.create(Path(folder) / "run", run)
        cases = [parse(name) for name in dict.fromkeys(job.case_id for job in work)]
        shards = [Shard(place, work)]
        done, _ = conduct(run, cases, shards, Path(folder) / "run", workers=workers, limits=Limits(), watcher=began)
        assert done.complete, done.environments
        took = time.perf_counter() - began.times[0]
        look(Path(folder) / "run")
    return took


def deadly(number: int, row: Row, without: Collection[str]) -> list[str]:
    """The cases that end the process, without those that are known."""
    found: list[str] = []

    def look(run: Path) -> None:
        answer = store.query(run, "SELECT DISTINCT case_id FROM verdicts WHERE status = 'crashed'")
        found.extend(name for (name,) in answer.rows)

    whole(number, row, 1, without, look)
    return found


def lines(number: int) -> Iterator[tuple[str, str, str]]:
    """What was measured: a figure's name, its value, and what is to be reached."""
    here = [row for row in ROWS if registry.load(registry.adapters()[row.framework]).is_installed()]
    for row in here:
        cases = max(10, int(number * row.share))
        without: list[str] = []
        while more := deadly(cases, row, without):  # others come in their places
            without += more
        ours, theirs = [], []
        for _ in range(REPEATS):
            ours.append(whole(cases, row, 1, without))
            command = [sys.executable, __file__, BARE, row.title, str(cases), *without]
            theirs.append(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1]))
        engine, loop = statistics.median(ours), statistics.median(theirs)
        yield f"{row.title}: engine ÷ bare loop", f"{engine / loop:.2f}", f"≤ {row.most}" if row.most else ""
        yield f"{row.title}: our own work a case", f"{(engine - loop) / cases * 1e6:.0f} µs", "≤ 150 µs"
        yield f"{row.title}: cases a second", f"{cases / engine:.0f}", f"≥ {row.least}" if row.least else ""
    if not here:
        return
    row = here[0]
    sizes: list[float] = []

    def look(run: Path) -> None:
        told = sum(path.stat().st_size for path in run.rglob("*") if path.is_file())
        sizes.append(told / store.query(run, "SELECT count(*) FROM observations").rows[0][0])

    turns = [
        (whole(number, row, 1), whole(number, row, 2), whole(4 * number, row, 1, (), look)) for _ in range(REPEATS)
    ]
    one, two, four = (statistics.median(column) for column in zip(*turns, strict=True))
    yield f"{row.title}: two workers against one", f"{one / two:.2f}", "≥ 1.7"
    yield f"{row.title}: time a case, {4 * number} against {number}", f"{four / 4 / one:.2f}", "0.9 to 1.1"
    yield "on disk, a closed run, 100 000 observations", f"{sizes[0] * 100_000 / 2**20:.1f} MiB", "≤ 4 MiB"


def main() -> None:
    """Print the table."""
    if sys.argv[1:2] == [BARE]:
        row = next(row for row in ROWS if row.title == sys.argv[2])
        print(bare(int(sys.argv[3]), row, sys.argv[4:]))
        return
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print(f"{number} cases; slow frameworks fewer\n")
    for name, value, wanted in lines(number):
        print(f"{name:<60}{value:>12}   {wanted}", flush=True)


if __name__ == "__main__":
    main()
