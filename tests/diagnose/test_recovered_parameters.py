"""A layer with other parameters than it should have: they are read off its operator exactly, whatever they are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cases.case import Axis, Case, parse
from harness.diagnose import Diagnosis
from harness.diagnose.geometry import Geometry, Sweep, claimed
from harness.records import Probe
from harness.theory.expected import expected

from .by_loops import Along, convolution, of, taps, turned

pytestmark = pytest.mark.slow

SMALL = {1: 4, 2: 3, 3: 2}  # windows along an axis, by the number of axes


@dataclass(frozen=True)
class Layer:
    """What a case says, and what the layer does in fact."""

    case: Case
    axes: tuple[Along, ...]
    flipped: tuple[int, ...]


@st.composite
def layers(draw: st.DrawFn, *, transposed: bool = False, flips: bool = True) -> Layer:
    rank = draw(st.sampled_from([1, 1, 2, 2, 3]))
    said, found = [], []
    for _ in range(rank):
        k, s = draw(st.integers(1, 3)), draw(st.integers(1, 3))
        d = draw(st.integers(1, 2)) if k > 1 else 1
        p, o = draw(st.integers(-1, (k - 1) * d)), draw(st.integers(2, SMALL[rank]))
        i = s * (o - 1) + (k - 1) * d + 1 - p + draw(st.integers(-(k - 1) * d, 2))
        assume(i >= 1)
        found.append(Along(i, o, k, s, d, p))
        mine = draw(st.sampled_from([s, 1, 2])), draw(st.sampled_from([d, 1, 2])) if k > 1 else 1
        size = o if transposed else i
        ends = [max(p, 0) if draw(st.booleans()) else draw(st.integers(0, 2)) for _ in range(2)]
        a = draw(st.integers(0, mine[0] - 1)) if transposed else 0
        said.append(Axis(size, k, mine[0], ends[0], ends[1], mine[1], a))
    maps = draw(st.sampled_from([(1, 1), (1, 2), (2, 3)]))
    case = Case(
        op="conv_transpose" if transposed else "conv", axes=tuple(said), channels_in=maps[0], channels_out=maps[1]
    )
    flipped = tuple(axis for axis in range(rank) if flips and draw(st.booleans()) and case.axes[axis].k > 1)
    return Layer(case, tuple(found), flipped)


def diagnosed(layer: Layer, probe: Probe) -> tuple[Diagnosis, np.ndarray]:
    kernel = np.flip(taps(layer.case), axis=tuple(axis + 2 for axis in layer.flipped))
    c = convolution(layer.axes, kernel)
    operator = turned(c) if layer.case.transposed else c
    theory = expected(layer.case)
    assume(theory.defined and operator.any())
    outputs = operator.shape[: operator.ndim // 2]
    wanted = theory.operator.dense()
    assume(outputs != theory.shape or not np.array_equal(operator.reshape(wanted.shape), wanted))
    return of(layer.case, operator, probe), c


def is_open(along: Along) -> bool:
    """Whether the taps that meet a unit leave a parameter open."""
    seen = [
        (w, t, 1) for w in range(along.o) for t in range(along.k) if 0 <= along.s * w + along.d * t - along.p < along.i
    ]
    return int(np.linalg.matrix_rank(np.array(seen or [(0, 0, 0)]))) < (3 if along.k > 1 else 2)


def differing(layer: Layer) -> int:
    """How many parameters are not as claimed."""
    mine = [(x.s, x.d, x.p, x.o, x.i) for x in layer.axes]
    theirs = [(x.s, x.d, x.p, x.o, x.i) for x in claimed(layer.case).axes]
    pairs = [pair for one, other in zip(mine, theirs, strict=True) for pair in zip(one, other, strict=True)]
    return sum(a != b for a, b in pairs) + bool(layer.flipped)


def recovered(layer: Layer, probe: Probe) -> None:
    found, c = diagnosed(layer, probe)
    assert found.explained, found.sentence
    if found.axes is None:  # one word says it, as that the last outputs are missing, where parameters would take more
        assert len(found.causes) == 1
        assert any(map(is_open, layer.axes)) or differing(layer) > 1 or found.kinds == {"border"}, found.sentence
        return
    if not any(map(is_open, layer.axes)):
        assert found.axes == tuple(Sweep(x.i, x.o, x.k, x.s, x.d, x.p) for x in layer.axes)
        # A kernel that was flipped is said to be.
        assert ("flip" in found.kinds) == bool(layer.flipped)
    # In any case the parameters found give the support of what was observed.
    geometry = Geometry(found.axes, tuple(range(layer.case.rank)))
    structure = geometry.structure(c.shape[0], c.shape[len(c.shape) // 2])
    assert set(np.flatnonzero(c)) <= set(structure.indices.tolist())


quick = settings(derandomize=True, max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@quick
@given(layers())
def test_of_a_convolution(layer: Layer) -> None:
    recovered(layer, "forward")


@quick
@given(layers())
def test_of_a_gradient(layer: Layer) -> None:
    recovered(layer, "adjoint")


@quick
@given(layers(transposed=True))
def test_of_a_transposed_convolution(layer: Layer) -> None:
    recovered(layer, "forward")


@quick
@given(layers(transposed=True))
def test_of_the_gradient_of_a_transposed_convolution(layer: Layer) -> None:
    recovered(layer, "adjoint")


@quick
@given(layers(flips=False), st.integers(2, 5))
def test_a_scale_beside_other_parameters(layer: Layer, factor: int) -> None:
    """The values name no taps, or others: where taps are follows from which units windows meet."""
    c = factor * convolution(layer.axes, taps(layer.case))
    assume(expected(layer.case).defined and c.any())
    whole = [replace(axis, p=0, i=axis.s * (axis.o - 1) + (axis.k - 1) * axis.d + 1) for axis in layer.axes]
    assume(list(layer.axes) == whole)  # every window is inside
    found = of(layer.case, c)
    assert found.explained, found.sentence


@quick
@given(st.integers(0, 2**32 - 1), st.sampled_from(["conv", "conv_transpose", "avg_pool", "max_pool"]))
def test_noise_has_no_explanation(seed: int, op: str) -> None:
    a = ".a0x0" if op == "conv_transpose" else ""
    case = f"{op}2d.i4x3.k2x2.s1x1.p1x0.d1x1{a}"
    random = np.random.default_rng(seed)
    theory = expected(parse(case))
    noise = random.normal(size=(*theory.shape, 1, 4, 3))
    whole = random.integers(-3, 9, size=noise.shape).astype(float)
    for matrix in (noise, whole, np.where(random.random(noise.shape) < 0.5, whole, 0)):
        found = of(case, matrix)
        assert not found.explained, found.sentence
        assert found.sentence.startswith("no explanation: ")


def test_a_right_layer_has_the_parameters_that_are_claimed() -> None:
    case = Case(op="conv", axes=(Axis(6, 3, 2, 1, 0), Axis(5, 2, 1, 0, 1, 2)))
    assert [(x.s, x.d, x.p) for x in claimed(case).axes] == [(2, 1, 1), (1, 2, 0)]
