"""An adapter around another one: it declares and says the same, and does something in between."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar, cast

from cases.case import Case
from harness.frameworks.base import Adapter, Call, Result, Spelling, Unsupported

_DECLARED = ("name", "package", "requirement", "routes", "switches", "further_switches", "how_to_install")
_SAID = ("say", "write", "trouble")


class Around(Adapter):
    """An adapter and nothing else; made for one by :func:`around`. Override ``run`` or ``run_one``.

    Attributes
    ----------
    kind : type of Adapter
        The other's class.
    other : Adapter
        The other.
    """

    kind: ClassVar[type[Adapter]]

    def __init__(self, device: str = "cpu", switch: str = "") -> None:
        self.other = self.kind(device, switch)

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        """Never called: a class that is made has the other's."""
        raise NotImplementedError

    def facts(self) -> dict[str, str]:
        """The other's."""
        return self.other.facts()

    def run_one(self, call: Call) -> Result:
        """What the whole of it does with one call."""
        return next(iter(self.run([call])))


Kind = TypeVar("Kind", bound=Around)


def around(kind: type[Adapter], wrapper: type[Kind], **attributes: Any) -> type[Kind]:
    """A class of adapters that are wrappers around another's.

    Parameters
    ----------
    kind : type of Adapter
        The other.
    wrapper : type of Around
        What the class is made of: what it does with calls.
    **attributes
        What else the class has.
    """
    same = {name: getattr(kind, name) for name in _DECLARED}
    same |= {name: staticmethod(getattr(kind, name)) for name in _SAID}
    return cast("type[Kind]", type(wrapper.__name__, (wrapper,), {**same, "kind": kind, **attributes}))
