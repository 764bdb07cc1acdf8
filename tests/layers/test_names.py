"""The names under which two layers are compared."""

from __future__ import annotations

import subprocess
import sys

import pytest

import convarith
import harness


def test_both_packages_have_the_same_functions() -> None:
    assert harness.compare is convarith.compare
    assert harness.assert_same_operator is convarith.assert_same_operator


def test_another_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'contrast'"):
        harness.contrast  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("imported", ["harness", "harness.errors"])
def test_importing_the_package_imports_nothing_large(imported: str) -> None:
    heavy = "{'numpy', 'msgspec', 'duckdb', 'jinja2', 'torch', 'tensorflow', 'jax', 'keras'}"
    script = f"import sys, {imported}; print(sorted({heavy} & sys.modules.keys()))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_no_room_of_the_package_takes_the_functions_name() -> None:
    # A function beside a package of the same name would be whichever of the two was imported last.
    script = "import convarith, harness.commands.diff, harness; print(harness.compare is convarith.compare)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout == "True\n"
