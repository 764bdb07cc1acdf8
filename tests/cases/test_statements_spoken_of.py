"""Which statements an aspect of a layer tests, by hand-written layers on both sides of every condition."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from cases.case import Axis, Case
from cases.statements import STATEMENTS, statements, uncovered

PLAIN, STRIDED, DILATED = Axis(5, 3), Axis(5, 3, 2), Axis(7, 3, d=2)
LEFT_OVER = Axis(6, 3, 2)  # the sixth unit is never covered
PADDED = Axis(6, 3, 2, 1, 1)  # what is left over is padding


def conv(*axes: Axis, **fields: Any) -> Case:
    return Case(op="conv", axes=axes, **fields)


def transposed(*axes: Axis, **fields: Any) -> Case:
    return Case(op="conv_transpose", axes=axes, **fields)


def average(*axes: Axis, **fields: Any) -> Case:
    return Case(op="avg_pool", axes=axes, **fields)


def maximum(*axes: Axis, **fields: Any) -> Case:
    return Case(op="max_pool", axes=axes, **fields)


Told = tuple[Case, str]

# name: (layers and aspects that test it, others)
SPOKEN_OF: dict[str, tuple[list[Told], list[Told]]] = {
    "S1": (
        [
            (conv(STRIDED), "forward"),
            (conv(PLAIN, STRIDED), "forward"),
            (maximum(STRIDED), "forward"),
            (average(STRIDED), "forward"),
        ],
        [(conv(PLAIN), "forward"), (conv(STRIDED), "adjoint"), (transposed(STRIDED), "forward")],
    ),
    "S2": (
        [
            (conv(PLAIN, STRIDED), "forward"),
            (maximum(PLAIN, Axis(6, 3)), "forward"),
            (transposed(PLAIN, Axis(5, 3, p_after=1)), "forward"),
            (average(PLAIN, PLAIN, DILATED), "forward"),
        ],
        [
            (conv(PLAIN), "forward"),
            (conv(PLAIN, PLAIN), "forward"),
            (conv(PLAIN, STRIDED), "adjoint"),
            (transposed(PLAIN, STRIDED), "direct"),
        ],
    ),
    "S3": (
        [(conv(STRIDED), "forward"), (conv(PLAIN, LEFT_OVER), "forward")],
        [
            (conv(PLAIN), "forward"),
            (conv(STRIDED), "adjoint"),
            (maximum(STRIDED), "forward"),
            (transposed(STRIDED), "forward"),
        ],
    ),
    "S4": (
        [(conv(PLAIN), "forward"), (conv(STRIDED, DILATED), "forward")],
        [(conv(PLAIN), "adjoint"), (transposed(PLAIN), "forward"), (average(PLAIN), "forward")],
    ),
    "S5": (
        [(conv(PLAIN), "adjoint"), (conv(STRIDED, DILATED), "adjoint")],
        [(conv(PLAIN), "forward"), (transposed(PLAIN), "adjoint"), (maximum(PLAIN), "adjoint")],
    ),
    "S6": (
        [(transposed(PLAIN), "forward"), (transposed(PLAIN), "adjoint")],
        [
            (transposed(PLAIN), "direct"),
            (conv(PLAIN), "forward"),
            (conv(PLAIN), "adjoint"),
            (transposed(PLAIN), "bias"),
        ],
    ),
    "S7": (
        [(transposed(PLAIN), "direct")],
        [(transposed(PLAIN), "forward"), (transposed(PLAIN), "adjoint"), (conv(PLAIN), "direct")],
    ),
    "S8": (
        [(transposed(PLAIN), "forward"), (transposed(STRIDED, PLAIN), "forward")],
        [(transposed(PLAIN), "adjoint"), (transposed(PLAIN), "direct"), (conv(PLAIN), "forward")],
    ),
    "S9": (
        [
            (conv(PLAIN, channels_in=2, channels_out=3), "forward"),
            (transposed(PLAIN, channels_in=4, channels_out=2, groups=2), "forward"),
        ],
        [
            (conv(PLAIN, channels_in=2, channels_out=2), "forward"),
            (conv(PLAIN, channels_in=1, channels_out=3), "forward"),
            (conv(PLAIN, channels_in=3, channels_out=1), "forward"),
            (conv(PLAIN, channels_in=0, channels_out=3), "forward"),
            (conv(PLAIN, channels_in=2, channels_out=3), "adjoint"),
            (maximum(PLAIN, channels_in=2, channels_out=2), "forward"),
        ],
    ),
    "S10": (
        [(maximum(PLAIN), "forward"), (average(STRIDED, PADDED), "forward")],
        [(maximum(PLAIN), "adjoint"), (conv(PLAIN), "forward"), (transposed(PLAIN), "forward")],
    ),
    "S11": (
        [
            (conv(LEFT_OVER), "forward"),
            (conv(PLAIN, LEFT_OVER), "forward"),
            (average(LEFT_OVER), "forward"),
            (maximum(Axis(6, 1, 4)), "forward"),
        ],
        [
            (conv(STRIDED), "forward"),
            (conv(PADDED), "forward"),
            (conv(Axis(2, 3, 2)), "forward"),
            (conv(LEFT_OVER), "adjoint"),
            (maximum(LEFT_OVER, ceil_mode=True), "forward"),
            (transposed(LEFT_OVER), "forward"),
        ],
    ),
    "S12": (
        [
            (conv(DILATED), "forward"),
            (conv(PLAIN, DILATED), "forward"),
            (maximum(DILATED), "forward"),
            (transposed(DILATED), "forward"),
        ],
        [(conv(PLAIN), "forward"), (conv(Axis(7, 1, d=2)), "forward"), (conv(DILATED), "adjoint")],
    ),
}

each = pytest.mark.parametrize("name", SPOKEN_OF)


def test_all_twelve_are_here_in_order() -> None:
    assert list(SPOKEN_OF) == [f"S{number}" for number in range(1, 13)]
    assert [statement.id for statement in STATEMENTS] == list(SPOKEN_OF)
    assert all(statement.title for statement in STATEMENTS)


@each
def test_an_aspect_of_a_layer_tests_the_statements_that_speak_of_it(name: str) -> None:
    tested, others = SPOKEN_OF[name]
    assert [f"{aspect} of {case}" for case, aspect in tested if name not in statements(case, aspect)] == []
    assert [f"{aspect} of {case}" for case, aspect in others if name in statements(case, aspect)] == []


@pytest.mark.parametrize(
    ("case", "aspect", "names"),
    [
        (conv(PLAIN), "forward", ("S4",)),
        (conv(PLAIN), "adjoint", ("S5",)),
        (conv(PLAIN), "bias", ()),
        (transposed(PLAIN), "forward", ("S6", "S8")),
        (transposed(PLAIN), "adjoint", ("S6",)),
        (transposed(PLAIN), "direct", ("S7",)),
        (maximum(PLAIN), "forward", ("S10",)),
        (maximum(PLAIN), "adjoint", ()),
        (
            conv(LEFT_OVER, DILATED, channels_in=2, channels_out=3),
            "forward",
            ("S1", "S2", "S3", "S4", "S9", "S11", "S12"),
        ),
        (average(LEFT_OVER, DILATED), "forward", ("S1", "S2", "S10", "S11", "S12")),
        (
            transposed(STRIDED, DILATED, channels_in=2, channels_out=3),
            "forward",
            ("S2", "S6", "S8", "S9", "S12"),
        ),
    ],
)
def test_the_statements_of_a_layer_come_by_number(case: Case, aspect: str, names: tuple[str, ...]) -> None:
    assert statements(case, aspect) == names


@pytest.mark.parametrize(
    ("axis", "units"),
    [
        pytest.param(Axis(6, 3, 2), 1, id="0 1 2, 2 3 4, and 5 is left"),
        pytest.param(Axis(5, 3, 2), 0, id="s divides i + 2p - k"),
        pytest.param(Axis(6, 3, 2, 1, 1), 0, id="only padding is left"),
        pytest.param(Axis(7, 1, 4), 2, id="0, 4, and 5 6 are left"),
        pytest.param(Axis(7, 1, 4, 0, 1), 2, id="0, 4, and 5 6 and a zero are left"),
        pytest.param(Axis(6, 3, 2, 1, 0), 0, id="the last window ends at the last unit"),
        pytest.param(Axis(2, 3, 2), 0, id="no window at all: no floor either"),
        pytest.param(Axis(8, 2, 3, d=2), 2, id="0 . 2, 3 . 5, and 6 7 are left"),
        pytest.param(Axis(1, 1, 4, 3, 0), 1, id="the only window lies in the padding, and the only unit is left"),
        pytest.param(Axis(0, 1, 2, 2, 0), 0, id="there are no units to be left"),
    ],
)
def test_what_is_left_over_at_the_far_end(axis: Axis, units: int) -> None:
    assert uncovered(axis) == units


BOX = [
    Axis(i, k, s, before, after, d)
    for i, k, s, d in itertools.product(range(9), range(1, 5), range(1, 5), range(1, 4))
    for before, after in itertools.product(range(4), repeat=2)
]


def never_covered(axis: Axis) -> list[int]:
    """The units that lie beyond every window, by sliding the window over them; none where no window fits."""
    reach = (axis.k - 1) * axis.d
    last = None
    start = -axis.p_before
    while start + reach < axis.i + axis.p_after:
        last, start = start + reach, start + axis.s
    return [] if last is None else [unit for unit in range(axis.i) if unit > last]


def test_what_is_left_over_is_counted_all_over_the_box() -> None:
    wrong = [(axis, len(never_covered(axis))) for axis in BOX if uncovered(axis) != len(never_covered(axis))]
    assert wrong == [], f"{len(wrong)} of {len(BOX)}: the first, and what is left over, {wrong[0]}"


def test_the_floor_is_listed_only_where_it_leaves_units_over() -> None:
    wrong = [
        str(case)
        for case in map(conv, BOX)
        if ("S11" in statements(case, "forward")) is not bool(never_covered(case.axes[0]))
    ]
    assert wrong == []
