"""``convarith shrink``, on frameworks with one fault: what is found is the smallest that has it, and is that fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.__main__ import main
from harness.frameworks import registry

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[1]
LARGE = "conv2d.i9x8.k4x3.s2x3.p1x2.d1x1.c2to4.g2.bias"


@pytest.fixture(autouse=True)
def _fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fakes = {"fake": "fakes.loops:Loops", "faulty": "exploration.faulty:Faulty"}
    monkeypatch.setattr(registry, "adapters", lambda: fakes)
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.setenv("FAULT", "even kernels, strided")
    monkeypatch.syspath_prepend(str(TESTS))
    monkeypatch.chdir(tmp_path)


def test_a_case_is_made_small(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["shrink", LARGE, "-f", "faulty", "--aspect", "forward"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{LARGE}, faulty/faulty.loops/eager, forward: wrong_operator"
    # an even kernel and a stride, and no input less than the window takes
    assert lines[1].startswith("  smallest: conv1d.i2.k2.s2.p0.d1; tried ")
    assert lines[1].endswith(", nothing smaller shows it")
    assert lines[3] == "  every tap times 2"
    again = "convarith repro conv1d.i2.k2.s2.p0.d1 -f faulty --route faulty.loops --mode eager --aspect forward"
    assert lines[-1] == f"    {again}"


def test_a_crash_stays_a_crash(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FAULT", "ends where dilated")
    assert main(["shrink", "conv2d.i9x8.k3x3.s1x1.p1x2.d2x1.c2to3", "-f", "faulty", "--aspect", "forward"]) == 0
    out = capsys.readouterr().out
    assert "crashed\n  smallest: conv1d.i1.k1.s1.p0.d2; " in out
    assert "SIGABRT" in out


def test_of_a_run_each_sort_is_made_small(capsys: pytest.CaptureFixture[str]) -> None:
    cases = ["conv2d.i9x8.k4x3.s2x3.p1x2.d1x1.c2to3", "conv1d.i9.k4.s2.p1.d1.c2to3", "conv1d.i9.k3.s2.p1.d1.c2to3"]
    arguments = [word for case in cases for word in ("--case", case)]
    assert main(["run", "-f", "faulty", *arguments, "--out", "run"]) == 1
    capsys.readouterr()
    assert main(["shrink", "run", "--where", "aspect = 'forward'"]) == 0
    out = capsys.readouterr().out
    assert out.count("smallest: ") == 1  # one sort of disagreement, from the smaller of the two
    assert out.startswith("conv1d.i9.k4.s2.p1.d1.c2to3, ")
    assert "smallest: conv1d.i2.k2.s2.p0.d1; " in out


def test_what_agrees_has_nothing_to_shrink(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["shrink", LARGE, "-f", "fake"]) == 4
    assert "is as expected wherever it was observed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([LARGE], 2, "-f NAME"),
        (["run", "--where", "true", "-f", "fake"], 2, "leave out -f"),
        (["nowhere", "--where", "true"], 2, "nowhere"),
        ([LARGE, "-f", "fake", "--attempts", "0"], 2, "at least 1"),
    ],
)
def test_what_cannot_be_asked_is_said(
    arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["shrink", *arguments]) == code
    assert words in capsys.readouterr().err
