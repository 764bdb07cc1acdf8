"""Gradients: the layer itself is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harness.frameworks.base import Call, Raised, Result
from harness.selftest.faults.making import (
    CONVOLUTIONS,
    Array,
    an_axis,
    fault,
    of,
    with_case,
    with_gradient,
    with_kernel,
)
from harness.selftest.planting import Right


@fault("Gradients are half of what they should be.", cause="scale", wanted=("gradients",))
def gradient_halved(call: Call, right: Right) -> Result:
    return with_gradient(call, right, lambda rows: rows / 2)


@fault(
    "The gradient is that of a layer whose kernel is flipped.",
    cause="flip",
    where=of(*CONVOLUTIONS),
    wanted=("gradients",),
)
def gradient_of_a_flipped_kernel(call: Call, right: Right) -> Result:
    return right(with_kernel(call, lambda taps: np.flip(taps, axis=tuple(range(2, taps.ndim)))))


@fault(
    "Where a stride is more than one, gradients are twice what they should be.",
    cause="scale",
    where=an_axis(lambda x: x.s > 1),
    wanted=("gradients",),
)
def gradient_wrong_with_strides(call: Call, right: Right) -> Result:
    return with_gradient(call, right, lambda rows: rows * 2)


@fault(
    "What one cotangent gives is not cleared before the next.",
    cause="accumulated",
    wanted=("gradients",),
)
def gradients_accumulated(call: Call, right: Right) -> Result:
    return with_gradient(call, right, lambda rows: np.cumsum(rows, axis=0))


@fault(
    "The last unit along the last axis gets no gradient.",
    cause="unread",
    wanted=("gradients",),
)
def no_gradient_of_the_last_unit(call: Call, right: Right) -> Result:
    def cut(rows: Array) -> Array:
        rows[..., -1:] = 0
        return rows

    return with_gradient(call, right, cut)


@fault("Gradients lack the last unit along the last axis.", cause="shape", wanted=("gradients",))
def gradient_without_its_last_unit(call: Call, right: Right) -> Result:
    return with_gradient(call, right, lambda rows: rows[..., :-1])


@fault(
    "A maximum pooling's gradient goes to the first unit of each window, wherever its maximum is.",
    cause="gradient_place",
    where=of("max_pool"),
    wanted=("gradients",),
)
def gradient_to_the_first_unit(call: Call, right: Right) -> Result:
    units = np.arange(call.x.size, 0, -1).reshape(call.x.shape)
    return right(replace(call, x=units))


@fault(
    "A maximum pooling's gradient is split among all units of a window, as if the maximum were an average.",
    cause="gradient_place",
    where=of("max_pool"),
    wanted=("gradients",),
)
def gradient_split_among_all_units(call: Call, right: Right) -> Result:
    return right(with_case(call, op="avg_pool", count_include_pad=False))


@fault(
    "There is no gradient of dilated layers: an error in its place.",
    where=an_axis(lambda x: x.d > 1),
    wanted=("gradients",),
)
def no_gradient_where_dilated(_call: Call, _right: Right) -> Result:
    return Raised("NotImplementedError", "the gradient of a dilated layer is not implemented")


FAULTS = (
    gradient_halved,
    gradient_of_a_flipped_kernel,
    gradient_wrong_with_strides,
    gradients_accumulated,
    no_gradient_of_the_last_unit,
    gradient_without_its_last_unit,
    gradient_to_the_first_unit,
    gradient_split_among_all_units,
    no_gradient_where_dilated,
)
