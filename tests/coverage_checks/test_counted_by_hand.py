"""The coverage count against counts made by hand, and what can occur together against trying every case there is."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.case import DTYPES, LAYOUTS, OPS, Axis, Case, Op
from cases.claims import claims
from cases.conventions import numbers
from cases.coverage import Combination, Coverage, coverage
from cases.feasible import letters, properties
from cases.grid import AxisValues, Grid, LayerValues, Part
from cases.strategies import cases as random_cases

pytestmark = pytest.mark.slow

# Beside i and k, each with two values: s, p, d, padding, channels, groups, batch, bias, dtype and layout with one.
TWO_BY_TWO = Part(axis=AxisValues(i=(3, 4), k=(1, 2)), ops=("conv",), rank=(1,))


def counted(part: Part, held: Sequence[Case] = (), strength: int = 2) -> Coverage:
    return coverage(Grid(summary="", parts=(part,)), held, strength)


def conv(i: int, k: int) -> Case:
    return Case(op="conv", axes=(Axis(i, k),))


def told(*combinations: Combination) -> set[frozenset[tuple[str, Any]]]:
    return {frozenset(combination) for combination in combinations}


def test_pairs_counted_by_hand() -> None:
    (one,) = counted(TWO_BY_TWO, [conv(3, 1)]).covered
    assert (one.op, one.rank) == ("conv", 1)
    assert one.feasible == 2 * 2 + 2 * 10 + 2 * 10 + 10 * 9 // 2  # i with k, i and k with the ten, the ten among them
    assert one.held == 12 * 11 // 2  # a case holds each pair of its twelve values
    assert one.feasible - one.held == len(one.missing)


def test_triples_counted_by_hand() -> None:
    (one,) = counted(TWO_BY_TWO, [conv(3, 1)], 3).covered
    assert one.feasible == 2 * 2 * 10 + 2 * 45 + 2 * 45 + 120
    assert one.held == 12 * 11 * 10 // 6


def test_the_missing_are_named() -> None:
    found = counted(TWO_BY_TWO, [conv(3, 1), conv(4, 2)])
    assert found.cases == 2
    assert told(*found.covered[0].missing) == told((("i[1]", 3), ("k[1]", 2)), (("i[1]", 4), ("k[1]", 1)))
    (broken,) = found.broken
    assert (broken.part, broken.cover, broken.op, broken.rank) == (1, "full", "conv", 1)
    assert broken.missing == found.covered[0].missing


def test_nothing_is_missing_of_a_whole_product() -> None:
    found = counted(TWO_BY_TWO, [conv(i, k) for i in (3, 4) for k in (1, 2)])
    assert found.covered[0].missing == ()
    assert found.broken == ()


def test_a_case_of_other_values_counts_with_those_that_are_the_grid_s() -> None:
    stranger = Case(op="conv", axes=(Axis(3, 7),), dtype="int8")
    (one,) = counted(TWO_BY_TWO, [stranger]).covered
    assert one.held == 10 * 9 // 2  # without k and dtype
    (one,) = counted(TWO_BY_TWO, [Case(op="max_pool", axes=(Axis(3, 1),))]).covered
    assert one.held == 0


def test_places_are_counted_apart() -> None:
    part = Part(axis=AxisValues(i=(3, 4), k=(1,)), ops=("max_pool",), rank=(2,))
    held = [Case(op="max_pool", axes=(Axis(i, 1), Axis(j, 1))) for i, j in ((3, 3), (3, 4), (4, 4))]
    assert told(*counted(part, held).covered[0].missing) == told((("i[1]", 4), ("i[2]", 3)))


def test_parts_of_a_grid_share_what_they_hold_and_promise_for_themselves() -> None:
    more = Part(axis=AxisValues(i=(4,), k=(2, 3)), ops=("conv",), rank=(1,), cover="rotate")
    grid = Grid(summary="", parts=(more, TWO_BY_TWO))
    found = coverage(grid, [conv(3, 1), conv(3, 2), conv(4, 1)], 2)
    # i=4 with k=2 is in both parts and counts once; k=3 alone is of the first.
    assert told(*(pair for pair in found.covered[0].missing if pair[1][0] == "k[1]" and pair[0][0] == "i[1]")) == told(
        (("i[1]", 4), ("k[1]", 2)), (("i[1]", 4), ("k[1]", 3))
    )
    assert [(one.part, told(*one.missing)) for one in found.broken] == [(2, told((("i[1]", 4), ("k[1]", 2))))]


@pytest.mark.parametrize(
    ("cover", "square", "strength", "promised"),
    [
        ("full", False, 2, True),
        ("full", False, 3, True),
        ("full", True, 2, False),
        ("rotate", False, 2, False),
        ("pairwise", False, 2, True),
        ("pairwise", False, 3, False),
        ("three-way", False, 2, True),
        ("three-way", False, 3, True),
        ("three-way", True, 3, False),
    ],
)
def test_what_a_cover_promises(cover: Any, square: bool, strength: int, promised: bool) -> None:
    part = Part(axis=AxisValues(i=(3, 4), k=(1, 2)), ops=("conv",), rank=(2,), cover=cover, square=square)
    found = counted(part, [], strength)
    assert found.covered[0].feasible > 0
    assert bool(found.broken) is promised


SAME_OR_NOT = LayerValues(padding=("explicit", "same"))


@pytest.mark.parametrize(
    ("part", "impossible"),
    [
        pytest.param(
            Part(axis=AxisValues(i=(2,), k=(2,), s=(1, 3), a=(0, 2)), ops=("conv_transpose",), rank=(1,)),
            {(("s[1]", 1), ("a[1]", 2))},
            id="a is less than s",
        ),
        pytest.param(
            Part(axis=AxisValues(i=(2,), k=(2,)), layer=SAME_OR_NOT, ops=("conv",), rank=(1,)),
            {(("padding", "explicit"), ("p[1]", "by name")), (("padding", "same"), ("p[1]", 0))},
            id="a name says p",
        ),
        pytest.param(
            Part(
                axis=AxisValues(i=(2,), k=(2,)),
                layer=LayerValues(channels=("2:3", "4:2"), groups=(1, 2)),
                ops=("conv",),
                rank=(1,),
            ),
            {(("channels", "2:3"), ("groups", 2))},
            id="groups divide both",
        ),
        pytest.param(
            Part(
                axis=AxisValues(i=(4,), k=(3,), p=(1, 2)),
                layer=LayerValues(ceil_mode=(False, True)),
                ops=("max_pool",),
                rank=(1,),
            ),
            {(("ceil_mode", True), ("p[1]", 2))},
            id="ceil mode is defined up to half a window",
        ),
        pytest.param(
            Part(axis=AxisValues(i=(3,), k=(1, 2), s=(1, 2), p=(0, 1)), ops=("conv",), rank=(1,), claims=("R4", "X5")),
            {(("k[1]", 1), ("p[1]", 1)), (("k[1]", 2), ("p[1]", 0))},
            id="only what the part's own claims speak of",
        ),
    ],
)
def test_what_cannot_occur_is_not_demanded(part: Part, impossible: set[Combination]) -> None:
    (one,) = counted(part).covered
    values: dict[str, dict[Any, None]] = {}
    for combination in (*one.missing, *impossible):
        for name, value in combination:
            values.setdefault(name, {})[value] = None
    everything = {
        frozenset(((first, one), (second, other)))
        for first, second in itertools.combinations(values, 2)
        for one, other in itertools.product(values[first], values[second])
        if {first, second} != {"p[1]"}
    }
    never = {pair for pair in everything - told(*one.missing) if not _trivially_impossible(pair, one.missing)}
    assert never == told(*impossible)


def _trivially_impossible(pair: frozenset[tuple[str, Any]], feasible: Sequence[Combination]) -> bool:
    """Whether one of its values can occur with nothing: it is in no feasible pair at all."""
    occurring = {value for combination in feasible for value in combination}
    return not pair <= occurring


def test_an_operation_that_has_no_such_layer_has_nothing_to_hold() -> None:
    part = Part(axis=AxisValues(i=(3,), k=(2,)), layer=LayerValues(padding=("causal",)), rank=(1,))
    assert {one.op: one.feasible > 0 for one in counted(part).covered} == {op: op == "conv" for op in OPS}
    integers = Part(axis=AxisValues(i=(3,), k=(2,)), layer=LayerValues(dtype=("int8",)), rank=(1,))
    assert {one.op: one.feasible > 0 for one in counted(integers).covered} == {op: op != "avg_pool" for op in OPS}


MANY = LayerValues(
    padding=("explicit", "valid", "same", "same_lower", "causal"),
    channels=("2:4", "0:2"),
    groups=(1, 2),
    batch=(-1, 0),
    ceil_mode=(False, True),
    count_include_pad=(True, False),
    divisor=(0, 3),
    dtype=("float32", "int8"),
)
FEW = LayerValues(padding=("explicit", "valid", "same"), channels=("2:3",), ceil_mode=(False, True), divisor=(0, 3))
LETTERS = AxisValues(i=(0, 3), k=(1, 2), s=(1, 2), p=(0, "0_1"), d=(1, 2), a=(0, 1))


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize(
    ("layer", "rank", "square", "named", "strength"),
    [
        (MANY, 1, False, (), 2),
        (MANY, 1, False, (), 3),
        (MANY, 2, True, (), 2),
        (FEW, 2, False, (), 2),
        (FEW, 2, False, ("X6", "X9", "X12", "X14"), 2),  # of which an axis is enough that is not plain
        (FEW, 2, False, ("R3", "R7", "R10", "X8", "X13"), 2),
        (FEW, 2, True, ("R1", "R12", "X7"), 3),
    ],
)
def test_what_can_occur_is_what_some_case_has(
    op: Op, layer: LayerValues, rank: int, square: bool, named: tuple[str, ...], strength: int
) -> None:
    part = Part(axis=LETTERS, layer=layer, ops=(op,), rank=(rank,), square=square, claims=named)
    having: set[frozenset[tuple[str, Any]]] = set()
    for case in every_case(part, op, rank):
        names = [*properties(case).items()]
        for place, axis in enumerate(case.axes, 1):
            names += [(f"{letter}[{place}]", value) for letter, value in letters(case, axis).items()]
        having.update(map(frozenset, itertools.combinations(names, strength)))
    (one,) = counted(part, strength=strength).covered
    assert told(*one.missing) == having
    assert one.feasible == len(having)


def every_case(part: Part, op: Op, rank: int) -> Iterator[Case]:
    """Every case there is of a part, whatever it costs."""
    said = part.layer
    for padding, text, groups, batch, ceil, counts, divisor, dtype in itertools.product(
        said.padding,
        said.channels,
        said.groups,
        said.batch,
        said.ceil_mode,
        said.count_include_pad,
        said.divisor,
        said.dtype,
    ):
        maps = [int(number) for number in text.split(":")]
        pools, average = op in ("avg_pool", "max_pool"), op == "avg_pool"
        if pools and (groups > 1 or maps[0] == 0):
            continue
        fields: dict[str, Any] = {
            "op": op,
            "padding": padding,
            "channels_in": maps[0],
            "channels_out": maps[0] if pools else maps[1],
            "groups": groups,
            "batch": None if batch < 0 else batch,
            "dtype": dtype,
            **({"ceil_mode": ceil} if pools else {}),
            **({"count_include_pad": counts, "divisor": divisor or None} if average else {}),
        }
        for along in itertools.product(every_axis(part, op, padding), repeat=1 if part.square else rank):
            try:
                case = Case(axes=along * rank if part.square else along, **fields)
            except ValueError:
                continue
            held = claims(case)
            if held and (not part.claims or not set(held).isdisjoint(part.claims)):
                yield case


def every_axis(part: Part, op: Op, padding: Any) -> list[Axis]:
    found = []
    for i, k, s, d, a in itertools.product(*map(part.numbers, "iksd"), part.numbers("a")):
        if a and op != "conv_transpose":
            continue
        if padding == "explicit":
            found += [Axis(i, k, s, *ends, d, a) for ends in part.ends]
        elif (axis := numbers(op, padding, Axis(i, k, s, d=d, a=a))) is not None:
            found.append(axis)
    return found


def test_a_case_says_its_values_as_a_grid_does() -> None:
    """'same' from 3 units with s = 2 goes to 6, and a = 1 to 5: whatever numbers it takes."""
    said = numbers("conv_transpose", "same", Axis(3, 4, 2, a=1))
    assert said is not None
    case = Case(op="conv_transpose", axes=(said,), padding="same", channels_in=2, batch=3)
    assert letters(case, said) == {"i": 3, "k": 4, "s": 2, "d": 1, "p": "by name", "a": 1}
    assert properties(case) == {
        "padding": "same",
        "channels": "2:1",
        "groups": 1,
        "batch": 3,
        "bias": False,
        "dtype": "float32",
        "layout": "default",
    }
    uneven = Case(op="avg_pool", axes=(Axis(3, 2, 1, 0, 1),), divisor=3, ceil_mode=True)
    assert letters(uneven, uneven.axes[0])["p"] == "0_1"
    assert properties(uneven) == {
        "padding": "explicit",
        "channels": "1:1",
        "batch": -1,
        "ceil_mode": True,
        "count_include_pad": True,
        "divisor": 3,
        "dtype": "float32",
        "layout": "default",
    }


@settings(derandomize=True, deadline=None, max_examples=200)
@given(random_cases(), st.sampled_from(DTYPES), st.sampled_from(LAYOUTS), st.sampled_from((None, 0, 2)), st.booleans())
def test_no_claim_asks_for_what_changes_no_size(
    case: Case, dtype: Any, layout: Any, batch: int | None, bias: bool
) -> None:
    """What can occur is worked out from layers that differ in other things."""
    try:
        other = replace(case, dtype=dtype, layout=layout, batch=batch, bias=bias)
    except ValueError:
        return
    assert claims(other) == claims(case)


def test_the_checker_has_nothing_of_what_it_checks() -> None:
    code = (
        "import sys, cases.coverage\n"
        "print(sorted({'cases.generate', 'cases.covering', 'cases.coverage'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['cases.coverage']\n"
