"""R1 to R15 against the theory: each closed form is the number of placements that the window really has.

The closed forms and the operator are written apart, the first from the guide's formulas, the second by sliding a
window. Here they meet: where a claim is positive it is the operator's size, and where it is not there is no operator.
"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.case import Axis, Case
from cases.claims import BY_ID
from cases.relationships import RELATIONSHIPS
from harness.theory.expected import expected
from harness.theory.matrix import output_size, structure

quick = settings(derandomize=True, deadline=None, max_examples=60)

BOX = [
    Axis(i, k, s, p, p, d, a)
    for i, k, s, p, d in itertools.product(range(1, 8), range(1, 5), range(1, 4), range(4), range(1, 3))
    for a in range(s)
]

# How many axes of the box each domain holds, counted by hand: 7 sizes i, 4 of k, 3 of s, 4 of p, 2 of d; a = 0 of a
# convolution, and 1 + 2 + 3 pairs (s, a) of a transposed one. Half padding: k = 1, p = 0 and k = 3, p = 1.
HELD = {
    "R1": 7 * 4,
    "R2": 7 * 4 * 4,
    "R3": 7 * 2,
    "R4": 7 * 4,
    "R5": 7 * 4 * 3,
    "R6": 7 * 4 * 3 * 4,
    "R7": 7 * 4 * 3,
    "R8": 7 * 4,
    "R9": 7 * 4 * 4,
    "R10": 7 * 2,
    "R11": 7 * 4,
    "R12": 7 * 4 * 3,
    "R13": 7 * 4 * 3 * 4,
    "R14": 7 * 4 * 6 * 4,
    "R15": 7 * 4 * 3 * 4 * 2,
}


@pytest.mark.parametrize("name", HELD)
def test_a_claim_is_the_size_of_the_operator_all_over_the_box(name: str) -> None:
    relationship = BY_ID[name]
    held = [axis for axis in BOX if relationship.domain(axis)]
    assert len(held) == HELD[name]
    for axis, op in itertools.product(held, relationship.ops):
        case = Case(op=op, axes=(axis,))
        claimed = max(relationship.claim(axis), 0)
        c = structure(case)
        assert c.output == (1, claimed), f"{name}: {case} has size {c.output[1]}, claimed {claimed}"
        assert c.input == (1, axis.i), f"{case} takes an input of {c.input}"
        assert output_size(case) == (claimed,), case
        assert expected(case).shape == (1, claimed), case


def test_the_box_holds_claims_of_every_kind() -> None:
    """Sizes that are positive, zero and negative all occur, so that none of them is checked in name only."""
    for name in ("R6", "R7", "R14", "R15"):
        sizes = {BY_ID[name].claim(axis) for axis in BOX if BY_ID[name].domain(axis)}
        assert {-1, 0, 1, 2} <= sizes, name


def axes_of(name: str) -> st.SearchStrategy[Axis]:
    """Axes of a relationship's domain, larger than the box, built from the guide's table of domains."""
    size, kernel, stride = st.integers(1, 60), st.integers(1, 12), st.integers(1, 9)
    padding, dilation = st.integers(0, 14), st.integers(1, 6)

    @st.composite
    def draw_axis(draw: st.DrawFn) -> Axis:
        k, s, p, d, a = draw(kernel), draw(stride), draw(padding), 1, 0
        if name in ("R3", "R10"):
            k += 1 - k % 2
        if name in ("R1", "R2", "R3", "R4", "R8", "R9", "R10", "R11"):
            s = 1
        if name in ("R1", "R5", "R7", "R8", "R12"):
            p = 0
        if name in ("R3", "R10"):
            p = (k - 1) // 2
        if name in ("R4", "R11"):
            p = k - 1
        if name == "R14":
            a = draw(st.integers(0, s - 1))
        if name == "R15":
            d = draw(dilation)
        return Axis(draw(size), k, s, p, p, d, a)

    return draw_axis()


@pytest.mark.parametrize("name", HELD)
@quick
@given(data=st.data())
def test_a_claim_holds_along_each_of_several_unequal_axes(name: str, data: st.DataObject) -> None:
    relationship = BY_ID[name]
    axes = data.draw(st.lists(axes_of(name), min_size=1, max_size=3))
    op = data.draw(st.sampled_from(relationship.ops))
    case = Case(op=op, axes=tuple(axes))
    assert relationship.holds_for(case)
    assert output_size(case) == tuple(max(size, 0) for size in relationship.size(case))


def test_every_relationship_is_checked_here() -> None:
    assert list(HELD) == [relationship.id for relationship in RELATIONSHIPS]
