"""What is looked at again: a case as it was, and with one thing otherwise at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, get_args

from cases.case import Case, Dtype, Layout, parse
from cases.claims import claims
from harness.frameworks.base import Adapter, Mode
from harness.observe.probe import probes_of
from harness.records import Probe, Status, Surface, Verdict

AS_IT_WAS = ""  # the dimension of the look that changes nothing
MODE, LAYOUT, DTYPE, BATCH = "mode", "layout", "dtype", "batch"
OF_A_CASE = (LAYOUT, DTYPE, BATCH)

BATCHES = (None, 1, 2)  # inputs in one call; None is all of them
# What a shape shows, computed or declared alike.
_OF_SHAPES: frozenset[Status] = frozenset({"rejected", "wrong_shape", "accepted"})


@dataclass(frozen=True, slots=True)
class Look:
    """One observation.

    Attributes
    ----------
    dimension : str
        What is otherwise: 'mode', 'layout', 'dtype', 'batch', or a switch by its name; empty where nothing is.
    value : str
        What it is here: a mode, a switch as it is set (empty where it is not), a field of the case in words.
    case_id, surface, probe
        What is observed.
    """

    dimension: str
    value: str
    case_id: str
    surface: Surface
    probe: Probe

    @property
    def key(self) -> tuple[str, Surface, Probe]:
        """As the observation has it."""
        return self.case_id, self.surface, self.probe


def looks(verdict: Verdict, adapter: type[Adapter]) -> list[Look]:
    """All looks at a disagreement: first as it was, then dimension by dimension."""
    case, surface = parse(verdict.case_id), verdict.surface
    found = [Look(AS_IT_WAS, "", verdict.case_id, surface, verdict.aspect)]
    for switch in switches(adapter, surface.switch):
        name = (switch or surface.switch).partition("=")[0]
        found.append(Look(name, switch, case.id, replace(surface, switch=switch), verdict.aspect))
    route = adapter.routes[surface.route]
    for mode, how in route.modes.items():
        probe = _shown(verdict, how)
        if mode != surface.mode and case.op in route.seen(mode) and probe in probes_of(case):
            found.append(Look(MODE, mode, case.id, replace(surface, mode=mode), probe))
    for dimension, value, other in _others(case):
        if verdict.aspect in probes_of(other):
            found.append(Look(dimension, value, other.id, surface, verdict.aspect))
    return found


def switches(adapter: type[Adapter], own: str) -> Iterator[str]:
    """The other switches to look at: all from a process without one; else those of the same name, and none."""
    known = ("", *adapter.switches, *adapter.further_switches)
    name = own.partition("=")[0]
    yield from (one for one in known if one != own and (not own or one.partition("=")[0] in ("", name)))


def value_of(case: Case, dimension: str) -> str:
    """What a case has in one of the dimensions of cases, in words."""
    return str(getattr(case, dimension))


def _shown(verdict: Verdict, how: Mode) -> Probe | None:
    """By which probe a mode shows the same; None if it does not."""
    if verdict.aspect in how.probes:
        return verdict.aspect
    other: Probe | None = {"forward": "declared", "declared": "forward"}.get(verdict.aspect)  # type: ignore[assignment]
    return other if other in how.probes and verdict.status in _OF_SHAPES else None


def _others(case: Case) -> Iterator[tuple[str, str, Case]]:
    """The case with one of its fields otherwise, as far as something is claimed of it then."""
    values: dict[str, tuple[Any, ...]] = {LAYOUT: get_args(Layout), DTYPE: get_args(Dtype), BATCH: BATCHES}
    for dimension, some in values.items():
        for value in some:
            if value == getattr(case, dimension):
                continue
            try:
                other = replace(case, **{dimension: value})
            except ValueError:  # there is no such case
                continue
            if claims(other):
                yield dimension, str(value), other
