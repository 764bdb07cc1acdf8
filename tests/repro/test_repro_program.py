"""``convarith repro`` as a user meets it: on fakes, and one real crash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.frameworks import registry

from ..fakes.program import FAKES, TESTS

CASE = "conv1d.i3.k2.s1.p0.d1"


@pytest.fixture
def _fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(registry, "adapters", lambda: FAKES)
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.syspath_prepend(str(TESTS))
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_fake")
def test_what_differs_is_shown_beside_what_is_expected(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["repro", CASE, "-f", "wrong"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"# {CASE}"
    assert lines[1].endswith(", forward")
    wanted = lines.index("# expected: (3, 1, 2), and")
    assert lines[wanted + 1 : wanted + 3] == ["# [[1. 2. 0.]", "#  [0. 1. 2.]]"]
    here = lines.index("#     (3, 1, 2)")
    assert lines[here + 1 : here + 3] == ["#     [[2. 1. 0.]", "#      [0. 2. 1.]]"]
    assert lines[-1] == "# wrong_operator: kernel flipped"


@pytest.mark.usefixtures("_fake")
def test_all_that_is_printed_is_a_script(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["repro", CASE, "-f", "wrong"]) == 0
    (tmp_path / "one.py").write_text(capsys.readouterr().out)
    told = subprocess.run(
        [sys.executable, "one.py"], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": f"{TESTS}:{TESTS.parent}"},
    )  # fmt: skip
    assert told.stdout.splitlines() == ["(3, 1, 2)", "[[2. 1. 0.]", " [0. 2. 1.]]"]


@pytest.mark.usefixtures("_fake")
def test_what_agrees_can_be_shown_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["repro", CASE, "-f", "fake", "--aspect", "adjoint"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].endswith(", adjoint")
    assert lines[-1] == "# agrees: as the theory says, o = 2"


@pytest.mark.usefixtures("_fake")
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["conv9", "-f", "fake"], 2, "'conv9' is no case id"),
        ([CASE, "-f", "fake", "--aspect", "direct"], 2, "--aspect direct: conv1d.i3.k2.s1.p0.d1 has forward, adjoint"),
        ([CASE, "-f", "nobody"], 2, "nobody"),
        ([CASE, "-f", "fake", "--timeout", "0"], 2, "--timeout 0"),
        ([CASE, "-f", "fake", "--route", "none"], 4, "no surface matches route 'none'"),
    ],
)
def test_what_cannot_be_shown_is_said_in_a_sentence(
    arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["repro", *arguments]) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert words in told.err
    assert len(told.err.splitlines()) == 1


def test_a_script_is_written_without_the_framework(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(registry.load(registry.BUILT_IN["torch"]), "is_installed", lambda: False)
    assert main(["repro", "padding_strides", "-f", "torch=/nowhere", "--script"]) == 2
    assert main(["repro", "padding_strides", "-f", "torch", "--script"]) == 0
    assert "y = torch.nn.functional.conv2d(x, kernel, stride=(2, 2)" in capsys.readouterr().out


def test_a_case_that_cannot_be_said_has_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["repro", "conv1d.i3.k2.s1.p0.d1.channels_last", "-f", "torch", "--script"]) == 4
    assert "torch.nn: torch's layers take channels first only" in capsys.readouterr().err


@pytest.mark.frameworks
def test_a_crash_is_told_by_its_signal_and_takes_ten_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["repro", "max_pool2d.i1x1.k2x2.s1x1.p0x0.d1x1", "-f", "tensorflow", "--route", "tf.nn"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line and not line.startswith("#")]) <= 10
    assert lines[-3:] == ["# the process ended: SIGFPE", "#", "# crashed: the process ended: SIGFPE"]
