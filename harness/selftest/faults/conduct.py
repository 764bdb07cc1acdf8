"""What is declared before anything is computed; and processes that end, hang, or do not do the same thing twice."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cases.case import Case
from harness.frameworks.base import Call, Raised, Result, Returned
from harness.selftest.faults.making import CONVOLUTIONS, POOLS, an_axis, fault, of
from harness.selftest.planting import Answer, Fault, Right

# Declared shapes


def _declared(
    says: str,
    *,
    name: str,
    where: Callable[[Case], bool],
    change: Callable[[Call, tuple[int, ...]], tuple[int, ...]],
    cause: str,
    needs: str,
) -> Fault:
    def answer(call: Call, right: Right) -> Result:
        result = right(call)
        if isinstance(result, Raised):
            return result
        return Returned(change(call, tuple(size or 0 for size in result.shape)))

    made = fault(says, cause=cause, where=where, wanted=("shape",), name=name, needs=needs)
    return made(answer)


def _one_more(_: Call, shape: tuple[int, ...]) -> tuple[int, ...]:
    return (*shape[:-1], shape[-1] + 1)


def _undilated(call: Call, shape: tuple[int, ...]) -> tuple[int, ...]:
    sizes = [math.floor((x.i + x.p_before + x.p_after - x.k) / x.s) + 1 for x in call.case.axes]
    return (*shape[:2], *sizes)


# Processes


@fault(
    "The process ends where a convolution has an even kernel and a stride.",
    where=of("conv", such=an_axis(lambda x: x.k % 2 == 0 and x.s > 1)),
    ends=True,
)
def ends_its_process(_call: Call, _right: Right) -> Result:
    os.abort()


@fault("There is no end of a pooling with a stride.", where=of(*POOLS, such=an_axis(lambda x: x.s > 1)), ends=True)
def never_returns(_call: Call, _right: Right) -> Result:
    threading.Event().wait()
    raise AssertionError("nobody sets it")


@fault(
    "Every second call of a layer counts the first tap twice: what it does differs from call to call.",
    where=of(*CONVOLUTIONS),
    stateful=True,
)
def differs_from_call_to_call() -> Answer:
    calls = 0

    def answer(call: Call, right: Right) -> Result:
        nonlocal calls
        calls += 1
        kernel = call.kernel
        if calls % 2 or kernel is None:
            return right(call)
        return right(replace(call, kernel=kernel * np.where(np.arange(kernel.size).reshape(kernel.shape), 1, 2)))

    return answer


FAULTS = (
    _declared(
        "In three dimensions one unit too many is declared along the last axis.",
        name="declared_too_large_in_three_dimensions",
        where=lambda case: case.rank == 3,
        change=_one_more,
        cause="",
        needs="declared shapes in three dimensions",
    ),
    _declared(
        "Dilation is forgotten in what is declared.",
        name="declared_without_dilation",
        where=of("conv", such=an_axis(lambda x: x.d > 1 and x.k > 1)),
        change=_undilated,
        cause="dilation",
        needs="declared shapes",
    ),
    ends_its_process,
    never_returns,
    differs_from_call_to_call,
)
