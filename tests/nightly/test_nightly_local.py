"""A night on this machine: the script that the workflow calls, on two releases, of which the second breaks something.

Nothing is faked but the index of packages, the framework in it, and GitHub's own program.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..fakes import index
from ..fakes.registered import register

pytestmark = pytest.mark.slow

ROOT, TESTS = Path(__file__).parents[2], Path(__file__).parents[1]
GRID = """
summary = "A few small layers"
[[part]]
cover = "full"
surfaces = ["plain", "declared"]
rank = [1]
ops = ["conv"]
[part.axis]
i = [5]
k = "2..3"
s = "1..2"
p = [0]
d = [1]
a = [0]
[part.layer]
padding = ["explicit"]
channels = ["2:3"]
"""
GH = """#!{python}
import json, pathlib, sys
folder = pathlib.Path(__file__).parent
kept = folder / "issues.json"
issues = json.loads(kept.read_text()) if kept.exists() else []
verb = sys.argv[1:3]
if verb == ["issue", "list"]:
    print(json.dumps([{{"number": n, "body": one["body"]}} for n, one in enumerate(issues, 1)]))
elif verb == ["issue", "create"]:
    issues.append({{"title": sys.argv[sys.argv.index("--title") + 1], "body": sys.stdin.read(), "edited": 0}})
elif verb == ["issue", "edit"]:
    issues[int(sys.argv[3]) - 1].update(body=sys.stdin.read(), edited=issues[int(sys.argv[3]) - 1]["edited"] + 1)
elif verb != ["label", "create"]:
    sys.exit(f"gh: {{verb}}?")
kept.write_text(json.dumps(issues))
"""


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A machine with the program, GitHub's own, and an index of two releases, of which 1.1 mirrors kernels.

    Both were observed, in two shards each; the first is pinned, with its baseline.
    """
    folder = tmp_path_factory.mktemp("night")
    with pytest.MonkeyPatch.context() as patch:
        index.offer(patch, folder, {"1.0": "", "1.1": "mirror"})
        register(patch, folder / "registered", "released", "fakes.released:Released", TESTS, ROOT)
        tools = folder / "tools"
        tools.mkdir()
        (tools / "convarith").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m harness "$@"\n')
        (tools / "gh").write_text(GH.format(python=sys.executable))
        for tool in tools.iterdir():
            tool.chmod(0o755)
        patch.setenv("PATH", f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}")
        patch.delenv("GITHUB_STEP_SUMMARY", raising=False)
        patch.chdir(folder)
        Path("small.toml").write_text(GRID)
        for release, runs in (("1.0", "first"), ("1.1", "second")):
            for number in (1, 2):
                step("observe", FRAMEWORK=f"convarith-fake=={release}", GRID="small.toml", SHARD=f"{number}/2", PRE="",
                     INDEX="", RUN=f"{runs}/run-{number}")  # fmt: skip
        convarith = str(tools / "convarith")
        subprocess.run([convarith, "merge", "first", "-o", "pinned", "--exit-zero"], check=True, capture_output=True)
        subprocess.run([convarith, "baseline", "pinned", "-o", "baseline"], check=True, capture_output=True)
        yield folder


def step(name: str, code: int = 0, **variables: str) -> str:
    """A step as the workflow takes it; what it said."""
    script = str(ROOT / ".github" / "nightly.sh")
    done = subprocess.run([script, name], env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_a_night_tells_what_broke_and_ends_with_1(night: Path) -> None:
    said = step("report", code=1, RUNS="second", BASELINE="baseline", OUT="out", GITHUB_STEP_SUMMARY="summary.md")
    assert "that agreed and agree no more" in said
    assert "agrees → wrong_operator" in said
    summary = Path("summary.md").read_text()
    assert summary == Path("out/changes.md").read_text()
    assert "agrees → wrong_operator" in summary
    assert "wrong_operator" in Path("out/page/changes.html").read_text()
    assert Path("out/page/index.html").exists()
    told = json.loads(Path("out/issues.json").read_text())
    assert told
    assert all(one["title"].endswith(": regression") for one in told)

    step("issues", OUT="out")
    filed = json.loads((night / "tools" / "issues.json").read_text())
    assert [(one["title"], one["edited"]) for one in filed] == [(one["title"], 0) for one in told]
    step("issues", OUT="out")  # as the next night would
    again = json.loads((night / "tools" / "issues.json").read_text())
    assert [(one["title"], one["edited"]) for one in again] == [(one["title"], 1) for one in told]

    # another project's CI compares one run, as action.yml does it, with a run in place of the baseline
    step("compare", code=1, RUN="out/run", BASELINE="pinned", OUT="action")
    assert json.loads(Path("action/issues.json").read_text())


def test_a_night_on_which_nothing_is_new_ends_with_0(night: Path) -> None:
    assert "Nothing that agreed is worse" in step("report", RUNS="first", BASELINE="baseline", OUT="same")
    assert json.loads(Path("same/issues.json").read_text()) == []


def test_a_shard_that_is_missing_is_no_green_night(night: Path) -> None:
    shutil.copytree("first/run-1", "half/run-1")
    step("report", code=3, RUNS="half", BASELINE="baseline", OUT="incomplete")
    assert "is not complete" in Path("incomplete/changes.md").read_text()
    step("report", code=2, RUNS="nothing", BASELINE="baseline", OUT="none")
    step("nonsense", code=2)
