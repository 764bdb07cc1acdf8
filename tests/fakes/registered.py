"""Adapters that a distribution registers, without installing anything."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def register(patch: pytest.MonkeyPatch, folder: Path, name: str, reference: str, *modules: Path) -> None:
    """Let ``folder`` hold a distribution, called like it, with one entry point; its modules are in other folders."""
    about = folder / f"{folder.name}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {folder.name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[convarith.frameworks]\n{name} = {reference}\n")
    for place in (folder, *modules):
        patch.syspath_prepend(str(place))
    # What the test's own process finds on sys.path, workers find here.
    patch.setenv("PYTHONPATH", os.pathsep.join(map(str, (folder, *modules))), prepend=os.pathsep)
