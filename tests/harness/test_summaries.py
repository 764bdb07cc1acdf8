"""What commands print for people fits the terminal, is text alone where that is asked for, and says what to do next."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.frameworks import registry

from ..fakes.long import ROUTE

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[1]
GRID = """
summary = "long"
rank = [3]
square = true
ops = ["conv"]
[axis]
i = [4]
k = "1..2"
s = [1, 2]
[layer]
channels = ["2:12"]
bias = [true]
layout = ["channels_last"]
"""
CASE = "conv3d.i4x4x4.k2x2x2.s2x2x2.p0x0x0.d1x1x1.c2to12.bias.channels_last"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Names are long, and a kind of layer is refused: a run of it, its halves, one in which that is mended."""
    folder = tmp_path_factory.mktemp("summaries")
    known = {"long": "fakes.long:Long", "bad": "fakes.misbehaving:Misbehaving"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "adapters", lambda: known)
        patch.setenv("PYTHONPATH", str(TESTS))
        patch.syspath_prepend(str(TESTS))
        patch.chdir(folder)
        for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS"):
            patch.delenv(name, raising=False)
        Path("long.toml").write_text(GRID)
        Path("ledger").mkdir()
        observe("mended", code=0)
        patch.setenv("DEVIATE", "raise")
        for out, *more in (("run",), ("one", "--shard", "1/2"), ("two", "--shard", "2/2")):
            observe(out, *more, "--exit-zero", code=0)
        yield folder


@pytest.fixture(autouse=True)
def _here(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(runs)


def observe(out: str, *more: str, name: str = "long", code: int = 1) -> None:
    ledger = ["--known", "ledger"]
    assert main(["run", "-f", name, "--grid", "long.toml", "--no-vary", "--out", out, *ledger, *more]) == code


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int | None = None) -> str:
    capsys.readouterr()
    found = main(list(arguments))
    assert code is None or found == code
    return capsys.readouterr().out


def following(text: str) -> dict[str, str]:
    """What is said to be done next, and by which command, as a shell reads it."""
    told, what = {"": ""}, ""
    for line in text.partition("\nNext:\n")[2].splitlines():
        if line.startswith("    "):
            told[what] += line.removesuffix("\\")
        else:
            what = line.strip(" :")
            told[what] = ""
    return {what: " ".join(command.split()) for what, command in told.items() if what}


def fits(text: str, width: int) -> None:
    """No line is wider than the terminal, but one that is a word to be copied."""
    for line in text.splitlines():
        assert len(line) <= width or len(line.removesuffix(" \\").split()) == 1, line


@pytest.mark.parametrize("columns", [None, 60, 80, 132])
def test_every_summary_fits(
    columns: int | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if columns is not None:
        monkeypatch.setenv("COLUMNS", str(columns))
    ledger = ["--known", "ledger"]
    texts = {
        "run": printed(capsys, "run", "--resume", "--out", "run", *ledger, code=1),
        "report": printed(capsys, "report", "run", code=0),
        "merge": printed(capsys, "merge", "one", "two", "-o", f"merged{columns}", *ledger, code=1),
        "diff": printed(capsys, "diff", "mended", "run", code=1),
        "known check": printed(capsys, "known", "check", "run", *ledger, code=1),
    }
    for name, text in texts.items():
        fits(text, columns or 80)
        assert max(map(len, text.splitlines())) > 50, name  # there is something that has to be made to fit
        assert CASE in text, name
        assert following(text), name
    assert texts["report"] == texts["run"]
    assert f"--route {ROUTE}" in following(texts["run"])["observe the smallest of them again"]


@pytest.mark.parametrize(
    "asked",
    [
        ["run", "--resume", "--out", "run", "--known", "ledger"],
        ["report", "run"],
        ["diff", "mended", "run"],
        ["known", "check", "run", "--known", "ledger"],
        ["query", "run", "SELECT 1 AS one", "--format", "table"],
        ["claims"],
    ],
    ids=lambda asked: asked[0],
)
def test_no_colour_means_text_alone(
    asked: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = printed(capsys, *asked)
    assert "\x1b" not in plain  # it is no terminal
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in printed(capsys, *asked)
    monkeypatch.setenv("NO_COLOR", "1")
    assert printed(capsys, *asked) == plain


def test_as_expected_there_is_the_report_to_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert following(printed(capsys, "report", "mended")) == {"read the whole report": "open mended/report.html"}


def test_what_is_not_as_expected_is_looked_at_by_commands_that_work(capsys: pytest.CaptureFixture[str]) -> None:
    told = following(printed(capsys, "report", "run"))
    assert list(told) == [
        "read the whole report", "see all that is not as expected", "observe the smallest of them again",
    ]  # fmt: skip
    query, again = list(told.values())[1:]
    rows = json.loads(printed(capsys, *shell(query)[1:], code=0))
    assert {row["status"] for row in rows} == {"rejected"}
    assert main([*shell(again)[1:], "--out", "again"]) == 1


def shell(command: str) -> list[str]:
    """The words that a shell makes of a command."""
    script = f"convarith() {{ printf '%s\\0' convarith \"$@\"; }}\n{command}\n"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.split("\0")[:-1]


def test_what_is_not_complete_is_gone_on_with(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = following(printed(capsys, "merge", "one", "-o", "whole", code=3))
    assert told["go on with it"] == "convarith run --resume --out whole"
    assert main(shell(told["go on with it"])[1:]) == 1
    monkeypatch.setenv("MISBEHAVE", json.dumps({"import": "abort"}))
    capsys.readouterr()
    observe("broken", name="bad", code=3)
    told = following(capsys.readouterr().out)
    assert next(iter(told.items())) == (
        "when what failed is mended, go on with it", "convarith run --resume --out broken",
    )  # fmt: skip


def test_a_fault_of_the_harness_is_to_be_reported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISBEHAVE", json.dumps({CASE: "slip"}))
    capsys.readouterr()
    observe("slipped", name="bad", code=3)
    told = following(capsys.readouterr().out)
    assert told["report this, a fault of convarith's own"].startswith(f"convarith run --case {CASE} -f bad ")


def test_what_is_known_is_listed_and_taken_out_by_commands_that_work(capsys: pytest.CaptureFixture[str]) -> None:
    Path("other").mkdir()
    other = ["--known", "other"]
    (command,) = following(printed(capsys, "known", "check", "run", *other, code=1)).values()
    assert shell(command)[1:] == ["known", "add", "run", *other]
    assert main(shell(command)[1:]) == 0
    (command,) = following(printed(capsys, "known", "check", "mended", *other, code=1)).values()
    assert shell(command)[1:] == ["known", "prune", "mended", *other]
    assert main(shell(command)[1:]) == 0
    assert "Next" not in printed(capsys, "known", "check", "mended", *other, code=0)


def test_merged_shards_are_annotated_as_an_undivided_run_is(capsys: pytest.CaptureFixture[str]) -> None:
    ledger = ["--known", "ledger", "--github"]
    whole = printed(capsys, "run", "--resume", "--out", "run", *ledger, code=1).splitlines()
    merged = printed(capsys, "merge", "one", "two", "-o", "annotated", *ledger, code=1).splitlines()
    told = [line for line in whole if line.startswith("::error ")]
    assert told
    assert [line for line in merged if line.startswith("::error ")] == told
    assert merged[0].startswith("::stop-commands::")
