"""The real frameworks, observed on cases that tell hypotheses apart: unequal axes, n ≠ m, all ranks, both parities."""

from __future__ import annotations

import fnmatch
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from cases.case import OPS, parse
from harness import judge
from harness.commands.surfaces import SurfaceSelection, shards
from harness.frameworks import registry
from harness.frameworks.ways import Way
from harness.observe.supervisor import Place, observe
from harness.records import Observation, Verdict

pytestmark = pytest.mark.frameworks

AGREED = [
    "conv1d.i7.k4.s2.p0.d1.c2to3",
    "conv2d.i6x7.k3x2.s2x1.p0x0.d1x1.c2to3",
    "conv2d.i5x6.k1x4.s1x3.valid.p0x0.d1x1.c3to2",
    "conv2d.i5x6.k3x5.s1x1.same.p1x2.d1x1.c2to3",
    "conv2d.i5x6.k2x3.s2x2.p0x0.d1x1.c1to3",  # of one input map: what is made for depthwise convolutions says it too
    "conv3d.i3x4x5.k2x1x3.s1x2x2.p0x0x0.d1x1x1.c2to3",
    "conv_transpose1d.i4.k5.s3.p0.d1.a2.c2to3",
    "conv_transpose2d.i3x2.k3x2.s2x3.p0x0.d1x1.a1x0.c3to2",
    "conv_transpose3d.i2x3x2.k3x2x1.s1x2x1.p0x0x0.d1x1x1.a0x1x0.c2to3",
    "avg_pool2d.i6x7.k3x2.s2x3.p0x0.d1x1.c3",
    "max_pool2d.i6x7.k3x2.s2x3.p0x0.d1x1.c3",
    "max_pool2d.i6x7.k3x2.s2x1.p0x0.d1x1.c3",
    "max_pool3d.i3x4x5.k2x1x3.s1x2x2.valid.p0x0x0.d1x1x1.c2",
]
PADDED = [
    "conv2d.i6x5.k3x4.s2x1.p1x2.d1x1.c2to3",
    "conv2d.i6x7.k2x3.s1x1.p0x2.d3x2.c2to3",
    "conv_transpose2d.i3x4.k5x3.s2x3.p2x1.d1x1.a1x2.c2to3",
    "conv_transpose2d.i4x3.k2x1.s1x2.p1x1.d1x1.a0x1.c2to3",
]
# Of each probe, how many of the cases above have it: average pooling has no dense input, and transposed
# convolutions alone have a direct one.
PROBED = {"forward": 13, "adjoint": 13, "dense": 12, "direct": 3, "declared": 13}
# What a route refuses of them.
REFUSED = {"tf.nn.pool": "ValueError: `strides` > `window_shape` not supported"}
HERE = SurfaceSelection(framework=tuple(f"{name}={sys.executable}" for name in registry.BUILT_IN))
PLACES = {(place.framework, place.switch): (place, ways) for place, ways in HERE.places()}


def observed(where: tuple[str, str], ids: list[str], *, route: str = "*") -> list[Verdict]:
    """Verdicts on cases by every surface of a place, whatever a grid says."""
    found, failure = observed_at(PLACES[where], ids, route=route)
    assert failure is None
    return found


def observed_at(
    at: tuple[Place, Sequence[Way]], ids: Sequence[str], *, route: str = "*"
) -> tuple[list[Verdict], str | None]:
    """Verdicts on cases by the surfaces of a place, and why it cannot be observed, if it cannot."""
    place, ways = at
    chosen = [way for way in ways if fnmatch.fnmatchcase(way.surface.route, route)]
    kinds = [way.kind for way in chosen if way.kind is not None]
    ((_, jobs),) = [(shard.place, shard.jobs) for shard in shards(map(parse, ids), [(place, chosen)], lambda _: kinds)]
    seen: list[Observation] = []
    environment = observe(place, jobs, seen.append)
    assert environment.failure or environment.facts["version"]
    return list(judge.judge(seen)), environment.failure


def refused(verdict: Verdict) -> bool:
    """Whether it is a refusal that is known."""
    known = REFUSED.get(verdict.surface.route)
    return verdict.status == "rejected" and known is not None and verdict.observed.startswith(known)


@pytest.mark.parametrize("where", PLACES, ids="/".join)
def test_every_surface_agrees_where_every_surface_must(where: tuple[str, str]) -> None:
    verdicts = observed(where, AGREED)
    # A name is not every route's to say (torch's pooling has none), but what is said agrees.
    assert [v for v in verdicts if not v.as_expected and not refused(v)] == []
    for way in PLACES[where][1]:
        mine = [v for v in verdicts if v.surface == way.surface]
        assert "agrees" in {v.status for v in mine}
        if set(way.ops) == set(OPS):
            counts = Counter(v.aspect for v in mine)
            assert counts == {probe: PROBED[probe] for probe in way.probes if probe in PROBED}, way.surface


@pytest.mark.parametrize("where", [("jax", ""), ("torch", "")], ids="/".join)
def test_explicit_padding_agrees(where: tuple[str, str]) -> None:
    assert {v.status for v in observed(where, PADDED, route="jax.lax" if where[0] == "jax" else "*")} == {"agrees"}


def test_every_framework_computes_in_one_thread_and_says_so() -> None:
    for (name, switch), (place, _) in PLACES.items():
        if not switch:
            assert observe(place, [], lambda seen: None).facts["threads"] == "1", name


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
    command = [
        sys.executable,
        "-m",
        "pytest",
        "cases",
        "-q",
        "-p",
        "no:cacheprovider",
        "--grid",
        str(grid),
        "--no-known",
    ]
    done = subprocess.run(
        [*command, "--framework", "keras-tensorflow"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    # Keras's layers refuse a stride together with a dilation (docs/findings.md), its depthwise ones do not; its
    # functions leave it to TensorFlow, whose tf.nn.convolution refuses it too.
    told = done.stdout
    assert done.returncode == 1, told
    assert "FAILED cases/test_claims.py::test_claim[R15-keras-tensorflow-keras.layers-eager]" in told
    assert "FAILED cases/test_claims.py::test_claim[R15-keras-tensorflow-keras.ops-eager]" in told
    assert "convarith run -f keras-tensorflow --route keras.layers --mode eager --case conv1d.i5.k2.s2.p0.d2" in told
    assert "3 of 12 verdicts are not as expected" in told
    assert "expected  o = 2" in told
    assert "observed  ValueError: `strides > 1` not supported in conjunction with `dilation_rate > 1`" in told
    # R1, R2, R5, R6 and R15 speak of the cases, on four routes; and nothing is known
    assert "2 failed, 19 passed" in told.splitlines()[-1]
