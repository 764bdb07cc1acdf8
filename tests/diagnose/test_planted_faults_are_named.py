"""Every planted fault that has a nameable cause is named: what the layer does otherwise, whatever the layer is.

A table says for each fault the kinds of causes that are right. Some layers are so small that a fault does there what
another one does, as a kernel of one tap that is doubled is scaled: such are said in the table as well, and where they
are meant is counted, so that they stay few. Nothing may be named otherwise.
"""

from __future__ import annotations

from functools import cache

import pytest

from cases.case import parse
from harness import judge
from harness.diagnose import Diagnosis, diagnose
from harness.observe.probe import probes_of
from harness.operator import Operator
from harness.records import Observation

from ..probes.faults import answers, borders, gradients, kernels, layers, sums, transposed, windows
from ..probes.faults.making import Answer, Fault, Faulty
from ..probes.inprocess import observe
from ..probes.test_planted_faults import LAYERS

FAULTS = tuple(
    fault for module in (windows, kernels, borders, transposed, gradients, layers, answers) for fault in module.FAULTS
)

# By fault: kinds of causes, the right one first, then what it is alike to on small layers.
NAMES = {
    "input_shifted": "padding unread taps flip",
    "padded_at_the_far_end_alone": "padding gradient_place",
    "the_odd_zero_at_the_other_end": "padding",
    "same_of_the_undilated_kernel": "padding",
    "causal_taken_for_same": "padding",
    "one_stride_for_all_axes": "stride",
    "strides_begin_at_the_second_row": "padding",
    "dilation_ignored": "dilation",
    "dilation_ignored_in_a_right_shape": "dilation padding",
    "rounded_up": "rounded_up padding divisor extra_outputs",
    "rounded_down": "rounded_down",
    "rounded_up_into_the_far_padding": "rounded_up extra_outputs divisor",
    "axes_exchanged_in_s": "axes_exchanged",
    "axes_exchanged_in_p_before": "axes_exchanged",
    "axes_exchanged_in_d": "axes_exchanged",
    "axes_exchanged_in_k": "axes_exchanged",
    "kernel_flipped_along_the_last_axis": "flip",
    "kernel_flipped": "flip",
    "transposed_kernel_flipped": "flip",
    "kernel_axes_exchanged": "kernel_order",
    "maps_of_the_kernel_exchanged": "kernel_order",
    "a_tap_off_by_one": "taps scale",
    "a_tap_doubled": "taps scale",
    "input_maps_reversed": "maps_permuted",
    "output_maps_reversed": "maps_permuted",
    "groups_interleaved": "groups",
    "the_first_input_map_alone": "maps_ignored",
    "padding_by_wrap": "border",
    "padding_by_edge": "border",
    "padding_by_reflect": "border",
    "maximum_padded_with_zeros": "padding_value empty_maximum unread",
    "maximum_of_nothing_is_zero": "empty_maximum",
    "maximum_of_nothing_is_the_lowest_number": "empty_maximum unwritten",
    "padding_counts": "divisor",
    "padding_does_not_count": "divisor",
    "the_whole_window_counts": "divisor",
    "divisor_ignored": "divisor",
    "divided_by_the_first_axis_alone": "divisor scale",
    "averaged_in_more_bits": "reciprocal",
    "output_padding_at_the_top": "output_padding",
    "output_padding_ignored": "output_padding",
    "rubbish_where_nothing_reaches": "unwritten",
    "padding_of_the_stretched_input": "padding missing_outputs",
    "never_cropped_by_more_than_the_kernel": "padding",
    "gradient_halved": "scale",
    "gradient_of_a_flipped_kernel": "flip",
    "gradient_wrong_with_strides": "scale",
    "gradients_accumulated": "accumulated",
    "no_gradient_of_the_last_unit": "unread padding",
    "gradient_without_its_last_unit": "shape",
    "gradient_to_the_first_unit": "gradient_place",
    "gradient_split_among_all_units": "gradient_place",
    "bias_doubled": "bias",
    "bias_missing": "bias",
    "bias_of_the_wrong_map": "bias",
    "bias_of_the_first_input_alone": "offset",
    "bias_of_one_unasked": "offset",
    "only_the_first_of_a_batch": "batch unread unwritten",
    "an_empty_batch_is_one": "shape",
    "wrong_in_float16": "taps",
    "in_eight_significant_bits": "rounded_taps",
    "remembering_kernels": "remembered_kernel",
    "a_row_too_many": "extra_outputs padding rounded_up shape",
    "a_row_too_few": "missing_outputs padding output_padding rounded_down stride",
    "batch_axis_lost": "shape",
    "last_row_is_nan": "unwritten empty_maximum",
    "last_row_is_1e+30": "unwritten empty_maximum",
    "last_row_is_0": "unwritten unread empty_maximum padding_value",
    "nothing_of_a_wrong_shape": "shape",
    "noise_of_rounding": "rounding",
    "noise_where_zeros_should_be": "stray",
}
# What nothing is to be named of: there should be nothing, or an error.
UNNAMEABLE = {
    "something_where_there_is_nothing",
    "refused_with_half_a_window_of_padding",
    "refused_without_inputs",
}


def diagnosed(seen: Observation) -> Diagnosis:
    case = parse(seen.case_id)
    assert seen.shape is not None
    return diagnose(
        case,
        seen.probe,
        judge._theory(case.id),
        wanted=judge.expectation(case.id).aspects[seen.probe][0],
        shape=seen.shape,
        operator=None if seen.operator is None else Operator.from_json(seen.operator),
    )


def diagnoses(answer: Answer, probes: tuple[str, ...]) -> list[tuple[str, Diagnosis]]:
    found = []
    for case in map(parse, LAYERS):
        for probe in probes_of(case):
            if probe in probes:
                seen = observe(Faulty(answer), case, probe)
                (verdict,) = judge.judge([seen])
                if verdict.status in ("wrong_operator", "wrong_shape"):
                    found.append((f"{probe} {case.id}", diagnosed(seen)))
    return found


@cache
def of_fault(name: str) -> tuple[tuple[str, Diagnosis], ...]:
    fault = next(fault for fault in FAULTS if str(fault) == name)
    return tuple(diagnoses(fault.answer, ("forward", "adjoint", "bias", "direct")))


def test_the_table_has_every_fault() -> None:
    assert {str(fault) for fault in FAULTS} == set(NAMES) | UNNAMEABLE


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_is_named(fault: Fault) -> None:
    found = of_fault(str(fault))
    if str(fault) in UNNAMEABLE:
        assert not found
        return
    right, *others = NAMES[str(fault)].split()
    for where, diagnosis in found:
        if diagnosis.explained:
            assert diagnosis.kinds <= {right, *others}, f"{where}: {diagnosis.sentence}"
    assert any(right in diagnosis.kinds for _, diagnosis in found)


def test_nineteen_of_twenty_are_named_for_what_they_are() -> None:
    """Over all faults, layers and aspects: with the right kind among the causes."""
    named = total = 0
    for name, kinds in NAMES.items():
        for _, diagnosis in of_fault(name):
            total += 1
            named += kinds.split()[0] in diagnosis.kinds
    assert total > 2000
    assert named >= 0.95 * total, f"{named} of {total}"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (sums.overlaps_overwritten, "not_added"),
        (sums.greatest_of_the_input_maps, "not_added"),
        (sums.never_below_zero, "clipped"),
        (sums.inputs_rounded, "rounded_inputs"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_what_a_dense_input_alone_shows_is_named(answer: Answer, kind: str) -> None:
    found = diagnoses(answer, ("dense",))
    assert found
    for where, diagnosis in found:
        assert diagnosis.kinds == {kind}, f"{where}: {diagnosis.sentence}"
