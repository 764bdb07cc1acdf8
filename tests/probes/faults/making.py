"""How faults are made: each is a way in which a framework can be wrong, a function that answers calls like a right one.

Most are a change of the call, which the right layer then answers: so the gradient of a wrong layer is the right
gradient of that wrong layer, unless the fault is in the gradient itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases.case import Axis, Op
from harness.frameworks.base import Call, Raised, Result, Returned

from ...fakes.loops import Loops

Answer = Callable[[Call], Result]
Layer = Callable[[Call], Result]
Array = NDArray[Any]

CONVOLUTIONS: tuple[Op, ...] = ("conv", "conv_transpose")
POOLS: tuple[Op, ...] = ("avg_pool", "max_pool")

right: Answer = Loops().run_one


class Faulty(Loops):
    """A framework with one fault."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer

    def run_one(self, call: Call) -> Result:
        # What a layer computes is wrong; what is said of it before is right.
        return right(call) if call.wanted == "shape" else self._answer(call)


def of(*ops: Op) -> Callable[[Answer], Answer]:
    """The fault is of these operations alone."""

    def limited(fault: Answer) -> Answer:
        @wraps(fault)
        def answer(call: Call) -> Result:
            return fault(call) if call.case.op in ops else right(call)

        return answer

    return limited


def layer(forward: Layer) -> Answer:
    """A wrong linear layer, given by its forward pass. Its backward pass is the transpose of that."""

    @wraps(forward)
    def answer(call: Call) -> Result:
        if not call.pull_back:
            return forward(call)
        if len(call.x) == 0:
            return right(call)
        x = impulses(call)
        result = forward(replace(call, x=x, bias=None, wanted="output"))
        if isinstance(result, Raised):
            return result
        return Returned((1, *result.shape[1:]), result.array.reshape(len(x), -1).T.reshape(-1, *x.shape[1:]))

    return answer


def impulses(call: Call) -> Array:
    """All one-hot inputs of a call's layer."""
    units = math.prod(call.x.shape[1:])
    return np.eye(units).reshape(units, *call.x.shape[1:])


def with_case(call: Call, **changes: Any) -> Call:
    return replace(call, case=replace(call.case, **changes))


def with_axes(call: Call, change: Callable[[Axis], Axis]) -> Call:
    return with_case(call, axes=tuple(map(change, call.case.axes)))


def with_output(result: Result, change: Callable[[Array], Array]) -> Result:
    """The result with its array changed, and its shape as the changed array says."""
    if isinstance(result, Raised):
        return result
    array = change(result.array)
    return Returned(array.shape, array)


def changed(call: Call, output: Callable[[Array], Array]) -> Result:
    """The right answer, with another output. A gradient stays as it is."""
    return right(call) if call.pull_back else with_output(right(call), output)


def with_gradient(call: Call, change: Callable[[Array], Array]) -> Result:
    """The right answer, with another gradient. An output stays as it is."""
    result = right(call)
    if not call.pull_back or isinstance(result, Raised):
        return result
    return Returned(result.shape, change(result.array))


def with_kernel(call: Call, change: Callable[[Array], Array]) -> Call:
    return call if call.kernel is None else replace(call, kernel=change(call.kernel.copy()))


def exchanged(values: Sequence[Any]) -> tuple[Any, ...]:
    """The first and the last in each other's place."""
    return (values[-1], *values[1:-1], values[0]) if len(values) > 1 else tuple(values)


def exchanging(*letters: str) -> Answer:
    """The first axis has the last one's parameters, and the other way round."""

    def answer(call: Call) -> Result:
        theirs = exchanged(call.case.axes)
        axes = tuple(
            replace(axis, **{letter: getattr(other, letter) for letter in letters})
            for axis, other in zip(call.case.axes, theirs, strict=True)
        )
        return right(with_case(call, axes=axes))

    return answer


def with_bias(call: Call, y: Array) -> Array:
    return y if call.bias is None else y + call.bias.reshape(-1, *(1,) * call.case.rank)


def to_eight_bits(numbers: Array) -> Array:
    mantissa, exponent = np.frexp(numbers)
    rounded: Array = np.ldexp(np.round(mantissa * 256), exponent - 8)
    return rounded


Seen = set[tuple[str, str, str]]


@dataclass(frozen=True)
class Fault:
    """A fault, and what must see it; ``sees`` is 'operations; aspects; statuses' a line, all combined."""

    answer: Answer
    sees: str
    red: str
    hidden_in: str = ""
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.answer.__name__

    def seen(self) -> Seen:
        lines = [line.split(";") for line in self.sees.splitlines() if line.strip()]
        return {one for line in lines for one in product(*(part.split() for part in line))}  # type: ignore[misc]
