"""Adapters that are right but for one thing each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cases import stimuli
from cases.case import Case
from harness.frameworks.base import (
    DECLARED,
    Adapter,
    Call,
    Mode,
    NoDeviceError,
    Raised,
    Result,
    Returned,
    Route,
    Spelling,
    Unsupported,
)

from .loops import ROUTE, Loops, size


class Small(Loops):
    """A right one, with little to look at."""

    routes = {ROUTE: Route({"eager": Mode(), "abstract": DECLARED}, ("conv", "max_pool"))}

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        if case.rank != 2:
            return Unsupported(f"it has two axes, not {case.rank}")
        return Loops.say(case, route)


class NoAdapter:
    """Not derived from Adapter."""


class Abstract(Adapter):
    """Nothing defined."""

    name = "fake"


class OtherName(Small):
    name = "two words"


class OtherPackage(Small):
    package = "no module"


class OtherRequirement(Small):
    requirement = "numpy and more"


class NoRoutes(Small):
    routes = {}


class ListOfRoutes(Small):
    routes = [ROUTE]  # type: ignore[assignment]


class NoModes(Small):
    routes = {ROUTE: Route({})}


class BareMode(Small):
    routes = {ROUTE: Route({"eager": "plain"})}  # type: ignore[dict-item]


class OtherKind(Small):
    routes = {ROUTE: Route({"eager": Mode(kind="fast")})}  # type: ignore[arg-type]


class OtherProbe(Small):
    routes = {ROUTE: Route({"eager": Mode(probes=("forward", "backward"))})}  # type: ignore[arg-type]


class DeclaredAsPlain(Small):
    routes = {ROUTE: Route({"eager": Mode(probes=("declared",))})}


class DeclaredAndComputed(Small):
    routes = {ROUTE: Route({"eager": Mode("declared", ("forward", "declared"))})}


class NoBatch(Small):
    routes = {ROUTE: Route({"eager": Mode(batch=0)})}


class OtherOp(Small):
    routes = {ROUTE: Route({"eager": Mode()}, ("conv", "dense"))}  # type: ignore[arg-type]


class ListOfSwitches(Small):
    switches = ["threads=2"]  # type: ignore[assignment]


class SameSwitches(Small):
    switches = ("threads=2", "threads=2")


class Peeking(Small):
    """Asks its framework how to say a case."""

    package = "wave"

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        import wave  # noqa: F401

        return Small.say(case, route)


class Refusing(Small):
    """Raises where it should say that it cannot."""

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        if case.padding == "causal":
            raise NotImplementedError(case.padding)
        return Small.say(case, route)


class Silent(Small):
    @staticmethod
    def say(case: Case, route: str) -> Any:
        return None if case.dtype == "int8" else Small.say(case, route)


class Counting(Small):
    """Says things by the number of times it was asked."""

    asked = 0

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        Counting.asked += 1
        said = Small.say(case, route)
        return replace(said, arguments={"number": Counting.asked}) if isinstance(said, Spelling) else said


def saying(**other: Any) -> Any:
    """A ``say`` that is right but for some fields."""

    def say(case: Case, route: str) -> Spelling | Unsupported:
        said = Small.say(case, route)
        return replace(said, **other) if isinstance(said, Spelling) else said

    return staticmethod(say)


class NoKernelOrder(Small):
    say = saying(kernel="")


class Depthwise(Small):
    """A right one, which calls the output maps of a depthwise kernel by a letter of their own."""

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        said = Small.say(case, route)
        if isinstance(said, Spelling) and case.op == "conv" and case.groups == case.channels_in > 1:
            return replace(said, kernel="MIHW")
        return said


class Multiplying(Small):
    """Calls the output maps so where there is nothing depthwise."""

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        said = Small.say(case, route)
        return replace(said, kernel="MIHW") if isinstance(said, Spelling) and case.op == "conv" else said


class OtherDataOrder(Small):
    say = saying(data="NCHH")


class OneLayout(Small):
    say = saying(data="NCHW")


class NumpyArguments(Small):
    say = saying(arguments={"stride": np.int64(2)})


class SetOfArguments(Small):
    say = saying(arguments={"function": len})


class NoFunction(Small):
    say = saying(function="")


class FlipOfInt(Small):
    say = saying(flip=0)


class Terse(Small):
    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        said = Small.say(case, route)
        return Unsupported("no") if isinstance(said, Unsupported) else said


class Promising(Small):
    """Declares an operation that it cannot say."""

    routes = {ROUTE: Route({"eager": Mode()}, ("conv", "avg_pool"))}

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        return Unsupported("there is no pooling here") if case.pools else Small.say(case, route)


class Absent(Small):
    package = "no_such_framework"


class AbsentHalf(Small):
    package = "no_such_framework.half"


class Unstarted(Small):
    def __init__(self, device: str = "cpu", switch: str = "") -> None:
        raise RuntimeError("it does not start")


class Incomplete(Small):
    def __init__(self, device: str = "cpu", switch: str = "") -> None:
        __import__("no_such_framework")


class Deviceless(Small):
    def facts(self) -> dict[str, str]:
        raise NoDeviceError("there is none")


class NoVersion(Small):
    def facts(self) -> dict[str, str]:
        return {"device": "cpu"}


class NumberOfThreads(Small):
    def facts(self) -> Any:
        return {"version": "1.0", "threads": 1}


class ListOfFacts(Small):
    def facts(self) -> Any:
        return ["1.0"]


class Short(Small):
    """Loses the last result."""

    def run(self, calls: Sequence[Call]) -> Iterator[Result]:
        yield from list(super().run(calls))[:-1]


class Bare(Small):
    """Gives arrays, as they are."""

    def run_one(self, call: Call) -> Any:
        result = super().run_one(call)
        return result.array if isinstance(result, Returned) else result


class Backwards(Small):
    def run(self, calls: Sequence[Call]) -> Iterator[Result]:
        yield from reversed(list(super().run(calls)))


class ListOfSizes(Small):
    def run_one(self, call: Call) -> Result:
        result = super().run_one(call)
        return replace(result, shape=list(result.shape)) if isinstance(result, Returned) else result  # type: ignore[arg-type]


class NumpySizes(Small):
    def run_one(self, call: Call) -> Result:
        result = super().run_one(call)
        if isinstance(result, Returned):
            sizes: Any = [np.int64(size or 0) for size in result.shape]
            return replace(result, shape=tuple(sizes))
        return result


class Flat(Small):
    """Gradients in one row."""

    def run_one(self, call: Call) -> Result:
        result = super().run_one(call)
        if isinstance(result, Returned) and call.pull_back:
            return replace(result, array=result.array.reshape(1, -1))
        return result


class Unbatched(Small):
    """Outputs without the batch."""

    def run_one(self, call: Call) -> Result:
        result = super().run_one(call)
        return replace(result, shape=result.shape[1:]) if isinstance(result, Returned) else result


class Throwing(Small):
    """Lets what the framework raises pass."""

    def run_one(self, call: Call) -> Result:
        if min(size(call.case)) < 1:
            raise ValueError("there is nothing to compute")
        return super().run_one(call)


class Guilty(Small):
    """Takes what the framework raises for its own fault."""

    def run_one(self, call: Call) -> Result:
        result = super().run_one(call)
        return replace(result, ours=True) if isinstance(result, Raised) else result


class Turned(Small):
    """Computes with the kernel turned by 180°."""

    def run_one(self, call: Call) -> Result:
        return super().run_one(call if call.kernel is None else replace(call, kernel=call.kernel[..., ::-1, ::-1]))


class Greater(Small):
    """Declares one unit more than there is."""

    def run_one(self, call: Call) -> Result:
        result = super().run_one(call)
        if isinstance(result, Returned) and call.wanted == "shape":
            return replace(result, shape=(*result.shape[:-1], (result.shape[-1] or 0) + 1))
        return result


class Knowing(Small):
    """Computes with the kernel that it knows is meant."""

    def run_one(self, call: Call) -> Result:
        return super().run_one(call if call.kernel is None else replace(call, kernel=stimuli.kernel(call.case)))


class Shrinking(Small):
    """Takes no notice of what is longer than what it knows."""

    def run_one(self, call: Call) -> Result:
        *others, last = call.case.axes
        axes = (*others, replace(last, i=min(last.i, 6)))
        if call.case.pools or call.wanted == "shape":
            return super().run_one(replace(call, case=replace(call.case, axes=axes), x=call.x[..., :6]))
        return super().run_one(call)


class Switched(Small):
    """A right one that can be switched."""

    switches = ("threads=2",)

    def __init__(self, device: str = "cpu", switch: str = "") -> None:
        super().__init__(device, switch)
        self.threads = "2" if switch else "1"

    def facts(self) -> dict[str, str]:
        return {**super().facts(), "threads": self.threads}


class Unswitched(Small):
    """Takes no notice of its switch."""

    switches = ("threads=2",)


class Unswitchable(Switched):
    def __init__(self, device: str = "cpu", switch: str = "") -> None:
        super().__init__(device, switch)
        if switch:
            raise RuntimeError("it cannot be switched")


class WronglySwitched(Switched):
    def run_one(self, call: Call) -> Result:
        if self.threads == "2" and call.kernel is not None:
            call = replace(call, kernel=call.kernel[..., ::-1, ::-1])
        return super().run_one(call)
