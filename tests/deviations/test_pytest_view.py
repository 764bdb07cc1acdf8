"""Known deviations in the pytest view: what is listed is an expected failure, what is not or no longer occurs fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ..fakes.registered import register

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
GRID = 'summary = "small"\nops = ["conv"]\nrank = [1]\n[axis]\ni = [5]\nk = [2, 3]\ns = [1, 2]\n'
ENTRY = """
[[entry]]
name = "even-and-strided"
where = "k_even AND s_max > 1"
aspect = ["forward", "adjoint", "bias", "dense"]
status = "rejected"
grid = "smoke"
date = 2026-09-21
reason = "It divides by k."
"""


@pytest.fixture(autouse=True)
def _fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A framework that refuses even kernels with a stride, and its ledger."""
    register(monkeypatch, tmp_path / "dist", "fake", "fakes.deviating:Deviating", ROOT / "tests")
    monkeypatch.setenv("DEVIATE", "raise")
    (tmp_path / "small.toml").write_text(GRID)
    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger" / "fake.toml").write_text(ENTRY)


def viewed(folder: Path, *more: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "cases", "-rxfE", "-q", "-p", "no:cacheprovider", "--framework", "fake"]
    done = subprocess.run(
        [*command, "--grid", str(folder / "small.toml"), *(more or ("--known", str(folder / "ledger")))],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_what_is_listed_is_an_expected_failure_by_name(tmp_path: Path) -> None:
    code, told = viewed(tmp_path)
    assert code == 0, told
    # R1 speaks of s = 1 alone; R5, R6 and R15 of s = 2 too: of 4 layers, each seen by 3 aspects, one is refused
    assert "XFAIL cases/test_claims.py::test_claim[R6-fake-fake.loops-eager] - 3 of 12 " in told
    assert "verdicts deviate as known: even-and-strided (3)" in told
    assert "R1-fake" not in told
    assert "FAILED" not in told


def test_what_is_not_listed_fails(tmp_path: Path) -> None:
    code, told = viewed(tmp_path, "--no-known")
    assert code == 1
    assert "FAILED cases/test_claims.py::test_claim[R6-fake-fake.loops-eager]" in told
    assert "xfailed" not in told
    assert "test_known_deviations" not in told


def test_what_no_longer_occurs_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DEVIATE")
    code, told = viewed(tmp_path)
    assert code == 1
    assert "fake.toml: even-and-strided: it no longer occurs, all 3 verdicts" in told
    assert "1 failed" in told.splitlines()[-1]
    assert "FAILED cases/test_claims.py::test_known_deviations[fake]" in told


def test_a_faulty_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "ledger" / "fake.toml").write_text("x = 1")
    code, told = viewed(tmp_path)
    assert code == 2
    assert "fake.toml: x: the file holds [[entry]] and nothing else" in told
