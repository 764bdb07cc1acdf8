"""What is drawn is what the theory says: every placement, tap by tap."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest

from cases import generate, grid
from cases.case import Case, parse
from harness.drawing.line import Line, lines
from harness.theory.matrix import structure


def one_map(case: Case) -> Case:
    return replace(case, channels_in=1, channels_out=1, groups=1, batch=None)


def entries(case: Case) -> set[tuple[int, int, int]]:
    """Row, column and tap of each entry, as the drawing has them."""
    drawn, found = lines(case), set()
    inputs, taps = case.each("i"), case.each("k")
    for row, placement in enumerate(itertools.product(*(range(len(line.starts)) for line in drawn))):
        seen = [list(line.seen(place)) for line, place in zip(drawn, placement, strict=True)]
        for element in itertools.product(*seen):
            column = tap = 0
            for (unit, own), i, k in zip(element, inputs, taps, strict=True):
                column, tap = column * i + unit, tap * k + own
            found.add((row, column, tap))
    return found


def test_every_placement_is_the_theorys() -> None:
    layers = {one_map(case) for case in generate.cases(grid.load("smoke")) if math.prod(case.each("i")) <= 200}
    assert len(layers) > 500
    for case in layers:
        c = structure(case)
        told = {
            (int(index) // c.columns, int(index) % c.columns, int(tap))
            for index, tap in zip(c.indices, c.taps, strict=True)
        }
        assert entries(case) == told, case.id
        assert math.prod(len(line.starts) for line in lines(case)) == c.rows, case.id


def drawn(line: Line) -> str:
    letters = {"unit": "#", "inserted": "0", "padding": ".", "extra": "a", "overhang": "_", "cropped": "x"}
    return "".join(letters[kind] for kind in line.cells)


@pytest.mark.parametrize(
    ("case", "cells", "starts"),
    [
        ("conv1d.i5.k3.s2.p1.d1", ".#####.", (0, 2, 4)),
        ("conv1d.i6.k3.s2.p1.d1", ".######.", (0, 2, 4)),
        ("conv1d.i4.k2.s1.p0_2.d1", "####..", (0, 1, 2, 3, 4)),
        ("max_pool1d.i5.k2.s2.p0.d1.ceil", "#####_", (0, 2, 4)),
        ("conv1d.i2.k3.s1.p0.d1", "##", ()),
        ("conv_transpose1d.i2.k3.s1.p0.d1.a0", "..##..", (0, 1, 2, 3)),
        ("conv_transpose1d.i7.k3.s1.p2.d1.a0", "#######", (0, 1, 2, 3, 4)),
        ("conv_transpose1d.i3.k3.s2.p1.d1.a0", ".#0#0#.", (0, 1, 2, 3, 4)),
        ("conv_transpose1d.i3.k3.s2.p1.d1.a1", ".#0#0#.a", (0, 1, 2, 3, 4, 5)),
        ("conv_transpose1d.i3.k2.s3.p2.d1.a0", "x00#00x", (1, 2, 3, 4)),
        ("conv_transpose1d.i0.k3.s2.p0.d1.a0", "....", ()),
    ],
)
def test_cells_as_the_guide_draws_them(case: str, cells: str, starts: tuple[int, ...]) -> None:
    (line,) = lines(parse(case))
    assert (drawn(line), line.starts) == (cells, starts)


def test_a_transposed_window_is_turned() -> None:
    assert lines(parse("conv1d.i5.k3.s1.p0.d2"))[0].taps == (0, 1, 2)
    assert lines(parse("conv_transpose1d.i5.k3.s1.p0.d2.a0"))[0].taps == (2, 1, 0)
    assert lines(parse("conv_transpose1d.i5.k3.s1.p0.d2.a0"))[0].offsets == (0, 2, 4)
