"""Releases beside each other: the matrix of all, and what each did with one case."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from harness import store
from harness.__main__ import main
from harness.diff.history import matrix, timelines

from ..fakes.installed import offer

pytestmark = pytest.mark.slow

ONE, TWO = "conv1d.i5.k3.s1.p0.d1", "conv1d.i5.k3.s2.p0.d1"


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[Path]:
    """Two runs: of 1.10 and 1.2, and of 1.9."""
    offer(monkeypatch, tmp_path, {"1.2": "", "1.9": "refuse", "1.10": "mirror"})
    named = ["-f", "convarith-fake==1.10", "-f", "convarith-fake==1.2"]
    assert main(["run", *named, "--case", ONE, "--case", TWO, "--out", "a"]) == 1
    assert main(["run", "-f", "convarith-fake==1.9", "--case", ONE, "--case", TWO, "--out", "b"]) == 1
    capsys.readouterr()
    return [Path("a"), Path("b")]


def test_a_column_is_all_of_a_release_and_counts_what_the_run_has(runs: list[Path]) -> None:
    table = matrix(runs)
    assert [column.release for column in table.columns] == [f"convarith-fake=={n}" for n in ("1.2", "1.9", "1.10")]
    counted = {column.release: table.totals[column].unexpected for column in table.columns}
    assert counted == {"convarith-fake==1.2": 0, "convarith-fake==1.9": 4, "convarith-fake==1.10": 6}
    for column in table.columns:
        verdicts = [one for run in runs for one in store.verdicts(run) if one.surface.release == column.release]
        for row in table.rows:
            wanted = Counter(one.status for one in verdicts if row in one.relationships)
            assert table.cell(row, column).counts == wanted


def test_the_last_run_of_a_release_counts(runs: list[Path]) -> None:
    assert matrix([*runs, runs[0]]) == matrix(runs)


def test_a_case_has_a_history(runs: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    seen = {column.release: {one.status for one in some} for column, some in timelines(runs, [TWO])[TWO]}
    assert seen == {
        "convarith-fake==1.2": {"agrees"},
        "convarith-fake==1.9": {"rejected"},
        "convarith-fake==1.10": {"wrong_operator", "agrees"},  # the declared shape is right
    }
    assert main(["history", "a", "b", "--case", TWO]) == 0
    printed = capsys.readouterr().out
    assert "released/fake.loops/eager, forward\n  since convarith-fake==1.2: agrees: o = 2\n" in printed
    assert "  since convarith-fake==1.9: rejected: ValueError: no strides\n" in printed
    assert main(["history", "a", "b", "--case", ONE]) == 0
    forward = capsys.readouterr().out.partition("eager, forward")[2].partition("\n\n")[0]
    assert "since convarith-fake==1.9" not in forward  # nothing changed then
    assert "since convarith-fake==1.10: wrong_operator" in forward


def test_it_is_shown_and_written(runs: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "a", "b"]) == 0
    assert "4 of 8" in capsys.readouterr().out
    assert main(["history", "a", "b", "--format", "markdown", "-o", "page.md"]) == 0
    page = Path("page.md").read_text()
    (head,) = [line for line in page.splitlines() if line.startswith("| Relationship")]
    assert head.index("==1.2") < head.index("==1.9") < head.index("==1.10")
    assert main(["history", "a", "--case", TWO, "--format", "markdown"]) == 0
    assert "| Surface | Aspect | Since | What |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code"), [([], 2), (["nothing"], 2), (["a", "--case", "conv1d.i9.k3.s2.p0.d1"], 4)]
)
def test_what_cannot_be_shown(runs: list[Path], arguments: list[str], code: int) -> None:
    assert main(["history", *arguments]) == code
