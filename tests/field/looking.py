"""What the real frameworks do with layers of the grid 'nightly' that are found by what they are.

All that is asked of a framework is observed together, when something of it is first looked at.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cache

from cases.case import Axis, Case
from harness import judge
from harness.commands.selection import CaseSelection
from harness.diagnose import Diagnosis
from harness.frameworks import registry
from harness.frameworks.ways import Way, ways
from harness.observe.probe import probes_of
from harness.observe.supervisor import Place, observe
from harness.records import Job, Observation, Probe, Verdict

Such = Callable[[Case], bool]
_asked: list[Asked] = []


@dataclass(frozen=True)
class Asked:
    """The first layer of the grid such that something holds, which the grid has observed on a surface."""

    framework: str
    route: str
    mode: str
    switch: str
    such: Such

    @property
    def case(self) -> Case:
        """The layer; an error if the grid holds none, or does not take the surface for it."""
        return _held(self)

    @property
    def way(self) -> Way:
        """The surface."""
        adapter = registry.load(registry.BUILT_IN[self.framework])
        every = ways(self.framework, adapter, self.switch)
        return next(way for way in every if (way.surface.route, way.surface.mode) == (self.route, self.mode))

    def seen(self, probe: Probe = "forward") -> Observation:
        """What one probe saw of it."""
        return _observed(self.framework, self.switch)[self.case.id, self.way.surface, probe]

    def verdict(self, probe: Probe = "forward") -> Verdict:
        """What is said of it."""
        (said,) = judge.judge([self.seen(probe)])
        return said

    def held_against(self, case: Case) -> Diagnosis:
        """How its forward pass differs from what is claimed of another layer."""
        return judge.diagnosis(replace(self.seen(), case_id=case.id))


def ask(surface: str, such: Such) -> Asked:
    """Have a layer observed on a surface: 'FRAMEWORK/ROUTE/MODE', or with '/SWITCH'."""
    framework, route, mode, switch = [*surface.split("/"), ""][:4]
    _asked.append(Asked(framework, route, mode, switch, such))
    return _asked[-1]


def along(op: str, padding: str = "explicit", **letters: int) -> Such:
    """Layers of one axis, with several feature maps, that have these numbers; p stands for both ends."""

    def such(case: Case) -> bool:
        return case.rank == 1 and case.op == op and case.padding == padding and _plain(case) and _has(case.axes[0])

    def _has(axis: Axis) -> bool:
        both = (axis.p_before, axis.p_after) == (letters["p"],) * 2 if "p" in letters else True
        return both and all(getattr(axis, letter) == value for letter, value in letters.items() if letter != "p")

    return such


def _plain(case: Case) -> bool:
    return (case.dtype, case.layout, case.batch, case.bias) == ("float32", "default", None, False)


@cache
def _grid() -> list[tuple[Case, Collection[str]]]:
    """All layers, and the kinds of surfaces that each is observed on."""
    selection = CaseSelection(grid="nightly")
    kinds = selection.kinds()
    return [(case, kinds(case)) for case in selection.cases()]


@cache
def _held(asked: Asked) -> Case:
    wanted = asked.way.kind
    found = (case for case, kinds in _grid() if wanted in kinds and asked.such(case))
    case = next(found, None)
    assert case is not None, f"the grid holds no such layer for {asked.way.surface}"
    return case


@cache
def _observed(framework: str, switch: str) -> dict[tuple[object, ...], Observation]:
    place = Place(framework, registry.BUILT_IN[framework], sys.executable, switch=switch)
    jobs = dict.fromkeys(
        Job(one.case.id, one.way.surface, tuple(probe for probe in probes_of(one.case) if probe in one.way.probes))
        for one in _asked
        if (one.framework, one.switch) == (framework, switch)
    )
    found: list[Observation] = []
    environment = observe(place, list(jobs), found.append)
    assert environment.failure is None
    return {seen.key: seen for seen in found}
