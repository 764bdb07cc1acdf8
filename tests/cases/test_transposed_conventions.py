"""X13 to X19, transposed convolutions, against what the frameworks document, by counting and searching."""

from __future__ import annotations

import itertools
import math

import pytest

from cases.case import Axis, Case, Padding

from .by_counting import BOX, Ends, around, case_of, claimed, same_transposed, spoken_of, taps, windows


def torch_transposed(i: int, k: int, s: int, p: int, d: int, output_padding: int) -> int:
    """H_out of torch.nn.ConvTranspose2d."""
    return (i - 1) * s - 2 * p + d * (k - 1) + output_padding + 1


def test_x13_x14_and_x18_as_torch_documents_transposed_convolutions() -> None:
    """output_padding must be less than either the stride or the dilation."""
    for i, k, s, d in BOX:
        for p, a in itertools.product(range(3), range(6)):
            case = case_of("conv_transpose", Axis(i, k, s, p, p, d, a))
            size = torch_transposed(i, k, s, p, d, a)
            speak = {name for name in ("X13", "X14", "X18") if spoken_of(name, case)}
            if a < s:
                assert speak == ({"X13", "X18"} if d > 1 else {"X18"}), case
            else:
                assert speak == ({"X14"} if a < d else set()), case
            for name in speak:
                assert claimed(name, case) == size, case


def test_x13_and_x14_crop_each_end_by_its_own_number() -> None:
    """By laying a window down for each unit: everything it reaches, and a more, less what is cropped."""
    for (i, k, s, d), (before, after) in itertools.product(BOX, [(0, 1), (2, 0), (3, 1)]):
        for a in range(max(s, d)):
            reached = {unit * s + tap for unit in range(i) for tap in taps(k, d)}
            size = max(reached) + 1 + a - before - after
            case = case_of("conv_transpose", Axis(i, k, s, before, after, d, a))
            assert claimed("X13" if a < s else "X14", case) == size


def keras_length(i: int, k: int, s: int, d: int, padding: str) -> int:
    """deconv_output_length of Keras, with the output padding left out."""
    k = k + (k - 1) * (d - 1)
    return i * s + max(k - s, 0) if padding == "valid" else i * s


def jax_padding(k: int, s: int, d: int, padding: str) -> Ends:
    """jax.lax.conv_transpose: the zeros before and after the stretched input."""
    k = (k - 1) * d + 1
    if padding == "same":
        pad_len = k + s - 2
        pad_a = k - 1 if s > k - 1 else math.ceil(pad_len / 2)
    else:
        pad_len = k + s - 2 + max(k - s, 0)
        pad_a = k - 1
    return pad_a, pad_len - pad_a


def stretched_windows(i: int, k: int, s: int, d: int, pads: Ends) -> int:
    """How many windows fit into the stretched input, padded; its size is counted unit by unit."""
    stretched = [unit for real in range(i) for unit in [real] + [None] * (s - 1)][: s * (i - 1) + 1]
    return len(windows(pads[0] + len(stretched) + pads[1], k, 1, d))


def test_x15_same_transposed_is_cropped_as_the_same_convolution_back_is_padded() -> None:
    for i, k, s, d in BOX:
        before, after, rest = same_transposed(s * i, k, s, d)
        case = case_of("conv_transpose", Axis(i, k, s, before, after, d, rest), "same")
        assert claimed("X15", case) == s * i == keras_length(i, k, s, d, "same")
        for ends, a in itertools.product(around((before, after)), range(s)):
            other = case_of("conv_transpose", Axis(i, k, s, *ends, d, a), "same")
            assert spoken_of("X15", other) is ((*ends, a) == (before, after, rest)), other


@pytest.mark.parametrize(("padding", "name"), [("same", "X15"), ("valid", "X17")])
def test_x15_and_x17_as_jax_pads_the_stretched_input(padding: Padding, name: str) -> None:
    """q = k̂ - 1 - p before, and a more after; where both agree there is a SAME or VALID layer of JAX."""
    for i, k, s, d in BOX:
        pads = jax_padding(k, s, d, padding)
        most = taps(k, d)[-1]  # k̂ - 1
        before = most - pads[0]
        after, a = (most - pads[1], 0) if pads[1] <= most else (0, pads[1] - most)
        case = case_of("conv_transpose", Axis(i, k, s, before, after, d, a), padding)
        assert claimed(name, case) == stretched_windows(i, k, s, d, pads), case


@pytest.mark.parametrize(
    ("i", "k", "s", "crop", "a"),
    [
        pytest.param(3, 9, 4, (2, 3), 0, id="k9 s4: not torch's (4, 4) and output padding 3"),
        pytest.param(3, 5, 2, (1, 2), 0, id="k5 s2: not torch's (2, 2) and output padding 1"),
        pytest.param(4, 4, 2, (1, 1), 0, id="DCGAN: torch's p = 1"),
        pytest.param(3, 2, 3, (0, 0), 1, id="s > k: a unit that no tap reaches"),
        pytest.param(3, 3, 1, (1, 1), 0, id="R10"),
    ],
)
def test_x15_of_cases_from_the_field(i: int, k: int, s: int, crop: Ends, a: int) -> None:
    assert claimed("X15", case_of("conv_transpose", Axis(i, k, s, *crop, 1, a), "same")) == s * i


def test_x17_valid_with_the_size_left_out_as_keras_documents_it() -> None:
    for i, k, s, d in BOX:
        sizes = {
            claimed("X17", case)
            for a in range(s)
            if spoken_of("X17", case := case_of("conv_transpose", Axis(i, k, s, 0, 0, d, a), "valid"))
        }
        assert sizes == {keras_length(i, k, s, d, "valid")}
        assert not spoken_of("X17", case_of("conv_transpose", Axis(i, k, s, 0, 1, d), "valid"))


def test_x16_valid_all_sizes_that_lead_back_can_be_chosen_and_no_others() -> None:
    for i, k, s, d in BOX:
        lead_back = {o for o in range(1, s * (i + 6) + 15) if len(windows(o, k, s, d)) == i}
        chosen = {
            claimed("X16", case)
            for a in range(s + 2)
            if spoken_of("X16", case := case_of("conv_transpose", Axis(i, k, s, 0, 0, d, a), "valid"))
        }
        assert chosen == lead_back


def test_x16_same_all_sizes_that_lead_back_can_be_chosen() -> None:
    for i, k, s, d in BOX:
        lead_back = [o for o in range(1, s * (i + 1) + 1) if len(range(0, o, s)) == i]
        assert len(lead_back) == s
        for o in lead_back:
            before, after, rest = same_transposed(o, k, s, d)
            case = case_of("conv_transpose", Axis(i, k, s, before, after, d, rest), "same")
            assert claimed("X16", case) == o
            assert spoken_of("X15", case) is (o == s * i)


def test_x16_of_a_case_from_the_field() -> None:
    """tf.nn.conv2d_transpose, VALID, k = 3, s = 2, i' = 3: 7 and 8 are accepted, 9 is refused."""
    accepted = {a: case_of("conv_transpose", Axis(3, 3, 2, 0, 0, 1, a), "valid") for a in range(3)}
    assert {a: claimed("X16", accepted[a]) for a in (0, 1)} == {0: 7, 1: 8}
    assert not spoken_of("X16", accepted[2])


def test_x16_same_says_nothing_of_numbers_that_same_does_not_mean() -> None:
    """All paddings and rests near, for one i', k and s: only those found by searching over the sizes."""
    for i, k, s, d in itertools.product(range(1, 5), range(1, 6), range(1, 4), range(1, 3)):
        meant = {same_transposed(o, k, s, d) for o in range(1, s * (i + 1) + 1) if len(range(0, o, s)) == i}
        told = {
            (before, after, a)
            for before, after, a in itertools.product(range(6), range(6), range(s))
            if spoken_of("X16", case_of("conv_transpose", Axis(i, k, s, before, after, d, a), "same"))
        }
        assert told == meant, f"i' = {i}, k = {k}, s = {s}, d = {d}"


def test_x16_valid_says_nothing_of_numbers_that_valid_does_not_mean() -> None:
    for i, k, s, d in itertools.product(range(1, 5), range(1, 6), range(1, 4), range(1, 3)):
        told = {
            (before, after)
            for before, after, a in itertools.product(range(4), range(4), range(s))
            if spoken_of("X16", case_of("conv_transpose", Axis(i, k, s, before, after, d, a), "valid"))
        }
        assert told == {(0, 0)}, f"i' = {i}, k = {k}, s = {s}, d = {d}"


def test_x18_numbers_that_pad_the_stretched_input_are_those_of_p_prime() -> None:
    for (i, k, s, d), (before, after), a in itertools.product(BOX, [(0, 0), (1, 1), (0, 2), (2, 1)], range(2)):
        most = taps(k, d)[-1]
        pads = most - before, most - after + a
        if a >= s or min(pads) < 0:  # of a crop no stretched input can be counted
            continue
        case = case_of("conv_transpose", Axis(i, k, s, before, after, d, a))
        assert max(claimed("X18", case), 0) == stretched_windows(i, k, s, d, pads)


@pytest.mark.parametrize(("p", "o"), [(0, 64), (3, 58)])
def test_x18_of_a_case_from_the_field(p: int, o: int) -> None:
    """k = 4, s = 4, i' = 16: explicit padding (0, 0) of jax.lax gives 58; it is p' = 0, and so p = 3."""
    assert claimed("X18", case_of("conv_transpose", Axis(16, 4, 4, p, p))) == o
    assert stretched_windows(16, 4, 4, 1, (3 - p, 3 - p)) == o


def test_x19_the_kernels_layout_is_no_matter_of_size() -> None:
    for (i, k, s, d), p in itertools.product(BOX, range(2)):
        for a in range(max(s, d)):
            case = Case(op="conv_transpose", axes=(Axis(i, k, s, p, p, d, a),), channels_in=2, channels_out=3)
            assert claimed("X19", case) == torch_transposed(i, k, s, p, d, a)
