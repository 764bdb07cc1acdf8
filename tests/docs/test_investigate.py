"""The tutorial is what happens: its commands and its code are run, and print what stands beside them."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "investigate.md"
pytestmark = pytest.mark.frameworks


def blocks() -> list[tuple[str, str]]:
    """What is written, a command or Python code, with what the page says it prints; nothing where it says nothing."""
    text = PAGE.read_text()
    found: list[tuple[str, str]] = []
    for part in re.finditer(r"^    (convarith [^\n]*)$|^```(python|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if part[1]:
            found.append((part[1], ""))
        elif part[2] == "python":
            found.append((part[3], ""))
        else:
            found[-1] = (found[-1][0], part[3])
    return found


@pytest.mark.parametrize(("written", "printed"), blocks(), ids=[text.split("\n")[0][:60] for text, _ in blocks()])
def test_what_is_written_prints_what_is_printed(written: str, printed: str, tmp_path: Path) -> None:
    if written.startswith("convarith"):
        command = [sys.executable, "-m", "harness", *shlex.split(written)[1:]]
    else:
        command = [sys.executable, "-c", written]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    if printed:
        assert ran.stdout == printed
    assert ran.stdout
    for file in re.findall(r"--(?:svg|html) (\S+)", written):
        assert (tmp_path / file).read_text()


def test_the_page_has_all_its_steps() -> None:
    assert [text.split()[1] for text, _ in blocks() if text.startswith("convarith")] == [
        *("explain", "explain", "explain", "translate"),
    ]
    assert sum(bool(printed) for _, printed in blocks()) == 3
