"""Objects of the real frameworks, and README's example, each in a process of its own: Keras has one backend in each."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.frameworks

ROOT = Path(__file__).parents[2]


def printed(*arguments: str, backend: str) -> list[str]:
    told = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=True, cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return told.stdout.splitlines()


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_layers_of_all_frameworks_are_compared(backend: str) -> None:
    lines = printed(str(Path(__file__).with_name("real.py")), backend=backend)
    shift = "along H and W, pads (0, 1) and (1, 0): every tap of the second sits 1 input earlier"
    assert lines[0] == f"keras and torch: {shift}"
    for line, name in zip(lines[1:4], ("keras and nnx", "torch and nnx", "torch and linen"), strict=True):
        assert line.startswith(f"{name}: the same operator, ")
    assert lines[4] == f"pools: {shift}"
    assert lines[5] == "cropped: the same operator, exactly"
    assert lines[6].startswith("unbound: flax.linen.Conv has no parameters by itself: give module.bind(")


def test_readme_s_example_prints_what_it_says() -> None:
    page = (ROOT / "README.md").read_text("utf-8")
    (block,) = re.findall(r"```python\n(import convarith.*?)```\n\n```text\n(.*?)```", page, re.DOTALL)
    assert printed("-c", block[0], backend="tensorflow") == block[1].splitlines()
