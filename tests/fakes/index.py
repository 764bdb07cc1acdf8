"""An index of packages: a directory of wheels that are made here, which pip and venv take as they take real ones."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy
import pytest

NAME = "convarith-fake"


def wheel(folder: Path, name: str, version: str, files: Mapping[str, str]) -> None:
    """Put a wheel of pure Python into a directory."""
    plain = name.replace("-", "_")
    about = f"{plain}-{version}.dist-info"
    held = {
        **files,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    held[f"{about}/RECORD"] = "".join(f"{path},,\n" for path in [*held, f"{about}/RECORD"])
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{plain}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in held.items():
            archive.writestr(path, text)


def release(folder: Path, version: str, does: str = "", name: str = NAME) -> None:
    """A release of the fake framework that does something; or one that does not 'import'."""
    code = "raise ImportError('no such symbol')\n" if does == "import" else ""
    wheel(folder, name, version, {"convarith_fake.py": f"{code}VERSION, DOES = {version!r}, {does!r}\n"})


def offer(patch: pytest.MonkeyPatch, folder: Path, releases: Mapping[str, str]) -> Path:
    """Have pip know this index alone, with NumPy, and keep environments beside it."""
    wheels = folder / "wheels"
    # A path file brings the NumPy that runs the tests, which need not be installed each time.
    wheel(wheels, "numpy", "9.9", {"here.pth": f"{Path(numpy.__file__).parents[1]}\n"})
    for version, does in releases.items():
        release(wheels, version, does)
    patch.setenv("PIP_NO_INDEX", "1")
    patch.setenv("PIP_FIND_LINKS", str(wheels))
    patch.setenv("PIP_CONFIG_FILE", "/dev/null")
    patch.delenv("PIP_INDEX_URL", raising=False)
    patch.setenv("CONVARITH_CACHE", str(folder / "cache"))
    return wheels
