"""X1 to X19 against what the frameworks document, written here in another form: by counting and searching.

A window is a list of the units that its taps meet, padding is added unit by unit, and a size is how many windows there
are. What the conventions' own formulas say must follow from that, over a box of small numbers.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from cases.case import Axis, Case, Op, Padding
from cases.claims import BY_ID, claims
from cases.conventions import CONVENTIONS, means, numbers
from harness.theory.matrix import output_size

Ends = tuple[int, int]

SLIDING: tuple[Op, ...] = ("conv", "avg_pool", "max_pool")
POOLS: tuple[Op, ...] = ("avg_pool", "max_pool")

BOX = list(itertools.product(range(1, 10), range(1, 6), range(1, 5), range(1, 4)))  # i, k, s, d


def taps(k: int, d: int) -> list[int]:
    """Where a window's taps are, from the first one on: d - 1 spaces between them (S12)."""
    return [tap * d for tap in range(k)]


def windows(padded: int, k: int, s: int, d: int) -> list[int]:
    """Where the windows start that fit into so many units."""
    return [start for start in range(0, padded, s) if start + taps(k, d)[-1] < padded]


def dealt(total: int, *, end_first: bool) -> Ends:
    """So many units dealt out to the two ends in turn."""
    hands = Counter((deal % 2 == 0) is end_first for deal in range(total))
    return hands[False], hands[True]


def least_total(i: int, k: int, s: int, d: int) -> int:
    """The least padding with which a window can start at every s-th unit: ⌈i/s⌉ windows."""
    return next(total for total in itertools.count() if len(windows(i + total, k, s, d)) >= len(range(0, i, s)))


def same(i: int, k: int, s: int, d: int) -> Ends:
    return dealt(least_total(i, k, s, d), end_first=True)


def same_transposed(o: int, k: int, s: int, d: int) -> tuple[int, int, int]:
    """Padding of the SAME convolution over o units, and how many units are left after its last window."""
    before, after = same(o, k, s, d)
    padded = before + o + after
    return before, after, padded - 1 - (windows(padded, k, s, d)[-1] + taps(k, d)[-1])


def case_of(op: Op, axis: Axis, padding: Padding = "explicit", *, ceil: bool = False) -> Case:
    return Case(op=op, axes=(axis,), padding=padding, ceil_mode=ceil)


def claimed(name: str, case: Case) -> int:
    """What a convention claims of a case along one axis; it must speak of it."""
    assert name in claims(case), f"{name} says nothing of {case}"
    return BY_ID[name].size(case)[0]


def spoken_of(name: str, case: Case) -> bool:
    return name in claims(case)


def around(ends: Ends) -> Iterator[Ends]:
    """Paddings near one, and that one."""
    for before, after in itertools.product((-1, 0, 1), repeat=2):
        if min(ends[0] + before, ends[1] + after) >= 0:
            yield ends[0] + before, ends[1] + after


# X1, X2, X3: SAME


@pytest.mark.parametrize("op", SLIDING)
def test_x1_same_is_the_least_padding_for_a_window_at_every_sth_unit_dealt_end_first(op: Op) -> None:
    for i, k, s, d in BOX:
        ends = same(i, k, s, d)
        assert claimed("X1", case_of(op, Axis(i, k, s, *ends, d), "same")) == len(range(0, i, s))
        for other in around(ends):
            assert spoken_of("X1", case_of(op, Axis(i, k, s, *other, d), "same")) is (other == ends)


@pytest.mark.parametrize("op", SLIDING)
def test_x2_same_lower_is_dealt_beginning_first(op: Op) -> None:
    for i, k, s, d in BOX:
        ends = dealt(least_total(i, k, s, d), end_first=False)
        assert claimed("X2", case_of(op, Axis(i, k, s, *ends, d), "same_lower")) == len(range(0, i, s))
        for other in around(ends):
            assert spoken_of("X2", case_of(op, Axis(i, k, s, *other, d), "same_lower")) is (other == ends)


def test_x1_and_x2_as_tensorflow_documents_same() -> None:
    """https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2, of an input without units too."""
    for i, k, s, d in itertools.product(range(10), range(1, 6), range(1, 5), range(1, 4)):
        filter_size = (k - 1) * d + 1
        along = max(filter_size - s, 0) if i % s == 0 else max(filter_size - i % s, 0)
        top, bottom = along // 2, along - along // 2
        assert claimed("X1", case_of("conv", Axis(i, k, s, top, bottom, d), "same")) == math.ceil(i / s)
        assert claimed("X2", case_of("conv", Axis(i, k, s, bottom, top, d), "same_lower")) == math.ceil(i / s)


@pytest.mark.parametrize(
    ("i", "k", "s", "d", "ends", "o"),
    [
        pytest.param(6, 3, 2, 1, (0, 1), 3, id="even size, stride 2: not the (1, 1) of p = 1"),
        pytest.param(5, 3, 2, 1, (1, 1), 3, id="odd size, stride 2: the same as p = 1"),
        pytest.param(224, 7, 2, 1, (2, 3), 112, id="the ResNet stem"),
        pytest.param(5, 4, 1, 1, (1, 2), 5, id="even kernel"),
        pytest.param(5, 2, 1, 3, (1, 2), 5, id="even kernel, odd dilation: from the effective kernel"),
        pytest.param(2, 2, 1, 1, (0, 1), 2, id="a window of two"),
        pytest.param(5, 1, 3, 1, (0, 0), 2, id="s > k: nothing to pad"),
        pytest.param(4, 9, 4, 1, (2, 3), 1, id="one window"),
    ],
)
def test_x1_and_x2_of_cases_from_the_field(i: int, k: int, s: int, d: int, ends: Ends, o: int) -> None:
    assert claimed("X1", case_of("conv", Axis(i, k, s, *ends, d), "same")) == o
    assert claimed("X2", case_of("conv", Axis(i, k, s, *ends[::-1], d), "same_lower")) == o


def test_x3_torchs_same_keeps_the_size_with_unit_strides_and_has_no_other() -> None:
    for i, k, s, d in BOX:
        total = taps(k, d)[-1]  # one unit less than the window spans
        ends = dealt(total, end_first=True)
        case = case_of("conv", Axis(i, k, s, *ends, d), "same")
        assert spoken_of("X3", case) is (s == 1)
        if s == 1:
            assert claimed("X3", case) == i == len(windows(i + total, k, 1, d))
            for other in around(ends):
                assert spoken_of("X3", case_of("conv", Axis(i, k, 1, *other, d), "same")) is (other == ends)


# X4, X5, X6: one end, full, uneven


def test_x4_causal_pads_so_that_the_first_window_ends_at_the_first_unit() -> None:
    for i, k, s, d in BOX:
        before = -min(0 - tap for tap in taps(k, d))
        size = claimed("X4", case_of("conv", Axis(i, k, s, before, 0, d), "causal"))
        assert size == len(windows(before + i, k, s, d)) == len(range(0, i, s))
        for other in around((before, 0)):
            assert spoken_of("X4", case_of("conv", Axis(i, k, s, *other, d), "causal")) is (other == (before, 0))


def test_x4_of_a_case_from_the_field() -> None:
    """i = 5, k = 3, s = 2: the rows [3 0 0 0 0], [1 2 3 0 0], [0 0 1 2 3]."""
    assert claimed("X4", case_of("conv", Axis(5, 3, 2, 2, 0), "causal")) == 3


def test_x5_full_padding_has_every_window_that_meets_a_unit_from_the_first_one_on() -> None:
    for i, k, s, d in BOX:
        reach = taps(k, d)[-1]
        starts = [start for start in range(-reach, i, s) if start <= i - 1 and start + reach >= 0]
        case = case_of("conv", Axis(i, k, s, reach, reach, d))
        assert spoken_of("X5", case) is (s > 1 or d > 1)
        if s > 1 or d > 1:
            assert claimed("X5", case) == len(starts)
            for other in around((reach, reach)):
                assert spoken_of("X5", case_of("conv", Axis(i, k, s, *other, d))) is (other == (reach, reach))


PADDINGS = [(0, 0), (1, 1), (2, 2), (0, 1), (2, 0), (3, 1), (1, 4)]


def test_x6_padding_that_differs_at_the_two_ends() -> None:
    for (i, k, s, d), ends in itertools.product(BOX, PADDINGS):
        case = case_of("conv", Axis(i, k, s, *ends, d))
        assert spoken_of("X6", case) is (ends[0] != ends[1])
        if ends[0] != ends[1]:
            assert max(claimed("X6", case), 0) == len(windows(sum(ends) + i, k, s, d))


# X7 to X12: pooling


@pytest.mark.parametrize("op", POOLS)
def test_x7_a_padded_or_dilated_pooling_has_as_many_windows_as_fit(op: Op) -> None:
    for (i, k, s, d), ends in itertools.product(BOX, PADDINGS):
        case = case_of(op, Axis(i, k, s, *ends, d))
        assert spoken_of("X7", case) is (ends != (0, 0) or d > 1)
        if ends != (0, 0) or d > 1:
            assert max(claimed("X7", case), 0) == len(windows(sum(ends) + i, k, s, d))


@pytest.mark.parametrize("op", POOLS)
def test_x7_and_x8_as_torch_documents_pooling(op: Op) -> None:
    """The output formula of torch.nn.MaxPool2d, whose padding is at most half of the effective window."""
    for i, k, s, d in BOX:
        for p in range((taps(k, d)[-1] + 1) // 2 + 1):
            exact = (i + 2 * p - d * (k - 1) - 1) / s + 1
            if p or d > 1:
                assert claimed("X7", case_of(op, Axis(i, k, s, p, p, d))) == math.floor(exact)
            rounded_up = math.ceil(exact)
            if (rounded_up - 1) * s >= i + p:
                rounded_up -= 1
            assert claimed("X8", case_of(op, Axis(i, k, s, p, p, d), ceil=True)) == rounded_up


@pytest.mark.parametrize("op", POOLS)
def test_x8_windows_may_overhang_if_they_start_in_the_input_or_the_padding_before_it(op: Op) -> None:
    """They go on until one reaches the far end. It is defined for paddings of at most half a window."""
    for (i, k, s, d), ends in itertools.product(BOX, PADDINGS):
        defined = max(ends) <= (taps(k, d)[-1] + 1) / 2
        assert spoken_of("X8", case_of(op, Axis(i, k, s, *ends, d), ceil=True)) is defined
        if not defined:
            continue
        padded = ends[0] + i + ends[1]
        fitting = windows(padded, k, s, d)
        after = fitting[-1] + s if fitting else 0
        all_reached = bool(fitting) and fitting[-1] + taps(k, d)[-1] == padded - 1
        starts_inside = after < ends[0] + i
        # Of windows that do not fit at all, one is left over only if it would begin less than s units too early.
        near = bool(fitting) or taps(k, d)[-1] + 1 - padded < s
        more = not all_reached and starts_inside and near
        assert max(claimed("X8", case_of(op, Axis(i, k, s, *ends, d), ceil=True)), 0) == len(fitting) + more


@pytest.mark.parametrize(
    ("axis", "floor", "ceil"),
    [
        pytest.param(Axis(5, 2, 2, 1, 1), 3, 3, id="plainly rounded up it would be 4: that one starts in the padding"),
        pytest.param(Axis(5, 2, 2), 2, 3, id="the third window overhangs"),
        pytest.param(Axis(6, 2, 2), 3, 3, id="nothing is left over"),
        pytest.param(Axis(6, 3, 2, 1, 1), 3, 4, id="the fourth starts at the last unit"),
        pytest.param(Axis(2, 3, 2), 0, 1, id="not one fits, and one overhangs"),
        pytest.param(Axis(1, 5, 2), -1, -1, id="too small for an overhang"),
    ],
)
def test_x8_rounds_up_where_it_may(axis: Axis, floor: int, ceil: int) -> None:
    assert claimed("R7" if not axis.p else "X7", case_of("max_pool", axis)) == floor
    assert claimed("X8", case_of("max_pool", axis, ceil=True)) == ceil


@pytest.mark.parametrize(("name", "op"), [("X9", "avg_pool"), ("X12", "max_pool")])
def test_x9_and_x12_speak_of_every_padded_pooling_however_its_padding_is_said(name: str, op: Op) -> None:
    for i, k, s, d in BOX:
        by_name = {"same": same(i, k, s, d), "same_lower": dealt(least_total(i, k, s, d), end_first=False)}
        said = [*(("explicit", ends) for ends in PADDINGS), *by_name.items(), ("valid", (0, 0))]
        for padding, ends in said:
            case = case_of(op, Axis(i, k, s, *ends, d), padding)  # type: ignore[arg-type]
            assert spoken_of(name, case) is (ends != (0, 0)), case
            if ends != (0, 0):
                assert max(claimed(name, case), 0) == len(windows(sum(ends) + i, k, s, d))


@pytest.mark.parametrize("ends", PADDINGS)
def test_x10_a_divisor_of_the_callers_is_no_matter_of_size(ends: Ends) -> None:
    for i, k, s, d in BOX:
        case = Case(op="avg_pool", axes=(Axis(i, k, s, *ends, d),), divisor=3)
        assert max(claimed("X10", case), 0) == len(windows(sum(ends) + i, k, s, d))


def test_x11_an_average_in_ceil_mode_has_the_size_of_any_pooling_in_ceil_mode() -> None:
    for (i, k, s, d), ends in itertools.product(BOX, PADDINGS):
        axis = Axis(i, k, s, *ends, d)
        average, maximum = (case_of(op, axis, ceil=True) for op in POOLS)
        assert spoken_of("X11", average) is spoken_of("X8", maximum)
        if spoken_of("X8", maximum):
            assert claimed("X11", average) == claimed("X8", maximum)


# X13 to X19: transposed convolutions


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


# What a name means


def test_a_names_numbers_are_those_found_by_searching() -> None:
    for i, k, s, d in BOX:
        axis = Axis(i, k, s, 7, 9, d)  # its padding is not read
        ends = same(i, k, s, d)
        lower = dealt(least_total(i, k, s, d), end_first=False)
        for op in SLIDING:
            assert numbers(op, "valid", axis) == Axis(i, k, s, 0, 0, d)
            assert numbers(op, "same", axis) == Axis(i, k, s, *ends, d)
            assert numbers(op, "same_lower", axis) == Axis(i, k, s, *lower, d)
        assert numbers("conv", "causal", axis) == Axis(i, k, s, taps(k, d)[-1], 0, d)


def test_a_names_numbers_of_a_transposed_convolution_depend_on_the_size_chosen() -> None:
    """a units more than the least of VALID, a units less than the s·i' of SAME."""
    for i, k, s, d in BOX:
        for a in range(s):
            axis = Axis(i, k, s, 7, 9, d, a)
            assert numbers("conv_transpose", "valid", axis) == Axis(i, k, s, 0, 0, d, a)
            before, after, rest = same_transposed(s * i - a, k, s, d)
            assert numbers("conv_transpose", "same", axis) == Axis(i, k, s, before, after, d, rest)


def test_an_axis_has_the_numbers_that_a_name_means_or_has_not() -> None:
    """Of a transposed convolution 'same' means other numbers for each size that can be chosen."""
    for i, k, s, d in itertools.product(range(1, 6), range(1, 5), range(1, 4), range(1, 3)):
        ends, lower = same(i, k, s, d), dealt(least_total(i, k, s, d), end_first=False)
        meant: dict[Padding, Ends] = {"valid": (0, 0), "same": ends, "same_lower": lower, "causal": (taps(k, d)[-1], 0)}
        sizes = {same_transposed(o, k, s, d) for o in range(s * (i - 1) + 1, s * i + 1)}
        for before, after in itertools.product(range(5), repeat=2):
            near, axis = (before, after), Axis(i, k, s, before, after, d)
            assert means("conv", "explicit", axis)
            for name, numbers_meant in meant.items():
                assert means("conv", name, axis) is (near == numbers_meant), (name, axis)
            for a in range(s):
                transposed = Axis(i, k, s, before, after, d, a)
                assert means("conv_transpose", "same", transposed) is ((*near, a) in sizes), transposed
                assert means("conv_transpose", "valid", transposed) is (near == (0, 0))


@pytest.mark.parametrize(
    ("op", "padding", "axis"),
    [
        ("avg_pool", "causal", Axis(5, 3, p_before=2)),
        ("max_pool", "causal", Axis(5, 3, p_before=2)),
        ("conv_transpose", "causal", Axis(5, 3, p_before=2)),
        ("conv_transpose", "same_lower", Axis(5, 3, p_before=1, p_after=1)),
        ("conv_transpose", "same", Axis(5, 3, 2, a=2)),
        ("conv_transpose", "same", Axis(0, 3, 2)),
    ],
)
def test_some_names_mean_nothing_there(op: Op, padding: Padding, axis: Axis) -> None:
    assert numbers(op, padding, axis) is None
    assert not means(op, padding, axis)


# Every convention against the theory

Cases = Callable[[], Iterator[Case]]

SMALL = list(itertools.product(range(8), range(1, 5), range(1, 5), range(1, 4)))


def sliding_cases() -> Iterator[Case]:
    for (i, k, s, d), op in itertools.product(SMALL, SLIDING):
        for ends in [(0, 0), (1, 1), (2, 2), (4, 4), (0, 1), (2, 0), (1, 4)]:
            axis = Axis(i, k, s, *ends, d)
            yield case_of(op, axis)
            if op != "conv":
                yield case_of(op, axis, ceil=True)
            if op == "avg_pool":
                yield Case(op=op, axes=(axis,), divisor=2)
        full = d * (k - 1)
        yield case_of(op, Axis(i, k, s, full, full, d))
        names: tuple[Padding, ...] = ("valid", "same", "same_lower", "causal")
        for padding in names if op == "conv" else names[:3]:
            axis_said = numbers(op, padding, Axis(i, k, s, d=d))
            assert axis_said is not None
            yield case_of(op, axis_said, padding)


def transposed_cases() -> Iterator[Case]:
    for i, k, s, d in SMALL:
        for ends, a in itertools.product([(0, 0), (1, 1), (3, 3), (0, 1), (2, 0)], range(max(s, d))):
            yield case_of("conv_transpose", Axis(i, k, s, *ends, d, a))
            if ends == (0, 0) and a < s:
                yield case_of("conv_transpose", Axis(i, k, s, 0, 0, d, a), "valid")
        for o in range(max(s * (i - 1) + 1, 1), s * i + 1):
            before, after, rest = same_transposed(o, k, s, d)
            yield case_of("conv_transpose", Axis(i, k, s, before, after, d, rest), "same")
        yield Case(op="conv_transpose", axes=(Axis(i, k, s, 1, 1, d),), channels_in=2, channels_out=3)


@pytest.mark.parametrize("cases", [sliding_cases, transposed_cases])
def test_a_convention_claims_the_size_of_the_operator_all_over_the_box(cases: Cases) -> None:
    """Not positive where there is no operator, and all three signs occur in each that can have them."""
    signs: dict[str, set[int]] = {}
    wrong: dict[str, list[str]] = {}
    for case in cases():
        size = output_size(case)[0]
        for name in claims(case):
            claim = BY_ID[name].size(case)[0]
            signs.setdefault(name, set()).add((claim > 0) - (claim < 0))
            if max(claim, 0) != size:
                wrong.setdefault(name, []).append(f"{case}: claimed {claim}, the operator has {size}")
    assert wrong == {}, {name: found[:3] for name, found in wrong.items()}
    conventions = {name for name in signs if name.startswith("X")}
    if cases is sliding_cases:
        assert conventions == {f"X{number}" for number in range(1, 13)}
        # SAME and its like have no less than ⌈i/s⌉ windows; full padding meets even an axis without units.
        assert {name for name in conventions if signs[name] == {0, 1}} == {"X1", "X2", "X4", "X5"}
        assert {name for name in conventions if signs[name] == {1}} == {"X3"}
    else:
        assert conventions == {f"X{number}" for number in range(13, 20)}
        assert {name for name in conventions if signs[name] == {1}} == {"X15", "X16", "X17"}
        assert all(signs[name] == {-1, 0, 1} for name in ("X13", "X14", "X18"))


def test_conventions_are_numbered_in_order_and_say_where_they_are_documented() -> None:
    assert [convention.id for convention in CONVENTIONS] == [f"X{number}" for number in range(1, 20)]
    for convention in CONVENTIONS:
        assert convention.title
        assert convention.statement
        assert convention.source.startswith(("https://", "guide, section")), convention.id
        assert BY_ID[convention.id] is convention
