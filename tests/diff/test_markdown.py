"""A comparison in Markdown: what is new and what is fixed, each by its rules and then observation by observation."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from cases.case import Case, parse
from harness.__main__ import main
from harness.records import Status, Surface

from ..fakes.closed import closed

NAMES = [f"conv1d.i{i}.k{k}.s{s}.p0.d1" for i in (5, 6, 7) for k in (2, 3) for s in (1, 2)]
CASES = [parse(name) for name in NAMES]


def wide(case: Case, surface: Surface) -> Status:
    return "rejected" if max(case.each("k")) > 2 else "agrees"


def strided(case: Case, surface: Surface) -> Status:
    return "rejected" if max(case.each("s")) > 1 else "agrees"


@pytest.fixture
def sections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The lines of each part of a page, by its heading: wide kernels were refused before, and strides are now."""
    monkeypatch.chdir(tmp_path)
    closed(Path("a"), CASES, wide, version="1.2")
    closed(Path("b"), CASES, strided, version="1.9", saw="ValueError: <b>no</b> | stride")
    assert main(["diff", "a", "b", "--format", "markdown", "-o", "page.md"]) == 1
    found: dict[str, list[str]] = {}
    for line in Path("page.md").read_text().splitlines():
        if line.startswith("#"):
            found[line.strip("# ")] = mine = []
        elif line:
            mine.append(html.unescape(line))
    return found


def rows(lines: list[str]) -> list[str]:
    """The cases of the rows of a table."""
    return [line.split(" | ")[0].strip("| ") for line in lines if line.startswith("| conv")]


def test_what_is_new_and_what_is_fixed_is_told_by_rule(sections: dict[str, list[str]]) -> None:
    # of two surfaces: three sizes with strides and narrow kernels are new, as many with wide ones and no
    # strides are fixed, those with both are refused as before
    assert list(sections) == [
        "6 that agreed and agree no more: 6 newly rejected, 6 fixed; 12 the same",
        "Newly rejected: 6",
        "Fixed: 6",
    ]
    new, fixed = sections["Newly rejected: 6"], sections["Fixed: 6"]
    rules = {
        name: [line for line in lines if line.startswith("- ")] for name, lines in (("new", new), ("fixed", fixed))
    }
    assert [len(some) for some in rules.values()] == [1, 1]
    assert "**6 of 6**" in rules["new"][0]
    assert "agrees → rejected" in rules["new"][0]
    assert "for example conv1d.i5.k2.s2.p0.d1" in rules["new"][0]
    assert "**6 of 6**" in rules["fixed"][0]
    assert "rejected (ValueError) → agrees" in rules["fixed"][0]
    assert "for example conv1d.i5.k3.s1.p0.d1" in rules["fixed"][0]
    assert rows(new) == 2 * [name for name in NAMES if ".k2.s2." in name]
    assert rows(fixed) == 2 * [name for name in NAMES if ".k3.s1." in name]
