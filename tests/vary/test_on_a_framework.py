"""Which switch decides, of a framework as it is: TensorFlow with oneDNN takes a window that does not fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.__main__ import main

CASE = "conv2d.i1x1.k2x2.s1x1.p0x0.d1x1.c1to2"  # its window does not fit: o = 0


@pytest.mark.frameworks
def test_a_layer_that_onednn_alone_accepts_is_said_to_depend_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    here = ["-f", "tensorflow", "--route", "tf.nn", "--mode", "eager", "--case", CASE]
    assert main(["run", *here, "--no-known", "--out", "run"]) == 1
    capsys.readouterr()
    sql = "SELECT aspect, depends FROM verdicts WHERE status = 'accepted' ORDER BY aspect"
    assert main(["query", "run", sql]) == 0
    found = {row["aspect"]: row["depends"] for row in json.loads(capsys.readouterr().out)}
    assert list(found) == ["dense", "forward"]
    for depends in found.values():
        said = depends.split("; ")
        assert said[0] == "only with TF_ENABLE_ONEDNN_OPTS 1"
        assert said[-1] == "with every layout and batch, whatever ONEDNN_MAX_CPU_ISA and threads"
