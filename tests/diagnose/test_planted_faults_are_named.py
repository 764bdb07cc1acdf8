"""Every planted fault that has a nameable cause is named: what the layer does otherwise, whatever the layer is.

A fault says its cause's kind. Some layers are so small that a fault does there what another one does, as a kernel of
one tap that is doubled is scaled: then another kind may be named, if a mistake of that kind is seen to do the very same
to that layer. How often is counted, so that they stay few.
"""

from __future__ import annotations

from functools import cache

import pytest

from cases.case import parse
from harness import judge
from harness.observe.probe import probes_of
from harness.records import Observation
from harness.selftest.faults import BY_NAME
from harness.selftest.planting import Fault, plant
from harness.selftest.score import as_true

from ..fakes.loops import Loops
from ..probes.inprocess import observe
from ..probes.sees import SEES
from ..probes.test_planted_faults import LAYERS

pytestmark = pytest.mark.slow

FAULTS = tuple(BY_NAME[one.name] for one in SEES)


def wrong(fault: Fault, probes: tuple[str, ...]) -> list[Observation]:
    """Observations that are to be diagnosed."""
    found = []
    for case in map(parse, LAYERS):
        for probe in probes_of(case):
            if probe in probes:
                seen = observe(plant(fault, Loops)(), case, probe)
                (verdict,) = judge.judge([seen])
                if verdict.status in ("wrong_operator", "wrong_shape"):
                    found.append(seen)
    return found


@cache
def of_fault(name: str) -> tuple[Observation, ...]:
    return tuple(wrong(BY_NAME[name], ("forward", "adjoint", "bias", "direct")))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_named(fault: Fault) -> None:
    found = of_fault(fault.name)
    assert any(fault.cause in judge.diagnosis(seen).kinds for seen in found) == bool(fault.cause)


def test_nineteen_of_twenty_are_named_for_what_they_are() -> None:
    """Over all faults, layers and aspects; of the rest, what is named is as true, but for one in a hundred."""
    otherwise, named = [], 0
    for fault in FAULTS:
        for seen in of_fault(fault.name):
            told = judge.diagnosis(seen)
            if fault.cause in told.kinds:
                named += 1
            elif told.explained and not as_true(told, seen):
                otherwise.append(f"{fault.name}: {seen.probe} of {seen.case_id}: {told.sentence}")
    total = sum(len(of_fault(fault.name)) for fault in FAULTS)
    assert total > 2000
    assert named >= 0.95 * total, f"{named} of {total}"
    assert len(otherwise) <= 0.01 * total, "\n".join(otherwise)


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
    found = wrong(BY_NAME[fault], ("dense",))
    assert found
    for seen in found:
        told = judge.diagnosis(seen)
        assert told.kinds == {kind}, f"{seen.case_id}: {told.sentence}"
