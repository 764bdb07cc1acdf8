"""What a layer has beside its axes: bias, batches, element types."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harness.frameworks.arrays import batches
from harness.frameworks.base import Call, Result

from .kernels import a_tap_doubled
from .making import CONVOLUTIONS, Answer, Array, Fault, changed, of, right, to_eight_bits, with_bias, with_kernel

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


def remembering_kernels() -> Answer:
    """A compiled layer keeps the kernel that it was first compiled with."""
    first: dict[tuple[str, bool], Call] = {}

    def answer(call: Call) -> Result:
        known = first.setdefault((call.case.id, call.pull_back), call)
        return right(replace(call, kernel=known.kernel))

    return answer


FAULTS = (
    # The forward probe takes off what an input of zeros gives, and so looks at the operator alone.
    Fault(
        bias_doubled,
        "conv conv_transpose; bias; wrong_operator",
        red="R2 R12",
    ),
    Fault(
        bias_missing,
        "conv conv_transpose; bias; wrong_operator",
        red="R2 R12",
    ),
    Fault(
        bias_of_the_wrong_map,
        "conv conv_transpose; bias; wrong_operator",
        red="R2 R12",
    ),
    Fault(
        bias_of_the_first_input_alone,
        "conv conv_transpose; forward; wrong_operator",
        red="R2 R12",
        hidden_in="conv1d.i3.k2.s1.p0.d1.c0to2.bias",
    ),
    Fault(
        bias_of_one_unasked,
        """conv; forward; wrong_operator
           conv_transpose; forward direct; wrong_operator""",
        red="R1 R8 S4 S7",
        hidden_in="conv1d.i3.k2.s1.p1.d1.c1to2.bias",
    ),
    Fault(
        only_the_first_of_a_batch,
        """conv avg_pool max_pool; forward; wrong_operator
           conv_transpose; forward direct; wrong_operator""",
        red="R1 R7 R8",
        hidden_in="conv1d.i3.k2.s1.p0.d1.batch1 conv1d.i3.k2.s1.p0.d1.batch0",
    ),
    Fault(
        an_empty_batch_is_one,
        "conv; forward; wrong_shape",
        red="R1",
        hidden_in="conv1d.i3.k2.s1.p0.d1.batch1",
    ),
    Fault(
        wrong_in_float16,
        "conv; forward adjoint; wrong_operator",
        red="R1 S4 S5",
        hidden_in="conv1d.i3.k2.s1.p0.d1.bfloat16 conv1d.i3.k2.s1.p0.d1.batch1",
    ),
    Fault(
        in_eight_significant_bits,
        "conv; forward adjoint; wrong_operator",
        red="R1 S4 S5 S9",
        hidden_in="conv1d.i5.k3.s1.p0.d1 conv1d.i3.k2.s1.p0.d1.bfloat16",  # no more than 256 taps
    ),
    Fault(
        remembering_kernels(),
        "conv; forward; wrong_operator",
        red="R1 S4 S9",
        hidden_in="conv1d.i1.k1.s1.p0.d1.c17to16",  # one pass has all of its taps
        name="remembering_kernels",
    ),
)
