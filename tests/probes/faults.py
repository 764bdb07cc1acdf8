"""Faults to plant: each a way in which a framework can be wrong, as a function that answers calls like a right one.

Most are a change of the call, which the right layer then answers: so the gradient of a wrong layer is the right
gradient of that wrong layer, unless the fault is in the gradient itself.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases.case import Axis, Op
from harness.frameworks.base import Call, Raised, Result, Returned, batches

from ..fakes.loops import Loops, size

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


# How faults are made


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


# Where the window lands


@of("conv")
@layer
def input_shifted(call: Call) -> Result:
    """Each unit stands where its neighbour should."""
    x = np.zeros_like(call.x)
    x[..., 1:] = call.x[..., :-1]
    return right(replace(call, x=x))


@of("conv", *POOLS)
def padded_at_the_far_end_alone(call: Call) -> Result:
    return right(with_axes(call, lambda x: replace(x, p_before=0, p_after=x.p_before + x.p_after)))


def the_odd_zero_at_the_other_end(call: Call) -> Result:
    """'same' taken for 'same_lower', and the other way round."""
    if call.case.padding not in ("same", "same_lower"):
        return right(call)
    return right(with_axes(call, lambda x: replace(x, p_before=x.p_after, p_after=x.p_before)))


@of("conv")
def same_of_the_undilated_kernel(call: Call) -> Result:
    """The padding of 'same' follows from k where it should from k̂."""

    def padded(x: Axis) -> Axis:
        total = max((-(-x.i // x.s) - 1) * x.s + x.k - x.i, 0)
        return replace(x, p_before=total // 2, p_after=total - total // 2)

    return right(with_axes(call, padded) if call.case.padding == "same" else call)


@of("conv")
def causal_taken_for_same(call: Call) -> Result:
    if call.case.padding != "causal":
        return right(call)
    return right(with_axes(call, lambda x: replace(x, p_before=x.p_before // 2, p_after=-(-x.p_before // 2))))


@of("conv", *POOLS)
def one_stride_for_all_axes(call: Call) -> Result:
    return right(with_axes(call, lambda x: replace(x, s=call.case.axes[0].s)))


@of("conv")
@layer
def strides_begin_at_the_second_row(call: Call) -> Result:
    """Of the unit-stride output each s-th row is kept, but the first of them is dropped in place of the last."""
    dense = with_axes(call, lambda x: replace(x, s=1, p_after=x.p_after + x.s))
    if min(size(call.case)) < 1:
        return right(call)
    kept = tuple(
        slice(x.s > 1, (x.s > 1) + (o - 1) * x.s + 1, x.s) for x, o in zip(call.case.axes, size(call.case), strict=True)
    )
    return with_output(right(dense), lambda y: y[(slice(None), slice(None), *kept)])


def dilation_ignored(call: Call) -> Result:
    return right(with_axes(call, lambda x: replace(x, d=1)))


@of("conv")
@layer
def dilation_ignored_in_a_right_shape(call: Call) -> Result:
    if min(size(call.case)) < 1:
        return right(call)
    kept = tuple(slice(0, o) for o in size(call.case))
    dense = with_axes(call, lambda x: replace(x, d=1))
    return with_output(right(dense), lambda y: y[(slice(None), slice(None), *kept)])


@of("conv", *POOLS)
def rounded_up(call: Call) -> Result:
    """Ceil mode without being asked: a last window that overhangs sees zeros there."""
    return right(with_axes(call, lambda x: replace(x, p_after=x.p_after + x.s - 1)))


@of(*POOLS)
def rounded_down(call: Call) -> Result:
    """Ceil mode asked for, and ignored."""
    return right(with_case(call, ceil_mode=False))


@of(*POOLS)
def rounded_up_into_the_far_padding(call: Call) -> Result:
    """Ceil mode that keeps a window that starts in the far padding."""
    if not call.case.ceil_mode:
        return right(call)
    rest = {x: -(x.i + x.p_before + x.p_after - x.k_hat) % x.s for x in call.case.axes}
    return right(with_axes(with_case(call, ceil_mode=False), lambda x: replace(x, p_after=x.p_after + rest[x])))


# Which tap is which


@of("conv")
def kernel_flipped_along_the_last_axis(call: Call) -> Result:
    return right(with_kernel(call, lambda taps: taps[..., ::-1]))


@of("conv")
def kernel_flipped(call: Call) -> Result:
    """A convolution in the sense of signal processing."""
    return right(with_kernel(call, lambda taps: np.flip(taps, axis=tuple(range(2, taps.ndim)))))


@of("conv_transpose")
def transposed_kernel_flipped(call: Call) -> Result:
    """As jax.lax.conv_transpose does unless it is told transpose_kernel=True."""
    return right(with_kernel(call, lambda taps: np.flip(taps, axis=tuple(range(2, taps.ndim)))))


def kernel_axes_exchanged(call: Call) -> Result:
    """Memory in the order (W, H) read as (H, W)."""
    if call.case.rank == 1 or call.kernel is None:
        return right(call)
    return right(with_kernel(call, lambda taps: np.swapaxes(taps, 2, -1).reshape(taps.shape)))


def maps_of_the_kernel_exchanged(call: Call) -> Result:
    """Memory in the order (I, O) read as (O, I)."""
    return right(with_kernel(call, lambda taps: np.swapaxes(taps, 0, 1).reshape(taps.shape)))


def a_tap_off_by_one(call: Call) -> Result:
    def off(taps: Array) -> Array:
        taps.reshape(-1)[-1:] += 1
        return taps

    return right(with_kernel(call, off))


def a_tap_doubled(call: Call) -> Result:
    def doubled(taps: Array) -> Array:
        taps.reshape(-1)[:1] *= 2
        return taps

    return right(with_kernel(call, doubled))


# Feature maps


@of(*CONVOLUTIONS)
@layer
def input_maps_reversed(call: Call) -> Result:
    return right(replace(call, x=call.x[:, ::-1]))


@of(*CONVOLUTIONS)
@layer
def output_maps_reversed(call: Call) -> Result:
    return with_output(right(replace(call, bias=None)), lambda y: with_bias(call, y[:, ::-1]))


def with_bias(call: Call, y: Array) -> Array:
    return y if call.bias is None else y + call.bias.reshape(-1, *(1,) * call.case.rank)


@of(*CONVOLUTIONS)
@layer
def groups_interleaved(call: Call) -> Result:
    """Output maps of all groups take turns, where they should stand group by group."""

    def interleaved(y: Array) -> Array:
        groups = call.case.groups
        return y.reshape(len(y), groups, y.shape[1] // groups, *y.shape[2:]).swapaxes(1, 2).reshape(y.shape)

    return with_output(right(call), interleaved)


@of(*CONVOLUTIONS)
@layer
def the_first_input_map_alone(call: Call) -> Result:
    """No sum over the input maps."""
    x = call.x.copy()
    x[:, 1:] = 0
    return right(replace(call, x=x))


# What the padding is made of


def padding_made_by(mode: str) -> Answer:
    """Padding of another kind than zeros."""

    @of("conv")
    @layer
    def answer(call: Call) -> Result:
        if not call.case.padded or min(size(call.case)) < 1:
            return right(call)
        around = [(0, 0), (0, 0), *((x.p_before, x.p_after) for x in call.case.axes)]
        padded = with_axes(call, lambda x: replace(x, i=x.i + x.p_before + x.p_after, p_before=0, p_after=0))
        return right(replace(padded, x=np.pad(call.x, around, mode=mode)))  # type: ignore[call-overload]

    return answer


@of("max_pool")
def maximum_padded_with_zeros(call: Call) -> Result:
    """The input is padded like a convolution's, and pooled then."""
    around = [(0, 0), (0, 0), *((x.p_before, x.p_after) for x in call.case.axes)]
    padded = with_axes(call, lambda x: replace(x, i=x.i + x.p_before + x.p_after, p_before=0, p_after=0))
    result = right(replace(padded, x=np.pad(call.x, around)))
    if not call.pull_back or isinstance(result, Raised):
        return result
    inside = tuple(slice(x.p_before, x.p_before + x.i) for x in call.case.axes)
    return Returned(result.shape, result.array[(slice(None), slice(None), *inside)])


def maximum_of_nothing_is_zero(call: Call) -> Result:
    return changed(call, lambda y: np.where(np.isneginf(y), 0, y))


def maximum_of_nothing_is_the_lowest_number(call: Call) -> Result:
    return changed(call, lambda y: np.where(np.isneginf(y), np.finfo(np.float32).min, y))


# What an average divides by


@of("avg_pool")
def padding_counts(call: Call) -> Result:
    return right(with_case(call, count_include_pad=True))


@of("avg_pool")
def padding_does_not_count(call: Call) -> Result:
    return right(with_case(call, count_include_pad=False))


@of("avg_pool")
def the_whole_window_counts(call: Call) -> Result:
    """Even what lies beyond the padding, in ceil mode."""
    whole = math.prod(call.case.each("k"))
    counted = call.case.count_include_pad and call.case.divisor is None
    return right(with_case(call, divisor=whole) if counted else call)


@of("avg_pool")
def divisor_ignored(call: Call) -> Result:
    return right(with_case(call, divisor=None))


@of("avg_pool")
def divided_by_the_first_axis_alone(call: Call) -> Result:
    return right(with_case(call, divisor=call.case.axes[0].k))


@of("avg_pool")
def averaged_in_more_bits(call: Call) -> Result:
    """The reciprocal is not rounded to the element type."""
    return right(with_case(call, dtype="float64"))


# Transposed convolutions


@of("conv_transpose")
@layer
def output_padding_at_the_top(call: Call) -> Result:
    if min(size(call.case)) < 1:
        return right(call)
    painted = right(with_axes(call, lambda x: replace(x, p_before=0, p_after=0, a=0)))
    around = [(0, 0), (0, 0), *((x.a, 0) for x in call.case.axes)]
    kept = tuple(slice(x.p_before, x.p_before + o) for x, o in zip(call.case.axes, size(call.case), strict=True))
    return with_output(painted, lambda y: np.pad(y, around)[(slice(None), slice(None), *kept)])


def output_padding_ignored(call: Call) -> Result:
    return right(with_axes(call, lambda x: replace(x, a=0)))


@of("conv_transpose")
def rubbish_where_nothing_reaches(call: Call) -> Result:
    """Rows that no tap reaches are never written."""
    axes = call.case.axes

    def unwritten(y: Array) -> Array:
        for number, x in enumerate(axes, start=2):
            reached = {u * x.s + t * x.d - x.p_before for u, t in itertools.product(range(x.i), range(x.k))}
            rows = [row for row in range(y.shape[number]) if row not in reached]
            np.moveaxis(y, number, 0)[rows] = 1e30
        return y

    return changed(call, unwritten)


@of("conv_transpose")
def padding_of_the_stretched_input(call: Call) -> Result:
    """Numbers taken for p' where they are meant as p, as in jax.lax.conv_transpose: p = k̂ - 1 - p' is cropped."""

    def meant(x: Axis) -> Axis:
        return replace(x, p_before=max(x.k_hat - 1 - x.p_before, 0), p_after=max(x.k_hat - 1 - x.p_after, 0))

    return right(with_axes(call, meant) if call.case.padding == "explicit" else call)


@of("conv_transpose")
def never_cropped_by_more_than_the_kernel(call: Call) -> Result:
    """A negative p' is taken for zero."""
    return right(
        with_axes(
            call, lambda x: replace(x, p_before=min(x.p_before, x.k_hat - 1), p_after=min(x.p_after, x.k_hat - 1))
        )
    )


# Gradients


def gradient_halved(call: Call) -> Result:
    return with_gradient(call, lambda rows: rows / 2)


def gradient_of_a_flipped_kernel(call: Call) -> Result:
    flip = kernel_flipped if call.case.op == "conv" else transposed_kernel_flipped
    return flip(call) if call.pull_back else right(call)


def gradient_wrong_with_strides(call: Call) -> Result:
    """Twice what it should be, where a stride is more than one."""
    strided = any(x.s > 1 for x in call.case.axes)
    return with_gradient(call, lambda rows: rows * 2) if strided else right(call)


def gradients_accumulated(call: Call) -> Result:
    """What one cotangent gives is not cleared before the next."""
    return with_gradient(call, lambda rows: np.cumsum(rows, axis=0))


def no_gradient_of_the_last_unit(call: Call) -> Result:
    def cut(rows: Array) -> Array:
        rows[..., -1] = 0
        return rows

    return with_gradient(call, cut)


def gradient_without_its_last_unit(call: Call) -> Result:
    return with_gradient(call, lambda rows: rows[..., :-1])


@of("max_pool")
def gradient_to_the_first_unit(call: Call) -> Result:
    """Of a window, wherever its maximum is."""
    if not call.pull_back:
        return right(call)
    units = np.arange(call.x.size, 0, -1).reshape(call.x.shape)
    return right(replace(call, x=units))


@of("max_pool")
def gradient_split_among_all_units(call: Call) -> Result:
    """As if the maximum were an average."""
    return right(with_case(call, op="avg_pool", count_include_pad=False) if call.pull_back else call)


# Bias


def bias_doubled(call: Call) -> Result:
    return right(call if call.bias is None else replace(call, bias=call.bias * 2))


def bias_missing(call: Call) -> Result:
    return right(replace(call, bias=None))


def bias_of_the_wrong_map(call: Call) -> Result:
    return right(call if call.bias is None else replace(call, bias=call.bias[::-1]))


def bias_of_the_first_input_alone(call: Call) -> Result:
    """Of several inputs in one call, the others get none."""

    def cut(y: Array) -> Array:
        y[1:] -= with_bias(call, np.zeros((1, call.case.channels_out, *(1,) * call.case.rank)))
        return y

    return changed(call, cut)


@of(*CONVOLUTIONS)
def bias_of_one_unasked(call: Call) -> Result:
    return right(call) if call.bias is not None else changed(call, lambda y: y + 1)


# Batches and element types


def only_the_first_of_a_batch(call: Call) -> Result:
    """Several inputs at once all give what the first of them does."""

    def alike(y: Array) -> Array:
        for part in batches(call, len(call.x)):
            y[part] = y[part][:1]
        return y

    return changed(call, alike)


def an_empty_batch_is_one(call: Call) -> Result:
    return changed(call, lambda y: y if len(y) else np.zeros((1, *y.shape[1:])))


def wrong_in_float16(call: Call) -> Result:
    return a_tap_doubled(call) if call.case.dtype == "float16" else right(call)


def in_eight_significant_bits(call: Call) -> Result:
    """float32 computed in bfloat16: taps lose what they have beyond 256."""
    return right(with_kernel(call, to_eight_bits) if call.case.dtype == "float32" else call)


def to_eight_bits(numbers: Array) -> Array:
    mantissa, exponent = np.frexp(numbers)
    rounded: Array = np.ldexp(np.round(mantissa * 256), exponent - 8)
    return rounded


def remembering_kernels() -> Answer:
    """A compiled layer keeps the kernel that it was first compiled with."""
    first: dict[tuple[str, bool], Call] = {}

    def answer(call: Call) -> Result:
        known = first.setdefault((call.case.id, call.pull_back), call)
        return right(replace(call, kernel=known.kernel))

    return answer


# Shapes and errors


def a_row_too_many(call: Call) -> Result:
    def longer(y: Array) -> Array:
        return np.concatenate([y, np.zeros_like(y[..., :1])], axis=-1)

    return changed(call, longer)


def a_row_too_few(call: Call) -> Result:
    return changed(call, lambda y: y[..., :-1])


def last_row_is(value: float) -> Answer:
    """The last row of the output is never written: it has what memory had."""

    def answer(call: Call) -> Result:
        def unwritten(y: Array) -> Array:
            y[..., -1] = value
            return y

        return changed(call, unwritten)

    return answer


def batch_axis_lost(call: Call) -> Result:
    return changed(call, lambda y: y[0] if len(y) else y)


def nothing_of_a_wrong_shape(call: Call) -> Result:
    """Nothing to compute is answered by an empty tensor, but with one feature map too many."""
    result = right(call)
    if isinstance(result, Raised):
        return Returned((len(call.x), call.case.channels_out + 1, *(0,) * call.case.rank), np.zeros(0))
    return result


def something_where_there_is_nothing(call: Call) -> Result:
    result = right(call)
    if not isinstance(result, Raised):
        return result
    shape = (call.case.channels_out, *(max(o, 1) for o in size(call.case)))
    if call.pull_back:
        return Returned((1, *shape), np.zeros((math.prod(shape), *call.x.shape[1:])))
    return Returned((len(call.x), *shape), np.zeros((len(call.x), *shape)))


@of(*POOLS)
def refused_with_half_a_window_of_padding(call: Call) -> Result:
    if any(max(x.p_before, x.p_after) > x.k // 2 for x in call.case.axes):
        return Raised("RuntimeError", "pad should be at most half of kernel size")
    return right(call)


def refused_without_inputs(call: Call) -> Result:
    if call.x.size == 0:
        return Raised("RuntimeError", "expected a non-empty input")
    return right(call)


# Numbers


def noise_of_rounding(call: Call) -> Result:
    return changed(call, lambda y: y * (1 + 1e-7))


def noise_where_zeros_should_be(call: Call) -> Result:
    return changed(call, lambda y: np.where(y == 0, 1e-30, y))


def zeros_are_negative(call: Call) -> Result:
    return changed(call, lambda y: np.where(y == 0, -0.0, y))


# What shows with several inputs at once alone


@of("conv_transpose")
def overlaps_overwritten(call: Call) -> Result:
    """Where the kernels that several units paint overlap, the last one stays, where they should add up."""
    if call.pull_back or len(call.x) == 0 or min(size(call.case)) < 1:
        return right(call)
    outputs = []
    for x in call.x:
        y = np.zeros((call.case.channels_out, *size(call.case)))
        for unit, value in zip(impulses(call), x.reshape(-1), strict=True):
            if value:
                result = right(replace(call, x=value * unit[None], bias=None))
                assert isinstance(result, Returned)
                y = np.where(result.array[0] != 0, result.array[0], y)
        outputs.append(with_bias(call, y))
    return Returned((len(outputs), *outputs[0].shape), np.array(outputs))


def greatest_of_the_input_maps(call: Call) -> Result:
    """Over the input maps the maximum is taken, where there should be the sum."""
    if call.pull_back or call.case.pools or call.case.channels_in == 0 or isinstance(right(call), Raised):
        return right(call)
    alone = []
    for m in range(call.case.channels_in):
        x = np.zeros_like(call.x)
        x[:, m] = call.x[:, m]
        result = right(replace(call, x=x, bias=None))
        assert isinstance(result, Returned)
        alone.append(result.array)
    y = with_bias(call, np.max(alone, axis=0))
    return Returned(y.shape, y)


@of(*CONVOLUTIONS)
def never_below_zero(call: Call) -> Result:
    """An activation that nobody asked for."""
    return changed(call, lambda y: np.maximum(y, 0))


@of("max_pool")
def the_last_that_exceeds_the_first(call: Call) -> Result:
    """A maximum that compares each unit of a window with the first one, and not with the greatest so far."""
    result = right(call)
    if call.pull_back or isinstance(result, Raised):
        return result
    sums = right(replace(with_case(call, op="avg_pool", divisor=1, dtype="float64"), x=impulses(call)))
    assert isinstance(sums, Returned)
    y = result.array.copy()
    for place in np.ndindex(y.shape):
        window = call.x[place[0]].reshape(-1)[sums.array[(slice(None), *place[1:])] > 0]
        if window.size:
            greater = window[window > window[0]]
            y[place] = greater[-1] if greater.size else window[0]
    return Returned(result.shape, y)


def inputs_rounded(call: Call) -> Result:
    """To eight significant bits."""
    return right(call if call.pull_back else replace(call, x=to_eight_bits(call.x)))
