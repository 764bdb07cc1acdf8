"""Where each convention speaks and where it does not, by hand-written layers on both sides of every condition."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cases.case import Axis, Case
from cases.claims import BY_ID, CLAIMS, IDS, claims, title
from cases.conventions import CONVENTIONS
from cases.relationships import RELATIONSHIPS
from cases.statements import STATEMENTS

SQUARE = Axis(5, 3)
HALF = Axis(5, 3, 1, 1, 1)
UNEVEN = Axis(6, 3, 1, 1, 2)


def conv(*axes: Axis, **fields: Any) -> Case:
    return Case(op="conv", axes=axes, **fields)


def transposed(*axes: Axis, **fields: Any) -> Case:
    return Case(op="conv_transpose", axes=axes, **fields)


def average(*axes: Axis, **fields: Any) -> Case:
    return Case(op="avg_pool", axes=axes, **fields)


def maximum(*axes: Axis, **fields: Any) -> Case:
    return Case(op="max_pool", axes=axes, **fields)


EVEN_SAME = Axis(6, 3, 2, 0, 1)  # SAME with stride 2: one zero, at the end
EVEN_LOWER = Axis(6, 3, 2, 1, 0)

# name: (layers with the size claimed of each, layers outside)
DOMAINS: dict[str, tuple[list[tuple[Case, tuple[int, ...]]], list[Case]]] = {
    "X1": (
        [
            (conv(EVEN_SAME, padding="same"), (3,)),
            (conv(Axis(5, 3, 2, 1, 1), padding="same"), (3,)),
            (average(EVEN_SAME, padding="same"), (3,)),
            (maximum(EVEN_SAME, padding="same"), (3,)),
            (conv(EVEN_SAME, Axis(5, 2, 1, 1, 2, 3), padding="same"), (3, 5)),
            (conv(Axis(0, 3, 1, 1, 1), padding="same"), (0,)),
            (average(EVEN_SAME, padding="same", divisor=2, count_include_pad=False), (3,)),
        ],
        [
            conv(EVEN_SAME),
            conv(EVEN_SAME, padding="same_lower"),
            conv(EVEN_LOWER, padding="same"),
            conv(Axis(6, 3, 2, 1, 1), padding="same"),
            conv(EVEN_SAME, EVEN_LOWER, padding="same"),
            maximum(EVEN_SAME, padding="same", ceil_mode=True),
            transposed(EVEN_SAME, padding="same"),
        ],
    ),
    "X2": (
        [
            (conv(EVEN_LOWER, padding="same_lower"), (3,)),
            (conv(Axis(5, 3, 2, 1, 1), padding="same_lower"), (3,)),
            (maximum(EVEN_LOWER, Axis(5, 4, 1, 2, 1), padding="same_lower"), (3, 5)),
            (conv(HALF, padding="same_lower"), (5,)),
        ],
        [
            conv(EVEN_LOWER),
            conv(EVEN_LOWER, padding="same"),
            conv(EVEN_SAME, padding="same_lower"),
            conv(EVEN_LOWER, EVEN_SAME, padding="same_lower"),
            maximum(EVEN_LOWER, padding="same_lower", ceil_mode=True),
            transposed(EVEN_LOWER, padding="same_lower"),
        ],
    ),
    "X3": (
        [
            (conv(HALF, padding="same"), (5,)),
            (conv(Axis(5, 4, 1, 1, 2), padding="same"), (5,)),
            (conv(Axis(5, 2, 1, 1, 2, 3), HALF, padding="same"), (5, 5)),
        ],
        [
            conv(HALF),
            conv(Axis(5, 4, 1, 2, 1), padding="same"),
            conv(EVEN_SAME, padding="same"),
            conv(HALF, EVEN_SAME, padding="same"),
            conv(Axis(0, 3, 1, 1, 1), padding="same"),
            maximum(HALF, padding="same"),
            transposed(HALF, padding="same"),
            conv(HALF, padding="same_lower"),
        ],
    ),
    "X4": (
        [
            (conv(Axis(5, 3, 2, 2, 0), padding="causal"), (3,)),
            (conv(Axis(5, 3, 1, 4, 0, 2), padding="causal"), (5,)),
            (conv(Axis(5, 1), padding="causal"), (5,)),
            (conv(Axis(0, 3, 1, 2, 0), padding="causal"), (0,)),
        ],
        [
            conv(Axis(5, 3, 2, 2, 0)),
            conv(Axis(5, 3, 2, 0, 2), padding="causal"),
            conv(Axis(5, 3, 1, 2, 0, 2), padding="causal"),
            conv(HALF, padding="causal"),
            average(Axis(5, 3, 1, 2, 0), padding="causal"),
        ],
    ),
    "X5": (
        [
            (conv(Axis(5, 3, 2, 2, 2)), (4,)),
            (conv(Axis(5, 3, 1, 4, 4, 2)), (9,)),
            (conv(Axis(5, 3, 1, 2, 2), Axis(5, 3, 2, 2, 2)), (7, 4)),
            (conv(Axis(5, 1, 2)), (3,)),
        ],
        [
            conv(Axis(5, 3, 1, 2, 2)),
            conv(Axis(5, 3, 2, 1, 1)),
            conv(Axis(5, 3, 1, 2, 2, 2)),
            conv(Axis(5, 3, 2, 2, 1)),
            conv(Axis(5, 3, 2, 2, 2), HALF),
            conv(Axis(5, 1, 2), padding="valid"),
            maximum(Axis(5, 3, 2, 2, 2)),
        ],
    ),
    "X6": (
        [
            (conv(UNEVEN), (7,)),
            (conv(SQUARE, UNEVEN), (3, 7)),
            (conv(EVEN_SAME), (3,)),
            (conv(Axis(1, 4, 1, 1, 0)), (-1,)),
        ],
        [conv(HALF), conv(HALF, SQUARE), conv(EVEN_SAME, padding="same"), maximum(UNEVEN), transposed(UNEVEN)],
    ),
    "X7": (
        [
            (maximum(HALF), (5,)),
            (average(SQUARE, UNEVEN), (3, 7)),
            (maximum(Axis(7, 3, 1, 0, 0, 2)), (3,)),
            (maximum(Axis(7, 3, 1, 0, 0, 2), padding="valid"), (3,)),
            (average(HALF, divisor=4, count_include_pad=False), (5,)),
        ],
        [
            maximum(SQUARE),
            maximum(SQUARE, padding="valid"),
            maximum(HALF, ceil_mode=True),
            maximum(HALF, padding="same"),
            conv(HALF),
        ],
    ),
    "X8": (
        [
            (maximum(Axis(5, 2, 2, 1, 1), ceil_mode=True), (3,)),
            (maximum(Axis(5, 2, 2), ceil_mode=True), (3,)),
            (average(Axis(5, 2, 2), padding="valid", ceil_mode=True, divisor=3), (3,)),
            (maximum(Axis(6, 3, 2, 1, 0, 2), SQUARE, ceil_mode=True), (2, 3)),
            (maximum(Axis(5, 3, 2, 2, 2, 2), ceil_mode=True), (3,)),
        ],
        [
            maximum(Axis(5, 2, 2, 1, 1)),
            maximum(Axis(5, 3, 2, 2, 2), ceil_mode=True),
            maximum(Axis(5, 3, 2, 0, 2), ceil_mode=True),
            maximum(Axis(5, 3, 2, 2, 0), ceil_mode=True),
            maximum(Axis(5, 1, 1, 1, 1), SQUARE, ceil_mode=True),
            maximum(EVEN_SAME, padding="same", ceil_mode=True),
        ],
    ),
    "X9": (
        [
            (average(HALF), (5,)),
            (average(HALF, count_include_pad=False), (5,)),
            (average(SQUARE, UNEVEN), (3, 7)),
            (average(EVEN_SAME, padding="same"), (3,)),
            (average(EVEN_LOWER, padding="same_lower"), (3,)),
        ],
        [
            average(SQUARE),
            average(SQUARE, count_include_pad=False),
            average(Axis(5, 1), padding="same"),
            average(HALF, divisor=4),
            average(HALF, ceil_mode=True),
            maximum(HALF),
        ],
    ),
    "X10": (
        [
            (average(SQUARE, divisor=1), (3,)),
            (average(HALF, divisor=4), (5,)),
            (average(SQUARE, HALF, divisor=2), (3, 5)),
        ],
        [average(HALF), average(HALF, divisor=4, ceil_mode=True), maximum(HALF)],
    ),
    "X11": (
        [
            (average(Axis(5, 2, 2), ceil_mode=True), (3,)),
            (average(Axis(5, 2, 2), ceil_mode=True, divisor=3), (3,)),
            (average(Axis(5, 2, 2, 1, 1), SQUARE, ceil_mode=True, count_include_pad=False), (3, 3)),
        ],
        [
            average(Axis(5, 2, 2)),
            average(Axis(5, 3, 2, 2, 2), ceil_mode=True),
            maximum(Axis(5, 2, 2), ceil_mode=True),
        ],
    ),
    "X12": (
        [
            (maximum(HALF), (5,)),
            (maximum(SQUARE, UNEVEN, dtype="int8"), (3, 7)),
            (maximum(EVEN_SAME, padding="same"), (3,)),
        ],
        [maximum(SQUARE), maximum(Axis(5, 1), padding="same"), maximum(HALF, ceil_mode=True), average(HALF)],
    ),
    "X13": (
        [
            (transposed(Axis(5, 3, 1, 0, 0, 2)), (9,)),
            (transposed(Axis(5, 3, 2, 1, 1, 2, 1)), (12,)),
            (transposed(UNEVEN), (5,)),
            (transposed(SQUARE, UNEVEN), (7, 5)),
            (transposed(Axis(5, 3, 2, 0, 0, 2, 1), padding="valid"), (14,)),
        ],
        [
            transposed(HALF),
            transposed(SQUARE, HALF),
            transposed(Axis(5, 3, 1, 0, 0, 2, 1)),
            transposed(Axis(0, 3, 1, 0, 0, 2)),
            transposed(Axis(5, 3, 1, 2, 2, 2), padding="same"),
            conv(Axis(5, 3, 1, 0, 0, 2)),
        ],
    ),
    "X14": (
        [
            (transposed(Axis(3, 3, 1, 0, 0, 2, 1)), (8,)),
            (transposed(Axis(3, 3, 2, 1, 1, 3, 2)), (11,)),
            (transposed(SQUARE, Axis(3, 3, 1, 0, 0, 2, 1)), (7, 8)),
        ],
        [
            transposed(Axis(3, 3, 1, 0, 0, 2)),
            transposed(Axis(3, 3, 1, 0, 0, 1, 1)),
            transposed(Axis(3, 3, 1, 0, 0, 2, 2)),
            transposed(Axis(3, 3, 1, 0, 0, 2, 1), Axis(3, 3, 1, 0, 0, 1, 1)),
            transposed(Axis(0, 3, 1, 0, 0, 2, 1)),
            transposed(Axis(3, 3, 1, 0, 0, 2, 1), padding="valid"),
        ],
    ),
    "X15": (
        [
            (transposed(Axis(3, 5, 2, 1, 2), padding="same"), (6,)),
            (transposed(Axis(3, 2, 3, 0, 0, 1, 1), HALF, padding="same"), (9, 5)),
            (transposed(Axis(3, 3, 2, 1, 2, 2), padding="same"), (6,)),
        ],
        [
            transposed(Axis(3, 5, 2, 1, 2)),
            transposed(Axis(3, 5, 2, 2, 1), padding="same"),
            transposed(Axis(3, 5, 2, 2, 2, 1, 1), padding="same"),
            transposed(Axis(3, 5, 2, 2, 2), padding="same"),
            transposed(Axis(0, 5, 2, 1, 2), padding="same"),
            conv(HALF, padding="same"),
        ],
    ),
    "X16": (
        [
            (transposed(Axis(3, 3, 2), padding="valid"), (7,)),
            (transposed(Axis(3, 3, 2, a=1), padding="valid"), (8,)),
            (transposed(Axis(3, 5, 2, 1, 2), padding="same"), (6,)),
            (transposed(Axis(3, 5, 2, 2, 2), padding="same"), (5,)),
            (transposed(Axis(3, 1, 3), padding="same"), (7,)),
            (transposed(Axis(3, 3, 2), SQUARE, padding="valid"), (7, 7)),
        ],
        [
            transposed(Axis(3, 3, 2)),
            transposed(Axis(3, 3, 2, a=2), padding="valid"),
            transposed(Axis(3, 5, 2, 2, 1), padding="same"),
            transposed(Axis(3, 5, 2, 1, 2, 1, 1), padding="same"),
            transposed(Axis(0, 3, 2), padding="valid"),
            conv(SQUARE, padding="valid"),
        ],
    ),
    "X17": (
        [
            (transposed(Axis(3, 3, 2), padding="valid"), (7,)),
            (transposed(Axis(3, 2, 4, a=2), padding="valid"), (12,)),
            (transposed(Axis(3, 2, 4, 0, 0, 2, 1), Axis(3, 3, 2), padding="valid"), (12, 7)),
        ],
        [
            transposed(Axis(3, 3, 2)),
            transposed(Axis(3, 3, 2, a=1), padding="valid"),
            transposed(Axis(3, 2, 4, a=1), padding="valid"),
            transposed(Axis(0, 3, 2), padding="valid"),
            transposed(HALF, padding="same"),
            conv(SQUARE, padding="valid"),
        ],
    ),
    "X18": (
        [
            (transposed(Axis(16, 4, 4)), (64,)),
            (transposed(Axis(16, 4, 4, 3, 3)), (58,)),
            (transposed(UNEVEN, Axis(5, 3, 2, 1, 1, 2, 1)), (5, 12)),
            (transposed(Axis(2, 1, 1, 1, 2)), (-1,)),
        ],
        [
            transposed(Axis(3, 3, 2), padding="valid"),
            transposed(HALF, padding="same"),
            transposed(Axis(3, 3, 1, 0, 0, 2, 1)),
            transposed(Axis(0, 3, 1)),
            conv(SQUARE),
        ],
    ),
    "X19": (
        [
            (transposed(SQUARE, channels_in=2, channels_out=3), (7,)),
            (transposed(HALF, padding="same", channels_in=3, channels_out=2), (5,)),
            (transposed(Axis(3, 3, 1, 0, 0, 2, 1), HALF, channels_in=4, channels_out=2, groups=2), (8, 5)),
        ],
        [
            transposed(SQUARE, channels_in=2, channels_out=2),
            transposed(SQUARE, channels_in=1, channels_out=3),
            transposed(SQUARE, channels_in=3, channels_out=1),
            transposed(SQUARE, channels_in=0, channels_out=3),
            transposed(Axis(3, 3, 1, 0, 0, 1, 1), channels_in=2, channels_out=3),
            transposed(Axis(0, 3), channels_in=2, channels_out=3),
            transposed(Axis(3, 3, 1, 0, 0, 2, 1), padding="valid", channels_in=2, channels_out=3),
            conv(SQUARE, channels_in=2, channels_out=3),
        ],
    ),
}

each = pytest.mark.parametrize("name", DOMAINS)


def test_all_nineteen_are_here() -> None:
    assert list(DOMAINS) == [f"X{number}" for number in range(1, 20)]


@each
def test_a_convention_speaks_of_its_layers_and_of_no_others(name: str) -> None:
    inside, outside = DOMAINS[name]
    assert [str(case) for case, _ in inside if name not in claims(case)] == []
    assert [str(case) for case in outside if name in claims(case)] == []


@each
def test_a_convention_claims_the_size_worked_out_by_hand(name: str) -> None:
    for case, size in DOMAINS[name][0]:
        assert BY_ID[name].size(case) == size, f"{name} of {case}"


@each
def test_what_a_layer_has_beside_its_axes_is_no_matter_of_size(name: str) -> None:
    """A batch, a bias, an element type and a layout change no claim."""
    for case, _ in DOMAINS[name][0]:
        other = replace(case, batch=0, bias=not case.pools, dtype="bfloat16", layout="channels_last")
        assert claims(other) == claims(case)
        assert BY_ID[name].size(other) == BY_ID[name].size(case)


MISNAMED = [
    conv(HALF, padding="valid"),
    conv(SQUARE, padding="same"),
    conv(SQUARE, padding="same_lower"),
    conv(SQUARE, padding="causal"),
    maximum(HALF, padding="valid"),
    maximum(UNEVEN, padding="valid"),
    average(HALF, padding="valid"),
    average(HALF, padding="valid", divisor=2),
    average(HALF, padding="valid", ceil_mode=True),
    average(HALF, padding="causal"),
    average(Axis(5, 3, 1, 2, 0), padding="causal"),
    maximum(Axis(7, 3, 1, 0, 0, 2), HALF, padding="valid"),
    maximum(EVEN_SAME, EVEN_LOWER, padding="same"),
    average(SQUARE, padding="same", divisor=2),
    average(EVEN_LOWER, padding="same"),
    average(HALF, padding="same", ceil_mode=True),
    maximum(EVEN_SAME, padding="same_lower"),
    transposed(HALF, padding="valid"),
    transposed(UNEVEN, padding="valid"),
    transposed(SQUARE, padding="same"),
    transposed(UNEVEN, padding="causal", channels_in=2, channels_out=3),
    transposed(HALF, padding="same_lower", channels_in=2, channels_out=3),
]


@pytest.mark.parametrize("case", MISNAMED, ids=str)
def test_nothing_is_claimed_of_numbers_that_the_name_beside_them_does_not_mean(case: Case) -> None:
    """'valid' is no padding, 'same' that of X1 or X15; a pooling has no 'causal', and no SAME in ceil mode."""
    assert claims(case) == ()


def test_claims_come_as_relationships_and_then_conventions_by_number() -> None:
    assert claims(conv(Axis(5, 3, 2, 2, 2))) == ("R6", "R15", "X5")
    assert claims(average(HALF)) == ("X7", "X9")
    assert claims(average(Axis(5, 2, 2), ceil_mode=True, divisor=3)) == ("X8", "X11")
    assert claims(transposed(SQUARE, padding="valid")) == ("R8", "R9", "R12", "R13", "R14", "X16", "X17")
    assert claims(transposed(Axis(5, 3, 1, 0, 0, 2), channels_in=2, channels_out=3)) == ("X13", "X18", "X19")


def test_every_claim_and_statement_has_an_id_and_a_title_of_its_own() -> None:
    relationships, statements, conventions = (
        [f"{kind}{number}" for number in range(1, last + 1)] for kind, last in (("R", 15), ("S", 12), ("X", 19))
    )
    assert list(IDS) == relationships + statements + conventions
    assert list(BY_ID) == [claim.id for claim in CLAIMS] == relationships + conventions
    assert len({title(name) for name in IDS}) == len(IDS)
    assert title("X8") == "Pooling in ceil mode: a window that starts in the far padding is dropped"
    assert title("S12") == STATEMENTS[-1].title
    assert title("R1") == RELATIONSHIPS[0].title
    assert [title(name) for name in ("R16", "S0", "X20", "", "none")] == [""] * 5


def test_a_claims_number_is_that_of_its_id() -> None:
    assert [claim.number for claim in CLAIMS] == [*range(1, 16), *range(1, 20)]


def test_conventions_are_numbered_in_order_and_say_where_they_are_documented() -> None:
    assert [convention.id for convention in CONVENTIONS] == [f"X{number}" for number in range(1, 20)]
    for convention in CONVENTIONS:
        assert convention.title
        assert convention.statement
        assert convention.source.startswith(("https://", "guide, section")), convention.id
        assert BY_ID[convention.id] is convention
