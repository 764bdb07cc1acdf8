"""The committed matrix is what the committed counts say, and counts are those of the run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from harness import store
from harness.__main__ import main
from harness.diff import overview
from harness.diff.overview import BEGIN, END, Overview
from harness.records import Status, Surface

from ..fakes.installed import offer

ROOT = Path(__file__).parents[2]
ONE, TWO = "conv1d.i5.k3.s1.p0.d1", "conv1d.i5.k3.s2.p0.d1"


def test_the_committed_matrix_is_what_the_committed_counts_say() -> None:
    folder = ROOT / "reports" / "baseline"
    told = overview.text(overview.read(folder))
    assert (folder / "matrix.md").read_text("utf-8") == told
    _, _, rest = (ROOT / "reports" / "README.md").read_text("utf-8").partition(BEGIN)
    assert rest.partition(END)[0].strip() == told.strip()
    assert "**R15**" in told


def test_the_committed_counts_are_of_the_pinned_releases() -> None:
    pinned = (ROOT / "pyproject.toml").read_text("utf-8")
    found = overview.read(ROOT / "reports" / "baseline")
    for framework in ("torch", "tensorflow", "jax", "flax"):
        name = "tensorflow-cpu" if framework == "tensorflow" else framework
        assert f'"{name}=={found.versions[framework].split("+")[0]}"' in pinned


def test_a_cell_says_how_many_agree_deviate_as_known_or_do_not() -> None:
    here, there = Surface("torch", "torch.nn", "eager"), Surface("torch", "torch.nn.functional", "eager")
    cells: dict[tuple[str, Surface], Counter[Status]] = {
        ("R1", here): Counter({"agrees": 3}),
        ("R2", here): Counter({"agrees": 3, "known": 2, "unsupported": 7}),
        ("R10", here): Counter({"unsupported": 7}),
        ("R10", there): Counter({"agrees": 1, "crashed": 2}),
        ("total", here): Counter({"agrees": 6, "known": 2, "unsupported": 14}),
        ("total", there): Counter({"agrees": 1, "crashed": 2}),
    }
    lines = overview.text(Overview(cells, {"torch": "2.13.0"})).splitlines()
    assert lines[2] == "|  | torch 2.13.0 |"
    assert lines[4:8] == [
        "| **R1** No zero padding, unit strides | ✓ 3 |",
        "| **R2** Zero padding, unit strides | ● 3, 2 known |",
        "| **R10** Transpose of half (same) padding | ✗ 2 of 3 |",
        "| all verdicts | ✗ 2 of 11 |",
    ]
    assert lines[9] == "| surface | agrees | known | unsupported | crashed |"
    assert lines[11] == "| torch/torch.nn/eager | 6 | 2 | 14 |  |"


def test_counts_are_those_of_the_run_and_the_page_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offer(monkeypatch, tmp_path, {"1.2": "mirror"})
    main(["run", "-f", "convarith-fake==1.2", "--case", ONE, "--case", TWO, "--out", "run"])
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert main(["baseline", "run", "-o", "kept", "--page", "page.md"]) == 0
    found = overview.read(tmp_path / "kept")
    asked = "SELECT r, status, count(*) FROM (SELECT unnest(relationships) AS r, status FROM verdicts) GROUP BY ALL"
    counted = {(row[0], row[1]): row[2] for row in store.query(tmp_path / "run", asked).rows}
    assert counted == {
        (name, status): number
        for (name, _), counts in found.cells.items()
        for status, number in counts.items()
        if name != "total"
    }
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n\n✓ all agree")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
    once = page.read_bytes()
    assert main(["baseline", "run", "-o", "kept", "--page", "page.md"]) == 0
    assert page.read_bytes() == once
    page.write_text("no marks")
    assert main(["baseline", "run", "-o", "kept", "--page", "page.md"]) == 2
    assert "has no place for the matrix" in " ".join(capsys.readouterr().err.split())
