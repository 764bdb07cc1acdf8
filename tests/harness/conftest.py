from __future__ import annotations

from pathlib import Path

import pytest

from harness.frameworks import registry

TESTS = Path(__file__).parents[1]
SMALL = """
summary = "small"
rank = [1]
[axis]
i = "1..4"
k = "1..3"
s = [1, 2]
p = [0, 1]
a = [0, 1]
[layer]
padding = ["explicit", "valid"]
channels = ["1:2"]
"""


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Frameworks are fakes, and the working directory is empty but for a small grid."""
    known = {
        "fake": "fakes.loops:Loops",
        "bad": "fakes.misbehaving:Misbehaving",
        "several": "fakes.several:Several",
    }
    monkeypatch.setattr(registry, "adapters", lambda: known)
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.syspath_prepend(str(TESTS))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(SMALL)
