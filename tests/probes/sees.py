"""What must see each planted fault on the layers of ``test_planted_faults``, and what must not.

Of each fault: 'operations; aspects; statuses' a line, all combined; ids of claims and statements that must go red; and
layers that it is hidden in.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

Seen = set[tuple[str, str, str]]


@dataclass(frozen=True)
class Sees:
    """What sees a fault."""

    fault: str
    sees: str
    red: str
    hidden_in: str = ""

    def __str__(self) -> str:
        return self.fault

    def seen(self) -> Seen:
        lines = [line.split(";") for line in self.sees.splitlines() if line.strip()]
        return {one for line in lines for one in product(*(part.split() for part in line))}  # type: ignore[misc]


SEES = (
    Sees(
        "input_shifted",
        """conv; forward adjoint; wrong_operator
           conv_transpose; direct; wrong_operator""",
        red="R1 R2 R3 R4 R5 R6 R15 S4 S5 S7",
    ),
    Sees(
        "padded_at_the_far_end_alone",
        "conv avg_pool max_pool; forward adjoint; wrong_operator",
        red="R2 R3 R4 R6 R15 X1 X7 X9 X12",
        hidden_in="conv1d.i5.k3.s1.p0.d1 conv1d.i5.k3.s3.p0_1.d1 conv1d.i6.k3.s2.same.p0_1.d1",
    ),
    Sees(
        "the_odd_zero_at_the_other_end",
        "conv conv_transpose avg_pool max_pool; forward adjoint; wrong_operator",
        red="X1 X2 X3 X15 X16",
        hidden_in="conv1d.i5.k3.s2.same.p1.d1",
    ),
    Sees(
        "same_of_the_undilated_kernel",
        "conv; forward adjoint; wrong_shape",
        red="X1 X3 S12",
        hidden_in="conv1d.i5.k4.s1.same.p1_2.d1 conv1d.i6.k3.s2.same.p0_1.d1",
    ),
    Sees(
        "causal_taken_for_same",
        "conv; forward adjoint; wrong_operator",
        red="X4",
    ),
    Sees(
        "one_stride_for_all_axes",
        "conv avg_pool max_pool; forward adjoint; wrong_shape",
        red="S1 S2 S3",
        hidden_in="conv2d.i3x3.k2x2.s1x1.p1x1.d1x1",
    ),
    Sees(
        "strides_begin_at_the_second_row",
        "conv; forward adjoint; wrong_operator",
        red="R5 R6 S1",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    Sees(
        "dilation_ignored",
        """conv; forward adjoint; wrong_shape wrong_operator
           conv_transpose; forward adjoint direct; wrong_shape
           avg_pool max_pool; forward adjoint; wrong_shape""",
        red="R15 X5 X7 X13 S12",
        hidden_in="conv1d.i6.k3.s2.p1.d1 conv_transpose1d.i3.k3.s2.p0.d1.a0",
    ),
    Sees(
        "dilation_ignored_in_a_right_shape",
        """conv; forward adjoint; wrong_operator
           conv_transpose; direct; wrong_operator""",
        red="R15 S12 S7",
    ),
    Sees(
        "rounded_up",
        """conv max_pool; forward adjoint; wrong_shape
           avg_pool; forward adjoint; wrong_shape wrong_operator""",
        red="R5 R7 X7 S3 S11",
        hidden_in="conv1d.i5.k3.s1.p0.d1 conv1d.i5.k3.s2.same.p1.d1",
    ),
    Sees(
        "rounded_down",
        "avg_pool; forward adjoint; wrong_shape",
        red="X8 X11",
        hidden_in="avg_pool1d.i5.k2.s2.p1.d1.ceil",
    ),
    Sees(
        "rounded_up_into_the_far_padding",
        """avg_pool; forward adjoint; wrong_shape wrong_operator
           max_pool; forward adjoint; wrong_shape""",
        red="X8 X11",
        hidden_in="avg_pool1d.i5.k3.s3.p0_1.d1.ceil.nopad",
    ),
    Sees(
        "axes_exchanged_in_s",
        "conv conv_transpose avg_pool max_pool; forward adjoint; wrong_shape",
        red="S2 S6 S10",
    ),
    Sees(
        "axes_exchanged_in_p_before",
        "conv conv_transpose avg_pool max_pool; forward adjoint; wrong_shape",
        red="S2 S6 S10",
    ),
    Sees(
        "axes_exchanged_in_d",
        """conv; forward adjoint; wrong_shape
           conv_transpose; forward adjoint direct; wrong_shape""",
        red="S2 S5 S6 S7 S12",
    ),
    Sees(
        "axes_exchanged_in_k",
        "avg_pool max_pool; forward adjoint; wrong_shape",
        red="S2 S10",
    ),
    Sees(
        "kernel_flipped_along_the_last_axis",
        """conv; forward adjoint; wrong_operator
           conv_transpose; direct; wrong_operator""",
        red="R1 S4 S5 S7",
        hidden_in="conv1d.i5.k1.s3.p0.d1",
    ),
    Sees(
        "kernel_flipped",
        """conv; forward adjoint; wrong_operator
           conv_transpose; direct; wrong_operator""",
        red="R1 S4 S5 S7",
        hidden_in="conv1d.i5.k1.s3.p0.d1",
    ),
    Sees(
        "transposed_kernel_flipped",
        "conv_transpose; forward adjoint; wrong_operator",
        red="R8 R9 R10 R11 R12 R13 R14 X13 X17 X19 S6 S8",
    ),
    Sees(
        "kernel_axes_exchanged",
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="S2 S4 S5 S6 S7",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    Sees(
        "maps_of_the_kernel_exchanged",
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="S9 X19",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    Sees(
        "a_tap_off_by_one",
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="R1 R8 S4 S5 S6 S7",
    ),
    Sees(
        "a_tap_doubled",
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="R1 R8 S4 S5 S6 S7",
    ),
    Sees(
        "input_maps_reversed",
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="S9 X19",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    Sees(
        "output_maps_reversed",
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="S9 X19",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    Sees(
        "groups_interleaved",
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="R1 R8",
        hidden_in="conv1d.i3.k2.s1.p0.d1.c2to3",
    ),
    Sees(
        "the_first_input_map_alone",
        """conv; forward adjoint; wrong_operator
           conv_transpose; forward adjoint direct; wrong_operator""",
        red="S9 X19",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    Sees(
        "padding_by_wrap",
        "conv; forward adjoint; wrong_operator",
        red="R2 R3 R4 R6 R15 X1 X2 X3 X4 X5 X6",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    Sees(
        "padding_by_edge",
        "conv; forward adjoint; wrong_operator",
        red="R2 R3 R4 R6 R15 X1 X2 X3 X4 X5 X6",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    Sees(
        "padding_by_reflect",
        "conv; forward adjoint; wrong_operator",
        red="R2 R3 R4 R6 R15 X1 X2 X3 X4 X5 X6",
        hidden_in="conv1d.i5.k3.s1.p0.d1",
    ),
    Sees(
        "maximum_padded_with_zeros",
        "max_pool; forward adjoint; wrong_operator wrong_shape",
        red="X7 X12 S10",
        hidden_in="max_pool1d.i6.k3.s2.p0.d1",
    ),
    Sees(
        "maximum_of_nothing_is_zero",
        "max_pool; forward; wrong_operator",
        red="X12",
        hidden_in="max_pool1d.i6.k3.s2.p1.d1",
    ),
    Sees(
        "maximum_of_nothing_is_the_lowest_number",
        "max_pool; forward; wrong_operator",
        red="X12",
        hidden_in="max_pool1d.i6.k3.s2.p1.d1",
    ),
    Sees(
        "padding_counts",
        "avg_pool; forward adjoint; wrong_operator",
        red="X9 X11 S10",
        hidden_in="avg_pool1d.i6.k3.s2.p0.d1 avg_pool1d.i6.k3.s2.p1.d1",
    ),
    Sees(
        "padding_does_not_count",
        "avg_pool; forward adjoint; wrong_operator",
        red="X1 X9 X11 S10",
        hidden_in="avg_pool1d.i6.k3.s2.p0.d1 avg_pool1d.i6.k3.s2.p1.d1.nopad avg_pool1d.i5.k3.s3.p0.d1.ceil",
    ),
    Sees(
        "the_whole_window_counts",
        "avg_pool; forward adjoint; wrong_operator",
        red="X11",
        hidden_in="avg_pool1d.i5.k2.s2.p1.d1.ceil",
    ),
    Sees(
        "divisor_ignored",
        "avg_pool; forward adjoint; wrong_operator",
        red="X10",
    ),
    Sees(
        "divided_by_the_first_axis_alone",
        "avg_pool; forward adjoint; wrong_operator",
        red="S2 X9 X10 X11",
        hidden_in="avg_pool1d.i6.k3.s2.p1.d1",
    ),
    Sees(
        "averaged_in_more_bits",
        "avg_pool; forward adjoint; wrong_operator",
        red="R7 X9 X10 X11",
        hidden_in="avg_pool1d.i2.k2.s1.same.p0_1.d1",
    ),
    Sees(
        "output_padding_at_the_top",
        "conv_transpose; forward adjoint; wrong_operator",
        red="R14 X13 X14 X16 S6 S8",
        hidden_in="conv_transpose1d.i3.k3.s2.p0.d1.a0",
    ),
    Sees(
        "output_padding_ignored",
        "conv_transpose; forward adjoint; wrong_shape",
        red="R14 X13 X14 X16 S6 S8",
        hidden_in="conv_transpose1d.i3.k3.s2.p0.d1.a0",
    ),
    Sees(
        "rubbish_where_nothing_reaches",
        "conv_transpose; forward; wrong_operator",
        red="R12 R14 X14 X16 S6 S8",
        hidden_in="conv_transpose1d.i3.k3.s2.p1.d1.a1",
    ),
    Sees(
        "padding_of_the_stretched_input",
        """conv_transpose; forward adjoint; wrong_shape accepted
           conv_transpose; bias; wrong_shape""",
        red="R8 R12 R13 R14 X18",
        hidden_in="conv_transpose1d.i4.k3.s1.p1.d1.a0 conv_transpose1d.i3.k3.s2.p1.d1.a1",
    ),
    Sees(
        "never_cropped_by_more_than_the_kernel",
        "conv_transpose; forward adjoint; wrong_shape accepted",
        red="R9 R13 X18",
        hidden_in="conv_transpose1d.i4.k3.s1.p2.d1.a0",
    ),
    Sees(
        "gradient_halved",
        "conv conv_transpose avg_pool max_pool; adjoint; wrong_operator",
        red="S5 S6",
    ),
    Sees(
        "gradient_of_a_flipped_kernel",
        "conv conv_transpose; adjoint; wrong_operator",
        red="S5 S6",
        hidden_in="conv1d.i5.k1.s3.p0.d1",
    ),
    Sees(
        "gradient_wrong_with_strides",
        "conv conv_transpose avg_pool max_pool; adjoint; wrong_operator",
        red="S5 S6",
        hidden_in="conv1d.i5.k3.s1.p1.d1 conv_transpose1d.i4.k3.s1.p1.d1.a0",
    ),
    Sees(
        "gradients_accumulated",
        "conv conv_transpose avg_pool max_pool; adjoint; wrong_operator",
        red="S5 S6",
        hidden_in="conv1d.i1.k1.s1.p0.d1.c12to11.int8",
    ),
    Sees(
        "no_gradient_of_the_last_unit",
        "conv conv_transpose avg_pool max_pool; adjoint; wrong_operator",
        red="S5 S6",
        hidden_in="conv1d.i6.k3.s2.p0.d1 max_pool1d.i6.k3.s2.p0.d1",
    ),
    Sees(
        "gradient_without_its_last_unit",
        "conv conv_transpose avg_pool max_pool; adjoint; wrong_operator",
        red="S5 S6",
    ),
    Sees(
        "gradient_to_the_first_unit",
        "max_pool; adjoint; wrong_operator",
        red="R7 X7 X12",
        hidden_in="max_pool1d.i5.k2.s2.p1.d1.ceil",
    ),
    Sees(
        "gradient_split_among_all_units",
        "max_pool; adjoint; wrong_operator",
        red="R7 X7 X8 X12",
    ),
    Sees(
        "bias_doubled",
        "conv conv_transpose; bias; wrong_operator",
        red="R2 R12",
    ),
    Sees(
        "bias_missing",
        "conv conv_transpose; bias; wrong_operator",
        red="R2 R12",
    ),
    Sees(
        "bias_of_the_wrong_map",
        "conv conv_transpose; bias; wrong_operator",
        red="R2 R12",
    ),
    Sees(
        "bias_of_the_first_input_alone",
        "conv conv_transpose; forward; wrong_operator",
        red="R2 R12",
        hidden_in="conv1d.i3.k2.s1.p0.d1.c0to2.bias",
    ),
    Sees(
        "bias_of_one_unasked",
        """conv; forward; wrong_operator
           conv_transpose; forward direct; wrong_operator""",
        red="R1 R8 S4 S7",
        hidden_in="conv1d.i3.k2.s1.p1.d1.c1to2.bias",
    ),
    Sees(
        "only_the_first_of_a_batch",
        """conv avg_pool max_pool; forward; wrong_operator
           conv_transpose; forward direct; wrong_operator""",
        red="R1 R7 R8",
        hidden_in="conv1d.i3.k2.s1.p0.d1.batch1 conv1d.i3.k2.s1.p0.d1.batch0",
    ),
    Sees(
        "an_empty_batch_is_one",
        "conv; forward; wrong_shape",
        red="R1",
        hidden_in="conv1d.i3.k2.s1.p0.d1.batch1",
    ),
    Sees(
        "wrong_in_float16",
        "conv; forward adjoint; wrong_operator",
        red="R1 S4 S5",
        hidden_in="conv1d.i3.k2.s1.p0.d1.bfloat16 conv1d.i3.k2.s1.p0.d1.batch1",
    ),
    Sees(
        "in_eight_significant_bits",
        "conv; forward adjoint; wrong_operator",
        red="R1 S4 S5 S9",
        hidden_in="conv1d.i5.k3.s1.p0.d1 conv1d.i3.k2.s1.p0.d1.bfloat16",
    ),
    Sees(
        "remembering_kernels",
        "conv; forward; wrong_operator",
        red="R1 S4 S9",
        hidden_in="conv1d.i1.k1.s1.p0.d1.c17to16",
    ),
    Sees(
        "a_row_too_many",
        """conv; forward bias; wrong_shape
           conv_transpose; forward direct bias; wrong_shape
           avg_pool max_pool; forward; wrong_shape""",
        red="R1 R7 R8 S4 S7 S10",
        hidden_in="conv1d.i2.k3.s1.p0.d1",
    ),
    Sees(
        "a_row_too_few",
        """conv; forward bias; wrong_shape
           conv_transpose; forward direct bias; wrong_shape
           avg_pool max_pool; forward; wrong_shape""",
        red="R1 R7 R8 S4 S7 S10",
        hidden_in="conv1d.i2.k3.s1.p0.d1",
    ),
    Sees(
        "batch_axis_lost",
        """conv; forward bias; wrong_shape
           conv_transpose; forward direct bias; wrong_shape
           avg_pool max_pool; forward; wrong_shape""",
        red="R1 R7 R8 S4 S7 S10",
        hidden_in="conv1d.i2.k3.s1.p0.d1",
    ),
    Sees(
        "last_row_is_nan",
        """conv; forward bias; wrong_operator
           conv_transpose; forward direct bias; wrong_operator
           avg_pool max_pool; forward; wrong_operator""",
        red="R1 R7 R8 S4 S7 S8 S10",
    ),
    Sees(
        "last_row_is_1e+30",
        """conv; forward bias; wrong_operator
           conv_transpose; forward direct bias; wrong_operator
           avg_pool max_pool; forward; wrong_operator""",
        red="R1 R7 R8 S4 S7 S8 S10",
    ),
    Sees(
        "last_row_is_0",
        """conv; forward bias; wrong_operator
           conv_transpose; forward direct bias; wrong_operator
           avg_pool max_pool; forward; wrong_operator""",
        red="R1 R7 R8 S4 S7 S8 S10",
    ),
    Sees(
        "nothing_of_a_wrong_shape",
        "conv conv_transpose max_pool; forward adjoint; wrong_shape",
        red="R1 R5 R7 R9",
    ),
    Sees(
        "something_where_there_is_nothing",
        "conv conv_transpose max_pool; forward adjoint; accepted",
        red="R1 R5 R7 R9",
    ),
    Sees(
        "refused_with_half_a_window_of_padding",
        "max_pool; forward adjoint; rejected",
        red="X7 X12",
        hidden_in="max_pool1d.i6.k3.s2.p1.d1",
    ),
    Sees(
        "refused_without_inputs",
        "conv; forward adjoint bias; rejected",
        red="R1",
        hidden_in="conv1d.i3.k2.s1.p0.d1.batch1",
    ),
    Sees(
        "noise_of_rounding",
        """conv; forward bias; wrong_operator
           conv_transpose; forward direct bias; wrong_operator
           avg_pool max_pool; forward; wrong_operator""",
        red="R1 R7 R8 S4 S7 S8 S10",
    ),
    Sees(
        "noise_where_zeros_should_be",
        """conv avg_pool; forward; wrong_operator
           conv_transpose; forward direct; wrong_operator""",
        red="R1 R7 R8 S4 S7 S8 S10",
    ),
)
