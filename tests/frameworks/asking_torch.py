"""What tests ask of PyTorch's adapter."""

from __future__ import annotations

from cases.case import parse
from harness.frameworks.base import Call
from harness.frameworks.torch import FUNCTIONAL, MODULES, Torch
from harness.observe import probe as probing
from harness.records import Probe

ROUTES = (FUNCTIONAL, MODULES)
PLAIN = "conv2d.i4x5.k2x3.s1x2.p1x0.d1x1.c2to3"


def calls(name: str, probe: Probe, mode: str, route: str = FUNCTIONAL) -> list[Call]:
    prepared = probing.prepare(Torch, parse(name), route, mode, probe)
    assert isinstance(prepared, list)
    return prepared
