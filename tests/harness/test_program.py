"""The program as a user runs it, on a fake framework: what it prints, what it leaves, how it ends."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from lxml import etree

from harness.__main__ import main
from harness.frameworks import registry

TESTS = Path(__file__).parents[1]
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fakes")]


def test_a_perfect_framework_is_as_expected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-f", "fake", "--grid", "small.toml", "--out", "run"]) == 0
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "cases.parquet",
        "junit.xml",
        "known.json",
        "observations",
        "observations.parquet",
        "report.html",
        "report.md",
        "run.json",
        "seal.json",
        "varied.parquet",
        "verdicts.parquet",
    ]
    run = json.loads((tmp_path / "run" / "run.json").read_text())
    assert run["complete"] is True
    assert run["environments"][0]["facts"]["version"] == "1.0"
    printed = capsys.readouterr().out
    assert printed.splitlines()[0] == "As expected: 1004 verdicts, 1004 agree"
    assert max(len(line) for line in printed.splitlines()) <= 80


def test_every_relationship_has_verdicts_on_every_aspect(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-f", "fake", "--grid", "small.toml", "--out", "run"]) == 0
    capsys.readouterr()
    asked = (
        "SELECT r, count(DISTINCT aspect) AS aspects FROM (SELECT unnest(relationships) AS r, aspect FROM verdicts) "
        "GROUP BY ALL"
    )
    assert main(["query", "run", asked]) == 0
    aspects = {row["r"]: row["aspects"] for row in json.loads(capsys.readouterr().out)}
    direct = {f"R{n}" for n in range(8, 15)}
    assert {name: n for name, n in aspects.items() if name[0] == "R"} == {
        f"R{n}": 4 if f"R{n}" in direct else 3 for n in range(1, 16)
    }
    # what one element at a time shows, and what a dense input does: sums (S4, S6), and maxima (S10)
    assert {name: n for name, n in aspects.items() if name[0] == "S"} == {
        "S1": 1, "S3": 1, "S4": 2, "S5": 1, "S6": 3, "S7": 1, "S8": 1, "S10": 2, "S11": 1
    }  # fmt: skip


def test_a_disagreement_is_exit_1_and_forgiven_on_request_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    guilty = "conv1d.i4.k3.s2.p1.d1.c1to2"
    monkeypatch.setenv("MISBEHAVE", json.dumps({guilty: "abort"}))
    asked = ["run", "-f", "bad", "--grid", "small.toml"]
    assert main([*asked, "--out", "a"]) == 1
    assert main([*asked, "--out", "b", "--exit-zero"]) == 0
    capsys.readouterr()
    assert main(["query", "a", "SELECT DISTINCT case_id, observed FROM verdicts WHERE status = 'crashed'"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"case_id": guilty, "observed": "SIGABRT"}]
    assert guilty in Path("b/report.html").read_text()
    assert guilty in Path("b/report.md").read_text()
    root = etree.parse("b/junit.xml").getroot()
    assert guilty in etree.tostring(root).decode()
    assert int(root.get("failures")) > 0


def test_a_framework_that_cannot_start_is_exit_3_and_the_others_are_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MISBEHAVE", json.dumps({"import": "abort"}))
    assert main(["run", "-f", "bad", "-f", "fake", "--grid", "small.toml", "--out", "run", "--exit-zero"]) == 3
    printed = capsys.readouterr()
    assert "bad ended while starting (SIGABRT)" in printed.err
    assert "INCOMPLETE" in printed.out.splitlines()[0]
    assert main(["query", "run", "SELECT DISTINCT framework, status FROM verdicts"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"framework": "fake", "status": "agrees"}]


def test_what_a_framework_printed_before_it_crashed_is_in_every_report_to_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MISBEHAVE", json.dumps({"conv1d.i4.k2.s1.p0.d1": "explain"}))
    assert main(["run", "-f", "bad", "--case", "conv1d.i4.k2.s1.p0.d1", "--out", "run"]) == 1
    page = Path("run/report.html").read_text()
    packed = re.search(r">([A-Za-z0-9+/=]{200,})<", page)  # the words of all verdicts
    assert packed
    page += zlib.decompress(base64.b64decode(packed[1]), -15).decode(errors="replace")
    for text in (capsys.readouterr().out, Path("run/report.md").read_text(), page):
        assert "it printed" in text.lower()
        assert "the kernel cannot be chosen" in " ".join(text.split())  # the terminal's lines break
        assert text.count("chatter") < 200


def test_verdicts_are_the_same_bytes_every_time(capsys: pytest.CaptureFixture[str]) -> None:
    for out in ("a", "b"):
        assert main(["run", "-f", "fake", "--grid", "small.toml", "--out", out]) == 0
    assert Path("a/verdicts.parquet").read_bytes() == Path("b/verdicts.parquet").read_bytes()
    assert Path("a/cases.parquet").read_bytes() == Path("b/cases.parquet").read_bytes()


def test_report_makes_the_same_reports_again() -> None:
    assert main(["run", "-f", "fake", "--grid", "small.toml", "--out", "run"]) == 0
    again = ["report", "run", "--html", "a.html", "--markdown", "a.md", "--junit", "a.xml"]
    assert main(again) == 0
    for made, name in (("a.html", "report.html"), ("a.md", "report.md"), ("a.xml", "junit.xml")):
        assert Path(made).read_bytes() == Path("run", name).read_bytes()


def test_one_case_by_its_id(capsys: pytest.CaptureFixture[str]) -> None:
    name = "conv_transpose3d.i2x3x2.k3x2x1.s2x1x3.p1x0x0.d1x1x1.a1x0x2.c2to3"
    assert main(["run", "-f", "fake", "--case", name, "--out", "run"]) == 0
    capsys.readouterr()
    assert main(["query", "run", "SELECT aspect, status, expected FROM verdicts ORDER BY aspect"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"aspect": aspect, "status": "agrees", "expected": "o = 4×4×6"}
        for aspect in ("adjoint", "declared", "dense", "direct", "forward")
    ]


def test_list_prints_ids_counts_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--grid", "small.toml", "-r", "R3"]) == 0
    ids = capsys.readouterr().out.split()
    assert "conv1d.i4.k3.s1.p1.d1.c1to2" in ids
    assert len(ids) == len(set(ids)) == 4 + 4 + 4  # k = 1 explicit, k = 1 valid, k = 3 with p = 1; i = 1 … 4 each
    assert main(["list", "--grid", "small.toml", "-r", "R3", "--count"]) == 0
    assert "R3        12  Half (same) padding" in capsys.readouterr().out.splitlines()
    assert main(["list", "--grid", "small.toml", "-r", "R3", "--format", "json"]) == 0
    told = msgspec.json.decode(capsys.readouterr().out)
    assert [case["id"] for case in told] == ids
    assert told[0]["axes"][0] == {"i": 1, "k": 1, "s": 1, "p_before": 0, "p_after": 0, "d": 1, "a": 0}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "-f", "caffe"], 2, "no framework 'caffe': there are fake, bad"),
        (["run", "-f", "fake=/no/python"], 2, "there is no interpreter /no/python that can be run"),
        (["run", "-f", "fake", "-r", "R16"], 2, "no claim 'R16': there are R1, R2"),
        (["run", "-f", "fake", "--op", "fft"], 2, "no operation 'fft': there are conv, conv_transpose"),
        (["run", "-f", "fake", "--device", "tpu"], 2, "no device 'tpu': there are cpu and gpu"),
        (["run", "-f", "fake", "--timeout", "0"], 2, "--timeout and --start-timeout are more than 0 seconds"),
        (["run", "-f", "fake", "--timeout", "soon"], 2, "timeout"),
        (["run", "-f", "fake", "-f", "fake", "--grid", "small.toml"], 2, "framework fake is named twice"),
        (["run", "-f", "fake", "--case", "conv1d.i4"], 2, "'k' is missing"),
        (
            ["run", "-f", "fake", "--case", "conv_transpose1d.i4.k3.s1.p0.d1.a1"],
            2,
            "no relationship makes a claim about conv_",
        ),
        (["run", "-f", "fake", "--where", "size = 3"], 2, '--where "size = 3" cannot be understood'),
        (["run", "-f", "fake", "--route", "torch*"], 4, "no surface matches route 'torch*'"),
        (["run", "-f", "fake", "--grid", "small.toml", "--where", "i[1] > 9"], 4, "the selection holds no case"),
        (["list", "--grid", "small.toml", "--op", "conv", "-r", "R7"], 4, "the selection holds no case"),
        (["list", "--grid", "missing.toml"], 2, "no grid 'missing.toml': it is neither shipped ("),
        (["run", "-f", "fake", "--grid", "small.toml", "--out", "small.toml"], 2, "small.toml cannot be written"),
        (["run", "-f", "fake", "--grid", "small.toml", "--out", "."], 2, "holds other files already"),
        (["report", "."], 2, "holds no run"),
        (["query", ".", "SELECT 1"], 2, "holds no run"),
        (["frobnicate"], 2, "frobnicate"),
    ],
)
def test_a_user_s_mistake_is_one_sentence(
    arguments: Sequence[str], code: int, said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(arguments) == code
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.out == ""
    assert printed.err.startswith("convarith: ")
    assert "Traceback" not in printed.err
    assert [path.name for path in tmp_path.iterdir()] == ["small.toml"]


def test_help_imports_no_framework_and_nothing_heavy() -> None:
    code = (
        "import sys; from harness.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'torch', 'tensorflow', 'keras', 'jax', 'numpy', 'duckdb'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    assert "Observe layers, judge them against the theory" in done.stdout


def test_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    from importlib.metadata import version

    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == version("convarith")


def test_a_fault_of_our_own_is_no_disagreement(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("the harness is wrong")

    monkeypatch.setattr("harness.judge.is_evidence", broken)
    assert main(["run", "-f", "fake", "--grid", "small.toml", "--out", "run"]) == 3
    assert "a fault of convarith's own" in capsys.readouterr().err


def test_the_page_of_claims_is_what_the_program_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["claims", "--format", "markdown"]) == 0
    assert (TESTS.parent / "docs" / "claims.md").read_text("utf-8") == capsys.readouterr().out
    assert main(["claims", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [claim["id"] for claim in told][:2] == ["R1", "R2"]
    assert len(told) == 15 + 12 + 19


def test_a_selection_by_statement_holds_the_cases_that_test_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--grid", "small.toml", "-r", "S1", "--op", "conv"]) == 0
    ids = capsys.readouterr().out.split()
    assert ids
    assert all(".s2." in name for name in ids)


def test_routes_say_a_layer_or_why_they_cannot(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(registry, "adapters", lambda: registry.BUILT_IN)
    assert main(["routes", "--case", "conv2d.i6x7.k3x2.s2x1.p1x0.d1x1", "--format", "json"]) == 0
    said = {row["route"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(said) == {
        "torch.nn.functional", "torch.nn", "tf.nn", "tf.nn.convolution", "tf.nn.depthwise_conv2d", "jax.lax",
        "flax.nnx", "flax.linen",
        "keras.layers", "keras.layers.DepthwiseConv", "keras.ops", "keras.ops.depthwise_conv",
    }  # fmt: skip
    assert said["torch.nn.functional"]["call"] == (
        "torch.nn.functional.conv2d(stride=(2, 1), padding=(1, 0), dilation=(1, 1), groups=1)"
    )
    assert said["torch.nn.functional"]["kernel"] == "OIHW"
    assert said["keras.layers"]["call"] == ""
    assert "pads by name only" in said["keras.layers"]["reason"]
    assert main(["routes", "--case", "conv2d"]) == 2


def test_the_page_of_routes_is_what_the_program_prints(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(registry, "adapters", lambda: registry.BUILT_IN)
    assert main(["routes", "--format", "markdown"]) == 0
    assert (TESTS.parent / "docs" / "routes.md").read_text("utf-8") == capsys.readouterr().out


def test_every_example_of_a_route_is_a_case_that_is_claimed_something_of() -> None:
    from cases.case import parse
    from cases.claims import claims
    from harness.commands.routes import EXAMPLES

    assert [layer for layer, name in EXAMPLES.items() if not claims(parse(name))] == []


def test_an_interrupt_is_told_and_has_a_code_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.commands.run.conduct", interrupted)
    assert main(["run", "-f", "fake", "--grid", "small.toml", "--out", "run"]) == 130
    assert "convarith: interrupted" in capsys.readouterr().err
