"""What faults are made with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases.case import Axis, Case, Op
from harness.frameworks.base import Call, Raised, Result, Returned, Wanted
from harness.selftest.planting import COMPUTED, Answer, Fault, Right

Array = NDArray[Any]
Where = Callable[[Case], bool]

CONVOLUTIONS: tuple[Op, ...] = ("conv", "conv_transpose")
POOLS: tuple[Op, ...] = ("avg_pool", "max_pool")


def everywhere(_: Case) -> bool:
    """All layers."""
    return True


def of(*ops: Op, such: Where = everywhere) -> Where:
    """Layers of some operations, such that something holds."""
    return lambda case: case.op in ops and such(case)


def an_axis(such: Callable[[Axis], bool]) -> Where:
    """Layers with an axis such that something holds."""
    return lambda case: any(map(such, case.axes))


def fault(
    says: str,
    *,
    cause: str = "",
    where: Where = everywhere,
    wanted: tuple[Wanted, ...] = COMPUTED,
    name: str = "",
    **other: Any,
) -> Callable[[Callable[..., Any]], Fault]:
    """Make a fault of a function from a call, and what answers calls rightly, to an answer."""

    def made(answer: Callable[..., Any]) -> Fault:
        return Fault(
            name=name or answer.__name__,
            says=says,
            answer=answer,
            where=where,
            wanted=wanted,
            cause=cause,
            **other,
        )

    return made


def layer(forward: Answer) -> Answer:
    """A wrong linear layer, given by its forward pass. Its backward pass is the transpose of that."""

    @wraps(forward)
    def answer(call: Call, right: Right) -> Result:
        if not call.pull_back:
            return forward(call, right)
        if len(call.x) == 0:
            return right(call)
        x = impulses(call)
        result = forward(replace(call, x=x, bias=None, wanted="output"), right)
        if isinstance(result, Raised):
            return result
        return Returned((1, *result.shape[1:]), result.array.reshape(len(x), -1).T.reshape(-1, *x.shape[1:]))

    return answer


def impulses(call: Call) -> Array:
    """All one-hot inputs of a call's layer."""
    units = math.prod(call.x.shape[1:])
    return np.eye(units).reshape(units, *call.x.shape[1:])


def with_case(call: Call, **changes: Any) -> Call:
    """The call of another layer."""
    return replace(call, case=replace(call.case, **changes))


def with_axes(call: Call, change: Callable[[Axis], Axis]) -> Call:
    """The call of a layer with other axes; their padding is said in numbers."""
    return with_case(call, axes=tuple(map(change, call.case.axes)), padding="explicit")


def with_output(result: Result, change: Callable[[Array], Array]) -> Result:
    """The result with its array changed, and its shape as the changed array says."""
    if isinstance(result, Raised):
        return result
    array = change(result.array)
    return Returned(array.shape, array)


def changed(call: Call, right: Right, output: Callable[[Array], Array]) -> Result:
    """The right answer, with another output. A gradient stays as it is."""
    return right(call) if call.pull_back else with_output(right(call), output)


def with_gradient(call: Call, right: Right, change: Callable[[Array], Array]) -> Result:
    """The right answer, with another gradient. An output stays as it is."""
    result = right(call)
    if not call.pull_back or isinstance(result, Raised):
        return result
    return Returned(result.shape, change(result.array))


def with_kernel(call: Call, change: Callable[[Array], Array]) -> Call:
    """The call with another kernel."""
    return call if call.kernel is None else replace(call, kernel=change(call.kernel.copy()))


def exchanged(values: Sequence[Any]) -> tuple[Any, ...]:
    """The first and the last in each other's place."""
    return (values[-1], *values[1:-1], values[0]) if len(values) > 1 else tuple(values)


def exchanging(*letters: str) -> Answer:
    """The first axis has the last one's parameters, and the other way round."""

    def answer(call: Call, right: Right) -> Result:
        theirs = exchanged(call.case.axes)
        axes = tuple(
            replace(axis, **{letter: getattr(other, letter) for letter in letters})
            for axis, other in zip(call.case.axes, theirs, strict=True)
        )
        return right(with_case(call, axes=axes, padding="explicit"))

    return answer


def with_bias(call: Call, y: Array) -> Array:
    """An output with the call's bias added."""
    added: Array = y if call.bias is None else y + call.bias.reshape(-1, *(1,) * call.case.rank)
    return added


def to_eight_bits(numbers: Array) -> Array:
    """Numbers rounded to eight significant bits."""
    mantissa, exponent = np.frexp(numbers)
    rounded: Array = np.ldexp(np.round(mantissa * 256), exponent - 8)
    return rounded
