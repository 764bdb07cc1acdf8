"""The real frameworks, observed on cases that tell hypotheses apart: unequal axes, n ≠ m, all ranks, both parities."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cases.case import parse
from harness import judge
from harness.frameworks import registry
from harness.observe.probe import probes_of
from harness.observe.supervisor import Place, observe
from harness.records import Job, Observation, Surface, Verdict

pytestmark = pytest.mark.frameworks

AGREED = [
    "conv1d.i7.k4.s2.p0.d1.c2to3",
    "conv2d.i6x7.k3x2.s2x1.p0x0.d1x1.c2to3",
    "conv2d.i5x6.k1x4.s1x3.valid.p0x0.d1x1.c3to2",
    "conv2d.i5x6.k3x5.s1x1.same.p1x2.d1x1.c2to3",
    "conv3d.i3x4x5.k2x1x3.s1x2x2.p0x0x0.d1x1x1.c2to3",
    "conv_transpose1d.i4.k5.s3.p0.d1.a2.c2to3",
    "conv_transpose2d.i3x2.k3x2.s2x3.p0x0.d1x1.a1x0.c3to2",
    "conv_transpose3d.i2x3x2.k3x2x1.s1x2x1.p0x0x0.d1x1x1.a0x1x0.c2to3",
    "avg_pool2d.i6x7.k3x2.s2x3.p0x0.d1x1.c3",
    "max_pool2d.i6x7.k3x2.s2x3.p0x0.d1x1.c3",
    "max_pool3d.i3x4x5.k2x1x3.s1x2x2.valid.p0x0x0.d1x1x1.c2",
]
PADDED = [
    "conv2d.i6x5.k3x4.s2x1.p1x2.d1x1.c2to3",
    "conv2d.i6x7.k2x3.s1x1.p0x2.d3x2.c2to3",
    "conv_transpose2d.i3x4.k5x3.s2x3.p2x1.d1x1.a1x2.c2to3",
    "conv_transpose2d.i4x3.k2x1.s1x2.p1x1.d1x1.a0x1.c2to3",
]
SURFACES = [
    Surface(name, route, mode)
    for name, reference in registry.BUILT_IN.items()
    for adapter in (registry.load(reference),)
    for route in adapter.routes
    for mode in adapter.modes
]


def observed(surface: Surface, ids: list[str]) -> list[Verdict]:
    seen: list[Observation] = []
    place = Place(surface.framework, registry.BUILT_IN[surface.framework], sys.executable)
    environment = observe(place, [Job(name, surface, probes_of(parse(name))) for name in ids], seen.append)
    assert environment.failure is None
    return list(judge.judge(seen))


@pytest.mark.parametrize("surface", SURFACES, ids=str)
def test_every_route_agrees_where_every_route_must(surface: Surface) -> None:
    verdicts = observed(surface, AGREED)
    assert [v for v in verdicts if v.status != "agrees" and "valid" not in v.case_id] == []
    # A name is not every route's to say (torch's pooling has none), but what is said agrees.
    assert [v for v in verdicts if not v.as_expected] == []
    # forward and adjoint; dense but for the average pooling; direct of the three transposed
    assert len(verdicts) == 2 * len(AGREED) + (len(AGREED) - 1) + 3


@pytest.mark.parametrize(
    "surface", [s for s in SURFACES if s.route in ("jax.lax", "torch.nn", "torch.nn.functional")], ids=str
)
def test_explicit_padding_agrees(surface: Surface) -> None:
    assert {v.status for v in observed(surface, PADDED)} == {"agrees"}


def test_a_gpu_that_is_not_there_is_one_sentence() -> None:
    for name, reference in registry.BUILT_IN.items():
        environment = observe(Place(name, reference, sys.executable, device="gpu"), [], lambda seen: None)
        if environment.failure is None:  # there is one here
            assert environment.facts["tf32"] == "off"
            continue
        assert "no CUDA device: " in environment.failure
        assert "\n" not in environment.failure


def test_the_pytest_view(tmp_path: Path) -> None:
    """Items pass where a framework agrees, and say what is wrong, and how to see it again, where it does not."""
    grid = tmp_path / "small.toml"
    grid.write_text('summary = "small"\nops = ["conv"]\nrank = [1]\n[axis]\ni = [5]\nk = [2]\ns = [1, 2]\nd = [1, 2]\n')
    command = [sys.executable, "-m", "pytest", "cases", "-q", "-p", "no:cacheprovider", "--grid", str(grid)]
    done = subprocess.run(
        [*command, "--framework", "tensorflow"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    # Keras refuses a stride together with a dilation (docs/findings.md); tf.nn computes it.
    told = done.stdout
    assert done.returncode == 1, told
    assert "FAILED cases/test_claims.py::test_claim[R15-tensorflow-keras.layers-eager]" in told
    assert "convarith run -f tensorflow --route keras.layers --case conv1d.i5.k2.s2.p0.d2" in told
    assert "3 of 12 verdicts are not as expected" in told
    assert "expected  o = 2" in told
    assert "observed  ValueError: `strides > 1` not supported in conjunction with `dilation_rate > 1`" in told
    # R1, R2, R5, R6 and R15 speak of the cases, on two routes
    assert "1 failed, 9 passed" in told.splitlines()[-1]
