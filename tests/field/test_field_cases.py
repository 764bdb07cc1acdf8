"""Reports from the field, each found in the grid 'nightly' by what it is, seen in the real frameworks, and named.

Each is a report by somebody who used a framework. Where it is a documented convention, each framework agrees with its
own claim, and what one does is held against what is claimed of the other: that is what the diagnosis says to whoever
ports a layer.
"""

from __future__ import annotations

import pytest

from .looking import Asked, along, ask

pytestmark = pytest.mark.frameworks

TORCH, TF, JAX = "torch/torch.nn.functional/eager", "tensorflow/tf.nn/eager", "jax/jax.lax/jit"
KERAS, FLAX = "keras-tensorflow/keras.layers/eager", "flax/flax.nnx/jit"

# SAME beside p = ⌊k/2⌋, with a stride; the shapes are the same
EVEN = [ask(at, along("conv", "same", i=6, k=3, s=2, d=1)) for at in (TF, JAX)]
EVEN_IN_TORCH = ask(TORCH, along("conv", i=6, k=3, s=2, p=1, d=1))
ODD = [ask(at, along("conv", "same", i=5, k=3, s=2, d=1)) for at in (TF, JAX)]
ODD_IN_TORCH = ask(TORCH, along("conv", i=5, k=3, s=2, p=1, d=1))
STEM = [ask(at, along("conv", "same", i=6, k=5, s=2, d=1)) for at in (TF, JAX)]
STEM_IN_TORCH = ask(TORCH, along("conv", i=6, k=5, s=2, p=2, d=1))
# 'same' in torch
STRIDED_SAME = ask(TORCH, along("conv", "same", i=6, k=3, s=2, d=1))
STRIDED_VALID = ask(TORCH, along("conv", "valid", i=6, k=3, s=2, d=1))
EVEN_KERNEL = [ask(at, along("conv", "same", i=5, k=4, s=1, d=1)) for at in (TORCH, TF, JAX)]
LOWER = ask(JAX, along("conv", "same_lower", i=5, k=4, s=1, d=1))
EVEN_KERNEL_DILATED = [ask(at, along("conv", "same", i=5, k=2, s=1, d=3)) for at in (TORCH, TF, JAX)]
# transposed
PAINTED = [ask(at, along("conv_transpose", "same", i=3, k=5, s=2, d=1, a=0)) for at in (TF, JAX)]
PAINTED_IN_TORCH = ask(TORCH, along("conv_transpose", i=3, k=5, s=2, p=2, d=1, a=1))
UNREACHED = ask(TORCH, along("conv_transpose", i=3, k=3, s=1, p=1, d=2, a=1))
CHOSEN = [ask(TF, along("conv_transpose", "valid", i=3, k=3, s=2, d=1, a=a)) for a in (0, 1)]
# what a route refuses
BOTH = {at: ask(at, along("conv", "valid", i=8, k=3, s=2, d=2)) for at in (TF, JAX, KERAS)}
NOTHING = {at: ask(at, along("conv", "valid", i=2, k=3, s=1, d=1)) for at in (TORCH, TF, JAX)}
WIDE = ask(TORCH, along("max_pool", i=6, k=3, s=1, p=2, d=2))
# pooling
CEIL = ask(TORCH, lambda case: along("max_pool", i=5, k=2, s=2, p=1, d=1)(case) and case.ceil_mode)
AVERAGES = [
    ask(TF, lambda case: along("avg_pool", "same", i=2, k=2, s=1, d=1)(case) and not case.count_include_pad),
    ask(FLAX, lambda case: along("avg_pool", "same", i=2, k=2, s=1, d=1)(case) and case.count_include_pad),
    ask(TORCH, lambda case: along("avg_pool", i=2, k=2, s=1, p=1, d=1)(case) and case.count_include_pad),
]
MAXIMA = [ask(at, along("max_pool", i=6, k=3, s=2, p=1, d=1)) for at in (TORCH, FLAX)]
MAXIMA_SAME = ask(TF, along("max_pool", "same", i=6, k=3, s=2, d=1))
CAUSAL = ask(KERAS, along("conv", "causal", i=5, k=3, s=2, d=1))


def agree(*asked: Asked) -> None:
    assert [one.verdict().status for one in asked] == ["agrees"] * len(asked)


def alike(*asked: Asked) -> bool:
    """Whether the operators are the same; the shapes are, in any case."""
    assert len({one.seen().shape for one in asked}) == 1
    return len({one.seen().digest for one in asked}) == 1


def test_same_with_a_stride_on_an_even_size_is_shifted_beside_a_symmetric_padding() -> None:
    agree(*EVEN, EVEN_IN_TORCH)
    for one in EVEN:
        assert not alike(one, EVEN_IN_TORCH)
        told = one.held_against(EVEN_IN_TORCH.case).sentence
        assert told == "pads (0, 1), as SAME does; p = 1 says (1, 1): every tap sits one input later"
    told = EVEN_IN_TORCH.held_against(EVEN[0].case).sentence  # its zero after the last unit is in no window
    assert told == "pads (1, 0), as SAME_LOWER does; 'same' says (0, 1): every tap sits one input earlier"


def test_on_an_odd_size_it_is_not() -> None:
    agree(*ODD, ODD_IN_TORCH)
    assert alike(*ODD, ODD_IN_TORCH)


def test_the_first_layer_of_a_ported_network_is_a_unit_off() -> None:
    agree(*STEM, STEM_IN_TORCH)
    for one in STEM:
        assert not alike(one, STEM_IN_TORCH)
        assert one.held_against(STEM_IN_TORCH.case).sentence == (
            "pads (1, 2), as SAME does; p = 2 says (2, 2): every tap sits one input later"
        )


def test_torch_refuses_same_with_a_stride_and_says_why() -> None:
    agree(STRIDED_VALID)
    assert STRIDED_SAME.verdict().status == "rejected"
    assert "padding='same' is not supported for strided convolutions" in STRIDED_SAME.verdict().observed


def test_even_kernels_are_padded_alike_with_the_odd_zero_at_the_end_and_at_the_beginning_on_request() -> None:
    agree(*EVEN_KERNEL, LOWER)
    assert alike(*EVEN_KERNEL)
    assert "X3" in EVEN_KERNEL[0].verdict().relationships
    assert LOWER.held_against(EVEN_KERNEL[0].case).sentence == (
        "pads (2, 1), as SAME_LOWER does; 'same' says (1, 2): every tap sits one input earlier"
    )


def test_padding_follows_from_the_dilated_kernel() -> None:
    agree(*EVEN_KERNEL_DILATED)
    assert alike(*EVEN_KERNEL_DILATED)
    (axis,) = EVEN_KERNEL_DILATED[0].case.axes
    assert (axis.p_before, axis.p_after) == (1, 2)


def test_a_transposed_convolution_is_cropped_at_the_other_end() -> None:
    agree(PAINTED_IN_TORCH, *PAINTED)
    for one in PAINTED:
        assert not alike(one, PAINTED_IN_TORCH)
        told = one.held_against(PAINTED_IN_TORCH.case).sentence  # it crops (1, 2), where (2, 1) is claimed
        assert told == "output padding at the top: a = 1 stands before the output, not after it"


def test_output_padding_below_the_dilation_leaves_rows_that_nothing_reaches() -> None:
    agree(UNREACHED)
    assert "X14" in UNREACHED.verdict().relationships


def test_the_caller_chooses_the_size_of_those_that_lead_back() -> None:
    agree(*CHOSEN)
    assert [one.verdict().expected for one in CHOSEN] == ["o = 7", "o = 8"]
    assert all("X16" in one.verdict().relationships for one in CHOSEN)


def test_a_stride_with_a_dilation_is_a_matter_of_the_route() -> None:
    agree(BOTH[TF], BOTH[JAX])
    refused = BOTH[KERAS].verdict()
    assert refused.status == "rejected"
    assert "`strides > 1` not supported in conjunction with `dilation_rate > 1`" in refused.observed


def test_nothing_to_compute_is_an_error_or_an_empty_tensor() -> None:
    """And of TensorFlow's kernel library a tensor of the input's size, which is told."""
    agree(NOTHING[TORCH], NOTHING[JAX])
    assert NOTHING[TF].verdict().status == "accepted"
    assert NOTHING[TF].verdict().diagnosis == "there is nothing to compute, o = 0, yet a result was returned"
    assert NOTHING[TORCH].seen().outcome == "raised"
    assert NOTHING[JAX].seen().outcome == "returned"
    assert all(one.verdict().expected == "nothing to compute (o = 0)" for one in NOTHING.values())


def test_torch_limits_the_padding_of_a_pooling() -> None:
    refused = WIDE.verdict()
    assert (refused.status, refused.diagnosis) == ("rejected", "a defined case was refused: the output has o = 6")
    assert "should be at most half of kernel size" in refused.observed


def test_in_ceil_mode_a_window_in_the_far_padding_is_dropped() -> None:
    agree(CEIL)
    assert CEIL.verdict().expected == "o = 3"  # a plain ceil says 4
    assert "X8" in CEIL.verdict().relationships


def test_what_an_average_divides_by_is_read_off() -> None:
    agree(*AVERAGES)
    tensorflow, flax, _ = AVERAGES
    assert tensorflow.held_against(flax.case).sentence == "divisor leaves the padding out: 1 where 1/2"
    assert flax.held_against(tensorflow.case).sentence == "divisor counts the padding: 1/2 where 1"


def test_maxima_are_not_padded_with_zeros() -> None:
    agree(*MAXIMA)
    assert alike(*MAXIMA)
    assert "X12" in MAXIMA[0].verdict().relationships


def test_max_pooling_with_same_is_shifted_as_a_convolution_is() -> None:
    agree(MAXIMA_SAME)
    assert not alike(MAXIMA_SAME, MAXIMA[0])
    assert "pads (0, 1), as SAME does; p = 1 says (1, 1)" in MAXIMA_SAME.held_against(MAXIMA[0].case).sentence


def test_causal_padding_is_all_before() -> None:
    agree(CAUSAL)
    (axis,) = CAUSAL.case.axes
    assert (axis.p_before, axis.p_after) == (2, 0)
    assert CAUSAL.verdict().relationships[0] == "X4"
