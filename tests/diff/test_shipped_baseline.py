"""The baseline that is shipped: of the grid that a night observes, as it is, small, and of what is pinned."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomllib
import yaml
from packaging.requirements import Requirement

from harness.commands.asked import digest
from harness.commands.selection import CaseSelection
from harness.deviations import read_folder
from harness.deviations.entry import texts
from harness.diff import baseline

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "reports" / "baseline"


def test_it_is_of_the_grid_that_a_night_observes_as_that_is_now() -> None:
    """Otherwise every night would be refused: make it again, or have the workflow observe its grid."""
    side, _ = baseline.read(KEPT)
    grid = CaseSelection(grid=side.run.asked["grid"])
    assert side.run.selection["digest"] == digest(grid.cases(), grid.kinds())
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text())
    asked = workflow[True]["workflow_dispatch"]["inputs"]["grid"]["default"]  # YAML takes 'on' for true
    (observe,) = (step["with"] for step in workflow["jobs"]["observe"]["steps"] if step.get("uses") == "$/")
    assert asked == side.run.asked["grid"]
    assert observe["grid"] == f"${{{{ inputs.grid || '{asked}' }}}}"


def test_it_can_be_reviewed() -> None:
    assert sum(path.stat().st_size for path in KEPT.iterdir()) <= 2 * 2**20
    _, listed = baseline.read(KEPT)
    assert listed


def test_nothing_was_too_late_and_what_comes_and_goes_is_known_to() -> None:
    _, listed = baseline.read(KEPT)
    known = read_folder(ROOT / "cases" / "deviations")
    assert "timed_out" not in {seen.status for seen in listed.values()}
    for (framework, route, mode, switch, case, aspect), seen in listed.items():
        if seen.status == "unstable":
            speak = [entry for entry in known[framework] if entry.speaks_of(route, mode, switch, aspect)]
            assert any("unstable" in texts(entry.status) for entry in speak), (framework, route, case, aspect)


def test_it_is_of_the_releases_that_are_pinned() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    pinned = {str(one.specifier)[2:] for one in map(Requirement, groups["pinned"])}
    side, _ = baseline.read(KEPT)
    versions = {one.framework: one.facts["version"] for one in side.environments}
    assert versions
    assert {version.partition(" on ")[0].partition("+")[0] for version in versions.values()} <= pinned
