"""How a fault is planted, by its name, in the perfect framework or in the adapter of a real one.

A fault answers calls like a layer would that is wrong in one way. Most change the call, and have the right layer answer
that: so the gradient of a wrong layer is the right gradient of that wrong layer, unless the fault is in the gradient
itself. Where a fault is not (:meth:`Fault.touches`), the right layer answers; so it need not be looked for there.

Needs NumPy alone, as adapters do: ``harness.selftest.planting:perfect+kernel_flipped`` is a reference that a worker
takes, and so is ``:torch+kernel_flipped``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

import numpy as np

from cases import direct
from cases.case import Case
from harness.frameworks import registry
from harness.frameworks.around import Around, around
from harness.frameworks.base import DECLARED, Adapter, Call, Mode, Raised, Result, Returned, Route, Spelling, Wanted
from harness.records import Probe
from harness.selftest.loops import ROUTE, Loops

Right = Callable[[Call], Result]
Answer = Callable[[Call, Right], Result]

COMPUTED: tuple[Wanted, ...] = ("output", "gradients")
_WANTED: dict[Probe, Wanted] = {"adjoint": "gradients", "declared": "shape"}


class Perfect(Loops):
    """The perfect framework, in every kind of mode and with a switch."""

    routes = {
        ROUTE: Route({"eager": Mode(), "abstract": DECLARED, "compiled": Mode("compiled", ("forward", "adjoint"))})
    }
    switches = ("threads=2",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way in which a framework can be wrong.

    Attributes
    ----------
    name : str
    says : str
        What it does, in a sentence.
    answer : callable
        What it answers a call, given what answers calls rightly. Where it is ``stateful``, what makes that, anew for
        each process.
    where : callable
        Of which layers. An equivalent direct convolution (S7) is a layer of its own.
    wanted : tuple of str
        Whether it is in outputs, gradients, or declared shapes.
    modes, switch : tuple of str or None, str
        In which modes, and with which switch of the process; in all, if left out.
    cause : str
        The kind of cause that a diagnosis has to name (:data:`harness.diagnose.KINDS`); empty where there is none to
        name, as of an error.
    needs : str
        The dimension of a grid that it takes to see it; empty if any layer of its operation does.
    ends : bool
        Whether it ends its process, or never comes to an end, so that it has to be observed in another one.
    """

    name: str
    says: str
    answer: Callable[..., Any]
    where: Callable[[Case], bool]
    wanted: tuple[Wanted, ...] = COMPUTED
    modes: tuple[str, ...] | None = None
    switch: str = ""
    cause: str = ""
    needs: str = ""
    stateful: bool = False
    ends: bool = False

    def made(self) -> Answer:
        """What answers calls, for one process."""
        return cast("Answer", self.answer() if self.stateful else self.answer)

    def touches(self, case: Case, probe: Probe, mode: str, switch: str) -> bool:
        """Whether an observation can be another one because of it; never, where the right layer answers."""
        if _WANTED.get(probe, "output") not in self.wanted or not self.in_(mode, switch):
            return False
        layer = direct.equivalent(case) if probe == "direct" else case
        return layer is not None and self.where(layer)

    def in_(self, mode: str, switch: str) -> bool:
        """Whether it is in a mode of a process with a switch."""
        return (self.modes is None or mode in self.modes) and self.switch in ("", switch)


class _NotSaid(Exception):
    """The layer that a fault wants instead cannot be said to this framework."""


class Planted(Around):
    """An adapter with one fault. Made by :func:`plant`."""

    fault: ClassVar[Fault]

    def __init__(self, device: str = "cpu", switch: str = "") -> None:
        super().__init__(device, switch)
        self._switch, self._answer = switch, self.fault.made()

    def facts(self) -> dict[str, str]:
        """Those of the framework, and the fault."""
        return {**self.other.facts(), "planted fault": self.fault.name}

    def run_one(self, call: Call) -> Result:
        """The fault's answer, where it is; the framework's own where it is not, or cannot be planted."""
        if (
            call.wanted not in self.fault.wanted
            or not self.fault.in_(call.mode, self._switch)
            or not self.fault.where(call.case)
        ):
            return self.other.run_one(call)
        try:
            return self._answer(call, lambda other: self._right(other, call))
        except _NotSaid:
            return self.other.run_one(call)

    def _right(self, call: Call, original: Call) -> Result:
        """What the framework answers a call whose case may be another one now; its array is the fault's to change."""
        if call.case is not original.case:
            said = self.other.say(call.case, call.route)
            if not isinstance(said, Spelling):
                raise _NotSaid
            call = replace(call, spelling=said)
        result = self.other.run_one(call)
        if isinstance(result, Raised):
            return result
        return Returned(result.shape, np.array(result.array, dtype=np.float64))


def plant(fault: Fault, kind: type[Adapter] = Perfect) -> type[Planted]:
    """An adapter that is another one, with a fault.

    Parameters
    ----------
    fault : Fault
    kind : type of Adapter, optional
        The perfect framework, if left out.
    """
    return around(kind, Planted, fault=fault)


def reference(fault: Fault, framework: str = "perfect") -> str:
    """Where a worker finds a framework with a fault: 'MODULE:FRAMEWORK+FAULT'."""
    return f"{__name__}:{framework}+{fault.name}"


def __getattr__(name: str) -> type[Adapter]:
    """The adapter that a reference names."""
    framework, plus, planted = name.partition("+")
    if not plus:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from harness.selftest.faults import BY_NAME  # they are made with what is above

    known: Mapping[str, str] = registry.adapters()
    if planted not in BY_NAME or not (framework == "perfect" or framework in known):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    kind = Perfect if framework == "perfect" else registry.load(known[framework])
    return plant(BY_NAME[planted], kind)
