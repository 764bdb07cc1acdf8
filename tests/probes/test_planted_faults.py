"""Every fault that is planted is seen, by exactly the probes that the table names: it says which probe sees what.

A framework that is right but for one fault is observed over the same few layers. ``sees`` lists, for each operation,
the aspects that must not agree, and all statuses that occur there; everything else must agree. ``red`` lists
relationships, statements and conventions of which at least one verdict must not agree. ``hidden_in`` lists layers in
which the fault cannot show: the parameters that one would test by, if one were careless.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import product

import pytest

from cases import direct
from cases.case import parse
from cases.claims import IDS
from harness import judge
from harness.observe.probe import probes_of

from . import faults
from .faults import Answer, Faulty
from .inprocess import observe, verdicts

IDS_OF_LAYERS = """
    conv1d.i5.k3.s1.p0.d1  conv1d.i5.k3.s1.p1.d1  conv1d.i4.k3.s1.p2.d1  conv1d.i6.k3.s2.p0.d1  conv1d.i6.k3.s2.p1.d1
    conv1d.i7.k3.s2.p1.d2  conv1d.i4.k2.s2.p2.d2  conv1d.i5.k3.s3.p0_1.d1  conv1d.i5.k1.s3.p0.d1
    conv1d.i6.k3.s2.same.p0_1.d1  conv1d.i5.k3.s2.same.p1.d1  conv1d.i5.k4.s1.same.p1_2.d1
    conv1d.i5.k2.s1.same.p1_2.d3  conv1d.i6.k3.s2.same_lower.p1_0.d1  conv1d.i5.k2.s2.causal.p2_0.d2
    conv1d.i3.k2.s1.p0.d1.c2to3  conv1d.i3.k2.s1.p0.d1.c2to2  conv1d.i2.k2.s1.p0.d1.c4to4.g2
    conv1d.i1.k1.s1.p0.d1.c17to16  conv1d.i3.k2.s1.p1.d1.c1to2.bias  conv1d.i3.k2.s1.p0.d1.c0to2.bias
    conv1d.i3.k2.s1.p0.d1.batch0  conv1d.i3.k2.s1.p0.d1.batch1  conv1d.i3.k2.s1.p0.d1.batch2
    conv1d.i3.k2.s1.p0.d1.float16  conv1d.i3.k2.s1.p0.d1.bfloat16  conv1d.i1.k1.s1.p0.d1.c12to11.int8
    conv1d.i2.k3.s1.p0.d1  conv1d.i1.k4.s2.p0.d1
    conv2d.i4x5.k3x2.s2x1.p1x0.d1x2  conv2d.i3x3.k2x2.s1x1.p1x1.d1x1  conv2d.i5x4.k2x2.s1x2.p0x1.d2x1
    conv3d.i2x3x2.k2x1x2.s1x2x1.p0x0x1.d1x1x1

    conv_transpose1d.i3.k3.s1.p0.d1.a0  conv_transpose1d.i3.k4.s1.p1.d1.a0  conv_transpose1d.i4.k3.s1.p1.d1.a0
    conv_transpose1d.i4.k3.s1.p2.d1.a0  conv_transpose1d.i3.k3.s2.p0.d1.a0  conv_transpose1d.i3.k4.s2.p1.d1.a0
    conv_transpose1d.i3.k3.s2.p1.d1.a1  conv_transpose1d.i3.k2.s2.p0_1.d2.a1  conv_transpose1d.i2.k2.s1.p0.d3.a2
    conv_transpose1d.i4.k2.s1.p2.d1.a0  conv_transpose1d.i2.k2.s3.p0.d1.a0  conv_transpose1d.i2.k1.s1.p1.d1.a0
    conv_transpose1d.i3.k4.s3.same.p0_1.d1.a0  conv_transpose1d.i3.k3.s2.same.p1.d1.a0
    conv_transpose1d.i3.k3.s2.valid.p0.d1.a0  conv_transpose1d.i3.k3.s2.valid.p0.d1.a1
    conv_transpose1d.i2.k2.s1.p0.d1.a0.c2to3  conv_transpose1d.i2.k2.s1.p0.d1.a0.c2to2
    conv_transpose1d.i2.k2.s1.p0.d1.a0.c4to4.g2  conv_transpose1d.i2.k2.s2.p0.d1.a0.c1to2.bias
    conv_transpose2d.i2x3.k3x2.s2x1.p1x0.d1x2.a1x0  conv_transpose3d.i2x1x2.k1x2x2.s1x2x1.p0x0x0.d1x1x1.a0x1x0

    avg_pool1d.i6.k3.s2.p0.d1  avg_pool1d.i6.k3.s2.p1.d1  avg_pool1d.i6.k3.s2.p1.d1.nopad  avg_pool1d.i4.k2.s1.p1.d2
    avg_pool1d.i5.k3.s3.p0.d1.ceil  avg_pool1d.i5.k2.s2.p1.d1.ceil  avg_pool1d.i5.k3.s3.p0_1.d1.ceil.nopad
    avg_pool1d.i4.k2.s2.p0.d1.div3  avg_pool1d.i2.k2.s1.same.p0_1.d1  avg_pool1d.i3.k3.s1.p0.d1.bfloat16
    avg_pool2d.i4x3.k3x2.s1x2.p0x1.d1x1.c2

    max_pool1d.i6.k3.s2.p0.d1  max_pool1d.i6.k3.s2.p1.d1  max_pool1d.i4.k2.s1.p1.d2  max_pool1d.i2.k2.s1.p1.d3
    max_pool1d.i5.k2.s2.p1.d1.ceil  max_pool1d.i6.k3.s2.same.p0_1.d1  max_pool1d.i2.k3.s1.p0.d1
    max_pool1d.i5.k3.s1.p2.d2  max_pool2d.i4x3.k3x2.s1x2.p0x1.d1x1.c2
"""
LAYERS = IDS_OF_LAYERS.split()

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


FAULTS = (
    # Where the window lands. Equivalent direct convolutions have no padding and unit strides, but their dilation.
    Fault(
        faults.input_shifted,
        """conv; forward adjoint; wrong_operator
           conv_transpose; direct; wrong_operator""",
        red="R1 R2 R3 R4 R5 R6 R15 S4 S5 S7",
    ),
    Fault(
        faults.padded_at_the_far_end_alone,
        "conv avg_pool max_pool; forward adjoint; wrong_operator",
        red="R2 R3 R4 R6 R15 X1 X7 X9 X12",
        hidden_in="conv1d.i5.k3.s1.p0.d1 conv1d.i5.k3.s3.p0_1.d1 conv1d.i6.k3.s2.same.p0_1.d1",
    ),
    Fault(
        faults.the_odd_zero_at_the_other_end,
        "conv conv_transpose avg_pool max_pool; forward adjoint; wrong_operator",
        red="X1 X2 X3 X15 X16",
        hidden_in="conv1d.i5.k3.s2.same.p1.d1",
    ),
    Fault(
        faults.same_of_the_undilated_kernel,
        "conv; forward adjoint; wrong_shape",
        red="X1 X3 S12",
        hidden_in="conv1d.i5.k4.s1.same.p1_2.d1 conv1d.i6.k3.s2.same.p0_1.d1",
    ),
    Fault(
        faults.causal_taken_for_same,
        "conv; forward adjoint; wrong_operator",
        red="X4",
    ),
    Fault(
        faults.one_stride_for_all_axes,
        "conv avg_pool max_pool; forward adjoint; wrong_shape",
        red="S1 S2 S3",
        hidden_in="conv2d.i3x3.k2x2.s1x1.p1x1.d1x1",
    ),
    Fault(
        faults.strides_begin_at_the_second_row,
        "conv; forward adjoint; wrong_operator",
        red="R5 R6 S1",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    Fault(
        faults.dilation_ignored,
        """conv; forward adjoint; wrong_shape wrong_operator
           conv_transpose; forward adjoint direct; wrong_shape
           avg_pool max_pool; forward adjoint; wrong_shape""",
        red="R15 X5 X7 X13 S12",
        hidden_in="conv1d.i6.k3.s2.p1.d1 conv_transpose1d.i3.k3.s2.p0.d1.a0",
    ),
    Fault(
        faults.dilation_ignored_in_a_right_shape,
        """conv; forward adjoint; wrong_operator
           conv_transpose; direct; wrong_operator""",
        red="R15 S12 S7",
    ),
    Fault(
        faults.rounded_up,
        """conv max_pool; forward adjoint; wrong_shape
           avg_pool; forward adjoint; wrong_shape wrong_operator""",
        red="R5 R7 X7 S3 S11",
        hidden_in="conv1d.i5.k3.s1.p0.d1 conv1d.i5.k3.s2.same.p1.d1",
    ),
    Fault(
        faults.rounded_down,
        "avg_pool; forward adjoint; wrong_shape",
        red="X8 X11",
        hidden_in="avg_pool1d.i5.k2.s2.p1.d1.ceil",
    ),
    Fault(
        faults.rounded_up_into_the_far_padding,
        """avg_pool; forward adjoint; wrong_shape wrong_operator
           max_pool; forward adjoint; wrong_shape""",
        red="X8 X11",
        hidden_in="avg_pool1d.i5.k3.s3.p0_1.d1.ceil.nopad",
    ),
    *(
        Fault(
            faults.exchanging(*letters),
            f"conv conv_transpose{direct_too} avg_pool max_pool; forward adjoint; wrong_shape",
            red="S2 S6 S10",
            name=f"axes_exchanged_in_{letters[0]}",
        )
        for letters, direct_too in ((("s",), ""), (("p_before", "p_after"), ""))
    ),
    Fault(
        faults.exchanging("d"),
        """conv; forward adjoint; wrong_shape
           conv_transpose; forward adjoint direct; wrong_shape""",
        red="S2 S5 S6 S7 S12",
        name="axes_exchanged_in_d",
    ),
    Fault(
        faults.of(*faults.POOLS)(faults.exchanging("k")),
        "avg_pool max_pool; forward adjoint; wrong_shape",
        red="S2 S10",
        name="axes_exchanged_in_k",
    ),
    # Which tap is which.
    Fault(
        faults.kernel_flipped_along_the_last_axis,
        """conv; forward adjoint; wrong_operator
           conv_transpose; direct; wrong_operator""",
        red="R1 S4 S5 S7",
        hidden_in="conv1d.i5.k1.s3.p0.d1",
    ),
    Fault(
        faults.kernel_flipped,
        """conv; forward adjoint; wrong_operator
           conv_transpose; direct; wrong_operator""",
        red="R1 S4 S5 S7",
        hidden_in="conv1d.i5.k1.s3.p0.d1",
    ),
    Fault(
        faults.transposed_kernel_flipped,
        "conv_transpose; forward adjoint; wrong_operator",
        red="R8 R9 R10 R11 R12 R13 R14 X13 X17 X19 S6 S8",
    ),
    Fault(
        faults.kernel_axes_exchanged,
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="S2 S4 S5 S6 S7",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    Fault(
        faults.maps_of_the_kernel_exchanged,
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="S9 X19",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    Fault(
        faults.a_tap_off_by_one,
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="R1 R8 S4 S5 S6 S7",
    ),
    Fault(
        faults.a_tap_doubled,
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="R1 R8 S4 S5 S6 S7",
    ),
    # Feature maps.
    Fault(
        faults.input_maps_reversed,
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="S9 X19",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    Fault(
        faults.output_maps_reversed,
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="S9 X19",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    Fault(
        faults.groups_interleaved,
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="R1 R8",
        hidden_in="conv1d.i3.k2.s1.p0.d1.c2to3",
    ),
    Fault(
        faults.the_first_input_map_alone,
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="S9 X19",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    # What the padding is made of.
    *(
        Fault(
            faults.padding_made_by(mode),
            "conv; forward adjoint; wrong_operator",
            red="R2 R3 R4 R6 R15 X1 X2 X3 X4 X5 X6",
            hidden_in="conv1d.i5.k3.s1.p0.d1",
            name=f"padding_by_{mode}",
        )
        for mode in ("wrap", "edge", "reflect")
    ),
    Fault(
        faults.maximum_padded_with_zeros,
        "max_pool; forward adjoint; wrong_operator wrong_shape",
        red="X7 X12 S10",
        hidden_in="max_pool1d.i6.k3.s2.p0.d1",
    ),
    Fault(
        faults.maximum_of_nothing_is_zero,
        "max_pool; forward; wrong_operator",
        red="X12",
        hidden_in="max_pool1d.i6.k3.s2.p1.d1",
    ),
    Fault(
        faults.maximum_of_nothing_is_the_lowest_number,
        "max_pool; forward; wrong_operator",
        red="X12",
        hidden_in="max_pool1d.i6.k3.s2.p1.d1",
    ),
    # What an average divides by.
    Fault(
        faults.padding_counts,
        "avg_pool; forward adjoint; wrong_operator",
        red="X9 X11 S10",
        hidden_in="avg_pool1d.i6.k3.s2.p0.d1 avg_pool1d.i6.k3.s2.p1.d1",
    ),
    Fault(
        faults.padding_does_not_count,
        "avg_pool; forward adjoint; wrong_operator",
        red="X1 X9 X11 S10",
        hidden_in="avg_pool1d.i6.k3.s2.p0.d1 avg_pool1d.i6.k3.s2.p1.d1.nopad avg_pool1d.i5.k3.s3.p0.d1.ceil",
    ),
    Fault(
        faults.the_whole_window_counts,
        "avg_pool; forward adjoint; wrong_operator",
        red="X11",
        hidden_in="avg_pool1d.i5.k2.s2.p1.d1.ceil",
    ),
    Fault(
        faults.divisor_ignored,
        "avg_pool; forward adjoint; wrong_operator",
        red="X10",
    ),
    Fault(
        faults.divided_by_the_first_axis_alone,
        "avg_pool; forward adjoint; wrong_operator",
        red="S2 X9 X10 X11",
        hidden_in="avg_pool1d.i6.k3.s2.p1.d1",
    ),
    Fault(
        faults.averaged_in_more_bits,
        "avg_pool; forward adjoint; wrong_operator",
        red="R7 X9 X10 X11",
        hidden_in="avg_pool1d.i2.k2.s1.same.p0_1.d1",
    ),
    # Transposed convolutions.
    Fault(
        faults.output_padding_at_the_top,
        "conv_transpose; forward adjoint; wrong_operator",
        red="R14 X13 X14 X16 S6 S8",
        hidden_in="conv_transpose1d.i3.k3.s2.p0.d1.a0",
    ),
    Fault(
        faults.output_padding_ignored,
        "conv_transpose; forward adjoint; wrong_shape",
        red="R14 X13 X14 X16 S6 S8",
        hidden_in="conv_transpose1d.i3.k3.s2.p0.d1.a0",
    ),
    Fault(
        faults.rubbish_where_nothing_reaches,
        "conv_transpose; forward; wrong_operator",
        red="R12 R14 X14 X16 S6 S8",
        hidden_in="conv_transpose1d.i3.k3.s2.p1.d1.a1",
    ),
    Fault(
        faults.padding_of_the_stretched_input,
        """conv_transpose; forward adjoint; wrong_shape accepted
           conv_transpose; bias; wrong_shape""",
        red="R8 R12 R13 R14 X18",
        hidden_in="conv_transpose1d.i4.k3.s1.p1.d1.a0 conv_transpose1d.i3.k3.s2.p1.d1.a1",
    ),
    Fault(
        faults.never_cropped_by_more_than_the_kernel,
        "conv_transpose; forward adjoint; wrong_shape accepted",
        red="R9 R13 X18",
        hidden_in="conv_transpose1d.i4.k3.s1.p2.d1.a0",
    ),
    # Gradients.
    Fault(
        faults.gradient_halved,
        "conv conv_transpose avg_pool max_pool; adjoint; wrong_operator",
        red="S5 S6",
    ),
    Fault(
        faults.gradient_of_a_flipped_kernel,
        "conv conv_transpose; adjoint; wrong_operator",
        red="S5 S6",
        hidden_in="conv1d.i5.k1.s3.p0.d1",
    ),
    Fault(
        faults.gradient_wrong_with_strides,
        "conv conv_transpose avg_pool max_pool; adjoint; wrong_operator",
        red="S5 S6",
        hidden_in="conv1d.i5.k3.s1.p1.d1 conv_transpose1d.i4.k3.s1.p1.d1.a0",
    ),
    Fault(
        faults.gradients_accumulated,
        "conv conv_transpose avg_pool max_pool; adjoint; wrong_operator",
        red="S5 S6",
        hidden_in="conv1d.i1.k1.s1.p0.d1.c12to11.int8",  # integers have no gradient
    ),
    Fault(
        faults.no_gradient_of_the_last_unit,
        "conv conv_transpose avg_pool max_pool; adjoint; wrong_operator",
        red="S5 S6",
        hidden_in="conv1d.i6.k3.s2.p0.d1 max_pool1d.i6.k3.s2.p0.d1",  # where that unit has none
    ),
    Fault(
        faults.gradient_without_its_last_unit,
        "conv conv_transpose avg_pool max_pool; adjoint; wrong_operator",
        red="S5 S6",
    ),
    Fault(
        faults.gradient_to_the_first_unit,
        "max_pool; adjoint; wrong_operator",
        red="R7 X7 X12",
        hidden_in="max_pool1d.i5.k2.s2.p1.d1.ceil",  # where the first unit of each window is the maximum
    ),
    Fault(
        faults.gradient_split_among_all_units,
        "max_pool; adjoint; wrong_operator",
        red="R7 X7 X8 X12",
    ),
    # Bias. The forward probe takes off what an input of zeros gives, and so looks at the operator alone.
    Fault(
        faults.bias_doubled,
        "conv conv_transpose; bias; wrong_operator",
        red="R2 R12",
    ),
    Fault(
        faults.bias_missing,
        "conv conv_transpose; bias; wrong_operator",
        red="R2 R12",
    ),
    Fault(
        faults.bias_of_the_wrong_map,
        "conv conv_transpose; bias; wrong_operator",
        red="R2 R12",
    ),
    Fault(
        faults.bias_of_the_first_input_alone,
        "conv conv_transpose; forward; wrong_operator",
        red="R2 R12",
        hidden_in="conv1d.i3.k2.s1.p0.d1.c0to2.bias",
    ),
    Fault(
        faults.bias_of_one_unasked,
        """conv; forward; wrong_operator
           conv_transpose; forward direct; wrong_operator""",
        red="R1 R8 S4 S7",
        hidden_in="conv1d.i3.k2.s1.p1.d1.c1to2.bias",
    ),
    # Batches and element types.
    Fault(
        faults.only_the_first_of_a_batch,
        """conv avg_pool max_pool; forward; wrong_operator
           conv_transpose; forward direct; wrong_operator""",
        red="R1 R7 R8",
        hidden_in="conv1d.i3.k2.s1.p0.d1.batch1 conv1d.i3.k2.s1.p0.d1.batch0",
    ),
    Fault(
        faults.an_empty_batch_is_one,
        "conv; forward; wrong_shape",
        red="R1",
        hidden_in="conv1d.i3.k2.s1.p0.d1.batch1",
    ),
    Fault(
        faults.wrong_in_float16,
        "conv; forward adjoint; wrong_operator",
        red="R1 S4 S5",
        hidden_in="conv1d.i3.k2.s1.p0.d1.bfloat16 conv1d.i3.k2.s1.p0.d1.batch1",
    ),
    Fault(
        faults.in_eight_significant_bits,
        "conv; forward adjoint; wrong_operator",
        red="R1 S4 S5 S9",
        hidden_in="conv1d.i5.k3.s1.p0.d1 conv1d.i3.k2.s1.p0.d1.bfloat16",  # no more than 256 taps
    ),
    Fault(
        faults.remembering_kernels(),
        "conv; forward; wrong_operator",
        red="R1 S4 S9",
        hidden_in="conv1d.i1.k1.s1.p0.d1.c17to16",  # one pass has all of its taps
        name="remembering_kernels",
    ),
    # Shapes and errors.
    *(
        Fault(
            fault,
            """conv; forward bias; wrong_shape
               conv_transpose; forward direct bias; wrong_shape
               avg_pool max_pool; forward; wrong_shape""",
            red="R1 R7 R8 S4 S7 S10",
            hidden_in="conv1d.i2.k3.s1.p0.d1",
        )
        for fault in (faults.a_row_too_many, faults.a_row_too_few, faults.batch_axis_lost)
    ),
    *(
        Fault(
            faults.last_row_is(value),
            """conv; forward bias; wrong_operator
               conv_transpose; forward direct bias; wrong_operator
               avg_pool max_pool; forward; wrong_operator""",
            red="R1 R7 R8 S4 S7 S8 S10",
            name=f"last_row_is_{value:g}",
        )
        for value in (math.nan, 1e30, 0.0)
    ),
    Fault(
        faults.nothing_of_a_wrong_shape,
        "conv conv_transpose max_pool; forward adjoint; wrong_shape",
        red="R1 R5 R7 R9",
    ),
    Fault(
        faults.something_where_there_is_nothing,
        "conv conv_transpose max_pool; forward adjoint; accepted",
        red="R1 R5 R7 R9",
    ),
    Fault(
        faults.refused_with_half_a_window_of_padding,
        "max_pool; forward adjoint; rejected",
        red="X7 X12",
        hidden_in="max_pool1d.i6.k3.s2.p1.d1",
    ),
    Fault(
        faults.refused_without_inputs,
        "conv; forward adjoint bias; rejected",
        red="R1",
        hidden_in="conv1d.i3.k2.s1.p0.d1.batch1",
    ),
    # Numbers: nothing is near enough.
    Fault(
        faults.noise_of_rounding,
        """conv; forward bias; wrong_operator
           conv_transpose; forward direct bias; wrong_operator
           avg_pool max_pool; forward; wrong_operator""",
        red="R1 R7 R8 S4 S7 S8 S10",
    ),
    Fault(
        faults.noise_where_zeros_should_be,
        """conv avg_pool; forward; wrong_operator
           conv_transpose; forward direct; wrong_operator""",
        red="R1 R7 R8 S4 S7 S8 S10",
    ),
)


def observed(answer: Answer, *, dense: bool = False) -> tuple[Seen, set[str], set[str]]:
    """What does not agree: aspects with their statuses, ids of claims and statements, and the layers.

    The table is about what impulses, cotangents and zeros show; the dense input is looked at by itself.
    """
    found = [verdict for verdict in verdicts(Faulty(answer), LAYERS) if (verdict.aspect == "dense") == dense]
    wrong = [verdict for verdict in found if verdict.status != "agrees"]
    return (
        {(parse(verdict.case_id).op, verdict.aspect, verdict.status) for verdict in wrong},
        {name for verdict in wrong for name in verdict.relationships},
        {verdict.case_id for verdict in wrong},
    )


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_is_seen_by_the_probes_that_can_see_it(fault: Fault) -> None:
    seen, red, guilty = observed(fault.answer)
    assert seen == fault.seen()
    assert red >= set(fault.red.split())
    assert guilty.isdisjoint(fault.hidden_in.split())
    assert set(fault.hidden_in.split()) <= set(LAYERS)


def test_without_a_fault_everything_agrees() -> None:
    for dense in (False, True):
        assert observed(faults.right, dense=dense) == (set(), set(), set())


def test_every_relationship_statement_and_convention_can_go_red() -> None:
    """By the table, so by a fault that is seen to turn it red."""
    named = {name for fault in FAULTS for name in fault.red.split()}
    assert named == {f"R{n}" for n in range(1, 16)} | {f"S{n}" for n in range(1, 13)} | {f"X{n}" for n in range(1, 20)}
    assert named == set(IDS)


@pytest.mark.parametrize(
    ("answer", "ops", "red"),
    [
        (faults.overlaps_overwritten, "conv_transpose", "S6"),
        (faults.greatest_of_the_input_maps, "conv conv_transpose", "S9"),
        (faults.never_below_zero, "conv conv_transpose", "S4 S6"),
        (faults.the_last_that_exceeds_the_first, "max_pool", "S10"),
        (faults.inputs_rounded, "conv conv_transpose max_pool", "S4 S6 S10"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_what_one_impulse_at_a_time_cannot_show_a_dense_input_does(answer: Answer, ops: str, red: str) -> None:
    """Sums, negative outputs and inputs with many digits only come about where an input has several units."""
    assert observed(answer) == (set(), set(), set())
    seen, ids, _ = observed(answer, dense=True)
    assert seen == {(op, "dense", "wrong_operator") for op in ops.split()}
    assert ids >= set(red.split())


def test_a_negative_zero_is_a_zero() -> None:
    for dense in (False, True):
        assert observed(faults.zeros_are_negative, dense=dense) == (set(), set(), set())


@pytest.mark.parametrize("letter", ["kernel", "input"])
def test_a_wrong_direct_convolution_is_seen_as_one(letter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The equivalent direct convolution of a transposed one, with its kernel not turned, or its input not stretched."""
    turned, stretched = direct.flipped, direct.stretched_impulses
    if letter == "kernel":
        monkeypatch.setattr(direct, "flipped", lambda case, kernel: turned(case, kernel)[..., ::-1])
    else:
        monkeypatch.setattr(direct, "stretched_impulses", lambda case: stretched(case)[..., ::-1])
    seen, red, _ = observed(faults.right)
    assert seen == {("conv_transpose", "direct", "wrong_operator")}
    assert "S7" in red
    assert not {"S1", "S4", "S5", "S6", "S8", "S10"} & red


def test_a_layer_that_does_something_else_the_second_time_is_unstable() -> None:
    case = parse("conv1d.i5.k3.s2.p1.d1")
    right, wrong = Faulty(faults.right), Faulty(faults.a_tap_doubled)
    for probe in set(probes_of(case)) - {"declared"}:
        first, second = observe(right, case, probe), observe(wrong, case, probe)
        assert [verdict.status for verdict in judge.judge([first, second])] == ["unstable"]
        assert [verdict.status for verdict in judge.judge([first, replace(first, seconds=1.0)])] == ["agrees"]
