"""Which tap is which, and which feature maps mix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harness.frameworks.base import Call, Result

from .making import CONVOLUTIONS, Array, Fault, layer, of, right, with_bias, with_kernel, with_output

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


FAULTS = (
    Fault(
        kernel_flipped_along_the_last_axis,
        """conv; forward adjoint; wrong_operator
           conv_transpose; direct; wrong_operator""",
        red="R1 S4 S5 S7",
        hidden_in="conv1d.i5.k1.s3.p0.d1",
    ),
    Fault(
        kernel_flipped,
        """conv; forward adjoint; wrong_operator
           conv_transpose; direct; wrong_operator""",
        red="R1 S4 S5 S7",
        hidden_in="conv1d.i5.k1.s3.p0.d1",
    ),
    Fault(
        transposed_kernel_flipped,
        "conv_transpose; forward adjoint; wrong_operator",
        red="R8 R9 R10 R11 R12 R13 R14 X13 X17 X19 S6 S8",
    ),
    Fault(
        kernel_axes_exchanged,
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="S2 S4 S5 S6 S7",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    Fault(
        maps_of_the_kernel_exchanged,
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="S9 X19",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    Fault(
        a_tap_off_by_one,
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="R1 R8 S4 S5 S6 S7",
    ),
    Fault(
        a_tap_doubled,
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="R1 R8 S4 S5 S6 S7",
    ),
    Fault(
        input_maps_reversed,
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="S9 X19",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    Fault(
        output_maps_reversed,
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="S9 X19",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    Fault(
        groups_interleaved,
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="R1 R8",
        hidden_in="conv1d.i3.k2.s1.p0.d1.c2to3",
    ),
    Fault(
        the_first_input_map_alone,
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="S9 X19",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
)
