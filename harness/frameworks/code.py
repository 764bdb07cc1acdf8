"""How code is written for a framework: a layer with its weights, padding and slicing around it, as people would.

A :class:`Writer` gives pieces of Python text; :mod:`harness.investigate.translation` puts them together. Data is in the
writer's own order, `kernel` and `bias` are NumPy arrays in the order that the spelling says.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from cases.case import Case
from harness.frameworks.base import Spelling

Ends = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Made:
    """A layer in code.

    Attributes
    ----------
    lines : tuple of str
        What makes it, before the function that uses it.
    call : str
        The expression that applies it, with x for its input.
    """

    lines: tuple[str, ...]
    call: str


class Writer(ABC):
    """How one framework's code is written.

    Attributes
    ----------
    routes : tuple of str
        The adapter's routes whose layers can be written, those to be taken first first.
    first : bool
        Whether feature maps come before the spatial axes in its data.
    imports : tuple of str
    tensor, array : str
        Expressions that make a tensor of the NumPy array x, and a NumPy array of the tensor y.
    module : str
        Where its functions of arrays are.
    depthwise : tuple of str
        Routes whose kernels have input maps and the output maps of each as their last two axes.
    """

    routes: ClassVar[tuple[str, ...]]
    first: ClassVar[bool]
    imports: ClassVar[tuple[str, ...]]
    tensor: ClassVar[str]
    array: ClassVar[str]
    module: ClassVar[str]
    depthwise: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def layer(self, said: Spelling, case: Case) -> Made:
        """The layer that a spelling says, with its weights."""

    def refuses(self, case: Case, route: str) -> str:
        """Why its documentation says that it refuses a layer that a route's arguments can say; empty if it does not."""
        return ""

    def another(self, case: Case, route: str) -> str:
        """Why what a route computes is another layer than its arguments say; empty if it is that one."""
        return ""

    def cannot(self, case: Case) -> str:
        """Why no code of the framework's does what a layer does, padding by hand included; empty if some does."""
        return ""

    @abstractmethod
    def pad(self, x: str, ends: Sequence[str], value: str) -> str:
        """An expression that pads the spatial axes; each of ``ends`` is the text of a pair (before, after)."""

    def crop(self, y: str, ends: Sequence[Ends]) -> str:
        """An expression that takes units off both ends of the spatial axes."""
        at = 2 if self.first else 1
        cuts = [":"] * at
        for axis, (before, after) in enumerate(ends, start=at):
            stop = f"{y}.shape[{axis}] - {after}" if after else ""
            cuts.append(f"{before or ''}:{stop}" if not stop else f"{before} : {stop}")
        return f"{y}[{', '.join(cuts)}]"

    def every(self, y: str, s: Sequence[int]) -> str:
        """An expression that takes every s-th unit of the spatial axes."""
        at = 2 if self.first else 1
        return f"{y}[{', '.join([':'] * at + [f'::{step}' for step in s])}]"

    def sizes(self, x: str) -> str:
        """The spatial sizes of a tensor."""
        return f"{x}.shape[2:]" if self.first else f"{x}.shape[1:-1]"

    def ones(self, x: str) -> str:
        """Ones of a tensor's spatial sizes."""
        return f"{self.module}.ones_like({x})"


def arguments(said: Mapping[str, Any], without: Sequence[str] = ()) -> str:
    """Keyword arguments as one writes them."""
    return ", ".join(f"{name}={value!r}" for name, value in said.items() if name not in without)


def number(value: str) -> str:
    """What is padded with, as any Python writes it."""
    return 'float("-inf")' if value == "-inf" else value


def of_nothing(case: Case) -> str:
    """Why a maximum is not minus infinity where a window sees padding alone, of what begins with the least number."""
    blind = case.op == "max_pool" and any(max(x.p_before, x.p_after) >= x.k_hat for x in case.axes)
    return "a maximum over padding alone is the least finite number there, not minus infinity" if blind else ""
