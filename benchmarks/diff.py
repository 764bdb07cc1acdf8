"""What it costs to compare two runs: ``python benchmarks/diff.py [OBSERVATIONS] [CHANCE]``.

Two runs are made of rows, without observing anything: cases with parameters on ten surfaces, by five aspects, as
wide as real ones. In the second, layers of two sorts are wrong on some of the surfaces; and one observation in CHANCE
is, where that is given, which is the worst that a search for rules can meet. What is measured is the whole program, in
a process of its own: its time, and the most memory that it held.
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
# The parameters of a case, by its number, n.
DRAWN = {
    "op": "CASE WHEN n % 3 = 0 THEN 'conv_transpose' ELSE 'conv' END",
    "i": "[4 + n % 5, 3 + n // 5 % 7]",
    "k": "[1 + n // 35 % 4, 1 + n // 140 % 3]",
    "s": "[1 + n // 420 % 3, 1 + n // 1260 % 2]",
    "p": "n // 2520 % 2",
    "d": "1 + n // 5040 % 2",
}
# What is wrong in the second run: on which layers, and where.
PLANTED = (
    "op = 'conv' AND list_max(s) > 1 AND k[1] % 2 = 0 AND k[2] % 2 = 0 AND surface % 5 = 2",
    "op = 'conv_transpose' AND list_max(k) > 3 AND d[1] > 1 AND surface = 7 AND aspect = 'adjoint'",
)


def make(folder: Path, observations: int, wrong: str) -> None:
    """A closed run, in which some observations are wrong."""
    environment = Environment("made", "python", {"version": wrong})
    store.create(folder, store.Run(version="1", asked={}, environments=(environment,), complete=True))
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE aspects AS SELECT unnest({list(ASPECTS)!r}) AS aspect")
        database.execute(
            f"CREATE TABLE drawn AS SELECT n, {', '.join(f'{sql} AS {name}' for name, sql in DRAWN.items())} "
            f"FROM range({observations // (SURFACES * len(ASPECTS))}) AS of_n(n)"
        )
        database.execute(
            "CREATE TABLE cases AS SELECT 'conv2d.i' || i[1] || 'x' || i[2] || '.k' || k[1] || 'x' || k[2] || '.s' || "
            "s[1] || 'x' || s[2] || '.p' || p || 'x' || p || '.d' || d || 'x' || d || '.n' || n AS case_id, op, "
            "2 AS rank, i, k, s, [p, p] AS p_before, [p, p] AS p_after, [d, d] AS d, [0, 0] AS a, "
            "'explicit' AS padding, 2 AS channels_in, 3 AS channels_out, 1 AS groups, NULL::INTEGER AS batch, "
            "false AS bias, false AS ceil_mode, true AS count_include_pad, NULL::INTEGER AS divisor, "
            "'float32' AS dtype, 'default' AS layout FROM drawn"
        )
        database.execute(
            "CREATE TABLE rows AS SELECT case_id, 'made' AS framework, 'made.layers' || surface % 5 AS route, "
            "CASE WHEN surface < 5 THEN 'eager' ELSE 'jit' END AS mode, '' AS switch, '' AS release, aspect AS probe, "
            f"{wrong} AS wrong, md5(case_id || aspect || CASE WHEN {wrong} THEN 'x' ELSE '' END) AS digest "
            f"FROM cases, range({SURFACES}) AS of_surface(surface), aspects"
        )
        order = "ORDER BY case_id, framework, route, mode, switch, release"
        for name, sql in (
            ("cases", "SELECT * FROM cases ORDER BY case_id"),
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


def main(observations: int, chance: int) -> None:
    """Make both, and compare them."""
    noise = f"hash(case_id, surface, aspect) % {chance} = 0" if chance else "false"
    with tempfile.TemporaryDirectory() as scratch:
        for name, wrong in (("before", "false"), ("after", f"({' OR '.join((*PLANTED, noise))})")):
            make(Path(scratch) / name, observations, wrong)
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
    print(printed)
    assert os.waitstatus_to_exitcode(status) == 1
    print(
        f"{observations} observations each: {took:.1f} s, {used.ru_maxrss / 2**10:.0f} MiB, "
        f"{used.ru_utime + used.ru_stime:.1f} s CPU"
    )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*given, *(1_000_000, 0)[len(given) :])
