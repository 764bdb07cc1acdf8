"""What the page draws, by itself: cells, windows and matrices, against the theory."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from cases.case import Case, parse
from harness.drawing.line import Line, lines
from harness.operator import Operator
from harness.theory.matrix import structure

Functions = Callable[..., Any]
CELL, SLICES = 24, 20  # pixels of a drawing


def shown(operator: Operator) -> dict[str, Any]:
    """An operator as the page has it."""
    return {
        "rows": operator.rows,
        "columns": operator.columns,
        "index": operator.indices.tolist(),
        "value": operator.values.tolist(),
    }


def test_cells_and_placements_of_every_axis_are_those_that_are_drawn_elsewhere(
    functions: Functions, every_case: tuple[Case, ...]
) -> None:
    names = list({(one.transposed, one.ceil_mode, one.axes): one.id for one in every_case}.values())
    assert len(names) > 500
    told = functions("(names) => names.map((name) => linesOf(parseCase(name)))", names)
    for name, found in zip(names, told, strict=True):
        wanted = [{key: list(value) for key, value in asdict(line).items()} for line in lines(parse(name))]
        assert found == wanted, name


DRAWN = """(name) => {
  const drawn = drawLayer(parseCase(name));
  if (!drawn) return null;
  const numbers = (text) => text.match(/-?[0-9.]+/g).map(Number);
  const corners = (path) => path.getAttribute("d").matchAll(/M([-.\\d]+) ([-.\\d]+)h/g);
  const squares = (path) => [...corners(path)].map((at) => [+at[1], +at[2]]);
  const all = (selector) => [...drawn.element.querySelectorAll(selector)];
  const moved = (one) => numbers(one.getAttribute("transform") ?? "0 0");
  const steps = Array.from({ length: drawn.count }, (_, step) => {
    drawn.show(step);
    const [window, now] = [all(".window")[0], all(".now")[0]];
    const [x, y] = moved(window);
    return {
      cells: all(".window rect:not(.frame)").map((one) => [x + +one.getAttribute("x"), y + +one.getAttribute("y")]),
      taps: all(".window text").map((one) => Number(one.textContent)),
      now: moved(now),
    };
  });
  return {
    steps, count: drawn.count, kinds: drawn.kinds, label: drawn.element.getAttribute("aria-label"),
    cells: Object.fromEntries(KINDS.map((kind) => [kind, all(`path.${kind}`).flatMap(squares)])),
    out: all(".out").flatMap(squares),
  };
}"""


def places(drawn: list[Line], kinds: tuple[str, ...]) -> dict[tuple[int, ...], list[tuple[int, ...]]]:
    """Cells of some kinds, and the units in them, by where they are drawn: of three axes slice by slice."""
    across = len(drawn[-1].cells) * CELL + SLICES
    found: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for index in np.ndindex(*(len(line.cells) for line in drawn)):
        kind = max((line.cells[at] for line, at in zip(drawn, index, strict=True)), key=ORDER.index)
        if kind in kinds:
            slices, row, column = (0,) * (3 - len(index)) + index
            units = tuple(
                -1 if (unit := line.units[at]) is None else unit for line, at in zip(drawn, index, strict=True)
            )
            found.setdefault((slices * across + column * CELL, row * CELL), []).append(units)
    return found


ORDER = ("unit", "inserted", "padding", "extra", "overhang", "cropped")
PICTURES = (
    "conv1d.i5.k3.s2.p1.d1",
    "conv1d.i6.k2.s1.p0_2.d3",
    "conv2d.i5x6.k3x2.s2x1.p1x0.d1x2",
    "avg_pool2d.i5x5.k2x3.s2x2.p0x0.d1x1.ceil",
    "conv3d.i3x4x2.k2x3x1.s1x2x1.p1x1x0.d1x1x1",
    "conv_transpose1d.i3.k3.s2.p1.d1.a1",
    "conv_transpose2d.i2x3.k3x2.s2x1.p0x0.d1x2.a1x0",
    "conv_transpose3d.i2x2x3.k2x3x2.s1x2x1.p0x1x0.d1x1x1.a0x1x0",
    "conv_transpose1d.i3.k2.s3.p2.d1.a0",  # cropped at both ends
)


@pytest.mark.parametrize("name", PICTURES)
def test_the_window_of_every_step_lands_on_the_row_of_the_matrix(functions: Functions, name: str) -> None:
    case = parse(name)
    told, c, drawn = functions(DRAWN, name), structure(case), list(lines(case))
    assert told["count"] == c.rows
    assert len(told["out"]) == c.rows
    entries: dict[int, set[tuple[int, int]]] = {row: set() for row in range(c.rows)}
    for at, tap in zip(c.indices, c.taps, strict=True):
        entries[int(at) // c.columns].add((int(at) % c.columns, 0 if case.pools else int(tap) + 1))
    units = {where: here[0] for where, here in places(drawn, ("unit",)).items()}
    weights = [int(np.prod(case.each("i")[axis + 1 :])) for axis in range(case.rank)]
    for row, step in enumerate(told["steps"]):
        taps = [0] * len(step["cells"]) if case.pools else step["taps"]
        assert len(taps) == len(step["cells"]) == np.prod(case.each("k"))
        met = {
            (sum(unit * weight for unit, weight in zip(units[x - 1, y - 1], weights, strict=True)), tap)
            for (x, y), tap in zip(step["cells"], taps, strict=True)
            if (x - 1, y - 1) in units
        }
        assert met == entries[row], (row, step)
    first = told["out"][0]
    assert [[x - 1, y - 1] for x, y in told["out"]] == [
        [first[0] - 1 + step["now"][0], first[1] - 1 + step["now"][1]] for step in told["steps"]
    ]


@pytest.mark.parametrize("name", PICTURES)
def test_cells_are_drawn_as_what_they_are(functions: Functions, name: str) -> None:
    told, drawn = functions(DRAWN, name), list(lines(parse(name)))
    for kind in ORDER:
        inset = 1 if kind == "unit" else 2
        wanted = sorted((x + inset, y + inset) for x, y in places(drawn, (kind,)))
        assert sorted(map(tuple, told["cells"][kind])) == wanted, kind
    explained = {kind for line in drawn for kind in line.cells} - {"unit"}
    assert told["kinds"] == [kind for kind in ORDER if kind in explained]


def test_nothing_is_drawn_of_what_is_too_large_or_has_four_axes(functions: Functions) -> None:
    assert functions(DRAWN, "conv2d.i64x64.k3x3.s1x1.p0x0.d1x1") is None
    assert functions(DRAWN, "conv4d.i2x2x2x2.k1x1x1x1.s1x1x1x1.p0x0x0x0.d1x1x1x1") is None
    nothing = functions(DRAWN, "conv1d.i2.k3.s1.p0.d1")
    assert (nothing["count"], nothing["out"], nothing["label"]) == (
        0,
        [],
        "Input 2, output 0, and the window on the input",
    )


HEAT = """(matrix) => {
  const found = drawHeat(matrix, "a label");
  if (!found) return null;
  const paths = [...found.element.querySelectorAll("path")];
  const row = found.element.querySelector(".row");
  const mark = (number) => { found.mark(number); return row.getAttribute("transform"); };
  return {
    marks: [row.hasAttribute("hidden"), mark(0), mark(2)], box: found.element.getAttribute("viewBox"),
    paths: paths.map((path) => [path.getAttribute("class"), path.getAttribute("fill-opacity"),
      [...path.getAttribute("d").matchAll(/M(\\d+) (\\d+)h/g)].map((at) => [Number(at[1]), Number(at[2])])]),
  };
}"""


def test_a_heat_map_shows_each_entry_in_its_place_and_the_greater_the_stronger(functions: Functions) -> None:
    dense = np.array([[0, 1, -4], [2, 0, 0], [0, 0, 1.0]])
    operator = Operator.of(dense)
    told = functions(HEAT, shown(operator))
    cell = 12  # the largest that there is
    found = {
        (y // cell, x // cell): (kind, float(opacity)) for kind, opacity, places in told["paths"] for x, y in places
    }
    assert set(found) == set(map(tuple, np.argwhere(dense).tolist()))
    strength = {abs(dense[place]): opacity for place, (_, opacity) in found.items()}
    assert [strength[size] for size in (1, 2, 4)] == sorted({opacity for _, opacity in found.values()})
    assert strength[4] == 1
    assert told["marks"] == [True, "translate(0 0)", f"translate(0 {2 * cell})"]
    assert told["box"] == f"-4 -4 {3 * cell + 8} {3 * cell + 8}"


def test_what_is_no_number_has_a_colour_of_its_own_and_what_is_too_large_is_not_drawn(functions: Functions) -> None:
    script = "() => drawHeat({ rows: 1, columns: 3, index: [0, 2], value: [NaN, 1] }, '').element.innerHTML"
    text = functions(script)
    assert 'class="blind"' in text
    assert 'd="M0 0h12v12h-12z"' in text
    assert "NaN" not in text
    many = {"rows": 200, "columns": 200, "index": list(range(20001)), "value": [1] * 20001}
    assert functions(HEAT, many) is None
    assert functions(HEAT, {"rows": 0, "columns": 3, "index": [], "value": []}) is None


def test_two_matrices_are_compared_entry_by_entry(functions: Functions) -> None:
    draw = random.Random(7)
    for _ in range(20):
        rows, columns = draw.randint(1, 6), draw.randint(1, 6)
        ours, theirs = (
            np.array([[draw.choice((0, 0, 1, 2)) for _ in range(columns)] for _ in range(rows)], dtype=float)
            for _ in range(2)
        )
        there, here = ours != 0, theirs != 0
        wanted = {
            "same": there & here & (ours == theirs), "other": there & here & (ours != theirs),
            "missing": there & ~here, "extra": ~there & here,
        }  # fmt: skip
        told = functions("difference", shown(Operator.of(ours)), shown(Operator.of(theirs)))
        assert {kind: sorted(some) for kind, some in told.items()} == {
            kind: np.flatnonzero(some).tolist() for kind, some in wanted.items()
        }


def test_nothing_is_as_like_itself_as_a_number_is(functions: Functions) -> None:
    script = """() => {
      const seen = (...value) => ({ index: [0, 1, 2], value });
      return difference(seen(NaN, -Infinity, NaN), seen(NaN, -Infinity, 1));
    }"""
    assert functions(script) == {"same": [0, 1], "other": [2], "missing": [], "extra": []}
    laid = """(one, other) => {
      const found = drawDifference(one, other, difference(one, other));
      const paths = [...(found?.element.querySelectorAll("path") ?? [])];
      return found && paths.map((path) => [path.getAttribute("class"), path.getAttribute("d")]);
    }"""
    one = {"rows": 1, "columns": 3, "index": [0, 1], "value": [1, 2]}
    other = {"rows": 1, "columns": 3, "index": [1, 2], "value": [3, 4]}
    assert functions(laid, one, other) == [
        ["entry-same", ""],
        ["entry-other", "M12 0h12v12h-12z"],
        ["entry-missing", "M0 0h12v12h-12z"],
        ["entry-extra", "M24 0h12v12h-12z"],
    ]
    assert functions(laid, one, {**other, "columns": 4}) is None


def test_a_matrix_is_divided_between_frameworks_where_that_is_possible(functions: Functions) -> None:
    draw = random.Random(5)
    for runs in (
        [],
        [6],
        [7],
        [13],
        [5, 5, 3],
        *([draw.randint(1, 9) for _ in range(draw.randint(1, 9))] for _ in range(50)),
    ):
        pieces = functions("(runs) => divided(runs, 6).map(({ from, to }) => [from, to])", runs)
        assert [at for begin, end in pieces for at in range(begin, end)] == list(range(sum(runs)))
        assert all(end - begin <= 6 for begin, end in pieces)
        ends = [sum(runs[: number + 1]) for number in range(len(runs))]
        for end, run in zip(ends, runs, strict=True):
            inside = [cut for _, cut in pieces if end - run < cut < end]
            assert not inside or run > 6, (runs, pieces)
