"""What a run costs on disk and in the parent's memory: ``python benchmarks/storage.py [OBSERVATIONS]``.

Observations are made up, so that no framework is waited for: cases on twenty surfaces, each looked at by four probes,
of which two thirds are as the theory says, three in ten cannot be said, and one in fifty deviates, in four ways. They
go the way of all observations, from the engine's lines to closed tables, rules and reports. Each size is a process of
its own, whose greatest memory is read; what is timed is what follows the last observation, and ``run --resume`` of the
finished run.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from cases.case import Case, parse
from harness import judge, store
from harness.commands.asked import Asked
from harness.commands.ledger import Ledger
from harness.commands.report import conclude
from harness.observe.engine import Shard
from harness.observe.supervisor import Limits, Place
from harness.operator import Operator
from harness.pipeline import conduct
from harness.records import Environment, Job, Observation, Probe, Surface
from harness.spread import Engine
from harness.store import log

SURFACES = tuple(Surface("made", f"made.layers{route}", mode) for route in range(10) for mode in ("eager", "jit"))
PROBES: tuple[Probe, ...] = ("forward", "adjoint", "bias", "declared")
SIZES = (1_000, 10_000, 100_000, 1_000_000)
REPEATS = 3
CHILD = "--child"
FACTS = {"version": "1.0", "device": "cpu", "threads": "1"}


def cases(number: int) -> list[Case]:
    """So many different convolutions."""
    ends = list(itertools.product((1, 2), (1, 2), (0, 1), (0, 1), (1, 2, 3), (1, 2, 3), range(4, 30), range(4, 12)))
    random.Random(0).shuffle(ends)
    return [parse(f"conv2d.i{i}x{j}.k{k}x{m}.s{s}x{w}.p{p}x{q}.d1x1") for s, w, p, q, k, m, i, j in ends[:number]]


class Made(Executor):
    """Makes the observations of a shard up, at once and in this process."""

    def __init__(self) -> None:
        self.last = 0.0  # when the last was made

    def submit(self, _: object, /, *arguments: Any, **__: Any) -> Future[Any]:
        """The lines of a shard."""
        (shard, _) = arguments
        lines = [log.line(self._seen(job, probe)) for job in shard.jobs for probe in job.probes]
        done: Future[Any] = Future()
        done.set_result((b"".join(lines), Environment("made", sys.executable, FACTS)))
        self.last = time.perf_counter()
        return done

    @staticmethod
    def _seen(job: Job, probe: Probe) -> Observation:
        case, route = parse(job.case_id), int(job.surface.route[-1])
        (k, m), (s, w), (p, q), (i, _) = (case.each(letter) for letter in ("k", "s", "p_before", "i"))
        shape, digest = judge.aspect(job.case_id, probe)
        seen = Observation(
            case_id=job.case_id,
            surface=job.surface,
            probe=probe,
            outcome="returned",
            shape=shape,
            digest=digest,
            seconds=1e-6 * (100 + zlib.crc32(job.case_id.encode()) % 1000),
        )
        nothing = replace(seen, shape=None, digest=None)
        if route < 6 and s != w:
            return replace(nothing, outcome="unsupported", text=f"{job.surface.route} has one stride for all axes")
        if route in (6, 7) and s > k and w > m:
            text = f"strides of {s} and {w} are more than the kernel takes, {job.case_id}"
            return replace(nothing, outcome="raised", error="RuntimeError", text=text)
        if route == 8 and (p, q, k, m) == (1, 1, 3, 3) and probe == "declared":
            return replace(seen, shape=(*shape[:-1], shape[-1] + 1))
        if route == 9 and job.surface.mode == "jit" and k == m == 2 and probe == "bias":
            wrong = Operator.of(np.ones((int(np.prod(shape[1:])), 1)))
            return replace(seen, digest=wrong.digest, operator=wrong.to_json())
        if route == 9 and job.surface.mode == "eager" and i == 29:
            return replace(nothing, outcome="crashed", error="SIGSEGV", text="the last words")
        return seen


@dataclass(frozen=True)
class Cost:
    """What one run cost: seconds, and MiB."""

    observations: int
    closing: float
    resuming: float
    memory: float
    resuming_memory: float
    on_disk: float
    start: float  # MiB before anything was done


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def child(observations: int, folder: Path) -> None:
    """Make a run, and say what it cost."""
    start, made = _memory(), Made()
    chosen = cases(observations // (len(SURFACES) * len(PROBES)))
    place = Place("made", "made:Made", sys.executable)
    jobs = [Job(case.id, surface, PROBES) for surface in SURFACES for case in chosen]
    asked = Asked()
    run = store.Run(
        version=version("convarith"),
        asked={"grid": "made", "device": "cpu"},
        selection=asked.remembered([(place, ())], "made"),
        cases=len(chosen),
    )
    store.create(folder, run)
    with contextlib.redirect_stdout(io.StringIO()):
        run, _ = conduct(run, chosen, [Shard(place, jobs)], folder, workers=1, limits=Limits(), engine=Engine(made, 1))
        judged, _ = conclude(folder, run, Ledger().entries())
    closing = time.perf_counter() - made.last
    assert run.complete
    print(msgspec.json.encode((judged.total, closing, _memory(), start)).decode())


def measured(observations: int, folder: Path) -> Cost:
    """A run of so many observations, made and gone on with."""
    here = str(Path(__file__).parents[1])
    told = subprocess.run(
        [sys.executable, __file__, CHILD, str(observations), str(folder)],
        env={**os.environ, "PYTHONPATH": here},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    total, closing, memory, start = msgspec.json.decode(told)
    on_disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "harness", "run", "--resume", "--out", str(folder)],
        env={**os.environ, "PYTHONPATH": here},
        stdout=subprocess.DEVNULL,
    ) as program:
        _, status, used = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
    assert program.returncode in (0, 1)
    return Cost(total, closing, time.perf_counter() - began, memory, used.ru_maxrss / 1024, on_disk, start)


def lines(most: int) -> Iterator[tuple[str, str, str]]:
    """What was measured: a figure's name, its value, and what is to be reached."""
    sizes = [size for size in SIZES if size < most] + [most]
    costs: dict[int, list[Cost]] = {size: [] for size in sizes}
    for size in sizes:
        for _ in range(1 if size > 100_000 else REPEATS):
            with tempfile.TemporaryDirectory() as scratch:
                costs[size].append(measured(size, Path(scratch) / "run"))

    def median(size: int, name: str) -> float:
        return statistics.median(float(getattr(cost, name)) for cost in costs[size])

    for size in sizes:
        yield f"{size} observations: the parent's memory", f"{median(size, 'memory'):.0f} MiB", "≤ 500 MB (477 MiB)"
    for size in sizes:
        each = 1e6 * median(size, "closing") / median(size, "observations")
        yield f"{size} observations: closing, an observation", f"{each:.0f} µs", "constant"
    for size in sizes:
        yield f"{size} observations: resuming, finished", f"{median(size, 'resuming'):.1f} s", "≤ 5 s"
    for size in sizes:
        yield f"{size} observations: memory of that", f"{median(size, 'resuming_memory'):.0f} MiB", ""
    for size in sizes[-1:]:
        each = 100_000 * median(size, "on_disk") / median(size, "observations")
        yield f"{size} observations: on disk, for 100 000", f"{each:.2f} MiB", "≤ 4 MiB"


def main() -> None:
    """Print the table."""
    if sys.argv[1:2] == [CHILD]:
        child(int(sys.argv[2]), Path(sys.argv[3]))
        return
    for name, value, wanted in lines(int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1]):
        print(f"{name:<56}{value:>12}   {wanted}", flush=True)


if __name__ == "__main__":
    main()
