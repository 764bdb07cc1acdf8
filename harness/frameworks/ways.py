"""The ways into a framework, in every process that it can be observed in: routes, modes and switches put together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cases.case import Op
from cases.grid import SurfaceKind
from harness.frameworks.base import Adapter
from harness.records import Probe, Surface


@dataclass(frozen=True, slots=True)
class Way:
    """A surface, and what is to be observed on it.

    Attributes
    ----------
    surface : Surface
    kind : str or None
        As a grid says it; None where no grid takes the surface, and one has to ask for it by name.
    probes, ops : tuple of str
        What can be seen on it, of which operations.
    """

    surface: Surface
    kind: SurfaceKind | None
    probes: tuple[Probe, ...]
    ops: tuple[Op, ...]


def ways(framework: str, adapter: type[Adapter], switch: str = "", release: str = "") -> Iterator[Way]:
    """All ways in a process with a switch, or without.

    A switch changes what is computed: what is only declared is left as it is, and what is compiled costs too much to be
    multiplied, unless someone asks for it.
    """
    for route, found in adapter.routes.items():
        for mode, how in found.modes.items():
            kind: SurfaceKind | None = how.kind if not switch else "switched" if how.kind == "plain" else None
            yield Way(Surface(framework, route, mode, switch, release), kind, how.probes, found.seen(mode))
