"""``convarith explain`` as a user runs it: on fakes, on nothing at all, and on a framework that is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.frameworks import registry
from harness.selftest.faults import BY_NAME
from harness.selftest.planting import reference

TESTS = Path(__file__).parents[1]


def known(monkeypatch: pytest.MonkeyPatch, **adapters: str) -> None:
    monkeypatch.setattr(registry, "adapters", lambda: adapters)
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.syspath_prepend(str(TESTS))


def test_what_a_framework_pads_is_read_off_what_it_computes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known(monkeypatch, fake="fakes.loops:Loops")
    assert main(["explain", "conv", "--i", "6", "--k", "3", "--s", "2", "--padding", "same"]) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[:2] == ["conv i 6 k 3 s 2", "on an input of 6"]
    assert "By the arithmetic (X1): o = 3\n  pads (0, 1)\n" in told
    assert "    1 2 3 · · ·\n    · · 1 2 3 ·\n    · · · · 1 2\n" in told
    assert (
        "With p = 1: the same size, another operator (where i is odd, along every axis it is the same). "
        in " ".join(told.split())
    )
    assert max(map(len, told.splitlines())) <= 80


def test_a_framework_that_pads_otherwise_is_told_with_what_it_pads(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known(monkeypatch, fake=reference(BY_NAME["even_inputs_land_early"]))
    assert main(["explain", "conv2d", "--i", "6x7", "--k", "3", "--s", "2", "--p", "1", "--json"]) == 0
    seen = {row["case_id"]: row for row in json.loads(capsys.readouterr().out)["seen"]}
    row = seen["conv2d.i6x7.k3x3.s2x2.p1x1.d1x1"]
    assert row["status"] == "wrong_operator"
    assert row["ends"] == [[2, 0], [1, 1]]  # three windows from 2 before reach no zero after
    assert "along H" in row["sentence"]
    assert len(row["matrices"]) == 2


def test_without_a_framework_it_says_that_nothing_was_observed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = {registry.load(reference) for reference in registry.BUILT_IN.values()}
    for kind in kinds:
        monkeypatch.setattr(kind, "is_installed", lambda: False)
    assert main(["explain", "--layer", "torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)", "--input", "224"]) == 0
    told = capsys.readouterr().out
    assert "nothing was observed: no framework is installed here" in told
    assert "o = 112×112" in told
    for how in ("padding=(1, 1)", "padding=[(1, 1), (1, 1)]", "padding='SAME'", "tf.nn.convolution pads by name only"):
        assert how in told
    assert "computed" not in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say one layer"),
        (["conv", "--layer", "torch.nn.Conv2d(3, 8, 3)"], "say one layer"),
        (["conv", "--i", "6"], "conv: --k is missing"),
        (["konv", "--k", "3"], "'konv' is no layer: there are conv"),
        (["conv", "--k", "three"], "--k three: whole numbers are needed"),
        (["conv", "--k", "0"], "--k 0: 1 is the least"),
        (["conv", "--k", "3x3", "--s", "1x2x3"], "--k has 2 numbers where others have 3"),
        (["conv", "--k", "3", "--p", "1_"], "--p 1_: numbers are needed"),
        (["conv", "--k", "3", "--p", "1", "--padding", "same"], "contradict each other"),
        (["conv", "--k", "3", "--a", "1"], "--a is of a transposed convolution alone"),
        (["conv", "--i", "2", "--k", "3"], "there is nothing to compute, o = 0 for an input of 2"),
        (["conv2d.i6x5.k3x3", "--i", "6"], "is no case id"),
        (["--layer", "torch.nn.Conv2d(3, 8, 3, strde=2)"], "no argument 'strde' (column 26)"),
        (["max_pool", "--k", "2", "--padding", "causal"], "has no meaning there"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", *arguments]) == 2
    told = capsys.readouterr().err
    assert said in " ".join(told.split())
    assert "Traceback" not in told


def test_what_can_be_read_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--functions"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (
        "torch.nn.MaxPool2d(kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False)"
        in lines
    )
    assert len(lines) > 80


@pytest.mark.frameworks
def test_each_framework_s_padding_of_one_layer() -> None:
    """The first row of what people report: SAME with a stride of 2 on an even input, and torch's p = 1."""
    layer = "torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)"
    ran = subprocess.run(
        [sys.executable, "-m", "harness", "explain", "--layer", layer, "--input", "6x6", "--json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    told = json.loads(ran.stdout)
    assert told["failures"] == []
    seen = {row["route"]: row for row in told["seen"]}
    for route in ("torch.nn", "torch.nn.functional", "tf.nn", "jax.lax", "flax.nnx", "flax.linen"):
        assert (seen[route]["status"], seen[route]["ends"]) == ("agrees", [[1, 1], [1, 1]]), route
    assert seen["keras.layers"]["status"] == "unsupported"
    same = {row["route"]: row for row in told["seen_otherwise"] if ".same." in row["case_id"]}
    for route in ("tf.nn", "tf.nn.convolution", "jax.lax", "flax.nnx", "keras.layers", "keras.ops"):
        assert (same[route]["status"], same[route]["ends"]) == ("agrees", [[0, 1], [0, 1]]), route
        assert same[route]["sentence"] == "pads (0, 1), as SAME does; p = 1 says (1, 1): every tap sits one input later"
    assert same["torch.nn"]["status"] == "rejected"
