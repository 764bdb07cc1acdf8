"""Scripts, run: what each leaves is what the harness observed, on every route in every mode of every framework."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cases import stimuli
from cases.case import parse
from harness.commands.surfaces import SurfaceSelection
from harness.frameworks import registry
from harness.frameworks.ways import Way
from harness.observe import unwritten
from harness.observe.probe import probes_of
from harness.observe.supervisor import Place, observe
from harness.operator import Operator
from harness.records import Job, Observation
from harness.repro import Repro, repro

from ..fakes.registered import register

ROOT = Path(__file__).parents[2]
RUNNING = Path(__file__).with_name("running.py")
ALONE = {"numpy", "os", "torch", "tensorflow", "jax", "flax", "keras"}

# Unequal axes, n ≠ m, and whatever changes how a layer is fed: ranks, batches, biases, element types, groups, passes.
LAYERS = [
    "conv2d.i4x5.k3x2.s2x1.p0x0.d1x1.c2to3",
    "conv2d.i4x3.k1x2.s1x2.p1x0.d1x2",
    "conv1d.i6.k3.s1.same.p1.d1.c2to4.g2.bias",
    "conv3d.i2x3x4.k2x1x3.s1x2x1.p0x0x0.d1x1x1.c1to2",
    "conv2d.i3x4.k2x2.s1x1.p0x0.d1x1.c2to4.g2.batch3.float64",
    "conv2d.i3x4.k2x2.s1x1.p0x0.d1x1.c2to3.batch4.bias.float16",
    "conv1d.i5.k3.s1.valid.p0.d1.c9to10.bfloat16",
    "conv1d.i4.k2.s1.p0.d1.c8to8.int8",
    "conv2d.i2x3.k2x2.s1x1.p0x0.d1x1.c2to3.batch0",
    "conv2d.i2x3.k4x4.s1x1.p0x0.d1x1",
    "conv1d.i0.k3.s1.p2.d1.c2to3",
    "conv_transpose2d.i2x3.k3x2.s2x3.p1x0.d1x1.a1x0.c3to2",
    "conv_transpose2d.i2x3.k3x2.s2x3.valid.p0x0.d1x1.a0x1.c3to2",
    "conv_transpose1d.i3.k2.s3.same.p0.d1.a1.c2to3",
    "avg_pool2d.i5x4.k3x2.s2x1.p0x0.d1x1.c3",
    "avg_pool2d.i5x4.k3x2.s2x1.p1x0.d1x1.c2.batch5",
    "max_pool2d.i5x4.k3x2.s2x1.p0x0.d1x1.c3",
    "max_pool1d.i5.k3.s2.p1.d1.c2.bfloat16",
    "max_pool1d.i6.k2.s2.valid.p0.d1.c2.int32",
]
COMPILED = [LAYERS[4], LAYERS[11]]  # each costs a compilation
# What deviates, with the route: a script shows that as well.
DEVIATING = {
    "torch": ["max_pool1d.i1.k2.s1.p1.d2.c2", "conv1d.i7.k5.s1.same.p2.d1.c0to2.batch3.float64"],
    "tensorflow": [
        "conv2d.i6x7.k3x3.s2x2.p0x0.d2x2",
        "conv3d.i5x4x4.k1x2x1.s1x1x1.valid.p0x0x0.d1x2x1",
        "conv2d.i3x3.k2x2.s1x1.p1x1.d2x2",
    ],
    "jax": ["avg_pool1d.i1.k2.s1.p1.d2.c2"],
    "keras-tensorflow": [
        "conv1d.i6.k3.s1.same.p2.d2.c3to6.g3.bias.channels_first",
        "conv2d.i5x5.k2x2.s2x2.valid.p0x0.d2x2",
    ],
    "keras-torch": ["avg_pool1d.i2.k3.s2.same.p0_1.d1.c2.nopad"],
    "keras-jax": [],
    "flax": ["avg_pool1d.i2.k1.s3.p1.d1.c2.nopad"],
}


def jobs(ways: Iterable[Way], names: Sequence[str]) -> list[Job]:
    found = []
    for way in ways:
        for name in COMPILED if way.kind == "compiled" else names:
            wanted = tuple(probe for probe in probes_of(parse(name)) if probe in way.probes)
            if parse(name).op in way.ops and wanted:
                found.append(Job(name, way.surface, wanted))
    return found


def ran(texts: Sequence[str]) -> list[dict[str, Any]]:
    """What scripts leave, all run by one process."""
    told = subprocess.run(
        [sys.executable, str(RUNNING)],
        input="".join(json.dumps(text) + "\n" for text in texts),
        capture_output=True,
        text=True,
        check=True,
        env={
            **unwritten.variables({}),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_ENABLE_ONEDNN_OPTS": os.environ["TF_ENABLE_ONEDNN_OPTS"],  # as where it was observed
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            "PATH": os.environ["PATH"],
        },
    )
    return [json.loads(line[4:]) for line in told.stdout.splitlines() if line.startswith("LEFT")]


def compared(place: Place, ways: Sequence[Way], names: Sequence[str]) -> int:
    """How many scripts have left what was observed; all must."""
    adapter = registry.load(place.reference)
    seen: list[Observation] = []
    assert observe(place, jobs(ways, names), seen.append).failure is None
    pairs: list[tuple[Observation, str]] = []
    for one in seen:
        made = repro(adapter, parse(one.case_id), one.surface, one.probe)
        assert isinstance(made, Repro) == (one.outcome != "unsupported")
        if isinstance(made, Repro):
            code = [line for line in made.text.splitlines() if line and not line.startswith("#")]
            assert len(code) <= 15, made.text
            assert made.ours or imported(made.text) <= ALONE, made.text
            pairs.append((one, made.text))
    for (one, text), left in zip(pairs, ran([text for _, text in pairs]), strict=True):
        where = f"{one.case_id} {one.surface} {one.probe}\n{text}\n{left}\n{one}"
        if one.outcome == "raised":
            assert left.get("error") == one.error or left.get("error") == "AttributeError", where
            continue
        assert one.outcome == "returned", where
        assert "error" not in left, where
        if left["rows"] is None:
            assert one.shape is not None
            assert sorted(map(str, left["shape"])) == sorted(map(str, one.shape)) or one.probe == "adjoint", where
            continue
        assert one.operator is not None, where
        assert same(np.array(left["rows"], dtype=float), one), where
    return len(pairs)


def same(rows: Any, one: Observation) -> bool:
    case = parse(one.case_id)
    assert one.operator is not None
    wanted = Operator.from_json(one.operator).dense()
    if not case.pools and one.probe in ("forward", "adjoint", "direct") and len(stimuli.passes(case)) > 1:
        wanted = np.where(wanted > 0, (wanted - 1) % stimuli.base(case) + 1, wanted)
    return bool(np.array_equal(rows.reshape(wanted.shape), wanted, equal_nan=True))


def imported(text: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.frameworks
@pytest.mark.parametrize("framework", registry.BUILT_IN)
def test_scripts_leave_what_was_observed(framework: str) -> None:
    place, ways = SurfaceSelection(framework=(framework,)).places()[0]
    names = [LAYERS[5], LAYERS[11], LAYERS[15], *DEVIATING[framework][:1]]
    assert compared(place, [way for way in ways if way.kind in ("plain", "declared")], names) >= 8


@pytest.mark.nightly
@pytest.mark.frameworks
@pytest.mark.parametrize("framework", registry.BUILT_IN)
def test_all_scripts_leave_what_was_observed(framework: str) -> None:
    done = 0
    for place, ways in SurfaceSelection(framework=(framework,)).places():
        names = LAYERS[:2] if place.switch else [*LAYERS, *DEVIATING[framework]]
        done += compared(place, [way for way in ways if way.kind or not place.switch], names)
    assert done > 100


@pytest.mark.frameworks
def test_what_has_no_script_of_its_own_is_done_by_its_adapter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    example = ROOT / "examples" / "onnxruntime"
    register(monkeypatch, tmp_path / "example", "onnxruntime", "convarith_onnxruntime:OnnxRuntime", example)
    for place, ways in SurfaceSelection(framework=("onnxruntime",)).places():
        assert compared(place, ways, LAYERS if not place.switch else LAYERS[:2]) > 3
