"""The columns that predicates speak of are what they say: held against the theory, and against plain loops."""

from __future__ import annotations

import random
from functools import lru_cache
from pathlib import Path

import pytest

from cases import generate, grid
from cases.case import Axis, Case, parse
from harness.judge import expectation
from harness.rules.columns import FLAGS, NUMBERS
from harness.rules.table import opened

from ..fakes.verdicts import row, write

pytestmark = pytest.mark.slow


@lru_cache
def cases() -> tuple[Case, ...]:
    found = sorted(generate.cases(grid.load("pull-request")), key=lambda case: case.id)
    return tuple(random.Random(3).sample(found, 600))


def values(column: str, folder: Path, some: tuple[Case, ...]) -> dict[str, int | bool]:
    with opened(write((row(case) for case in some), folder)) as database:
        return dict(database.sql(f"SELECT case_id, {column} FROM verdicts").fetchall())


def test_sizes_are_those_that_are_claimed(tmp_path: Path) -> None:
    for column, end in (("o_min", min), ("o_max", max)):
        told = values(column, tmp_path, cases())
        assert told == {case.id: end(expectation(case.id).sizes) for case in cases()}


def test_every_column_has_a_value_for_every_case(tmp_path: Path) -> None:
    for column in (*FLAGS, *NUMBERS):
        assert None not in values(column, tmp_path, cases()).values(), column


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("max_pool1d.i1.k2.s1.p0.d1", 0),
        ("max_pool1d.i1.k2.s2.p0.d1", 1),  # -1 / 2 is 0 where a division rounds towards zero
        ("max_pool1d.i1.k3.s2.p0.d1", 0),
        ("max_pool1d.i1.k4.s2.p0.d1", 0),
        ("conv1d.i5.k3.s2.p0.d1", 2),
    ],
)
def test_sizes_as_a_division_that_rounds_towards_zero_has_them(name: str, size: int, tmp_path: Path) -> None:
    assert values("o_truncated_min", tmp_path, (parse(name),)) == {name: size}


def test_windows_on_padding_alone(tmp_path: Path) -> None:
    some = tuple(case for case in cases() if not case.transposed)

    def alone(axis: Axis, sizes: int) -> bool:
        windows = [[w * axis.s + t * axis.d - axis.p_before for t in range(axis.k)] for w in range(sizes)]
        return any(not any(0 <= unit < axis.i for unit in window) for window in windows)

    told = values("any_window_on_padding", tmp_path, some)
    for case in some:
        each = [alone(axis, o) for axis, o in zip(case.axes, expectation(case.id).sizes, strict=True)]
        assert told[case.id] == any(each), case.id
    assert any(told.values())


@pytest.mark.parametrize(
    ("column", "holds", "fails"),
    [
        ("k_even", "conv2d.i5x5.k2x4.s1x1.p0x0.d1x1", "conv2d.i5x5.k2x3.s1x1.p0x0.d1x1"),
        ("any_k_even", "conv2d.i5x5.k2x3.s1x1.p0x0.d1x1", "conv2d.i5x5.k1x3.s1x1.p0x0.d1x1"),
        ("k_hat_over_i", "conv1d.i4.k3.s1.p0.d2", "conv1d.i5.k3.s1.p0.d2"),
        ("p_over_half", "conv1d.i4.k3.s1.p2.d1", "conv1d.i4.k4.s1.p2.d1"),
        ("p_reaches_k", "conv1d.i4.k3.s1.p3.d1", "conv1d.i4.k3.s1.p2.d1"),
        ("p_reaches_k_hat", "conv1d.i9.k3.s1.p5.d2", "conv1d.i9.k3.s1.p4.d2"),
        ("p_uneven", "conv1d.i4.k3.s1.p0_1.d1", "conv1d.i4.k3.s1.p1.d1"),
        ("s_over_k", "conv1d.i9.k2.s3.p0.d1", "conv1d.i9.k3.s3.p0.d1"),
        ("s_over_k_hat", "conv1d.i9.k2.s4.p0.d2", "conv1d.i9.k2.s3.p0.d2"),
        ("s_over_i", "conv1d.i2.k1.s3.p0.d1", "conv1d.i3.k1.s3.p0.d1"),
        ("a_reaches_s", "conv_transpose1d.i3.k3.s2.p0.d3.a2", "conv_transpose1d.i3.k3.s2.p0.d3.a1"),
        ("any_strided_and_dilated", "conv2d.i5x5.k2x2.s1x2.p0x0.d1x2", "conv2d.i5x5.k2x2.s1x2.p0x0.d2x1"),
        ("leftover", "conv1d.i6.k3.s2.p0.d1", "conv1d.i5.k3.s2.p0.d1"),
        ("s_mixed", "conv2d.i5x5.k2x2.s1x2.p0x0.d1x1", "conv2d.i5x5.k2x2.s2x2.p0x0.d1x1"),
        ("depthwise", "conv1d.i5.k2.s1.p0.d1.c4to8.g4", "conv1d.i5.k2.s1.p0.d1.c4to8.g2"),
        ("half", "conv1d.i5.k2.s1.p0.d1.bfloat16", "conv1d.i5.k2.s1.p0.d1"),
        ("no_maps", "conv1d.i5.k2.s1.p0.d1.c0to2", "conv1d.i5.k2.s1.p0.d1"),
    ],
)  # fmt: skip
def test_what_holds_and_what_does_not(column: str, holds: str, fails: str, tmp_path: Path) -> None:
    assert values(column, tmp_path, (parse(holds), parse(fails))) == {holds: True, fails: False}
