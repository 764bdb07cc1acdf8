"""Programs that have a process of their own: what they set in a framework, print and warn of is their own too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def told(program: str, *arguments: str, **environment: str) -> tuple[Any, str]:
    """What a program prints as JSON after the word RESULT, and what was printed before, by it and its framework."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    printed, _, result = done.stdout.rpartition("RESULT")
    return json.loads(result), printed


def result(program: str, *arguments: str, **environment: str) -> Any:
    """What a program prints as JSON after the word RESULT."""
    return told(program, *arguments, **environment)[0]
