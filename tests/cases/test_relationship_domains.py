"""Where each relationship speaks and where it does not, by hand-written examples on both sides of every condition."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cases.case import Axis, Case, Op, Padding
from cases.claims import BY_ID, claims
from cases.relationships import RELATIONSHIPS, said


def test_there_are_fifteen_numbered_in_the_guides_order() -> None:
    assert [relationship.id for relationship in RELATIONSHIPS] == [f"R{number}" for number in range(1, 16)]
    assert [claim for claim in BY_ID.values() if claim.id.startswith("R")] == list(RELATIONSHIPS)


def test_each_speaks_of_the_operations_of_its_chapter() -> None:
    spoken_of = {relationship.number: set(relationship.ops) for relationship in RELATIONSHIPS}
    assert all(spoken_of[number] == {"conv"} for number in (1, 2, 3, 4, 5, 6, 15))
    assert spoken_of[7] == {"avg_pool", "max_pool"}
    assert all(spoken_of[number] == {"conv_transpose"} for number in range(8, 15))


def axis(i: int, k: int, *, s: int = 1, p: int = 0, d: int = 1, a: int = 0) -> Axis:
    return Axis(i, k, s, p, p, d, a)


UNEVEN = Axis(6, 3, p_before=1, p_after=2)
DILATED = axis(9, 3, d=2)

# name: (axes with the size claimed of each, axes outside)
DOMAINS: dict[str, tuple[list[tuple[Axis, int]], list[Axis]]] = {
    "R1": (
        [(axis(4, 3), 2), (axis(7, 1), 7), (axis(5, 5), 1), (axis(2, 4), -1)],
        [axis(4, 3, p=1), axis(4, 3, s=2), DILATED, UNEVEN, axis(4, 3, a=1)],
    ),
    "R2": (
        [(axis(5, 4, p=2), 6), (axis(5, 4), 2), (axis(1, 4, p=1), 0)],
        [axis(5, 4, s=2, p=2), axis(5, 4, p=2, d=2), UNEVEN],
    ),
    "R3": (
        [(axis(5, 3, p=1), 5), (axis(8, 5, p=2), 8), (axis(3, 1), 3), (axis(1, 7, p=3), 1)],
        [axis(5, 4, p=2), axis(5, 3), axis(5, 3, p=2), axis(5, 3, s=2, p=1), axis(5, 3, p=2, d=2), UNEVEN],
    ),
    "R4": (
        [(axis(5, 3, p=2), 7), (axis(5, 4, p=3), 8), (axis(2, 1), 2)],
        [axis(5, 3, p=1), axis(5, 3, p=3), axis(5, 3, s=2, p=2), axis(5, 3, p=4, d=2), UNEVEN],
    ),
    "R5": (
        [(axis(5, 3, s=2), 2), (axis(6, 3, s=2), 2), (axis(7, 2, s=3), 2), (axis(4, 3), 2), (axis(2, 3, s=2), 0)],
        [axis(5, 3, s=2, p=1), axis(5, 3, s=2, d=2), UNEVEN],
    ),
    "R6": (
        [(axis(5, 3, s=2, p=1), 3), (axis(6, 3, s=2, p=1), 3), (axis(7, 4, s=3, p=2), 3), (axis(1, 4, s=3, p=1), 0)],
        [axis(5, 3, s=2, p=1, d=2), UNEVEN, axis(5, 3, s=2, p=1, a=1)],
    ),
    "R7": (
        [(axis(5, 3), 3), (axis(28, 2, s=2), 14), (axis(7, 2, s=3), 2), (axis(2, 3, s=3), 0)],
        [axis(5, 3, p=1), axis(5, 3, d=2), UNEVEN],
    ),
    "R8": (
        [(axis(2, 3), 4), (axis(5, 1), 5), (axis(1, 4), 4)],
        [axis(2, 3, p=1), axis(2, 3, s=2), axis(2, 3, d=2), axis(2, 3, a=1), UNEVEN],
    ),
    "R9": (
        [(axis(6, 4, p=2), 5), (axis(2, 3), 4), (axis(1, 2, p=1), 0)],
        [axis(6, 4, s=2, p=2), axis(6, 4, p=2, d=2), axis(6, 4, p=2, a=1), UNEVEN],
    ),
    "R10": (
        [(axis(5, 3, p=1), 5), (axis(4, 5, p=2), 4)],
        [axis(5, 4, p=2), axis(5, 3, p=2), axis(5, 3, s=2, p=1), axis(5, 3, p=2, d=2), UNEVEN],
    ),
    "R11": (
        [(axis(7, 3, p=2), 5), (axis(7, 4, p=3), 4), (axis(2, 3, p=2), 0)],
        [axis(7, 3, p=1), axis(7, 3, s=2, p=2), axis(7, 3, p=4, d=2), UNEVEN],
    ),
    "R12": (
        [(axis(2, 3, s=2), 5), (axis(3, 2, s=4), 10), (axis(2, 3), 4)],
        [axis(2, 3, s=2, p=1), axis(2, 3, s=2, a=1), axis(2, 3, s=2, d=2), UNEVEN],
    ),
    "R13": (
        [(axis(3, 3, s=2, p=1), 5), (axis(4, 4, s=2, p=1), 8), (axis(1, 2, s=3, p=1), 0)],
        [axis(3, 3, s=2, p=1, a=1), axis(3, 3, s=2, p=1, d=2), UNEVEN],
    ),
    "R14": (
        [(axis(3, 3, s=2, p=1, a=1), 6), (axis(3, 3, s=3, p=1, a=2), 9), (axis(3, 3, s=2, p=1), 5)],
        [axis(3, 3, s=2, p=1, a=2), axis(3, 3, p=1, a=1), axis(3, 3, s=2, p=1, d=2), UNEVEN],
    ),
    "R15": (
        [(axis(7, 3, d=2), 3), (axis(9, 2, s=2, p=1, d=4), 4), (axis(5, 3, s=2, p=1), 3), (axis(5, 3, d=3), -1)],
        [UNEVEN, axis(7, 3, d=2, a=1)],
    ),
}


@pytest.mark.parametrize("name", DOMAINS)
def test_a_relationship_speaks_of_its_domain_and_of_nothing_else(name: str) -> None:
    inside, outside = DOMAINS[name]
    for spoken_of, _ in inside:
        assert BY_ID[name].domain(spoken_of), f"{name} does not speak of {spoken_of}"
    for other in outside:
        assert not BY_ID[name].domain(other), f"{name} speaks of {other}"


@pytest.mark.parametrize("name", DOMAINS)
def test_a_relationship_claims_the_size_worked_out_by_hand(name: str) -> None:
    for spoken_of, size in DOMAINS[name][0]:
        assert BY_ID[name].claim(spoken_of) == size, f"{name} of {spoken_of}"


@pytest.mark.parametrize("name", DOMAINS)
def test_a_relationship_holds_for_cases_of_its_own_operations_only(name: str) -> None:
    spoken_of = DOMAINS[name][0][0][0]
    ops = {
        op
        for op in ("conv", "conv_transpose", "avg_pool", "max_pool")
        if BY_ID[name].holds_for(Case(op=op, axes=(spoken_of if op == "conv_transpose" else replace(spoken_of, a=0),)))
    }
    assert ops == set(BY_ID[name].ops)


def test_a_case_is_claimed_by_what_speaks_of_all_its_axes() -> None:
    plain, padded, strided, dilated = axis(4, 3), axis(5, 3, p=1), axis(6, 3, s=2), axis(9, 2, d=3)
    assert set(claims(Case(op="conv", axes=(plain, padded)))) == {"R2", "R6", "R15"}
    assert set(claims(Case(op="conv", axes=(plain, strided)))) == {"R5", "R6", "R15"}
    assert set(claims(Case(op="conv", axes=(padded, strided)))) == {"R6", "R15"}
    assert claims(Case(op="conv", axes=(plain, padded, dilated))) == ("R15",)
    assert claims(Case(op="conv", axes=(plain, UNEVEN))) == ("X6",)
    assert BY_ID["R15"].size(Case(op="conv", axes=(plain, padded, dilated))) == (2, 5, 6)


def test_the_guide_claims_nothing_of_a_padded_pooling_or_of_a_dilated_transpose() -> None:
    """What is claimed of them are conventions beyond it."""
    assert claims(Case(op="max_pool", axes=(axis(5, 3, p=1),))) == ("X7", "X12")
    assert claims(Case(op="avg_pool", axes=(axis(5, 3, p=1),))) == ("X7", "X9")
    assert claims(Case(op="conv_transpose", axes=(axis(5, 3, d=2),))) == ("X13", "X18")


@pytest.mark.parametrize("op", ["avg_pool", "max_pool"])
def test_the_guide_knows_nothing_of_ceil_mode(op: Op) -> None:
    assert claims(Case(op=op, axes=(axis(6, 3, s=2),))) == ("R7",)
    assert "R7" not in claims(Case(op=op, axes=(axis(6, 3, s=2),), ceil_mode=True))


def test_the_guide_knows_nothing_of_a_divisor_of_the_callers() -> None:
    assert claims(Case(op="avg_pool", axes=(axis(5, 3),), divisor=2)) == ("X10",)
    assert claims(Case(op="avg_pool", axes=(axis(5, 3),), count_include_pad=False)) == ("R7",)


def test_a_relationship_holds_whatever_else_a_layer_has() -> None:
    case = Case(
        op="conv",
        axes=(axis(5, 4, p=2),),
        channels_in=4,
        channels_out=6,
        groups=2,
        batch=0,
        bias=True,
        dtype="int8",
        layout="channels_last",
    )
    assert claims(case) == ("R2", "R6", "R15")


@pytest.mark.parametrize(
    ("padding", "spoken_of", "meant"),
    [
        ("explicit", UNEVEN, True),
        ("valid", axis(5, 3), True),
        ("valid", axis(5, 3, s=2, d=2), True),
        ("valid", axis(5, 3, p=1), False),
        ("valid", Axis(5, 3, p_after=1), False),
        ("same", axis(5, 3, p=1), True),
        ("same", axis(5, 1), True),
        ("same", axis(9, 3, p=2, d=2), True),
        ("same", axis(9, 3, p=1, d=2), False),
        ("same", axis(5, 3), False),
        ("same", axis(5, 3, p=2), False),
        ("same", axis(5, 3, s=2, p=1), False),
        ("same", axis(5, 4, p=2), False),
        ("same", axis(5, 3, p=1, a=1), False),
        ("same", Axis(5, 3, p_before=1, p_after=0), False),
    ],
)
def test_a_name_says_the_padding_that_the_guide_gives_it(padding: Padding, spoken_of: Axis, meant: bool) -> None:
    assert said(padding, spoken_of) is meant


def test_nothing_is_claimed_where_a_name_does_not_say_the_numbers() -> None:
    half = axis(5, 3, p=1)
    named = {"R2", "R3", "R6", "R15"}
    assert set(claims(Case(op="conv", axes=(half,), padding="same"))) == {*named, "X1", "X3"}
    assert claims(Case(op="conv", axes=(half,), padding="valid")) == ()
    assert claims(Case(op="conv", axes=(half, axis(5, 4, p=2)), padding="same")) == ()
    named = {"R9", "R10", "R13", "R14"}
    assert set(claims(Case(op="conv_transpose", axes=(half,), padding="same"))) == {*named, "X15", "X16"}


@pytest.mark.parametrize("padding", ["same_lower", "causal"])
def test_the_guide_has_no_other_names(padding: Padding) -> None:
    """k = 1 needs no padding, so every name says the right numbers; the guide knows none of these two."""
    assert set(claims(Case(op="conv", axes=(axis(5, 1),)))) >= {"R1", "R3", "R15"}
    assert [name for name in claims(Case(op="conv", axes=(axis(5, 1),), padding=padding)) if name[0] == "R"] == []
    assert not said(padding, axis(5, 1))
