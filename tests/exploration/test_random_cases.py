"""Random cases: only valid ones that something is claimed of, of every sort, and the same for the same number."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.case import DTYPES, LAYOUTS, OPS, PADDINGS, Axis, Case, Op, Padding, parse
from cases.claims import claims
from cases.conventions import numbers
from cases.strategies import SMALL, Sizes, axes, cases, stream

pytestmark = pytest.mark.slow

quick = settings(derandomize=True, deadline=None, max_examples=200)
ROOT = Path(__file__).parents[2]
SPELLINGS = [
    (op, padding)
    for op in OPS
    for padding in PADDINGS
    if padding == "explicit" or numbers(op, padding, Axis(1, 1)) is not None
]


@pytest.fixture(scope="module")
def many() -> list[Case]:
    return list(itertools.islice(stream(cases(), 0), 800))


@quick
@given(cases())
def test_something_is_claimed_of_every_case(case: Case) -> None:
    assert claims(case)
    assert parse(case.id) == case


@quick
@given(cases())
def test_sizes_are_small(case: Case) -> None:
    small = SMALL[case.rank]
    for axis in case.axes:
        assert axis.i <= small.i
        assert axis.k <= small.k
        assert axis.s <= small.s
        assert axis.d <= small.d
        if case.padding == "explicit":
            assert max(axis.p_before, axis.p_after) <= small.p


@pytest.mark.parametrize(("op", "padding"), SPELLINGS)
def test_an_axis_is_one_that_the_operation_can_have(op: Op, padding: Padding) -> None:
    @quick
    @given(axes(op, padding), st.data())
    def check(axis: Axis, data: st.DataObject) -> None:
        assert claims(Case(op=op, axes=(axis,), padding=padding))
        if op in ("avg_pool", "max_pool") and padding in ("explicit", "valid"):
            other = data.draw(axes(op, padding, ceil_mode=True))
            assert claims(Case(op=op, axes=(other,), padding=padding, ceil_mode=True))

    check()


def test_axes_are_as_large_as_is_asked_for() -> None:
    found: list[Axis] = []

    @quick
    @given(axes("conv", "explicit", sizes=Sizes(i=30, k=2, s=1, p=0, d=1)))
    def collect(axis: Axis) -> None:
        found.append(axis)

    collect()
    assert {axis.k for axis in found} == {1, 2}
    assert {(axis.s, axis.p_before, axis.p_after, axis.d) for axis in found} == {(1, 0, 0, 1)}
    assert max(axis.i for axis in found) > 20


def test_a_name_without_a_meaning_is_refused() -> None:
    @quick
    @given(axes("max_pool", "causal"))
    def draw(axis: Axis) -> None:
        raise AssertionError(axis)

    with pytest.raises(ValueError, match="padding 'causal' has no meaning for max_pool"):
        draw()


@pytest.mark.parametrize(
    ("what", "values"),
    [
        (lambda case: case.op, OPS),
        (lambda case: case.rank, (1, 2, 3)),
        (lambda case: (case.op, case.padding), SPELLINGS),
        (lambda case: case.dtype, DTYPES),
        (lambda case: case.layout, LAYOUTS),
        (lambda case: case.batch, (None, 0, 1, 2, 3)),
        (lambda case: case.bias, (False, True)),
        (lambda case: (case.pools, case.ceil_mode), ((False, False), (True, False), (True, True))),
        (lambda case: case.count_include_pad, (False, True)),
        (lambda case: case.divisor is None, (False, True)),
        (lambda case: case.groups, (1, 2, 3)),
        (lambda case: case.channels_in == 0 or case.channels_out == 0, (False, True)),
        (lambda case: case.channels_in == case.channels_out, (False, True)),
        (lambda case: case.square, (False, True)),
        (lambda case: case.transposed and any(x.a >= x.s for x in case.axes), (False, True)),
        (lambda case: any(x.p_before != x.p_after for x in case.axes), (False, True)),
        (lambda case: 0 in case.each("i"), (False, True)),
    ],
)
def test_every_sort_of_layer_comes(what: Any, values: Any, many: list[Case]) -> None:
    assert {what(case) for case in many} == set(values)


def test_axes_are_mostly_unequal_and_leave_something_to_compute(many: list[Case]) -> None:
    several = [case for case in many if case.rank > 1]
    assert sum(not case.square for case in several) > 0.6 * len(several)
    plain = [case for case in several if case.op == "conv" and case.padding in ("explicit", "valid")]
    fitting = [c for c in plain if all(x.i + x.p_before + x.p_after >= x.k_hat for x in c.axes)]
    assert 0.65 * len(plain) < len(fitting) < 0.9 * len(plain)
    turned = [case for case in several if case.transposed]
    assert sum(all(output(axis) > 0 for axis in case.axes) for case in turned) > 0.9 * len(turned)


def output(axis: Axis) -> int:
    return axis.s * (axis.i - 1) + axis.a + axis.k_hat - axis.p_before - axis.p_after


def test_the_first_are_no_plainer_than_the_others(many: list[Case]) -> None:
    def plain(several: list[Case]) -> int:
        return sum(all(axis.k == axis.s == axis.d == 1 for axis in case.axes) for case in several)

    assert plain(many[:20]) <= 4
    assert plain(many) < 0.2 * len(many)


def test_the_choice_can_be_narrowed() -> None:
    few = cases(ops=["avg_pool"], ranks=[2], paddings=["same", "causal"], dtypes=["int8", "float64"])
    drawn = list(itertools.islice(stream(few, 0), 50))
    assert {(c.op, c.rank, c.padding, c.dtype) for c in drawn} == {("avg_pool", 2, "same", "float64")}


def test_cases_are_different_and_the_same_for_a_number(many: list[Case]) -> None:
    assert len(set(many)) == len(many) == 800
    assert list(itertools.islice(stream(cases(), 0), 150)) == many[:150]
    assert set(itertools.islice(stream(cases(), 1), 150)) != set(many[:150])
    assert set(itertools.islice(stream(cases(), 1), 150)) != set(itertools.islice(stream(cases(), -1), 150))


def test_another_process_in_other_surroundings_draws_the_same(many: list[Case], tmp_path: Path) -> None:
    code = (
        "import duckdb, itertools, harness.__main__; from hypothesis import settings\n"
        "from cases.strategies import cases, stream\n"
        "settings.register_profile('mine', max_examples=3, derandomize=True); settings.load_profile('mine')\n"
        "print(*itertools.islice(stream(cases(), 0), 150))"
    )
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "CI": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, env=surroundings
    )
    assert done.stdout.split() == [case.id for case in many[:150]]


def test_where_there_are_no_more_it_ends() -> None:
    one = Sizes(i=1, k=1, s=1, p=0, d=1)
    few = cases(ops=["max_pool"], ranks=[1], paddings=["same"], dtypes=["float32"], layouts=["default"], sizes={1: one})
    drawn = list(stream(few, 0))
    # i is 0 or 1, there are 1, 2 or 3 maps, and five batches
    assert len(drawn) == len(set(drawn)) == 2 * 3 * 5
