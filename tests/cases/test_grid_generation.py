"""From a grid to its cases: all that can be and no others, each once, in an order that the grid alone decides."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cases import generate, grid
from cases.case import OPS, Case
from cases.claims import BY_ID, claims
from cases.figures import CASES as FIGURES
from cases.grid import Grid, GridError
from cases.networks import NETWORKS
from cases.statements import STATEMENTS, statements

pytestmark = pytest.mark.slow

PartValues = dict[str, Any]
GridOf = Callable[..., Grid]
ByLoops = Callable[[PartValues], list[Case]]

ALONG_AN_AXIS: PartValues = {
    "rank": [1],
    "axis": {"i": [0, 1, 2, 5], "k": [1, 2, 3], "s": [1, 2], "p": [0, 1, "1_0", "0_2"], "d": [1, 2], "a": [0, 1, 2]},
    "layer": {
        "padding": ["explicit", "valid", "same", "same_lower", "causal"],
        "channels": ["2:3"],
        "ceil_mode": [False, True],
        "count_include_pad": [True, False],
    },
}
LAYERS: PartValues = {
    "rank": [1],
    "axis": {"i": [5], "k": [2, 3], "s": [2], "p": [0, 1], "a": [0, 1]},
    "layer": {
        "padding": ["explicit", "same", "valid"],
        "channels": ["1:1", "2:3", "2:4", "6:3", "0:2"],
        "groups": [1, 2, 3],
        "batch": [-1, 0, 3],
        "bias": [True, False],
        "ceil_mode": [False, True],
        "count_include_pad": [True, False],
        "divisor": [0, 4],
        "dtype": ["float32", "int8"],
        "layout": ["default", "channels_last"],
    },
}
TWO_AXES: PartValues = {
    "rank": [2],
    "axis": {"i": [2, 3], "k": [2, 3], "s": [1, 2], "p": [0, "1_0"], "a": [0, 1]},
    "layer": {"padding": ["explicit", "same"], "ceil_mode": [True, False]},
}
ONE_AXIS: PartValues = {
    "rank": [1],
    "axis": {"i": [2, 5], "k": [2, 3], "s": [1, 2], "p": [0, 1, "1_0"], "d": [1, 2], "a": [0, 1]},
    "layer": {
        "padding": ["same_lower", "explicit", "causal", "valid", "same"],
        "channels": ["2:3"],
        "ceil_mode": [False, True],
    },
}
SQUARES: PartValues = {
    "rank": [3, 1],
    "square": True,
    "axis": {"i": [3, 4], "k": [1, 2], "s": [1, 2], "p": [0, 1], "d": [1, 2], "a": [0, 1]},
    "layer": {"padding": ["same", "explicit"]},
}
SOME_CLAIMS: PartValues = {
    "rank": [2, 1],
    "claims": ["X2", "R3", "R10", "X8", "X14"],
    "ops": ["conv_transpose", "max_pool", "conv"],
    "axis": {"i": [3, 4], "k": [2, 3], "s": [1, 2], "p": [0, 1], "d": [1, 2], "a": [0, 1]},
    "layer": {"padding": ["explicit", "same_lower"], "ceil_mode": [False, True]},
}
PARTS = {
    "along an axis": ALONG_AN_AXIS,
    "layers": LAYERS,
    "two axes": TWO_AXES,
    "squares": SQUARES,
    "some claims": SOME_CLAIMS,
}

each = pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)


def ids(grid: Grid, chosen: list[str] | None = None) -> list[str]:
    return [case.id for case in generate.cases(grid, chosen)]


# The full product


@each
def test_a_full_product_is_what_plain_loops_find_each_case_once(
    part: PartValues, grid_of: GridOf, by_loops: ByLoops
) -> None:
    found, expected = list(generate.cases(grid_of(part))), by_loops(part)
    assert len(expected) > 100
    assert {case.op for case in found} == set(part.get("ops", OPS))
    assert {case.id for case in found} == {case.id for case in expected}
    assert [name for name, times in Counter(ids(grid_of(part))).items() if times > 1] == []


def test_a_full_product_counted_by_hand(grid_of: GridOf) -> None:
    """Convolutions: 3·2·2 axes with 2 paddings, and with 'same'; all of them with 3 biases and types, in 2 places."""
    part: PartValues = {
        "ops": ["conv"],
        "rank": [2],
        "axis": {"i": "1..3", "k": [2, 3], "s": [1, 2], "p": [0, "1_2"]},
        "layer": {"padding": ["explicit", "same"], "dtype": ["float32", "int8", "float64"]},
    }
    assert len(ids(grid_of(part))) == ((3 * 2 * 2 * 2) ** 2 + (3 * 2 * 2) ** 2) * 3


def test_where_there_is_nothing_to_compute_is_a_part_of_the_grid(grid_of: GridOf) -> None:
    """o = 0 and o < 0 are claims like any other; of a transposed convolution i' = 0 is none."""
    part: PartValues = {
        "rank": [1],
        "ops": ["conv", "conv_transpose"],
        "axis": {"i": [0, 2], "k": [1, 2, 4], "p": [0, 2]},
    }
    sizes = {case.id: BY_ID[claims(case)[0]].size(case)[0] for case in generate.cases(grid_of(part))}
    assert sizes["conv1d.i2.k4.s1.p0.d1"] == -1
    assert sizes["conv1d.i0.k1.s1.p0.d1"] == 0
    assert sizes["conv_transpose1d.i2.k1.s1.p2.d1.a0"] == -2
    assert not any("transpose" in name and ".i0." in name for name in sizes)


@each
def test_every_case_is_spoken_of_by_a_claim(part: PartValues, grid_of: GridOf) -> None:
    """By one of the part's own where it names some."""
    own = set(part.get("claims", BY_ID))
    assert [case.id for case in generate.cases(grid_of(part)) if own.isdisjoint(claims(case))] == []


@pytest.mark.parametrize("name", [name for name in grid.shipped() if name != "exhaustive"])
def test_every_case_of_a_shipped_grid_comes_once_and_is_spoken_of(name: str) -> None:
    found = list(generate.cases(grid.load(name)))
    assert len(set(found)) == len(found) > 1000
    assert [case.id for case in found if not claims(case)] == []


def test_the_exhaustive_grid_is_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first cases come before any other is made, and each once."""
    made = 0

    def counted(**fields: Any) -> Case:
        nonlocal made
        made += 1
        return Case(**fields)

    monkeypatch.setattr(generate, "Case", counted)
    first = list(itertools.islice(generate.cases(grid.load("exhaustive")), 20_000))
    assert len(set(first)) == len(first) == made


def test_values_that_are_written_twice_make_no_case_twice(grid_of: GridOf) -> None:
    part: PartValues = {"rank": [1], "axis": {"i": [3, 4], "k": [2], "p": [1]}, "layer": {"channels": ["2:3"]}}
    once = ids(grid_of(part))
    again: dict[str, PartValues] = {
        "a number": part | {"axis": {"i": [3, 4, 3], "k": [2], "p": [1]}},
        "a padding in two ways": part | {"axis": {"i": [3, 4], "k": [2], "p": [1, "1_1"]}},
        "an operation": part | {"ops": [*OPS, "conv"]},
        "a rank": part | {"rank": [1, 1]},
        "a property": part | {"layer": {"channels": ["2:3", "2:3"], "dtype": ["float32", "float32"]}},
    }
    assert {what: ids(grid_of(twice)) for what, twice in again.items()} == dict.fromkeys(again, once)


# Order


@each
def test_the_order_of_values_is_no_matter_of_what_a_full_product_holds(part: PartValues, grid_of: GridOf) -> None:
    def turned(values: Any) -> Any:
        if isinstance(values, dict):
            return {key: turned(values[key]) for key in reversed(values)}
        return values[::-1] if isinstance(values, list) else values

    there, back = ids(grid_of(part)), ids(grid_of(turned(part)))
    assert there != back
    assert sorted(there) == sorted(back)


SPARINGLY: list[PartValues] = [TWO_AXES | {"cover": cover} for cover in ("rotate", "pairwise", "three-way")]


def test_a_grid_gives_the_same_cases_in_the_same_order_every_time(grid_of: GridOf) -> None:
    parts = [*PARTS.values(), *SPARINGLY]
    assert ids(grid_of(*parts)) == ids(grid_of(*parts))


def test_the_order_is_the_same_in_another_process(tmp_path: Path) -> None:
    """Where strings hash otherwise, and so sets are in another order."""
    lines = ['summary = "of a test"', "figures = true"]
    for cover in ("pairwise", "full", "rotate"):
        lines += ["[[part]]", f'cover = "{cover}"', "[part.axis]", "i = [2, 5]", "k = [1, 3]", 'p = ["1_0", 0]']
        lines += ["[part.layer]", 'padding = ["same", "explicit"]', 'dtype = ["float16", "float64"]']
    path = tmp_path / "own.toml"
    path.write_text("\n".join(lines), "utf-8")
    program = f"from cases import generate, grid\nfor case in generate.cases(grid.load({str(path)!r})): print(case)"
    told = [
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(grid.__file__).parents[1],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert told[0].splitlines() == ids(grid.load(str(path)))


# Parts that overlap, figures and networks


@pytest.mark.slow
def test_a_case_of_several_parts_comes_once_with_the_first(grid_of: GridOf, by_loops: ByLoops) -> None:
    """Whether the parts are combined in full, cut down to some claims or to squares, or combined sparingly."""
    two_squares = TWO_AXES | {"square": True}
    parts = [SOME_CLAIMS, ONE_AXIS, *SPARINGLY, two_squares, TWO_AXES, SQUARES, SOME_CLAIMS, ALONG_AN_AXIS]
    together = ids(grid_of(*parts))
    alone = [ids(grid_of(part)) for part in parts]
    assert together == list(dict.fromkeys(itertools.chain.from_iterable(alone)))
    assert len(together) < sum(map(len, alone)) - len(SPARINGLY)
    in_full = (SOME_CLAIMS, ONE_AXIS, TWO_AXES, SQUARES, ALONG_AN_AXIS)
    by_loop = {case.id for part in in_full for case in by_loops(part)}
    assert set(together) == by_loop  # what is combined sparingly is a part of the full product


def test_figures_and_networks_come_last_and_once(grid_of: GridOf) -> None:
    few: PartValues = {"ops": ["conv"], "square": True, "axis": {"i": [4, 9], "k": [3]}}
    networks = [layer.case.id for name in ("lenet5", "dcgan") for layer in NETWORKS[name]]
    figures = [case.id for case in FIGURES.values() if case.id != "conv2d.i4x4.k3x3.s1x1.p0x0.d1x1"]
    assert len(figures) == 14
    found = ids(grid_of(few, figures=True, networks=["lenet5", "dcgan"]))
    assert found == ["conv2d.i4x4.k3x3.s1x1.p0x0.d1x1", "conv2d.i9x9.k3x3.s1x1.p0x0.d1x1", *figures, *networks]
    assert ids(grid_of(few, networks=["dcgan", "dcgan"]))[2:] == [layer.case.id for layer in NETWORKS["dcgan"]]
    assert len(ids(grid_of(few))) == 2


# Selecting


@pytest.mark.slow
def test_a_selection_has_the_cases_that_one_of_its_claims_speaks_of(grid_of: GridOf) -> None:
    divided: PartValues = {"ops": ["avg_pool"], "rank": [1], "axis": {"i": [5], "k": [2]}, "layer": {"divisor": [3]}}
    whole = grid_of(ONE_AXIS, SOME_CLAIMS, SPARINGLY[0], divided, figures=True, networks=["dcgan_same"])
    found = list(generate.cases(whole))
    for name in BY_ID:
        spoken_of = [case.id for case in found if BY_ID[name].holds_for(case)]
        assert ids(whole, [name]) == spoken_of, name
        assert 0 < len(spoken_of) < len(found), name
    assert ids(whole, ["R1", "X4"]) == [case.id for case in found if {"R1", "X4"} & set(claims(case))]
    assert ids(whole, list(BY_ID)) == [case.id for case in found]
    assert ids(whole, []) == []


def test_a_selection_has_the_cases_that_one_of_its_statements_speaks_of(grid_of: GridOf) -> None:
    whole = grid_of(SPARINGLY[1], ONE_AXIS)
    found = list(generate.cases(whole))
    for statement in STATEMENTS:
        spoken_of = [
            case.id
            for case in found
            if any(statement.id in statements(case, aspect) for aspect in ("forward", "adjoint", "direct"))
        ]
        assert ids(whole, [statement.id]) == spoken_of, statement.id
        assert 0 < len(spoken_of) < len(found), statement.id


# Rotating


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_rotating_has_each_axis_once_as_the_first_beside_others(rank: int, grid_of: GridOf, by_loops: ByLoops) -> None:
    """For each operation and way to say the padding; in the other places, too, every axis comes."""
    axis = ALONG_AN_AXIS["axis"] | {"i": [1, 2, 3, 5]}
    layer = {"padding": ["explicit", "valid", "same"], "ceil_mode": [False, True]}
    part: PartValues = {"cover": "rotate", "rank": [rank], "axis": axis, "layer": layer}
    found = list(generate.cases(grid_of(part)))

    def mode(case: Case) -> tuple[str, str, bool]:
        return case.op, case.padding, case.ceil_mode

    alone = by_loops(part | {"rank": [1]})
    for said in {mode(case) for case in alone}:
        along = {case.axes[0] for case in alone if mode(case) == said}
        rotated = [case for case in found if mode(case) == said]
        assert len(along) > 10
        for place in range(rank):
            assert Counter(case.axes[place] for case in rotated) == Counter(along), f"place {place} of {said}"
        if rank > 1:
            assert sum(len(set(case.axes)) < rank for case in rotated) <= 3, f"of {len(along)}, {said}"
    assert {mode(case) for case in found} == {mode(case) for case in alone}


def test_rotating_mixes_the_values_of_every_letter(grid_of: GridOf) -> None:
    part: PartValues = TWO_AXES | {"cover": "rotate", "axis": TWO_AXES["axis"] | {"d": [1, 2]}, "layer": {}}
    found = list(generate.cases(grid_of(part)))
    for letter in ("i", "k", "s", "p_before", "d"):
        values = {case.each(letter) for case in found}
        assert {value for value in values if value[0] != value[1]}, letter


def test_rotating_gives_each_layer_its_turn(grid_of: GridOf) -> None:
    part: PartValues = TWO_AXES | {"cover": "rotate", "layer": {"dtype": ["float32", "float64"], "batch": [-1, 0, 1]}}
    turns = Counter((case.op, case.dtype, case.batch) for case in generate.cases(grid_of(part)))
    assert set(turns) == set(itertools.product(OPS, ("float32", "float64"), (None, 0, 1)))


def test_rotating_gives_each_layer_its_turn_where_axes_are_few(grid_of: GridOf) -> None:
    few: PartValues = {
        "cover": "rotate",
        "rank": [1],
        "ops": ["conv"],
        "axis": {"i": [5], "k": [3]},
        "layer": {"dtype": ["float32", "float64", "float16"]},
    }
    assert [case.dtype for case in generate.cases(grid_of(few))] == ["float32", "float64", "float16"]


# What a part asks for holds however its values are combined


def test_a_square_part_has_square_cases_only(grid_of: GridOf) -> None:
    found = list(generate.cases(grid_of(TWO_AXES | {"square": True})))
    assert found
    assert [case.id for case in found if not case.square] == []


def test_a_part_with_claims_has_cases_of_these_only(grid_of: GridOf) -> None:
    found = list(generate.cases(grid_of(SOME_CLAIMS)))
    assert found
    assert [case.id for case in found if {*SOME_CLAIMS["claims"]}.isdisjoint(claims(case))] == []


@pytest.mark.parametrize("cover", ["rotate", "pairwise", "three-way"])
@pytest.mark.parametrize("key", ["square", "claims"])
def test_what_only_a_full_product_can_keep_is_refused_elsewhere(key: str, cover: str, grid_of: GridOf) -> None:
    """Few cases that hold all pairs would not, were some of them left out afterwards."""
    asked: PartValues = {"square": True} if key == "square" else {"claims": ["R1"]}
    with pytest.raises(GridError, match=f"{key}: goes with cover 'full' alone, not with '{cover}'"):
        grid_of(TWO_AXES | {"cover": cover} | asked)
