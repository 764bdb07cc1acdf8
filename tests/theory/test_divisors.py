"""What an average divides by (X9, X10, X11), counted cell by cell under each window.

A canvas has a mark in each cell: a unit, padding, or what lies beyond the padding, where a window of ceil mode
overhangs. Units always count, padding counts unless told otherwise, and what lies beyond never does.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cases.case import Axis, Case
from harness.theory.expected import expected

quick = settings(derandomize=True, deadline=None, max_examples=250)

UNIT, PADDING, BEYOND = 1, 2, 3


def canvas(case: Case) -> NDArray[np.int64]:
    """The marks of a padded input, and far enough beyond it. A cell is of the kind that its worst axis makes it."""
    marks = np.zeros((1,) * case.rank, dtype=np.int64)
    for number, axis in enumerate(case.axes):
        line = [PADDING] * axis.p_before + [UNIT] * axis.i + [PADDING] * axis.p_after + [BEYOND] * (axis.s + 9)
        marks = np.maximum(marks, np.array(line).reshape([-1 if j == number else 1 for j in range(case.rank)]))
    return marks


def windows(axis: Axis, *, ceil: bool) -> range:
    """How many windows there are: as many as fit, and in ceil mode one more that begins before the far padding."""
    padded, span = axis.p_before + axis.i + axis.p_after, 1 + (axis.k - 1) * axis.d
    fitting = [at for at in range(0, padded, axis.s) if at + span <= padded]
    left = padded - (fitting[-1] + span) if fitting else padded - span + axis.s
    return range(len(fitting) + (ceil and left > 0 and len(fitting) * axis.s < axis.p_before + axis.i))


def averages(case: Case) -> Iterator[NDArray[np.float64]]:
    """The row of each window: one divided by what counts at each unit it sees. ``case`` is of a single feature map."""
    marks = canvas(case)
    numbers = np.full(marks.shape, -1)
    numbers[marks == UNIT] = range(np.count_nonzero(marks == UNIT))
    for window in itertools.product(*(windows(axis, ceil=case.ceil_mode) for axis in case.axes)):
        cut = tuple(slice(w * x.s, w * x.s + (x.k - 1) * x.d + 1, x.d) for w, x in zip(window, case.axes, strict=True))
        shown = marks[cut]
        counting = int(np.count_nonzero(shown == UNIT))
        if case.count_include_pad:
            counting += int(np.count_nonzero(shown == PADDING))
        if case.divisor is not None:
            counting = case.divisor
        row = np.zeros(int(numbers.max()) + 1)
        units = numbers[cut][shown == UNIT]
        if units.size:
            row[units] = 1 / counting
        yield row


@st.composite
def pools(draw: st.DrawFn) -> Case:
    """Average poolings of one to three unequal axes. Ceil mode with paddings of at most half a window, as defined."""
    rank, ceil = draw(st.integers(1, 3)), draw(st.booleans())

    @st.composite
    def axis(draw: st.DrawFn) -> Axis:
        i, k = draw(st.integers(1, (8, 5, 3)[rank - 1])), draw(st.integers(1, (5, 3, 3)[rank - 1]))
        d = draw(st.integers(1, 2))
        most = (1 + (k - 1) * d) // 2 if ceil else 3
        p_before, p_after = draw(st.integers(0, most)), draw(st.integers(0, most))
        return Axis(i, k, draw(st.integers(1, 4)), p_before, p_after, d)

    return Case(
        op="avg_pool",
        axes=tuple(draw(st.lists(axis(), min_size=rank, max_size=rank))),
        ceil_mode=ceil,
        count_include_pad=draw(st.booleans()),
        divisor=draw(st.none() | st.integers(1, 9)),
        dtype="float64",
    )


@quick
@given(pools())
def test_an_average_divides_by_what_counts_under_its_window(case: Case) -> None:
    theory = expected(case)
    rows = list(averages(case))
    assert np.array_equal(theory.operator.dense(), np.array(rows).reshape(len(rows), theory.operator.columns))
    assert theory.adjoint.digest == theory.operator.digest


def matrix(axis: Axis, *, ceil: bool = False, counted: bool = True, divisor: int | None = None) -> list[list[float]]:
    case = Case(op="avg_pool", axes=(axis,), ceil_mode=ceil, count_include_pad=counted, divisor=divisor)
    rows: list[list[float]] = expected(case).operator.dense().tolist()
    return rows


def test_padding_counts_or_does_not() -> None:
    """[1, 2] with k = 2 and one zero after it: the averages are 1.5 and 1, or 1.5 and 2."""
    axis = Axis(2, 2, 1, 0, 1)
    assert matrix(axis) == [[1 / 2, 1 / 2], [0, 1 / 2]]
    assert matrix(axis, counted=False) == [[1 / 2, 1 / 2], [0, 1]]


def test_a_divisor_of_the_callers_is_the_same_in_every_window() -> None:
    """In the interior, over padding, and where a window overhangs; whether padding counts no longer matters."""
    axis = Axis(5, 2, 2, 1, 0)  # windows of 1, 2 and 2 units
    for counted in (True, False):
        assert matrix(axis, counted=counted, divisor=4) == [
            [1 / 4, 0, 0, 0, 0],
            [0, 1 / 4, 1 / 4, 0, 0],
            [0, 0, 0, 1 / 4, 1 / 4],
        ]
    assert matrix(Axis(3, 2, 2), ceil=True, divisor=4) == [[1 / 4, 1 / 4, 0], [0, 0, 1 / 4]]


@pytest.mark.parametrize(
    ("axis", "counted", "last"),
    [
        (Axis(5, 4, 2), True, [0, 0, 1 / 3, 1 / 3, 1 / 3]),  # a window of 4 overhangs by 1: 3 cells
        (Axis(5, 4, 2), False, [0, 0, 1 / 3, 1 / 3, 1 / 3]),
        (Axis(5, 4, 4, 0, 1), True, [0, 0, 0, 0, 1 / 2]),  # a unit, one of padding, and two beyond: 2 count
        (Axis(5, 4, 4, 0, 1), False, [0, 0, 0, 0, 1]),
        (Axis(5, 4, 4, 0, 2), True, [0, 0, 0, 0, 1 / 3]),  # one beyond
        (Axis(2, 4, 3), True, [1 / 2, 1 / 2]),  # k > i
        (Axis(1, 4, 4, 1, 0), True, [1 / 2]),  # padding before and a unit; two cells beyond
        (Axis(1, 4, 4, 1, 0), False, [1]),
        (Axis(4, 2, 2, d=3), True, [1 / 2, 0, 0, 1 / 2]),  # it fits exactly
        (Axis(5, 2, 2, d=3), True, [0, 0, 1, 0, 0]),  # its second tap is beyond
        (Axis(5, 2, 2, 0, 1, d=3), True, [0, 0, 1 / 2, 0, 0]),  # its second tap is padding
    ],
    ids=str,
)
def test_what_lies_beyond_the_padding_never_counts(axis: Axis, counted: bool, last: list[float]) -> None:
    case = Case(op="avg_pool", axes=(axis,), ceil_mode=True, count_include_pad=counted, dtype="float64")
    assert expected(case).operator.dense()[-1].tolist() == last


def test_what_counts_in_a_plane_is_counted_in_the_plane() -> None:
    """k = 2 × 3 over 2 × 2 units, each axis padded before: the first window has 1 unit of 6 cells."""
    axes = (Axis(2, 2, 1, 1, 0), Axis(2, 3, 1, 2, 0))
    counting = expected(Case(op="avg_pool", axes=axes, dtype="float64")).operator.dense()
    units_only = expected(Case(op="avg_pool", axes=axes, count_include_pad=False, dtype="float64")).operator.dense()
    assert counting.tolist() == [
        [1 / 6, 0, 0, 0],
        [1 / 6, 1 / 6, 0, 0],
        [1 / 6, 0, 1 / 6, 0],
        [1 / 6, 1 / 6, 1 / 6, 1 / 6],
    ]
    assert units_only.tolist() == [
        [1, 0, 0, 0],
        [1 / 2, 1 / 2, 0, 0],
        [1 / 2, 0, 1 / 2, 0],
        [1 / 4, 1 / 4, 1 / 4, 1 / 4],
    ]
