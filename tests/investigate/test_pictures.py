"""What ``convarith explain --svg`` and ``--html`` show: cells where operators have them, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cases import generate, grid
from harness.__main__ import main
from harness.diagnose.geometry import Sweep, claimed
from harness.drawing.grid import CELL
from harness.drawing.line import Line, found, lines
from harness.frameworks import registry
from harness.investigate import question
from harness.investigate.answer import Answer, answer
from harness.investigate.drawn import drawn, grouped
from harness.investigate.observing import Seen
from harness.investigate.padding import ends_of
from harness.investigate.page import page
from harness.selftest.faults import BY_NAME
from harness.selftest.planting import reference

TESTS = Path(__file__).parents[1]
SVG = "{http://www.w3.org/2000/svg}"
LETTERS = {"unit": "#", "inserted": "0", "padding": ".", "extra": "a", "overhang": "_", "cropped": "x"}


def known(monkeypatch: pytest.MonkeyPatch, **adapters: str) -> None:
    monkeypatch.setattr(registry, "adapters", lambda: adapters)
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.syspath_prepend(str(TESTS))


def of(case_id: str, *seen: Seen) -> Answer:
    asked = question.of_case(case_id)
    assert asked is not None
    return replace(answer(asked, []), seen=seen, seen_otherwise=(), observed=True)


def row(**told: object) -> Seen:
    fields = {"framework": "f", "version": "1", "route": "f.r", "mode": "eager", "call": "f.conv(padding=1)"}
    return Seen(**{**fields, **told})  # type: ignore[arg-type]


def units_and_padding(svg: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Of each picture in a sheet: the first unit's row and column, and rows and columns of all cells."""
    told = []
    for group in ET.fromstring(svg).iter(f"{SVG}g"):
        paths = {one.get("class"): one.get("d", "") for one in group.findall(f"{SVG}path")}
        if "unit" in paths:
            places = [
                (int(y) // CELL, int(x) // CELL) for d in paths.values() for x, y in re.findall(r"M(\d+) (\d+)h", d)
            ]
            (x, y) = re.findall(r"M(\d+) (\d+)h", paths["unit"])[0]
            told.append(((int(y) // CELL, int(x) // CELL), (max(places)[0] + 1, max(one for _, one in places) + 1)))
    return told


def test_what_is_drawn_of_found_parameters_is_what_is_drawn_of_the_case_itself() -> None:
    layers = {case for case in generate.cases(grid.load("smoke")) if math.prod(case.each("i")) <= 200}
    seen = 0
    for case in layers:
        if case.ceil_mode:  # a window that overhangs is padding as soon as it is read off
            continue
        ours = found(claimed(case).axes, ends_of(case), transposed=case.transposed)
        for mine, theirs in zip(ours, lines(case), strict=True):
            windows = range(len(theirs.starts))
            assert len(mine.starts) == len(theirs.starts), case.id
            assert [list(mine.seen(n)) for n in windows] == [list(theirs.seen(n)) for n in windows], case.id
            seen += 1
    assert seen > 500


@pytest.mark.parametrize(
    ("sweep", "ends", "transposed", "cells", "starts"),
    [
        (Sweep(5, 2, 3, 1, 1, -1), (-1, 0), False, "x####", (1, 2)),
        (Sweep(5, 2, 3, 1, 1, 0), (0, -1), False, "####x", (0, 1)),
        (Sweep(4, 3, 3, 1, 1, 1), (1, 0), False, ".####", (0, 1, 2)),
        (Sweep(5, 3, 3, 2, 1, 0), (0, 2), False, "#####..", (0, 2, 4)),
        # 5 outputs of 3 inputs: s(i' - 1) + k = 7, of which one is cropped at either end
        (Sweep(5, 3, 3, 2, 1, 1), (1, 1), True, ".#0#0#.", (0, 1, 2, 3, 4)),
        (Sweep(6, 3, 3, 2, 1, 0), (0, 1), True, "..#0#0#.", (0, 1, 2, 3, 4, 5)),
        (Sweep(8, 3, 3, 2, 1, 0), (0, -1), True, "..#0#0#..a", tuple(range(8))),
    ],
)
def test_cells_of_what_was_read_off_an_operator(
    sweep: Sweep, ends: tuple[int, int], transposed: bool, cells: str, starts: tuple[int, ...]
) -> None:
    line: Line
    (line,) = found([sweep], [ends], transposed=transposed)
    assert "".join(LETTERS[kind] for kind in line.cells) == cells
    assert line.starts == starts


def test_each_padding_that_was_applied_is_drawn_once_with_who_applied_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known(monkeypatch, fake=reference(BY_NAME["even_inputs_land_early"]))
    svg = tmp_path / "layer.svg"
    assert main(["explain", "conv2d", "--i", "6x7", "--k", "3", "--s", "2", "--p", "1", "--svg", str(svg)]) == 0
    assert "wrong operator" in capsys.readouterr().out  # the text is printed all the same
    # By the arithmetic (1, 1) everywhere; read off the fault's operators (2, 0) along H, and (1, 0) of SAME_LOWER.
    assert units_and_padding(svg.read_text()) == [((1, 1), (8, 9)), ((2, 1), (8, 9)), ((1, 1), (7, 9))]
    words = [one.text or "" for one in ET.fromstring(svg.read_text()).iter(f"{SVG}text")]
    assert [word for word in words if "ads (" in word and "; " not in word] == [
        "By the arithmetic: pads (1, 1) along each axis",
        "Pads (2, 0) along H, (1, 1) along W",
        "Pads (1, 0) along H, (1, 1) along W",
    ]
    assert list(tmp_path.iterdir()) == [svg]


def test_what_does_as_was_asked_though_told_otherwise_pads_as_was_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """SAME with its odd zero first is p = 1 where s = 2 and i is even: (1, 1), of which the last is never reached."""
    known(monkeypatch, fake=reference(BY_NAME["the_odd_zero_at_the_other_end"]))
    assert main(["explain", "conv", "--i", "6", "--k", "3", "--s", "2", "--p", "1", "--json"]) == 0
    told = {one["case_id"]: one for one in json.loads(capsys.readouterr().out)["seen_otherwise"]}
    other = told["conv1d.i6.k3.s2.same.p0_1.d1"]
    assert (other["status"], other["sentence"], other["ends"]) == ("wrong_operator", "", [[1, 1]])


def test_four_axes_are_drawn_each_alone() -> None:
    svg = drawn(of("conv4d.i3x4x5x6.k3x3x3x3.s1x1x1x1.p0x1x2x0_1.d1x1x1x1"))
    assert units_and_padding(svg) == [((0, 0), (1, 3)), ((0, 1), (1, 6)), ((0, 2), (1, 9)), ((0, 0), (1, 7))]
    words = [one.text for one in ET.fromstring(svg).iter(f"{SVG}text")]
    assert [word for word in words if word and word.startswith("along ")] == [f"along {axis}" for axis in range(4)]


def test_three_axes_are_drawn_as_slices_and_too_many_cells_axis_by_axis() -> None:
    small = "conv3d.i3x4x5.k2x2x2.s1x1x1.p0x1x0.d1x1x1"
    assert ">along D<" not in drawn(of(small))
    large = drawn(of("conv3d.i16x16x16.k2x2x2.s1x1x1.p0x1x0.d1x1x1"))
    assert [f">along {axis}<" in large for axis in "DHW"] == [True] * 3


def test_what_pads_alike_shares_a_picture_and_what_cannot_is_named() -> None:
    case = "conv1d.i6.k3.s2.same.p0_1.d1"
    sweep = Sweep(6, 3, 3, 2, 1, 1)
    early = row(
        case_id=case,
        status="wrong_operator",
        o=(3,),
        ends=((1, 0),),
        axes=(sweep,),
        sentence="early",
        route="f.s",
        framework="g",
    )
    told = of(
        case,
        row(case_id=case, status="agrees", o=(3,), ends=((0, 1),), axes=claimed_of(case)),
        early,
        replace(early, route="f.t"),
        row(case_id=case, status="rejected", error="no <b>such</b> \x1b[31mthing", route="f.u"),
    )
    assert [[one.route for one in group.rows] for group in grouped(told)] == [["f.r"], ["f.s", "f.t"]]
    svg = drawn(told)
    assert units_and_padding(svg) == [((0, 0), (1, 7)), ((0, 1), (1, 7))]
    words = [one.text for one in ET.fromstring(svg).iter(f"{SVG}text")]
    assert words[words.index("Nothing is applied") + 1] == "f.u 1, padding=1: no <b>such</b> thing"


def claimed_of(case_id: str) -> tuple[Sweep, ...]:
    asked = question.of_case(case_id)
    assert asked is not None
    return claimed(asked.case).axes


class Seeing(HTMLParser):
    """Tags with their attributes, and the cells of the table's rows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip()


def test_the_page_s_table_has_what_was_read_off_each_operator(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known(monkeypatch, fake=reference(BY_NAME["even_inputs_land_early"]))
    out = tmp_path / "layer.html"
    assert main(["explain", "conv2d", "--i", "6x7", "--k", "3", "--s", "2", "--p", "1", "--html", str(out)]) == 0
    capsys.readouterr()
    text = out.read_text()
    rows = [cells for cells in Seeing(text).rows if cells[0] == "fake.loops 1.0"]
    assert [cells[2:7] for cells in rows] == [
        ["3×4", "2", "0", "1", "1"],
        ["3×4", "1", "1", "1", "1"],
        ["3×4", "1", "0", "1", "1"],
    ]
    assert "along H pads (2, 0), as causal padding does; p = 1 says (1, 1): every tap sits one input earlier" in text
    assert "5 8 · · · ·\n· 2 5 8 · ·\n· · · 2 5 8" in text
    assert "8 · · · · ·\n2 5 8 · · ·\n· · 2 5 8 ·" in text
    picture = re.search(r"data:image/svg\+xml;base64,([\w+/=]+)", text)
    assert picture is not None
    assert len(units_and_padding(base64.b64decode(picture[1]).decode())) == 3


def test_the_page_allows_its_own_style_and_nothing_else() -> None:
    case = "conv1d.i6.k3.s2.same.p0_1.d1"
    hostile = '<script src="https://example.org/x.js"></script><img src=x onerror=alert(1)>"\'&'
    bad = row(
        case_id=case,
        status="rejected",
        error=hostile,
        version=hostile,
        call="f.conv(name='<i>')",
        matrices=(hostile,) * 2,
    )
    text = page(of(case, bad))
    seen = Seeing(text)
    assert {tag for tag, _ in seen.tags}.isdisjoint({"script", "link", "iframe", "object", "i", "base", "form"})
    (picture,) = [told["src"] for tag, told in seen.tags if tag == "img"]
    assert picture is not None
    assert picture.startswith("data:image/svg+xml;base64,")
    assert not [name for _, told in seen.tags for name in told if name.startswith("on") or name == "style"]
    (policy,) = [told["content"] for tag, told in seen.tags if told.get("http-equiv") == "Content-Security-Policy"]
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    assert len(style) == 1
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert "prefers-color-scheme: dark" in style[0]
    assert "url(" not in style[0]
    assert "&lt;script src=" in text


def test_what_was_not_observed_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind in {registry.load(one) for one in registry.BUILT_IN.values()}:
        monkeypatch.setattr(kind, "is_installed", lambda: False)
    out, svg = tmp_path / "a.html", tmp_path / "a.svg"
    layer = "torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)"
    assert main(["explain", "--layer", layer, "--input", "224", "--html", str(out), "--svg", str(svg)]) == 0
    capsys.readouterr()
    rows = {cells[0]: cells for cells in reversed(Seeing(out.read_text()).rows)}
    assert rows["torch.nn"][2:] == ["–", "1", "1", "1", "1", "not observed: from the equivalence table"]
    assert rows["tf.nn.convolution"][1:3] == ["–", "–"]
    assert rows["tf.nn.convolution"][-1] == "no way to say it: tf.nn.convolution pads by name only"
    assert "torch.nn: padding=(1, 1) (not observed: from the equivalence table)" in svg.read_text()
    assert units_and_padding(svg.read_text())[:2] == [((1, 1), (10, 10)), ((0, 0), (9, 9))]  # p = 1, and SAME, on 8×8


@pytest.mark.parametrize("option", ["--svg", "--html"])
def test_a_file_that_cannot_be_written_is_one_sentence(
    option: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known(monkeypatch, fake="fakes.loops:Loops")
    where = tmp_path / "missing" / "a"
    assert main(["explain", "conv", "--i", "6", "--k", "3", option, str(where)]) == 2
    out, err = capsys.readouterr()
    assert " ".join(err.split()) == f"convarith: {where} cannot be written (No such file or directory)"
    assert out == ""
