"""What investigating a layer costs, against importing the frameworks: ``python benchmarks/investigate.py [PYTHON]``.

Prints medians of whole processes, run in turns, and their ratio to one that imports PyTorch, TensorFlow and JAX and
does nothing; and of comparing two layers when all is imported. PYTHON is one with convarith and no framework.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

REPEATS = 5
EXPLAIN = ["-m", "harness", "explain", "conv", "--i", "6", "--k", "3", "--s", "2", "--padding", "same"]
COMPARE = """
import statistics, time
import keras, torch
import convarith

first, times = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1), []
for _ in range(5):
    second = keras.layers.Conv2D(8, 3, strides=2, padding="same", data_format="channels_last")
    began = time.perf_counter()
    assert not convarith.compare(first, second, (1, 3, 32, 32)).equal
    times.append(time.perf_counter() - began)
print(statistics.median(times))
"""


def main() -> None:
    """Print the table."""
    three = [word for name in ("torch", "tensorflow", "jax") for word in ("-f", name)]
    commands = {
        "import torch, tensorflow, jax": [sys.executable, "-c", "import torch, tensorflow, jax"],
        "convarith explain, these three": [sys.executable, *EXPLAIN, *three],
        "convarith explain, all installed": [sys.executable, *EXPLAIN],
    }
    if sys.argv[1:]:
        commands["convarith explain, none installed"] = [sys.argv[1], *EXPLAIN]
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(REPEATS):
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
            times[name].append(time.perf_counter() - began)
    least = statistics.median(next(iter(times.values())))
    for name, measured in times.items():
        median = statistics.median(measured)
        print(f"{name:<36}{median:>6.2f} s{median / least:>7.2f}×")
    compared = subprocess.run(
        [sys.executable, "-c", COMPARE],
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    median = float(compared.stdout)
    print(f"{'convarith.compare, 32×32, imported':<36}{median:>6.2f} s{median / least:>7.2f}×")


if __name__ == "__main__":
    main()
