"""Which tap is which, and which feature maps mix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harness.frameworks.base import Call, Result
from harness.selftest.faults.making import (
    CONVOLUTIONS,
    Array,
    an_axis,
    fault,
    layer,
    of,
    with_bias,
    with_kernel,
    with_output,
)
from harness.selftest.planting import Right

_SEVERAL = an_axis(lambda x: x.k > 1)
_MIXING = of(*CONVOLUTIONS)

# Which tap is which


@fault("The kernel is flipped along the last axis.", cause="flip", where=of("conv"))
def kernel_flipped_along_the_last_axis(call: Call, right: Right) -> Result:
    return right(with_kernel(call, lambda taps: taps[..., ::-1]))


@fault("The kernel is flipped: a convolution in the sense of signal processing.", cause="flip", where=of("conv"))
def kernel_flipped(call: Call, right: Right) -> Result:
    return right(with_kernel(call, lambda taps: np.flip(taps, axis=tuple(range(2, taps.ndim)))))


@fault(
    "A transposed convolution's kernel is flipped, as jax.lax.conv_transpose does unless it is told otherwise.",
    cause="flip",
    where=of("conv_transpose"),
)
def transposed_kernel_flipped(call: Call, right: Right) -> Result:
    return right(with_kernel(call, lambda taps: np.flip(taps, axis=tuple(range(2, taps.ndim)))))


@fault(
    "The kernel's memory in the order (W, H) is read as (H, W).",
    cause="kernel_order",
    where=of(*CONVOLUTIONS, such=lambda case: case.rank > 1),
)
def kernel_axes_exchanged(call: Call, right: Right) -> Result:
    return right(with_kernel(call, lambda taps: np.swapaxes(taps, 2, -1).reshape(taps.shape)))


@fault(
    "The kernel's memory in the order (I, O) is read as (O, I).",
    cause="kernel_order",
    where=_MIXING,
    needs="several maps at both ends",
)
def maps_of_the_kernel_exchanged(call: Call, right: Right) -> Result:
    return right(with_kernel(call, lambda taps: np.swapaxes(taps, 0, 1).reshape(taps.shape)))


@fault("The last tap is off by one.", cause="taps", where=_MIXING)
def a_tap_off_by_one(call: Call, right: Right) -> Result:
    def off(taps: Array) -> Array:
        taps.reshape(-1)[-1:] += 1
        return taps

    return right(with_kernel(call, off))


@fault("The first tap counts twice.", cause="taps", where=_MIXING)
def a_tap_doubled(call: Call, right: Right) -> Result:
    def doubled(taps: Array) -> Array:
        taps.reshape(-1)[:1] *= 2
        return taps

    return right(with_kernel(call, doubled))


@fault("Every tap counts twice.", cause="scale", where=_MIXING)
def kernel_doubled(call: Call, right: Right) -> Result:
    return right(with_kernel(call, lambda taps: taps * 2))


@fault("The last tap along the last axis is left out.", cause="taps", where=of(*CONVOLUTIONS, such=_SEVERAL))
def the_last_tap_left_out(call: Call, right: Right) -> Result:
    def cut(taps: Array) -> Array:
        taps[..., -1] = 0
        return taps

    return right(with_kernel(call, cut) if call.case.axes[-1].k > 1 else call)


# Feature maps


@fault("The input maps are in reversed order.", cause="maps_permuted", where=_MIXING, needs="several input maps")
@layer
def input_maps_reversed(call: Call, right: Right) -> Result:
    return right(replace(call, x=call.x[:, ::-1]))


@fault("The output maps are in reversed order.", cause="maps_permuted", where=_MIXING)
@layer
def output_maps_reversed(call: Call, right: Right) -> Result:
    return with_output(right(replace(call, bias=None)), lambda y: with_bias(call, y[:, ::-1]))


@fault(
    "Output maps of all groups take turns, where they should stand group by group.",
    cause="groups",
    where=_MIXING,
    needs="groups",
)
@layer
def groups_interleaved(call: Call, right: Right) -> Result:
    def interleaved(y: Array) -> Array:
        groups = call.case.groups
        return y.reshape(len(y), groups, y.shape[1] // groups, *y.shape[2:]).swapaxes(1, 2).reshape(y.shape)

    return with_output(right(call), interleaved)


@fault(
    "Each group is fed the next one's input maps.",
    cause="maps_permuted",
    where=of(*CONVOLUTIONS, such=lambda case: case.groups > 1),
    needs="groups",
)
@layer
def groups_fed_the_next_maps(call: Call, right: Right) -> Result:
    return right(replace(call, x=np.roll(call.x, call.case.channels_in // call.case.groups, axis=1)))


@fault(
    "Of several input maps the first one alone is seen: there is no sum over them.",
    cause="maps_ignored",
    where=_MIXING,
    needs="several input maps",
)
@layer
def the_first_input_map_alone(call: Call, right: Right) -> Result:
    x = call.x.copy()
    x[:, 1:] = 0
    return right(replace(call, x=x))


FAULTS = (
    kernel_flipped_along_the_last_axis,
    kernel_flipped,
    transposed_kernel_flipped,
    kernel_axes_exchanged,
    maps_of_the_kernel_exchanged,
    a_tap_off_by_one,
    a_tap_doubled,
    kernel_doubled,
    the_last_tap_left_out,
    input_maps_reversed,
    output_maps_reversed,
    groups_interleaved,
    groups_fed_the_next_maps,
    the_first_input_map_alone,
)
