"""The search for a small case, without any framework: what it must find is known."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from zlib import crc32

import pytest

from cases.case import Axis, Case, parse
from cases.claims import claims
from cases.strategies import cases, stream
from harness.shrink import shrink, shrink_together, weight

pytestmark = pytest.mark.slow

Shows = Callable[[Case], bool]


def size(axis: Axis) -> int:
    return (axis.i + axis.p_before + axis.p_after - axis.k_hat) // axis.s + 1


def even_and_strided(case: Case) -> bool:
    """Shows where something is computed, as a wrong value can."""
    return (
        case.op == "conv"
        and any(axis.k % 2 == 0 and axis.s > 1 for axis in case.axes)
        and min(map(size, case.axes)) > 0
        and min(case.channels_in, case.channels_out) > 0
        and case.batch != 0
    )


KNOWN: dict[str, tuple[Shows, set[str]]] = {
    "even kernels, strided": (even_and_strided, {"conv1d.i2.k2.s2.p0.d1"}),
    "dilated": (
        lambda case: case.op == "conv" and any(axis.d > 1 for axis in case.axes),
        {"conv1d.i1.k1.s1.p0.d2"},
    ),
    "two axes have to do with it": (
        lambda case: (
            case.op == "max_pool" and any(x.d > 1 and y.s > 1 for x, y in itertools.permutations(case.axes, 2))
        ),
        {"max_pool2d.i1x1.k1x1.s1x2.p0x0.d2x1", "max_pool2d.i1x1.k1x1.s2x1.p0x0.d1x2"},
    ),
    "two letters have to be the same": (
        lambda case: case.op == "conv" and any(axis.i == axis.k > 1 for axis in case.axes),
        {"conv1d.i2.k2.s1.p0.d1"},
    ),
    "groups": (
        lambda case: case.op == "conv" and case.groups > 1,
        {"conv1d.i1.k1.s1.p0.d1.c2to2.g2", "conv1d.i1.k1.s1.p0.d1.c3to3.g3"},  # g2 is no simplification of g3
    ),
    "a number of maps": (
        lambda case: case.op == "conv" and case.channels_in == 4,
        {"conv1d.i1.k1.s1.p0.d1.c4to1"},
    ),
    "an average": (
        lambda case: case.op == "avg_pool" and case.channels_in > 1,
        {"avg_pool1d.i1.k1.s1.p0.d1.c2"},
    ),
    "an element type and a bias": (
        lambda case: case.dtype == "bfloat16" and case.bias and case.op == "conv",
        {"conv1d.i1.k1.s1.p0.d1.bias.bfloat16"},
    ),
    "a name that pads unevenly": (
        lambda case: case.op == "conv" and case.padding == "same" and any(x.p_before != x.p_after for x in case.axes),
        {"conv1d.i1.k2.s1.same.p0_1.d1"},
    ),
    "SAME of a strided transposed convolution": (
        lambda case: case.op == "conv_transpose" and case.padding == "same" and any(x.s > 1 for x in case.axes),
        {"conv_transpose1d.i1.k1.s2.same.p0.d1.a1"},
    ),
    "output padding beyond the stride": (
        lambda case: any(axis.a >= axis.s for axis in case.axes),
        {"conv_transpose1d.i1.k1.s1.p0.d2.a1"},
    ),
    "ceil mode, padded": (
        lambda case: case.op == "max_pool" and case.ceil_mode and any(min(x.p_before, x.p_after) for x in case.axes),
        {"max_pool1d.i1.k2.s1.p1.d1.ceil"},
    ),
    "divisors": (
        lambda case: case.divisor is not None and not case.count_include_pad,
        {"avg_pool1d.i1.k1.s1.p0.d1.nopad.div1"},
    ),
    "an empty batch, in a layout": (
        lambda case: case.op == "conv" and case.batch == 0 and case.layout == "channels_last",
        {"conv1d.i1.k1.s1.p0.d1.batch0.channels_last"},
    ),
    "no input": (
        lambda case: case.op == "conv" and 0 in case.each("i"),
        {"conv1d.i0.k1.s1.p0.d1"},
    ),
    "no input maps": (
        lambda case: case.op == "conv" and case.channels_in == 0,
        {"conv1d.i1.k1.s1.p0.d1.c0to1"},
    ),
}


@pytest.fixture(scope="module")
def many() -> list[Case]:
    return list(itertools.islice(stream(cases(), 0), 800))


@pytest.mark.parametrize("name", KNOWN)
def test_the_known_minimum_is_reached_from_anywhere(name: str, many: list[Case]) -> None:
    shows, smallest = KNOWN[name]
    starts = [case for case in many if shows(case)][-12:]
    assert starts
    for start in starts:
        found = shrink(start, lambda asked: [shows(case) for case in asked])
        assert found.case.id in smallest, start.id
        assert found.finished


def test_padding_that_makes_the_window_fit_gives_way_to_input() -> None:
    start = parse("conv1d.i1.k2.s2.p1.d1")
    assert even_and_strided(start)
    assert shrink(start, lambda asked: [even_and_strided(case) for case in asked]).case.id == "conv1d.i2.k2.s2.p0.d1"


@pytest.mark.parametrize("seed", range(3))
def test_only_simpler_cases_with_claims_are_asked_and_none_twice(seed: int, many: list[Case]) -> None:
    for start in many[seed * 40 : seed * 40 + 40]:
        asked: list[Case] = []

        def shows(several: list[Case], asked: list[Case] = asked) -> list[bool]:
            asked += several
            return [crc32(case.id.encode()) % 3 == seed for case in several]

        found = shrink(start, shows)
        assert len(set(asked)) == len(asked) == found.tried
        assert start not in asked
        for case in asked:
            assert claims(case)
            assert parse(case.id) == case
            assert case.op == start.op
            assert weight(case) < weight(start)
        assert found.case == start or crc32(found.case.id.encode()) % 3 == seed


def test_what_nothing_is_claimed_of_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.shrink.claims", lambda case: () if case.axes[0].k == 2 else ("R1",))
    found = shrink(parse("conv1d.i5.k4.s1.p0.d1"), lambda asked: [case.axes[0].k > 1 for case in asked])
    assert found.case.id == "conv1d.i1.k3.s1.p0.d1"


def test_a_round_is_one_batch() -> None:
    """What helps alone is tried together: without that these would be 14 batches."""
    start = parse("conv3d.i4x6x4.k2x3x2.s2x1x1.p1x0x2.d1x2x1.c4to6.g2.batch3.bias.int8.channels_last")
    batches: list[int] = []

    def shows(asked: list[Case]) -> list[bool]:
        batches.append(len(asked))
        return [even_and_strided(case) for case in asked]

    assert shrink(start, shows).case.id == "conv1d.i2.k2.s2.p0.d1"
    assert sum(batches) > 4 * len(batches)
    assert len(batches) <= 10
    assert min(batches) > 0


def test_attempts_are_bounded() -> None:
    start = parse("conv3d.i4x6x4.k2x3x2.s2x1x1.p1x0x2.d1x2x1.c4to6.g2.batch3.bias.int8.channels_last")
    for attempts in (0, 1, 7, 30):
        asked: list[Case] = []

        def shows(several: list[Case], asked: list[Case] = asked) -> list[bool]:
            asked += several
            return [even_and_strided(case) for case in several]

        found = shrink(start, shows, attempts)
        assert len(asked) == found.tried == attempts
        assert not found.finished
        assert even_and_strided(found.case)
        assert attempts < 7 or weight(found.case) < weight(start)


def test_what_is_smallest_already_stays() -> None:
    start = parse("conv1d.i2.k2.s2.p0.d1")
    found = shrink(start, lambda asked: [even_and_strided(case) for case in asked])
    assert found.case == start
    assert found.finished
    alone = shrink(start, lambda asked: [False] * len(asked))
    assert (alone.case, alone.finished) == (start, True)


def test_large_layers_become_small() -> None:
    start = parse("conv2d.i224x300.k7x9.s2x3.p3x4.d2x1.c64to128")
    found = shrink(start, lambda asked: [case.axes[0].k > 4 and case.axes[-1].i > 20 for case in asked])
    assert found.case.id == "conv1d.i21.k5.s1.p0.d1"


def test_searches_side_by_side_are_those_alone(many: list[Case]) -> None:
    starts = [*filter(even_and_strided, many[:400])][:3]
    starts.append(parse("conv1d.i5.k3.s1.p0.d2"))
    judges: list[Shows] = [even_and_strided] * 3 + [KNOWN["dilated"][0]]
    rounds: list[set[int]] = []

    def shows(asked: list[tuple[int, Case]]) -> list[bool]:
        rounds.append({number for number, _ in asked})
        return [judges[number](case) for number, case in asked]

    together = shrink_together(starts, shows, [500, 500, 5, 500])
    alone = [
        shrink(case, lambda asked, judge=judge: [judge(one) for one in asked], attempts)  # type: ignore[misc]
        for case, judge, attempts in zip(starts, judges, [500, 500, 5, 500], strict=True)
    ]
    assert together == alone
    assert rounds[0] == {0, 1, 2, 3}
    assert len(rounds) < sum(map(len, rounds))
    assert shrink_together([], shows, []) == []
