"""What -f names: which frameworks some requirements are of."""

from __future__ import annotations

import sys

import pytest

from harness.commands.releases import chosen, name_of
from harness.errors import UsageError
from harness.frameworks import registry


@pytest.mark.parametrize(
    ("text", "frameworks"),
    [
        ("jax==0.4.30", ["jax"]),
        ("torch==2.13.0", ["torch"]),
        ("flax==0.12.8", ["flax"]),
        ("flax==0.12.8 jax==0.10.2", ["jax", "flax"]),
        ("tensorflow-cpu==2.21.0", ["tensorflow"]),
        ("tf-nightly", ["tensorflow"]),
        ("tensorflow-cpu==2.21.0 keras==3.13.0", ["tensorflow", "keras-tensorflow"]),
        ("keras-nightly jax>=0.10", ["jax", "keras-jax"]),
        ("keras-torch=keras==3.13.0 torch==2.13.0", ["keras-torch"]),
    ],
)
def test_every_framework_that_the_packages_make_up_is_observed(text: str, frameworks: list[str]) -> None:
    found = chosen([text])
    assert [one.framework for one in found] == frameworks
    assert all(one.python == "" for one in found)
    # what a run remembers is read back to the same
    assert chosen([one.remembered for one in found]) == found


@pytest.mark.parametrize("text", ["keras==3.13.0", "numpy==2.0", "jx==0.4.30", "jx", "keras-nightly"])
def test_what_makes_up_no_framework_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=f"no framework '{text.partition('==')[0]}'"):
        chosen([text])


def test_names_and_interpreters_are_what_they_were() -> None:
    (one,) = chosen([f"jax={sys.executable}"])
    assert (one.framework, one.python, one.release) == ("jax", sys.executable, "")
    assert name_of(one.remembered) == "jax"
    assert name_of("jax=/opt/a b/python=3") == "jax"
    assert name_of("jax=jax==0.4.30") == "jax jax==0.4.30"


def test_every_package_is_of_a_framework_that_is_built_in() -> None:
    for name, reference in registry.BUILT_IN.items():
        adapter = registry.load(reference)
        groups = adapter.distributions or ((adapter.package,),)
        assert adapter.is_of({group[0] for group in groups}), name
        for left_out in groups:
            assert not adapter.is_of({group[0] for group in groups if group != left_out}), name
