"""Which frameworks there are, and where each adapter lives. Nothing here imports an adapter, let alone a framework.

Others register theirs under the entry point group ``convarith.frameworks``, as NAME = "MODULE:CLASS".
"""

from __future__ import annotations

import importlib
import sys
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

from harness.frameworks.base import Adapter
from harness.frameworks.written import Function, Known

GROUP = "convarith.frameworks"
BUILT_IN = {
    "torch": "harness.frameworks.torch:Torch",
    "tensorflow": "harness.frameworks.tensorflow:TensorFlow",
    "jax": "harness.frameworks.jax:Jax",
    "flax": "harness.frameworks.flax:Flax",
    "keras-tensorflow": "harness.frameworks.keras:KerasOnTensorFlow",
    "keras-jax": "harness.frameworks.keras:KerasOnJax",
    "keras-torch": "harness.frameworks.keras:KerasOnTorch",
}


def adapters() -> dict[str, str]:
    """Names of all frameworks, built in and registered, with where each adapter is: 'MODULE:CLASS'."""
    return {**{point.name: point.value for point in registered()}, **BUILT_IN}


def packages() -> dict[str, str]:
    """The packages of built-in adapters, each with its first adapter: what several backends share is alike in all."""
    found: dict[str, str] = {}
    for name, reference in BUILT_IN.items():
        found.setdefault(load(reference).package, name)
    return found


def registered() -> tuple[EntryPoint, ...]:
    """What others have registered."""
    return _registered(tuple(sys.path))


@lru_cache(maxsize=8)  # it reads files of every installed package
def _registered(path: tuple[str, ...]) -> tuple[EntryPoint, ...]:  # noqa: ARG001  # what it depends on
    """What is registered by packages on a path, which is that of imports."""
    return tuple(entry_points(group=GROUP))


def functions() -> Known:
    """Everything that can be read where people write it. What several frameworks have is the first installed one's."""
    kinds = {name: load(reference) for name, reference in adapters().items()}
    found: dict[str, tuple[str, Function]] = {}
    for name, kind in sorted(kinds.items(), key=lambda item: not item[1].is_installed()):
        for written, function in kind.functions.items():
            found.setdefault(written, (name, function))
    return Known(found)


def load(reference: str) -> type[Adapter]:
    """The adapter class that a reference names.

    Parameters
    ----------
    reference : str
        'MODULE:CLASS'.

    Raises
    ------
    ImportError
        There is no such module, or no adapter of that name in it.
    """
    module, _, name = reference.partition(":")
    found = getattr(importlib.import_module(module), name, None)
    if not (isinstance(found, type) and issubclass(found, Adapter)):
        raise ImportError(f"{reference} is no adapter: a class derived from harness.frameworks.base.Adapter")
    return found
