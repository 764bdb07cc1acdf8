"""The child process that runs translated code: ``python -m harness.investigate.code_worker ADAPTER``.

It reads one JSON object from standard input and writes a line for each of its jobs to the descriptor that is named in
it: the operator of the layer that a code defines, at each size, or what it raised. The code is ours, made from what was
read; what a user wrote never comes here. Needs NumPy and the framework.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.frameworks import registry
from harness.frameworks.arrays import SPATIAL, arranged
from harness.frameworks.base import raised
from harness.operator import Operator

GROUND = -2.0  # a maximum's impulses are -1 over it, so that padding with zeros would show


def main() -> int:
    """Run all jobs."""
    given = json.load(sys.stdin)
    with os.fdopen(given["reports"], "w") as reports:
        registry.load(sys.argv[1])("cpu")  # imports and configures the framework
        for job in given["jobs"]:
            reports.write(json.dumps({"began": job["number"]}) + "\n")
            reports.flush()
            reports.write(json.dumps({"number": job["number"], **ran(job)}) + "\n")
            reports.flush()
    return 0


def ran(job: Mapping[str, Any]) -> dict[str, Any]:
    """The operators of one job's code, a list for each size, or the error it raised."""
    names: dict[str, Any] = {"np": np}
    exec("\n".join(job["imports"]), names)  # noqa: S102  # our own text
    if job["kernel"] is not None:
        names["kernel"] = np.asarray(job["kernel"], dtype=np.float32)
        names["bias"] = np.asarray(job["bias"], dtype=np.float32)
    try:
        exec(compile(job["code"], "<translation>", "exec"), names)  # noqa: S102  # our own text
        return {"operators": [operator(job, names, sizes) for sizes in job["sizes"]]}
    except Exception as error:  # whatever it raises is the answer
        found = raised(error)
        return {"error": f"{found.error}: {found.text}"[:500]}


def operator(job: Mapping[str, Any], names: dict[str, Any], sizes: list[int]) -> dict[str, Any]:
    """The layer's matrix at one size, a row for each output, and the output's shape."""
    spatial = SPATIAL[len(sizes)]
    units = job["channels"] * math.prod(sizes)
    x = np.zeros((units + 1, job["channels"], *sizes), dtype=np.float32)
    x.reshape(-1)[: units * units : units + 1] = 1
    if job["maximum"]:
        x += GROUND
    names["x"] = np.ascontiguousarray(arranged(x, f"NC{spatial}", job["data"]))
    names["x"] = eval(job["tensor"], names)  # noqa: S307  # our own text
    names["y"] = names["layer"](names["x"])
    y: NDArray[Any] = np.asarray(eval(job["array"], names))  # noqa: S307  # our own text
    y = arranged(y, job["data"], f"NC{spatial}").astype(np.float64)
    shape = y.shape[1:]
    flat = y.reshape(units + 1, -1)
    matrix = (flat[:-1] - (GROUND if job["maximum"] else flat[-1:])).T
    return {"shape": shape, "operator": Operator.of(matrix).to_json()}


if __name__ == "__main__":
    sys.exit(main())
