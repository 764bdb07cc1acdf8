"""The real frameworks on a real GPU, where there is one; what is tested without one is in the modules beside."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.commands.surfaces import SurfaceSelection
from harness.frameworks import registry

from .test_observed import AGREED, PADDED, observed_at, refused

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.skipif(not Path("/dev/nvidiactl").exists(), reason="this machine has no CUDA device"),
]

NAMES = [name for name, reference in registry.adapters().items() if registry.load(reference).is_installed()]


@pytest.mark.parametrize("name", NAMES)
def test_every_surface_agrees_on_a_gpu(name: str) -> None:
    places = SurfaceSelection(framework=(f"{name}={sys.executable}",), device="gpu").places()
    for place, ways in places:
        verdicts, failure = observed_at((place, ways), [*AGREED, *PADDED])
        if failure is not None:  # a build for CPUs
            assert "no CUDA device" in failure
            continue
        assert verdicts
        assert [v for v in verdicts if not v.as_expected and not refused(v)] == []
