"""Every planted fault that has a nameable cause is named: what the layer does otherwise, whatever the layer is.

A fault says its cause's kind. Some layers are so small that a fault does there what another one does, as a kernel of
one tap that is doubled is scaled: the fault says such kinds as well, and how often they are meant is counted, so that
they stay few. Nothing may be named otherwise.
"""

from __future__ import annotations

from functools import cache

import pytest

from cases.case import parse
from harness import judge
from harness.diagnose import Diagnosis
from harness.observe.probe import probes_of
from harness.selftest.faults import BY_NAME
from harness.selftest.planting import Fault, plant

from ..fakes.loops import Loops
from ..probes.inprocess import observe
from ..probes.sees import SEES
from ..probes.test_planted_faults import LAYERS

FAULTS = tuple(BY_NAME[one.name] for one in SEES)


def diagnoses(fault: Fault, probes: tuple[str, ...]) -> list[tuple[str, Diagnosis]]:
    found = []
    for case in map(parse, LAYERS):
        for probe in probes_of(case):
            if probe in probes:
                seen = observe(plant(fault, Loops)(), case, probe)
                (verdict,) = judge.judge([seen])
                if verdict.status in ("wrong_operator", "wrong_shape"):
                    found.append((f"{probe} {case.id}", judge.diagnosis(seen)))
    return found


@cache
def of_fault(name: str) -> tuple[tuple[str, Diagnosis], ...]:
    return tuple(diagnoses(BY_NAME[name], ("forward", "adjoint", "bias", "direct")))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_named(fault: Fault) -> None:
    found = of_fault(fault.name)
    if not fault.cause:
        assert not found
        return
    for where, diagnosis in found:
        if diagnosis.explained:
            assert diagnosis.kinds <= {fault.cause, *fault.alike}, f"{where}: {diagnosis.sentence}"
    assert any(fault.cause in diagnosis.kinds for _, diagnosis in found)


def test_nineteen_of_twenty_are_named_for_what_they_are() -> None:
    """Over all faults, layers and aspects: with the right kind among the causes."""
    named = total = 0
    for fault in FAULTS:
        for _, diagnosis in of_fault(fault.name):
            total += 1
            named += fault.cause in diagnosis.kinds
    assert total > 2000
    assert named >= 0.95 * total, f"{named} of {total}"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("overlaps_overwritten", "not_added"),
        ("greatest_of_the_input_maps", "not_added"),
        ("never_below_zero", "clipped"),
        ("inputs_rounded", "rounded_inputs"),
    ],
)
def test_what_a_dense_input_alone_shows_is_named(fault: str, kind: str) -> None:
    found = diagnoses(BY_NAME[fault], ("dense",))
    assert found
    for where, diagnosis in found:
        assert diagnosis.kinds == {kind}, f"{where}: {diagnosis.sentence}"
