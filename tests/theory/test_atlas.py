"""The atlas: each closed form holds exactly where the theory's operators are the same, over the whole grid."""

from __future__ import annotations

from collections import Counter
from itertools import product
from pathlib import Path

import pytest

from cases.case import Axis, Case
from harness.atlas.compared import DILATIONS, KERNELS, SIZES, STRIDES, compared, grid
from harness.atlas.map import drawn
from harness.atlas.page import page
from harness.atlas.pairs import PAIRS, Pair
from harness.theory.expected import Expected, expected

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("pair", PAIRS, ids=[pair.name for pair in PAIRS])
def test_a_rule_says_exactly_what_is_so(pair: Pair) -> None:
    found: Counter[str] = Counter()
    for x in grid(pair):
        is_so = compared(pair, x)
        assert pair.predicted(x) == is_so, x
        found[is_so] += 1
    dilations = DILATIONS if pair.dilated else (1,)
    points = {Axis(i, k, s, d=d) for i, k, s, d in product(SIZES, KERNELS, STRIDES, dilations)}
    assert all(x.i < x.d for x in points - set(grid(pair)))  # what steps over its whole input
    assert len(found) >= 2  # or there would be nothing to confuse


def test_the_grid_has_all_remainders() -> None:
    assert all(set(range(s)) == {i % s for i in SIZES} for s in STRIDES)


BY_NAME = {pair.name: pair for pair in PAIRS}


def conv(x: Axis, before: int, after: int) -> Expected:
    return expected(Case(op="conv", axes=(Axis(x.i, x.k, x.s, before, after, x.d),)))


def turned(x: Axis, before: int, after: int, a: int) -> Expected:
    return expected(Case(op="conv_transpose", axes=(Axis(x.i, x.k, x.s, before, after, x.d, a),)))


def entries(theory: Expected) -> set[tuple[int, int, float]]:
    """(output, input, tap) of each entry."""
    found, columns = theory.operator, theory.operator.columns
    return {(int(n) // columns, int(n) % columns, float(v)) for n, v in zip(found.indices, found.values, strict=True)}


def test_the_padding_that_a_rule_names_is_the_one() -> None:
    """Where it is the same, p = t/2; where the shape is, p = (t + 1) / 2, and taps sit one input earlier."""
    pair = BY_NAME["same-and-symmetric"]
    for x in grid(pair):
        t, so = max(0, x.k_hat - (x.i - 1) % x.s - 1), compared(pair, x)
        same = conv(x, t // 2, t - t // 2)
        if so == "operator":
            assert entries(conv(x, t // 2, t // 2)) == entries(same)
            assert conv(x, t // 2, t // 2).shape == same.shape
        elif so == "shape":
            other = conv(x, (t + 1) // 2, (t + 1) // 2)
            assert other.shape == same.shape
            inside = {(o, i - 1, tap) for o, i, tap in entries(same) if i}
            assert inside <= entries(other)
            assert all(i == x.i - 1 for _, i, _ in entries(other) - inside)


def test_the_crop_that_a_rule_names_is_the_one() -> None:
    pair = BY_NAME["transposed-same"]
    for x in grid(pair):
        t, so = max(0, x.k_hat - x.s), compared(pair, x)
        same = expected(pair.first(x))  # type: ignore[arg-type]
        if so == "operator":
            other = turned(x, t // 2, t // 2, max(0, x.s - x.k_hat))
            assert (other.shape, entries(other)) == (same.shape, entries(same))
        elif so == "shape":
            other = turned(x, (t + 1) // 2, (t + 1) // 2, 1)
            assert other.shape == same.shape
            inside = {(o - 1, i, tap) for o, i, tap in entries(same) if o}
            assert inside <= entries(other)
            assert all(o == same.shape[1] - 1 for o, _, _ in entries(other) - inside)


def test_what_is_cut_of_full_padding_is_causal() -> None:
    pair = BY_NAME["causal-and-full"]
    for x in grid(pair):
        most = -(-x.i // x.s)
        cut = {one for one in entries(conv(x, x.k_hat - 1, x.k_hat - 1)) if one[0] < most}
        assert cut == entries(conv(x, x.k_hat - 1, 0))


def test_the_page_and_its_maps_are_what_is_made_now() -> None:
    assert (DOCS / "atlas.md").read_text("utf-8") == page("atlas")
    made = {f"{pair.name}.svg": drawn(pair) for pair in PAIRS}
    assert {path.name: path.read_text("utf-8") for path in (DOCS / "atlas").iterdir()} == made
