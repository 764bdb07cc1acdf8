"""Grids that combine their values sparingly: every two, or three, values that can occur together do, in few cases.

What can occur together is what does in the full product, which is made here by plain loops. A value is that of a letter
in one place, or of a property of the layer.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from cases import covering, generate
from cases.case import Axis, Case, Op
from cases.grid import Grid

pytestmark = pytest.mark.slow

PartValues = dict[str, Any]
GridOf = Callable[..., Grid]
ByLoops = Callable[[PartValues], list[Case]]
Row = tuple[object, ...]

STRENGTH = {"pairwise": 2, "three-way": 3}


def said(case: Case, axis: Axis) -> Row:
    """The letters of an axis as a grid file says them: p by a name where there is one, and a of the size chosen."""
    p: object = (axis.p_before, axis.p_after) if case.padding == "explicit" else "by name"
    a = axis.a
    if case.transposed and case.padding == "same":
        taps = [tap * axis.d for tap in range(axis.k)]
        size = axis.s * (axis.i - 1) + taps[-1] + 1 + axis.a - axis.p_before - axis.p_after
        a = axis.s * axis.i - size
    return axis.i, axis.k, axis.s, p, axis.d, a


def row(case: Case) -> Row:
    """All values of a case, in an order that is the same for all cases of an operation and a rank."""
    layer = (
        case.padding,
        (case.channels_in, case.channels_out),
        case.groups,
        case.batch,
        case.bias,
        case.ceil_mode,
        case.count_include_pad,
        case.divisor,
        case.dtype,
        case.layout,
    )
    return layer + tuple(itertools.chain.from_iterable(said(case, axis) for axis in case.axes))


def combinations(cases: Iterable[Case], strength: int) -> dict[tuple[int, ...], set[Row]]:
    """The values that occur together, for every two or three places of a row."""
    columns = list(zip(*map(row, cases), strict=True))
    chosen = itertools.combinations(range(len(columns)), strength)
    return {places: set(zip(*(columns[place] for place in places), strict=True)) for places in chosen}


def missing(cases: list[Case], full: list[Case], strength: int) -> list[Row]:
    """What occurs together in the full product and not in the cases."""
    held, feasible = combinations(cases, strength), combinations(full, strength)
    return [values for places, found in feasible.items() for values in found - held[places]]


def by_kind(cases: Iterable[Case]) -> dict[tuple[Op, int], list[Case]]:
    kinds: dict[tuple[Op, int], list[Case]] = {}
    for case in cases:
        kinds.setdefault((case.op, case.rank), []).append(case)
    return kinds


# The letters and the properties hang together in many ways: a is below s or d, groups divide channels, integers have no
# average, names have no numbers, ceil mode has no names and little padding.
ONE_AXIS: PartValues = {
    "rank": [1],
    "axis": {"i": [1, 5], "k": [1, 2, 3], "s": [1, 2], "p": [0, 1, "1_0"], "d": [1, 2], "a": [0, 1, 2]},
    "layer": {
        "padding": ["explicit", "valid", "same", "same_lower", "causal"],
        "channels": ["1:1", "2:4", "3:6"],
        "groups": [1, 2],
        "batch": [-1, 0],
        "ceil_mode": [False, True],
        "count_include_pad": [True, False],
        "dtype": ["float32", "int8"],
    },
}
TWO_AXES: PartValues = {
    "rank": [2],
    "axis": {"i": [2, 5], "k": [1, 3], "s": [1, 2], "p": [0, 1], "d": [1, 2], "a": [0, 1]},
    "layer": {"padding": ["explicit", "same"], "channels": ["2:3"], "ceil_mode": [False, True]},
}
THREE_AXES: PartValues = {
    "rank": [3],
    "ops": ["conv", "conv_transpose"],
    "axis": {"i": [2, 5], "k": [2, 3], "s": [1, 2], "p": [0, "1_0"]},
    "layer": {"padding": ["explicit", "same"]},
}
SEVERAL_RANKS: PartValues = {
    "rank": [2, 1],
    "ops": ["max_pool", "conv_transpose"],
    "axis": {"i": [2, 3], "k": [2, 3], "s": [1, 2], "p": [0, 1], "a": [0, 1]},
    "layer": {"padding": ["valid", "explicit", "same"], "dtype": ["int8", "float16"]},
}
PARTS = {"one axis": ONE_AXIS, "two axes": TWO_AXES, "three axes": THREE_AXES, "several ranks": SEVERAL_RANKS}

each = pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
both = pytest.mark.parametrize("cover", STRENGTH)


@each
@both
def test_all_values_that_can_occur_together_do_in_far_fewer_cases(
    cover: str, part: PartValues, grid_of: GridOf, by_loops: ByLoops
) -> None:
    cases = list(generate.cases(grid_of(part | {"cover": cover})))
    full, found = by_kind(by_loops(part)), by_kind(cases)
    assert set(found) == set(full)
    for kind in full:
        assert set(found[kind]) <= set(full[kind]), kind
        assert missing(found[kind], full[kind], STRENGTH[cover]) == [], kind
    assert len(set(cases)) == len(cases)
    assert len(cases) * (20 if cover == "pairwise" else 4) < sum(map(len, full.values()))


def test_every_three_are_more_than_every_two(grid_of: GridOf, by_loops: ByLoops) -> None:
    """What holds every pair lacks many triples, so that the count above can find something missing."""
    part = TWO_AXES | {"ops": ["conv_transpose"]}
    pairs, triples = (list(generate.cases(grid_of(part | {"cover": cover}))) for cover in STRENGTH)
    assert len(missing(pairs, by_loops(part), 3)) > 100
    assert len(triples) > 2 * len(pairs)


def test_a_pair_that_cannot_occur_does_not(grid_of: GridOf) -> None:
    """Of a transposed convolution a < max(s, d), and a < s where a name says the padding."""
    part: PartValues = {
        "cover": "pairwise",
        "ops": ["conv_transpose"],
        "axis": {"i": [2, 3], "k": [2], "s": [1, 3], "d": [1, 2], "a": [0, 1, 2]},
        "layer": {"padding": ["explicit", "valid", "same"]},
    }
    axes = {(case.padding, *said(case, axis)) for case in generate.cases(grid_of(part)) for axis in case.axes}
    together = {(padding, s, d, a) for padding, _, _, s, _, d, a in axes}
    assert ("explicit", 1, 2, 1) in together
    assert ("explicit", 1, 2, 2) not in together
    assert {a for padding, s, d, a in together if padding != "explicit" and s == 1} == {0}
    assert {a for _, s, _, a in together if s == 3} == {0, 1, 2}


# The construction itself, of blocks that are no layers and axes


def block(layers: int, axes: int, *, name: str) -> covering.Block:
    """Layers and axes of two values each: their number in twos, and the rest."""
    return covering.Block(
        [(name, number % 2, number // 2) for number in range(layers)],
        [(name, number % 3, number // 3) for number in range(axes)],
    )


def test_rows_name_members_of_their_block() -> None:
    blocks = [block(4, 6, name="first"), block(1, 3, name="second")]
    rows = list(covering.rows(blocks, 2, 2))
    assert {number for number, _, _ in rows} == {0, 1}
    for number, layer, axes in rows:
        assert 0 <= layer < len(blocks[number].layers)
        assert len(axes) == 2
        assert all(0 <= axis < len(blocks[number].axes) for axis in axes)


@pytest.mark.parametrize("strength", [2, 3])
def test_rows_hold_every_combination_within_and_across_blocks(strength: int) -> None:
    """A block's members can be put together freely; members of two blocks never meet."""
    blocks = [block(4, 6, name="first"), block(3, 4, name="second"), block(1, 1, name="third")]

    def values(number: int, layer: int, axes: Iterable[int]) -> set[tuple[int, object]]:
        members = [blocks[number].layers[layer], *(blocks[number].axes[axis] for axis in axes)]
        return {
            (place * 10 + factor, value) for place, member in enumerate(members) for factor, value in enumerate(member)
        }

    feasible: set[frozenset[tuple[int, object]]] = set()
    for number, one in enumerate(blocks):
        for layer, *axes in itertools.product(range(len(one.layers)), *[range(len(one.axes))] * 2):
            feasible |= {frozenset(c) for c in itertools.combinations(values(number, layer, axes), strength)}
    rows = list(covering.rows(blocks, 2, strength))
    held = {frozenset(c) for row in rows for c in itertools.combinations(values(*row), strength)}
    assert held == feasible
    assert len(rows) < sum(len(one.layers) * len(one.axes) ** 2 for one in blocks)


def test_rows_hold_every_pair_of_very_many_values() -> None:
    blocks = [covering.Block([(number, "layer") for number in range(300)], [(name, "axis") for name in "xyz"])]
    rows = list(covering.rows(blocks, 1, 2))
    assert sorted((layer, axis) for _, layer, (axis,) in rows) == list(itertools.product(range(300), range(3)))


def test_three_values_are_held_together_where_a_member_has_one_factor_alone() -> None:
    blocks = [covering.Block([("a",), ("b",)], [(1,), (2,), (3,)])]
    rows = {(layer, *axes) for _, layer, axes in covering.rows(blocks, 2, 3)}
    assert rows == set(itertools.product(range(2), range(3), range(3)))


def test_no_row_is_without_something_new() -> None:
    """Each row holds a combination that no earlier one does: the array is no longer than need be for that."""
    blocks = [block(4, 6, name="first"), block(3, 4, name="second")]
    seen: set[frozenset[tuple[int, object]]] = set()
    for number, layer, axes in covering.rows(blocks, 2, 2):
        members = [blocks[number].layers[layer], *(blocks[number].axes[axis] for axis in axes)]
        values = [
            (place * 10 + factor, value) for place, member in enumerate(members) for factor, value in enumerate(member)
        ]
        held = {frozenset(pair) for pair in itertools.combinations(values, 2)}
        assert held - seen
        seen |= held
