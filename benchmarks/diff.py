"""What it costs to compare two runs: ``python benchmarks/diff.py [OBSERVATIONS]``.

Two runs are made of rows, without observing anything: cases on ten surfaces, by five aspects, as wide as real ones. One
in a hundred differs. What is measured is the whole program, in a process of its own: its time, and the most memory that
it held.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from harness import store
from harness.records import Environment

SURFACES, ASPECTS = 10, ("forward", "adjoint", "dense", "bias", "declared")


def make(folder: Path, observations: int, differing: int) -> None:
    """A closed run."""
    environment = Environment("made", "python", {"version": str(differing)})
    store.create(folder, store.Run(version="1", asked={}, environments=(environment,), complete=True))
    cases = observations // (SURFACES * len(ASPECTS))
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE aspects AS SELECT unnest({list(ASPECTS)!r}) AS aspect")
        database.execute(
            f"CREATE TABLE cases AS SELECT 'conv2d.i' || n || 'x' || n % 7 || '.k3x2.s2x1.p1x0.d1x1.c2to3' AS case_id, "
            f"n, 'conv' AS op FROM range({cases}) AS of_n(n)"
        )
        database.execute(
            "CREATE TABLE rows AS SELECT case_id, 'made' AS framework, 'made.layers' || s % 5 AS route, "
            "CASE WHEN s < 5 THEN 'eager' ELSE 'jit' END AS mode, '' AS switch, '' AS release, aspect AS probe, "
            f"md5(case_id || aspect || CASE WHEN hash(case_id, s, aspect) % {differing} = 0 THEN 'x' ELSE '' END) "
            f"AS digest, hash(case_id, s, aspect) % {differing} = 0 AS wrong "
            f"FROM cases, range({SURFACES}) AS of_s(s), aspects"
        )
        order = "ORDER BY case_id, framework, route, mode, switch, release"
        for name, sql in (
            ("cases", "SELECT case_id, op FROM cases ORDER BY case_id"),
            (
                "observations",
                "SELECT * EXCLUDE (wrong), 'returned' AS outcome, [1, 3, 7, 5]::INTEGER[] AS shape, "
                f"NULL::VARCHAR AS error, NULL::VARCHAR AS text, 0.001 AS seconds FROM rows {order}, probe",
            ),
            (
                "verdicts",
                "SELECT * EXCLUDE (wrong, digest) RENAME (probe AS aspect), "
                "CASE WHEN wrong THEN 'wrong_operator' ELSE 'agrees' END AS status, 'o = 7×5' AS observed, "
                f"'' AS diagnosis FROM rows {order}, aspect",
            ),
        ):
            database.sql(sql).write_parquet(str(folder / f"{name}.parquet"), compression="zstd")


def main(observations: int) -> None:
    """Make both, and compare them."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, differing in (("before", 100), ("after", 101)):
            make(Path(scratch) / name, observations, differing)
        began = time.monotonic()
        program = subprocess.Popen(
            [sys.executable, "-m", "harness", "diff", "before", "after"],
            cwd=scratch,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )
        assert program.stdout is not None
        printed = program.stdout.read().decode()
        _, status, used = os.wait4(program.pid, 0)
        took = time.monotonic() - began
    print(printed.splitlines()[0])
    assert os.waitstatus_to_exitcode(status) == 1
    print(
        f"{observations} observations each: {took:.1f} s, {used.ru_maxrss / 2**10:.0f} MiB, {used.ru_utime:.1f} s CPU"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
