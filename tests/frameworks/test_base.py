"""What is the adapter's fault and what the framework's answer, wherever the adapter lives."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from harness.frameworks.base import Adapter, Raised

ADAPTER = """
from harness.frameworks.base import attempt, raised
import a_framework

def slip():
    return attempt(lambda: a_framework_misspelled.convolve())

def missing():
    return attempt(lambda: a_framework.convolution())

def refused():
    return attempt(lambda: a_framework.convolve())

def caught():
    try:
        a_framework.convolution()
    except Exception as error:
        return raised(error)
"""
FRAMEWORK = """
def convolve():
    return [].no_such_attribute
"""


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """An adapter that is no part of this package, and its framework."""
    (tmp_path / "an_adapter.py").write_text(ADAPTER)
    (tmp_path / "a_framework.py").write_text(FRAMEWORK)
    monkeypatch.syspath_prepend(str(tmp_path))
    return importlib.import_module("an_adapter")


@pytest.mark.parametrize("name", ["slip", "missing", "caught"])
def test_a_name_that_is_missing_in_the_adapters_own_lines_is_its_fault(outside: ModuleType, name: str) -> None:
    result: Raised = getattr(outside, name)()
    assert result.ours
    assert "of an_adapter.py)" in result.text


def test_the_same_error_from_within_the_framework_is_its_answer(outside: ModuleType) -> None:
    result: Raised = outside.refused()
    assert (result.error, result.ours) == ("AttributeError", False)
    assert "no_such_attribute" in result.text
    assert "an_adapter" not in result.text


@pytest.mark.parametrize(
    ("package", "there"), [("numpy", True), ("numpy.linalg", True), ("no_such_thing", False), ("no.such.thing", False)]
)
def test_a_package_is_there_or_not(package: str, there: bool) -> None:
    named: type[Adapter] = type("Named", (Adapter,), {"package": package})
    assert named.is_installed() is there
