"""Every fault that is planted is seen, by exactly the probes that the table names: it says which probe sees what.

The perfect framework with one fault is observed over the same few layers. ``sees`` lists, for each operation,
the aspects that must not agree, and all statuses that occur there; everything else must agree. ``red`` lists
relationships, statements and conventions of which at least one verdict must not agree. ``hidden_in`` lists layers in
which the fault cannot show: the parameters that one would test by, if one were careless.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cases import direct
from cases.case import parse
from cases.claims import IDS
from harness import judge
from harness.frameworks.base import Adapter, Call, Raised, Result
from harness.observe.probe import probes_of
from harness.selftest.faults import BY_NAME
from harness.selftest.planting import plant

from ..fakes.loops import Loops
from .inprocess import observe, verdicts
from .sees import SEES, Seen, Sees

IDS_OF_LAYERS = """
    conv1d.i5.k3.s1.p0.d1  conv1d.i5.k3.s1.p1.d1  conv1d.i4.k3.s1.p2.d1  conv1d.i6.k3.s2.p0.d1  conv1d.i6.k3.s2.p1.d1
    conv1d.i7.k3.s2.p1.d2  conv1d.i4.k2.s2.p2.d2  conv1d.i5.k3.s3.p0_1.d1  conv1d.i5.k1.s3.p0.d1
    conv1d.i6.k3.s2.same.p0_1.d1  conv1d.i5.k3.s2.same.p1.d1  conv1d.i5.k4.s1.same.p1_2.d1
    conv1d.i5.k2.s1.same.p1_2.d3  conv1d.i6.k3.s2.same_lower.p1_0.d1  conv1d.i5.k2.s2.causal.p2_0.d2
    conv1d.i3.k2.s1.p0.d1.c2to3  conv1d.i3.k2.s1.p0.d1.c2to2  conv1d.i2.k2.s1.p0.d1.c4to4.g2
    conv1d.i1.k1.s1.p0.d1.c17to16  conv1d.i3.k2.s1.p1.d1.c1to2.bias  conv1d.i3.k2.s1.p0.d1.c0to2.bias
    conv1d.i3.k2.s1.p0.d1.batch0  conv1d.i3.k2.s1.p0.d1.batch1  conv1d.i3.k2.s1.p0.d1.batch2
    conv1d.i3.k2.s1.p0.d1.float16  conv1d.i3.k2.s1.p0.d1.bfloat16  conv1d.i1.k1.s1.p0.d1.c12to11.int8
    conv1d.i2.k3.s1.p0.d1  conv1d.i1.k4.s2.p0.d1
    conv2d.i4x5.k3x2.s2x1.p1x0.d1x2  conv2d.i3x3.k2x2.s1x1.p1x1.d1x1  conv2d.i5x4.k2x2.s1x2.p0x1.d2x1
    conv3d.i2x3x2.k2x1x2.s1x2x1.p0x0x1.d1x1x1

    conv_transpose1d.i3.k3.s1.p0.d1.a0  conv_transpose1d.i3.k4.s1.p1.d1.a0  conv_transpose1d.i4.k3.s1.p1.d1.a0
    conv_transpose1d.i4.k3.s1.p2.d1.a0  conv_transpose1d.i3.k3.s2.p0.d1.a0  conv_transpose1d.i3.k4.s2.p1.d1.a0
    conv_transpose1d.i3.k3.s2.p1.d1.a1  conv_transpose1d.i3.k2.s2.p0_1.d2.a1  conv_transpose1d.i2.k2.s1.p0.d3.a2
    conv_transpose1d.i4.k2.s1.p2.d1.a0  conv_transpose1d.i2.k2.s3.p0.d1.a0  conv_transpose1d.i2.k1.s1.p1.d1.a0
    conv_transpose1d.i3.k4.s3.same.p0_1.d1.a0  conv_transpose1d.i3.k3.s2.same.p1.d1.a0
    conv_transpose1d.i3.k3.s2.valid.p0.d1.a0  conv_transpose1d.i3.k3.s2.valid.p0.d1.a1
    conv_transpose1d.i2.k2.s1.p0.d1.a0.c2to3  conv_transpose1d.i2.k2.s1.p0.d1.a0.c2to2
    conv_transpose1d.i2.k2.s1.p0.d1.a0.c4to4.g2  conv_transpose1d.i2.k2.s2.p0.d1.a0.c1to2.bias
    conv_transpose2d.i2x3.k3x2.s2x1.p1x0.d1x2.a1x0  conv_transpose3d.i2x1x2.k1x2x2.s1x2x1.p0x0x0.d1x1x1.a0x1x0

    avg_pool1d.i6.k3.s2.p0.d1  avg_pool1d.i6.k3.s2.p1.d1  avg_pool1d.i6.k3.s2.p1.d1.nopad  avg_pool1d.i4.k2.s1.p1.d2
    avg_pool1d.i5.k3.s3.p0.d1.ceil  avg_pool1d.i5.k2.s2.p1.d1.ceil  avg_pool1d.i5.k3.s3.p0_1.d1.ceil.nopad
    avg_pool1d.i4.k2.s2.p0.d1.div3  avg_pool1d.i2.k2.s1.same.p0_1.d1  avg_pool1d.i3.k3.s1.p0.d1.bfloat16
    avg_pool2d.i4x3.k3x2.s1x2.p0x1.d1x1.c2

    max_pool1d.i6.k3.s2.p0.d1  max_pool1d.i6.k3.s2.p1.d1  max_pool1d.i4.k2.s1.p1.d2  max_pool1d.i2.k2.s1.p1.d3
    max_pool1d.i5.k2.s2.p1.d1.ceil  max_pool1d.i6.k3.s2.same.p0_1.d1  max_pool1d.i2.k3.s1.p0.d1
    max_pool1d.i5.k3.s1.p2.d2  max_pool2d.i4x3.k3x2.s1x2.p0x1.d1x1.c2
"""
LAYERS = IDS_OF_LAYERS.split()


def observed(kind: type[Adapter], *, dense: bool = False) -> tuple[Seen, set[str], set[str]]:
    """What does not agree: aspects with their statuses, ids of claims and statements, and the layers.

    The table is about what impulses, cotangents and zeros show; the dense input is looked at by itself.
    """
    found = [verdict for verdict in verdicts(kind("cpu"), LAYERS) if (verdict.aspect == "dense") == dense]
    wrong = [verdict for verdict in found if verdict.status != "agrees"]
    return (
        {(parse(verdict.case_id).op, verdict.aspect, verdict.status) for verdict in wrong},
        {name for verdict in wrong for name in verdict.relationships},
        {verdict.case_id for verdict in wrong},
    )


@pytest.mark.parametrize("fault", SEES, ids=str)
def test_a_planted_fault_is_seen_by_the_probes_that_can_see_it(fault: Sees) -> None:
    seen, red, guilty = observed(plant(BY_NAME[fault.name], Loops))
    assert seen == fault.seen()
    assert red >= set(fault.red.split())
    assert guilty.isdisjoint(fault.hidden_in.split())
    assert set(fault.hidden_in.split()) <= set(LAYERS)


def test_without_a_fault_everything_agrees() -> None:
    for dense in (False, True):
        assert observed(Loops, dense=dense) == (set(), set(), set())


def test_every_relationship_statement_and_convention_can_go_red() -> None:
    """By the table, so by a fault that is seen to turn it red."""
    named = {name for fault in SEES for name in fault.red.split()}
    assert named == {f"R{n}" for n in range(1, 16)} | {f"S{n}" for n in range(1, 13)} | {f"X{n}" for n in range(1, 20)}
    assert named == set(IDS)


@pytest.mark.parametrize(
    ("fault", "ops", "red"),
    [
        ("overlaps_overwritten", "conv_transpose", "S6"),
        ("greatest_of_the_input_maps", "conv conv_transpose", "S9"),
        ("never_below_zero", "conv conv_transpose", "S4 S6"),
        ("the_last_that_exceeds_the_first", "max_pool", "S10"),
        ("inputs_rounded", "conv conv_transpose max_pool", "S4 S6 S10"),
    ],
)
def test_what_one_impulse_at_a_time_cannot_show_a_dense_input_does(fault: str, ops: str, red: str) -> None:
    """Sums, negative outputs and inputs with many digits only come about where an input has several units."""
    wrong = plant(BY_NAME[fault], Loops)
    assert observed(wrong) == (set(), set(), set())
    seen, ids, _ = observed(wrong, dense=True)
    assert seen == {(op, "dense", "wrong_operator") for op in ops.split()}
    assert ids >= set(red.split())


class NegativeZeros(Loops):
    """Right: a zero has two signs."""

    def run_one(self, call: Call) -> Result:
        result = super().run_one(call)
        if isinstance(result, Raised):
            return result
        return replace(result, array=np.where(result.array == 0, -0.0, result.array))


def test_a_negative_zero_is_a_zero() -> None:
    for dense in (False, True):
        assert observed(NegativeZeros, dense=dense) == (set(), set(), set())


@pytest.mark.parametrize("letter", ["kernel", "input"])
def test_a_wrong_direct_convolution_is_seen_as_one(letter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The equivalent direct convolution of a transposed one, with its kernel not turned, or its input not stretched."""
    turned, stretched = direct.flipped, direct.stretched_impulses
    if letter == "kernel":
        monkeypatch.setattr(direct, "flipped", lambda case, kernel: turned(case, kernel)[..., ::-1])
    else:
        monkeypatch.setattr(direct, "stretched_impulses", lambda case: stretched(case)[..., ::-1])
    seen, red, _ = observed(Loops)
    assert seen == {("conv_transpose", "direct", "wrong_operator")}
    assert "S7" in red
    assert not {"S1", "S4", "S5", "S6", "S8", "S10"} & red


def test_a_layer_that_does_something_else_the_second_time_is_unstable() -> None:
    case = parse("conv1d.i5.k3.s2.p1.d1")
    good, bad = Loops(), plant(BY_NAME["a_tap_doubled"], Loops)()
    for probe in set(probes_of(case)) - {"declared"}:
        first, second = observe(good, case, probe), observe(bad, case, probe)
        assert [verdict.status for verdict in judge.judge([first, second])] == ["unstable"]
        assert [verdict.status for verdict in judge.judge([first, replace(first, seconds=1.0)])] == ["agrees"]
