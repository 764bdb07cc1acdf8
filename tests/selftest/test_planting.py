"""A fault is planted by its name, in the perfect framework or around a real adapter, and is only where it says."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from cases.case import OPS, parse
from harness import judge
from harness.diagnose import KINDS
from harness.frameworks.base import Adapter, Raised, Trouble, Wanted
from harness.frameworks.registry import load
from harness.observe.probe import probes_of
from harness.records import Verdict
from harness.selftest.faults import BY_NAME, FAULTS
from harness.selftest.planting import Fault, Perfect, Planted, plant, reference

from ..probes.inprocess import observe, verdicts
from ..probes.test_planted_faults import LAYERS

FLIP = BY_NAME["kernel_flipped"]
CASE = "conv1d.i5.k3.s1.p0.d1"


def test_there_are_sixty_faults_and_more_each_with_a_name_and_a_sentence() -> None:
    assert len(FAULTS) >= 60
    assert len(BY_NAME) == len(FAULTS)
    for fault in FAULTS:
        assert fault.name.replace("+", "").replace("_", "").isalnum()
        assert fault.says.lstrip("'")[0].isalpha()
        assert fault.says.endswith(".")
        assert fault.cause in (*KINDS, ""), fault.name
        assert set(fault.wanted) <= set(get_args(Wanted))
    assert len({fault.says for fault in FAULTS}) == len(FAULTS)


def test_every_operation_has_faults_of_its_own_and_every_dimension_is_needed_by_one() -> None:
    for op in OPS:
        alone = [fault for fault in FAULTS if {case.op for case in map(parse, LAYERS) if fault.where(case)} == {op}]
        assert len(alone) >= 5, op
    needed = " ".join(fault.needs for fault in FAULTS)
    for dimension in ("unequal axes", "groups", "bias", "batches", "float16", "bfloat16", "int8", "channels last"):
        assert dimension in needed
    for dimension in ("ceil mode", "divisors", "causal", "declared", "compiled", "switched", "three dimensions"):
        assert dimension in needed


def test_a_reference_names_a_framework_and_a_fault() -> None:
    kind = load(reference(FLIP))
    assert issubclass(kind, Planted)
    assert kind.kind is Perfect
    assert kind.fault is FLIP
    assert kind("cpu").facts()["planted fault"] == "kernel_flipped"


@pytest.mark.parametrize("name", ["perfect", "perfect+nonsense", "nonsense+kernel_flipped", "+kernel_flipped"])
def test_other_references_lead_nowhere(name: str) -> None:
    with pytest.raises(ImportError, match="no adapter"):
        load(f"harness.selftest.planting:{name}")


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if not fault.ends], ids=lambda fault: fault.name)
def test_where_a_fault_is_not_the_framework_answers(fault: Fault) -> None:
    """Whatever it would do, if it is nowhere; and what it touches is what it can change, no less."""
    nowhere = plant(replace(fault, where=lambda _: False))()
    for name in (CASE, "conv_transpose2d.i2x3.k3x2.s2x1.p1x0.d1x2.a1x0", "avg_pool1d.i5.k2.s2.p1.d1.ceil"):
        case = parse(name)
        for probe in probes_of(case):
            right = observe(Perfect(), case, probe)
            assert observe(nowhere, case, probe) == right
            mode = "abstract" if probe == "declared" else "eager"
            if not fault.touches(case, probe, mode, ""):
                assert observe(plant(fault)(), case, probe) == right


def test_a_fault_of_a_mode_or_a_switch_is_in_no_other() -> None:
    compiled, switched = BY_NAME["flipped_where_compiled"], BY_NAME["unwritten_with_two_threads"]
    case = parse("conv1d.i6.k3.s2.p1.d1")
    assert compiled.touches(case, "forward", "compiled", "")
    assert not compiled.touches(case, "forward", "eager", "")
    assert switched.touches(case, "forward", "eager", "threads=2")
    assert not switched.touches(case, "forward", "eager", "")
    right = observe(Perfect(), case, "forward")
    assert observe(plant(switched)(), case, "forward") == right
    assert observe(plant(switched)(switch="threads=2"), case, "forward") != right


FLIPPED = ["conv1d.i5.k3.s1.p0.d1", "conv2d.i5x4.k3x2.s1x1.p0x0.d1x1.c2to3"]


@pytest.mark.frameworks
@pytest.mark.parametrize("framework", ["torch", "tensorflow", "jax"])
def test_a_fault_is_planted_in_a_real_framework(framework: str) -> None:
    found = _verdicts(load(f"harness.selftest.planting:{framework}+kernel_flipped"), FLIPPED)
    wrong = [one for one in found if one.aspect in ("forward", "adjoint")]
    assert {one.status for one in wrong} == {"wrong_operator"}
    assert {one.diagnosis.removeprefix("gradient: ") for one in wrong} == {"kernel flipped"}
    assert {one.status for one in _verdicts(load(f"harness.selftest.planting:{framework}+bias_doubled"), FLIPPED)} == {
        "agrees"
    }


@pytest.mark.frameworks
def test_what_an_error_tells_of_the_machine_is_the_framework_s_to_say() -> None:
    class Full(Perfect):
        @staticmethod
        def trouble(error: Raised) -> Trouble:
            return "memory" if error.text == "full" else ""

    assert plant(FLIP, Full).trouble(Raised("Error", "full")) == "memory"
    assert plant(FLIP, Full).trouble(Raised("Error", "other")) == ""


@pytest.mark.frameworks
def test_a_fault_that_changes_the_layer_is_said_anew() -> None:
    (dilated,) = [
        one
        for one in _verdicts(load("harness.selftest.planting:torch+dilation_ignored"), ["conv1d.i7.k3.s1.p0.d2"])
        if one.aspect == "forward"
    ]
    assert dilated.status == "wrong_shape"
    assert "dilation ignored" in dilated.diagnosis


@pytest.mark.frameworks
def test_a_layer_that_cannot_be_said_is_left_right() -> None:
    """torch has no way to pad a pooling at one end alone: the fault cannot be planted there."""
    kind = load("harness.selftest.planting:torch+padded_at_the_far_end_alone")
    found = _verdicts(kind, ["max_pool1d.i6.k3.s1.p1.d1"])
    assert {one.status for one in found} == {"agrees"}


def _verdicts(kind: type[Adapter], cases: list[str]) -> list[Verdict]:
    """Of what is computed; what is declared has modes of other names."""
    adapter = kind("cpu")
    return list(
        judge.judge(
            observe(adapter, case, probe)
            for case in map(parse, cases)
            for probe in probes_of(case)
            if probe != "declared"
        )
    )


def test_the_perfect_framework_has_every_kind_of_mode_and_a_switch() -> None:
    kinds = {mode.kind for route in Perfect.routes.values() for mode in route.modes.values()}
    assert kinds == {"plain", "declared", "compiled"}
    assert Perfect.switches
    assert {one.status for one in verdicts(Perfect(), [CASE])} == {"agrees"}
