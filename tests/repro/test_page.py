"""The page of reproductions: its scripts are those that ``convarith repro`` writes, and each is short."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cases.case import parse
from harness.frameworks import registry
from harness.records import Surface
from harness.repro import Repro, repro

PAGE = (Path(__file__).parents[2] / "docs" / "repros.md").read_text("utf-8")
PARTS = re.findall(r"    convarith repro ([^\n]*)\n\n```python\n(.*?)```", PAGE, re.DOTALL)


def test_there_is_one_for_each_that_crashes_or_returns_memory() -> None:
    assert len(PARTS) == PAGE.count("```python") == PAGE.count("\n## ") == 6
    assert PAGE.count("# the process ended: SIG") == 2


@pytest.mark.parametrize(("command", "text"), PARTS, ids=[command for command, _ in PARTS])
def test_a_script_on_the_page_is_what_is_written_now(command: str, text: str) -> None:
    case_id, *words = shlex.split(command)
    given = dict(zip(words[::2], words[1::2], strict=True))
    framework, route, mode = (text.splitlines()[1].removeprefix("# ").partition(", ")[0]).split("/")
    assert (given["-f"], given["--route"]) == (framework, route)
    crashed = "# the process ended: SIG" in text
    shown = [int(row) for rows in re.findall(r"rows\[\[([\d, ]+)\]\]", text) for row in rows.split(",")]
    aspect = given["--aspect"]
    made = repro(
        registry.load(registry.BUILT_IN[framework]), parse(case_id), Surface(framework, route, mode), aspect,  # type: ignore[arg-type]
        brief=crashed, rows=shown,
    )  # fmt: skip
    assert isinstance(made, Repro)
    assert text.startswith(made.text)
    code = [line for line in made.text.splitlines() if line and not line.startswith("#")]
    assert len(code) <= (10 if crashed else 15)
    verdict = text.rstrip().splitlines()[-1]
    assert re.match(r"# (crashed|accepted|wrong_operator|unstable): ", verdict), verdict
