"""Environments without installing anything: this interpreter, which finds one module more."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.environments import install as installing
from harness.environments.wanted import Wanted
from harness.errors import EnvironmentFailed
from harness.frameworks import registry

TESTS = Path(__file__).parents[1]


def offer(patch: pytest.MonkeyPatch, folder: Path, releases: Mapping[str, str | None]) -> list[str]:
    """Have some releases of the fake framework, each with what it does; one of None cannot be installed.

    Returns
    -------
    list of str
        The requirements that environments were made of, as they are made.
    """
    made: list[str] = []

    def install(wanted: Wanted, place: Path, *, uv: bool, keep: object) -> None:
        made.append(" ".join(wanted.requirements))
        version = wanted.requirements[0].partition("==")[2]
        does = releases.get(version)
        if does is None:
            raise EnvironmentFailed(f"the environment of {wanted} cannot be made: no release {version} for this Python")
        (place / "bin").mkdir(parents=True)
        (place / "convarith_fake.py").write_text(f"VERSION, DOES = {version!r}, {does!r}\n")
        python = place / "bin" / "python"
        python.write_text(f'#!/bin/sh\nPYTHONPATH="{place}:$PYTHONPATH" exec "{sys.executable}" "$@"\n')
        python.chmod(0o755)

    patch.setattr(installing, "install", install)
    patch.setattr(installing, "packages", lambda place: (place.name.partition("-py")[0].replace("fake-", "fake=="),))
    patch.setattr(registry, "adapters", lambda: {"released": "fakes.released:Released", "fake": "fakes.loops:Loops"})
    patch.setenv("CONVARITH_CACHE", str(folder / "cache"))
    patch.setenv("PYTHONPATH", str(TESTS))
    patch.syspath_prepend(str(TESTS))
    patch.chdir(folder)
    return made
