"""Commands in lines that fit are the same commands, as a shell reads them."""

from __future__ import annotations

import subprocess

import pytest
from rich.cells import cell_len

from harness.report.shell import command, folded

LONG = "conv_transpose3d.i11x12x13.k3x2x1.s2x1x3.p1_2x0x0.d1x1x1.a1x0x2.c12to24.g4.bias.channels_last"
COMMANDS = (
    ["convarith", "run", "--case", "conv1d.i5.k3.s2.p1.d1", "-f", "torch", "--route", "torch.nn", "--mode", "eager"],
    ["convarith", "run", "--case", LONG, "-f", "jax==0.4.30", "--route", "a.b." * 20, "--switch", "threads=2"],
    ["convarith", "query", "a folder/with 'quotes' and $HOME; `id` \\"],
    ["convarith", "run", "--resume", "--out", "路徑" * 30],
)


def read(text: str) -> list[str]:
    """The words that a shell makes of a command."""
    script = f"convarith() {{ printf '%s\\0' convarith \"$@\"; }}\n{text}\n"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.split("\0")[:-1]


@pytest.mark.parametrize("words", COMMANDS, ids=["short", "long", "quoted", "wide"])
@pytest.mark.parametrize("width", [30, 60, 80, 200])
def test_a_shell_reads_the_lines_as_the_one_command(words: list[str], width: int) -> None:
    text = folded(words, width)
    assert read(text) == words == read(command(words))
    for line in text.split("\n"):
        parts = line.removesuffix(" \\").split()
        assert cell_len(line) <= width or len(parts) == 1 or "quotes" in line, line


def test_an_option_stands_beside_its_value_where_that_fits() -> None:
    assert folded(COMMANDS[0], 60).split("\n") == [
        "convarith run --case conv1d.i5.k3.s2.p1.d1 -f torch \\",
        "  --route torch.nn --mode eager",
    ]
    assert folded(COMMANDS[0], 200) == command(COMMANDS[0])
    assert folded(COMMANDS[1], 60).split("\n")[:3] == [
        "convarith run --case \\", f"  {LONG} \\", "  -f jax==0.4.30 --route \\",
    ]  # fmt: skip


def test_what_ends_a_command_keeps_its_own_lines() -> None:
    text = folded(["convarith", "query", "x" * 40], 60, "SELECT 1\n    FROM verdicts")
    assert text.split("\n") == [f"convarith query {'x' * 40} \\", '  "SELECT 1', '    FROM verdicts"']
    assert read(text) == ["convarith", "query", "x" * 40, "SELECT 1\n    FROM verdicts"]


def test_what_others_wrote_is_words_without_control() -> None:
    text = folded(["convarith", "run", "--case", "a\nb\x1b[31m; touch /x"], 80)
    assert read(text) == ["convarith", "run", "--case", "a b; touch /x"]
