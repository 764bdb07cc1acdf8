"""What a layer has beside its axes: bias, batches, element types, layouts; and how it is run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cases.case import Case
from harness.frameworks.arrays import batches
from harness.frameworks.base import Call, Result
from harness.selftest.faults.making import (
    CONVOLUTIONS,
    Array,
    changed,
    fault,
    of,
    to_eight_bits,
    with_bias,
    with_kernel,
    with_output,
)
from harness.selftest.planting import Answer, Right

_BIASED = of(*CONVOLUTIONS, such=lambda case: case.bias)


def _first_tap_doubled(taps: Array) -> Array:
    taps.reshape(-1)[:1] *= 2
    return taps


def _float16(case: Case) -> bool:
    return case.dtype == "float16"


# Bias. The forward probe takes off what an input of zeros gives, and so looks at the operator alone.


@fault("The bias is added twice.", cause="bias", where=_BIASED, needs="bias")
def bias_doubled(call: Call, right: Right) -> Result:
    return right(call if call.bias is None else replace(call, bias=call.bias * 2))


@fault("The bias is not added.", cause="bias", where=_BIASED, needs="bias")
def bias_missing(call: Call, right: Right) -> Result:
    return right(replace(call, bias=None))


@fault("The biases of the output maps are in reversed order.", cause="bias", where=_BIASED, needs="bias")
def bias_of_the_wrong_map(call: Call, right: Right) -> Result:
    return right(call if call.bias is None else replace(call, bias=call.bias[::-1]))


@fault("Of several inputs in one call the first alone gets the bias.", cause="offset", where=_BIASED, needs="bias")
def bias_of_the_first_input_alone(call: Call, right: Right) -> Result:
    def cut(y: Array) -> Array:
        y[1:] -= with_bias(call, np.zeros((1, call.case.channels_out, *(1,) * call.case.rank)))
        return y

    return changed(call, right, cut)


@fault("A bias of one that nobody asked for.", cause="offset", where=of(*CONVOLUTIONS, such=lambda case: not case.bias))
def bias_of_one_unasked(call: Call, right: Right) -> Result:
    return changed(call, right, lambda y: y + 1)


# Batches


@fault(
    "Several inputs in one call all give what the first of them does.",
    cause="batch",
)
def only_the_first_of_a_batch(call: Call, right: Right) -> Result:
    def alike(y: Array) -> Array:
        for part in batches(call, len(call.x)):
            y[part] = y[part][:1]
        return y

    return changed(call, right, alike)


@fault(
    "In calls of two or three inputs the last one gives zeros.",
    cause="batch",
    where=lambda case: case.batch is not None and case.batch > 1,
    wanted=("output",),
    needs="small batches",
)
def the_last_of_a_small_batch_is_lost(call: Call, right: Right) -> Result:
    def cut(y: Array) -> Array:
        for part in batches(call, len(call.x)):
            if len(y[part]) > 1:
                y[part][-1] = 0
        return y

    return changed(call, right, cut)


@fault(
    "Of an empty batch there is one output.",
    cause="shape",
    where=lambda case: case.batch == 0,
    wanted=("output",),
    needs="empty batches",
)
def an_empty_batch_is_one(call: Call, right: Right) -> Result:
    return changed(call, right, lambda y: y if len(y) else np.zeros((1, *y.shape[1:])))


# Element types and layouts


@fault(
    "In float16 the first tap counts twice.",
    cause="taps",
    where=of(*CONVOLUTIONS, such=_float16),
    needs="float16",
)
def wrong_in_float16(call: Call, right: Right) -> Result:
    return right(with_kernel(call, _first_tap_doubled))


@fault(
    "In bfloat16 the kernel is flipped along the last axis.",
    cause="flip",
    where=of(*CONVOLUTIONS, such=lambda case: case.dtype == "bfloat16"),
    needs="bfloat16",
)
def flipped_in_bfloat16(call: Call, right: Right) -> Result:
    return right(with_kernel(call, lambda taps: taps[..., ::-1]))


@fault(
    "Integers of eight bits come out as 0 where they are beyond 15.",
    where=of(*CONVOLUTIONS, such=lambda case: case.dtype == "int8"),
    wanted=("output",),
    needs="int8",
)
def int8_sums_overflow(call: Call, right: Right) -> Result:
    return changed(call, right, lambda y: np.where(np.abs(y) > 15, 0, y))


@fault(
    "float32 is computed in bfloat16: taps lose what they have beyond 256.",
    cause="rounded_taps",
    where=of(*CONVOLUTIONS, such=lambda case: case.dtype == "float32"),
    needs="kernels of more than 256 taps",
)
def in_eight_significant_bits(call: Call, right: Right) -> Result:
    return right(with_kernel(call, to_eight_bits))


@fault(
    "With channels last the output maps are in reversed order.",
    cause="maps_permuted",
    where=of(*CONVOLUTIONS, such=lambda case: case.layout == "channels_last"),
    wanted=("output",),
    needs="channels last",
)
def maps_reversed_with_channels_last(call: Call, right: Right) -> Result:
    return with_output(right(replace(call, bias=None)), lambda y: with_bias(call, y[:, ::-1]))


# How it is run


@fault(
    "A layer keeps the kernel that it was first run with.",
    cause="remembered_kernel",
    where=of(*CONVOLUTIONS),
    needs="kernels that are fed digit by digit",
    stateful=True,
)
def remembering_kernels() -> Answer:
    first: dict[tuple[str, bool], Call] = {}

    def answer(call: Call, right: Right) -> Result:
        known = first.setdefault((call.case.id, call.pull_back), call)
        return right(replace(call, kernel=known.kernel))

    return answer


@fault(
    "Compiled, a layer with a stride has its kernel flipped along the last axis.",
    cause="flip",
    where=of("conv", such=lambda case: any(x.s > 1 for x in case.axes)),
    modes=("compiled",),
    needs="compiled surfaces",
)
def flipped_where_compiled(call: Call, right: Right) -> Result:
    return right(with_kernel(call, lambda taps: taps[..., ::-1]))


@fault(
    "With two threads the last row of the output is never written.",
    cause="unwritten",
    switch="threads=2",
    wanted=("output",),
    needs="switched surfaces",
)
def unwritten_with_two_threads(call: Call, right: Right) -> Result:
    def unwritten(y: Array) -> Array:
        y[..., -1:] = 0
        return y

    return changed(call, right, unwritten)


FAULTS = (
    bias_doubled,
    bias_missing,
    bias_of_the_wrong_map,
    bias_of_the_first_input_alone,
    bias_of_one_unasked,
    only_the_first_of_a_batch,
    the_last_of_a_small_batch_is_lost,
    an_empty_batch_is_one,
    wrong_in_float16,
    flipped_in_bfloat16,
    int8_sums_overflow,
    in_eight_significant_bits,
    maps_reversed_with_channels_last,
    remembering_kernels,
    flipped_where_compiled,
    unwritten_with_two_threads,
)
