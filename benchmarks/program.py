"""What starting the program costs, against starting Python itself: ``python benchmarks/program.py``.

Prints medians of whole processes, run in turns, and their ratio.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

REPEATS = 15


def main() -> None:
    """Print the table."""
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "convarith --help": [sys.executable, "-m", "harness", "--help"],
        "convarith list --count": [sys.executable, "-m", "harness", "list", "--count"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(REPEATS):
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            times[name].append(time.perf_counter() - began)
    least = statistics.median(times["python -c pass"])
    for name, measured in times.items():
        median = statistics.median(measured)
        print(f"{name:<24}{median * 1e3:>8.0f} ms{median / least:>8.1f}×")


if __name__ == "__main__":
    main()
