"""Ceil mode (X8): a last window may overhang the far end, unless it would start in the padding there.

The windows are cut out of a canvas on which each cell says what it is: a unit's number, padding, or beyond the padding.
Ceil mode is defined where no padding is more than half a window; beyond that a window that fits may start there too.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from cases.case import Axis, Case
from harness.theory.expected import expected
from harness.theory.matrix import output_size

PADDING, BEYOND = -1, -2


def box() -> Iterator[Axis]:
    """Dilations, strides wider than the window and windows wider than the input among them."""
    for i, k, s, d in itertools.product(range(1, 9), range(1, 5), range(1, 6), range(1, 4)):
        half = (1 + (k - 1) * d) // 2
        for before, after in itertools.product(range(min(half, 2) + 1), repeat=2):
            yield Axis(i, k, s, before, after, d)


def windows(axis: Axis) -> list[NDArray[np.int64]]:
    """What each window shows, in order: numbers of units, PADDING, or BEYOND."""
    span = 1 + (axis.k - 1) * axis.d
    beyond = [BEYOND] * (axis.s + span)
    canvas = np.array([PADDING] * axis.p_before + [*range(axis.i)] + [PADDING] * axis.p_after + beyond)
    shown, at, covered = [], 0, span - axis.s  # how far the window before the first would have reached
    while covered < axis.p_before + axis.i + axis.p_after and at < axis.p_before + axis.i:
        shown.append(canvas[at : at + span : axis.d])
        covered, at = at + span, at + axis.s
    return shown


@pytest.mark.parametrize(
    ("axis", "o"),
    [
        (Axis(4, 2, 2), 2),  # s divides i - k: nothing is left over
        (Axis(5, 2, 2), 3),  # the fifth unit gets a window of its own, which overhangs by one
        (Axis(5, 2, 2, 1, 1), 3),  # 4 by rounding up alone: the fourth window would start in the far padding
        (Axis(6, 2, 2, 1, 1), 4),  # the fourth window fits: it starts at the last unit
        (Axis(4, 2, 2, 0, 1), 2),  # a third window would start in the far padding, where p_before is none
        (Axis(4, 3, 2, 1, 1), 3),  # two fit, and the third starts at the last unit
        (Axis(7, 1, 3), 3),
        (Axis(6, 1, 3), 2),  # s > k: two units are left over, but no window starts among them
        (Axis(6, 2, 3), 2),
        (Axis(7, 2, 3), 3),
        (Axis(6, 2, 2, d=3), 2),  # dilated: span 4, one fits exactly, s divides 6 - 4
        (Axis(7, 2, 2, d=3), 3),
        (Axis(2, 3, 2), 1),  # k > i: the only window overhangs
        (Axis(1, 3, 3), 1),
        (Axis(1, 3, 2), 0),  # it would have to overhang by a whole stride
        (Axis(1, 4, 3), 0),
        (Axis(1, 1, 5), 1),
    ],
    ids=str,
)
def test_how_many_windows_there_are(axis: Axis, o: int) -> None:
    assert len(windows(axis)) == o
    for op in ("avg_pool", "max_pool"):
        case = Case(op=op, axes=(axis,), ceil_mode=True)
        assert output_size(case) == (o,)
        assert expected(case).shape == (1, o)
        assert expected(case).defined == (o > 0)


def test_the_number_of_windows_is_rounded_up_less_one_that_starts_in_the_far_padding() -> None:
    """The formula by which torch documents it."""
    dropped = overhanging = 0
    for axis in box():
        span = 1 + (axis.k - 1) * axis.d
        left = axis.i + axis.p_before + axis.p_after - span
        o = (left + axis.s - 1) // axis.s + 1
        if (o - 1) * axis.s >= axis.i + axis.p_before:
            o -= 1
            dropped += 1
        (size,) = output_size(Case(op="max_pool", axes=(axis,), ceil_mode=True))
        (floor,) = output_size(Case(op="max_pool", axes=(axis,)))
        assert size == max(o, 0), axis
        assert size - floor in (0, 1), axis
        overhanging += size > floor
    assert dropped > 100
    assert overhanging > 500


def test_a_window_that_overhangs_sees_what_is_there() -> None:
    """i = 5, k = 3, s = 3: the second window has the units 3 and 4, and nothing after them."""
    axis = Axis(5, 3, 3)
    maximum = expected(Case(op="max_pool", axes=(axis,), ceil_mode=True))
    assert maximum.operator.dense().tolist() == [[1, 1, 1, 0, 0], [0, 0, 0, 1, 1]]
    average = expected(Case(op="avg_pool", axes=(axis,), ceil_mode=True, divisor=1))
    assert average.operator.dense().tolist() == [[1, 1, 1, 0, 0], [0, 0, 0, 1, 1]]


def test_every_window_of_the_box_sees_its_units() -> None:
    """Of a maximum pooling, ones at the units; a dilated window may see none at all, and then is minus infinity."""
    blind = 0
    for axis in box():
        theory = expected(Case(op="max_pool", axes=(axis,), ceil_mode=True))
        rows = [np.isin(np.arange(axis.i), shown).astype(float) for shown in windows(axis)]
        matrix = np.array(rows).reshape(-1, axis.i)
        matrix[~matrix.any(axis=1)] = -np.inf
        assert np.array_equal(theory.operator.dense(), matrix), axis
        blind += bool(np.isinf(matrix).any())
    assert blind > 20


def test_each_axis_overhangs_by_itself() -> None:
    """5 units by 4, k = 2, s = 2: along the first axis a third window overhangs, along the second nothing is left."""
    case = Case(op="max_pool", axes=(Axis(5, 2, 2), Axis(4, 2, 2)), ceil_mode=True)
    theory = expected(case)
    assert theory.shape == (1, 3, 2)
    seen = theory.operator.dense().reshape(3, 2, 5, 4)
    for row, column in itertools.product(range(3), range(2)):
        units = np.zeros((5, 4))
        units[2 * row : 2 * row + 2, 2 * column : 2 * column + 2] = 1
        assert np.array_equal(seen[row, column], units)
