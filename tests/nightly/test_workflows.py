"""The workflow and the action: as GitHub's schemas have them, as zizmor wants them, and with the rights they need."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import files
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOW, ACTION = ROOT / ".github" / "workflows" / "nightly.yml", ROOT / "action.yml"
RIGHTS = {
    "observe": {"contents": "read"},
    "report": {"contents": "read"},
    "page": {"pages": "write", "id-token": "write"},
    "issues": {"contents": "read", "issues": "write"},
}


def jobs() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text())["jobs"]
    return found


def steps() -> Iterator[dict[str, Any]]:
    for job in jobs().values():
        yield from job["steps"]
    yield from yaml.safe_load(ACTION.read_text())["runs"]["steps"]


@pytest.mark.parametrize(("file", "schema"), [(WORKFLOW, "github-workflows"), (ACTION, "github-actions")])
def test_the_schemas_of_github_hold(file: Path, schema: str) -> None:
    checked = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(file)]
    done = subprocess.run(checked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_zizmor_finds_nothing() -> None:
    asked = ["--offline", "--no-progress", "--no-config", "--persona", "pedantic", str(WORKFLOW), str(ACTION)]
    (program,) = (path.locate() for path in files("zizmor") or () if path.name == "zizmor")
    done = subprocess.run([str(program), *asked], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_each_job_has_the_rights_that_it_needs_and_no_others() -> None:
    assert yaml.safe_load(WORKFLOW.read_text())["permissions"] == {}
    assert {name: job["permissions"] for name, job in jobs().items()} == RIGHTS


def test_what_others_wrote_is_pinned_and_no_text_becomes_a_program() -> None:
    used = [step["uses"] for step in steps() if "uses" in step]
    assert used
    for name in used:
        assert name == "$/" or re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", name)
    runs = [step["run"] for step in steps() if "run" in step]
    assert runs
    assert not [text for text in runs if "${{" in text]


def test_whatever_is_observed_united_and_filed_is_a_step_of_the_script() -> None:
    """So that what nightly-local runs is what the workflow runs."""
    called = [re.findall(r"nightly\.sh\"? (\w+)", step["run"]) for step in steps() if "run" in step]
    assert [one for found in called for one in found] == [
        "install",
        "report",
        "issues",
        "install",
        "observe",
        "compare",
    ]
    others = {step["name"] for step in steps() if "run" in step and "nightly.sh" not in step["run"]}
    assert others == {"A name for what is kept", "One site"}


def test_every_set_of_the_matrix_is_observed_from_both_channels() -> None:
    matrix = jobs()["observe"]["strategy"]["matrix"]
    told = [(one["channel"], one["set"]) for one in matrix["include"]]
    assert sorted(told) == sorted((channel, name) for channel in matrix["channel"] for name in matrix["set"])
    numbers = [shard.split("/") for shard in matrix["shard"]]
    assert [int(number) for number, _ in numbers] == list(range(1, len(numbers) + 1))
    assert {int(total) for _, total in numbers} == {len(numbers)}
