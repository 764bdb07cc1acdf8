from __future__ import annotations

import itertools
import re
import shlex
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cases import figures
from cases.case import Case, parse
from harness.__main__ import main
from harness.drawing.grid import CELL
from harness.drawing.numerical import CASES as NUMERICAL
from harness.drawing.picture import picture
from harness.theory.matrix import structure

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"
PAGE = (ROOT / "docs" / "figures.md").read_text("utf-8")
COMMANDS = re.findall(r"^    convarith (draw .* --svg docs/figures/(.*)\.svg)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("command", "name"), COMMANDS)
def test_the_committed_figures_are_what_the_commands_draw(
    command: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs" / "figures").mkdir(parents=True)
    assert main(shlex.split(command)) == 0
    drawn = tmp_path / "docs" / "figures" / f"{name}.svg"
    assert drawn.read_bytes() == (ROOT / "docs" / "figures" / f"{name}.svg").read_bytes()


def test_every_figure_of_the_guide_is_drawn_and_shown() -> None:
    names = {name for _, name in COMMANDS}
    assert names == {*figures.CASES, *NUMERICAL}
    assert {path.stem for path in (ROOT / "docs" / "figures").iterdir()} == names
    assert set(re.findall(r"\]\(figures/(.*)\.svg\)", PAGE)) == names


def places(parent: ET.Element, x: int = 0, y: int = 0) -> list[tuple[ET.Element, int, int]]:
    """All elements below one, with how far they are moved."""
    found = []
    for element in parent:
        moved = re.fullmatch(r"translate\((-?\d+) (-?\d+)\)(?: scale\(.6\))?", element.get("transform", ""))
        at = (x + int(moved[1]), y + int(moved[2])) if moved else (x, y)
        found += [(element, *at), *places(element, *at)]
    return found


def corners(path: str, x: int, y: int) -> list[tuple[int, int]]:
    """The cells of a path of squares, by the middle of each."""
    squares = re.findall(r"M(-?\d+) (-?\d+)h(\d+)", path)
    return [(x + int(left) + int(side) // 2, y + int(top) + int(side) // 2) for left, top, side in squares]


def seen(svg: ET.Element) -> set[tuple[int, int]]:
    """Units under the window, and the tap over each: by where they lie on the paper."""
    units: dict[tuple[int, int], int] = {}
    taps: dict[tuple[int, int], int] = {}
    for element, x, y in places(svg):
        kind = element.get("class")
        if element.tag == f"{SVG}path" and kind == "unit":
            ordered = sorted(corners(element.get("d", ""), x, y), key=lambda place: (place[1], place[0]))
            units = {place: number for number, place in enumerate(ordered)}
        if kind == "window":
            for text, left, top in places(element, x, y):
                if text.tag == f"{SVG}text":
                    place = (left + int(text.get("x", "")), top + int(text.get("y", "")) - 4)
                    taps[place] = int(text.text or "") - 1
    return {(units[place], tap) for place, tap in taps.items() if place in units}


@pytest.mark.parametrize("name", [*figures.CASES])
def test_the_window_lies_on_the_units_of_its_row(name: str) -> None:
    case: Case = figures.CASES[name]
    c = structure(case)
    for row in range(c.rows):
        svg = ET.fromstring(picture(case, step=row + 1))
        mine = c.indices // c.columns == row
        told = zip((c.indices[mine] % c.columns).tolist(), c.taps[mine].tolist(), strict=True)
        assert seen(svg) == set(told), row


@pytest.mark.parametrize("name", ["padding_strides_odd", "no_padding_strides_transposed", "dilation"])
def test_an_animation_steps_through_the_same_places(name: str) -> None:
    case = figures.CASES[name]
    moving = picture(case, animate=True)
    rules = dict(re.findall(r"@keyframes (s\d+)\{to\{transform:(translate\(.*?\))\}\}", moving))
    timing = dict(re.findall(r"\.(s\d+)\{animation:s\d+ ([\d.]+)s steps\((?:\d+),jump-none\) infinite\}", moving))
    last = ET.fromstring(picture(case, step=structure(case).rows))
    far = [element.get("transform", "").replace(" ", "px,").replace(")", "px)") for element, *_ in places(last)]
    still = [text for text in far if text.startswith("translate") and "scale" not in text]
    for rule in rules.values():
        assert rule in still, "the end of each movement is where the last placement is"
    counts = structure(case).output[1:]
    lengths = sorted(float(value) for value in timing.values())
    assert lengths[-1] == pytest.approx(0.7 * structure(case).rows)
    assert lengths[0] == pytest.approx(0.7 * counts[-1])
    assert "prefers-reduced-motion:no-preference" in moving


@pytest.mark.parametrize(
    "case",
    [
        "conv3d.i3x4x4.k2x2x3.s1x2x1.p1x0x1.d1x1x1.c2to3",
        "max_pool2d.i5x5.k2x2.s2x2.p1x1.d1x1.ceil",
        "max_pool1d.i2.k1.s1.p2.d1",
        "avg_pool1d.i5.k2.s2.p1.d1.nopad",
        "conv1d.i0.k1.s1.p0.d1",
        "conv2d.i2x2.k3x3.s1x1.p0x0.d1x1",
        "conv_transpose2d.i2x3.k1x2.s1x3.p1x1.d1x1.a0x2",
    ],
)
def test_a_picture_is_whole_safe_and_always_the_same(case: str) -> None:
    text = picture(parse(case), animate=True)
    assert text == picture(parse(case), animate=True)
    svg = ET.fromstring(text)
    tags = {element.tag.removeprefix(SVG) for element in svg.iter()}
    assert tags <= {"svg", "title", "desc", "style", "rect", "path", "text", "g"}
    assert not [name for element in svg.iter() for name in element.attrib if name.startswith("on") or "href" in name]
    assert svg.findtext(f"{SVG}title")
    assert svg.findtext(f"{SVG}desc")
    assert "url(" not in text
    width = int(svg.get("width", ""))
    for element, x, _ in places(svg):
        if element.tag == f"{SVG}path":
            assert all(-CELL < left < width for left, _ in corners(element.get("d", ""), x, 0))


def test_slices_lie_beside_each_other() -> None:
    svg = ET.fromstring(picture(parse("conv3d.i2x3x3.k1x3x3.s1x1x1.p0x0x0.d1x1x1")))
    (unit,) = [found for found in places(svg) if found[0].get("class") == "unit"]
    lefts = sorted({left for left, _ in corners(unit[0].get("d", ""), 0, 0)})
    gaps = [after - before for before, after in itertools.pairwise(lefts)]
    assert gaps[0] == gaps[1] == gaps[3] == gaps[4] == CELL < gaps[2]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nonsense"], "'nonsense' is no case id: 'nonsense' names no operation"),
        (["conv2d.i224x224.k7x7.s2x2.p3x3.d1x1"], "its padded input has 230×230 units, and pictures hold 4000"),
        (["conv4d.i1x1x1x1.k1x1x1x1.s1x1x1x1.p0x0x0x0.d1x1x1x1"], "has 4 axes: pictures are of one to three"),
        (["padding_strides", "--step", "10"], "step 10: the window of conv2d.i5x5.k3x3.s2x2.p1x1.d1x1 has 9 plac"),
        (["padding_strides", "--step", "0"], "step 0: the window of"),
        (["padding_strides", "--step", "2", "--animate"], "--animate steps through all placements: leave out --step"),
        (["padding_strides_transposed", "--transposed"], "padding_strides_transposed is no convolution"),
        (["conv1d.i1.k2.s1.p0.d1", "--transposed"], "has nothing to compute, o = 0: there is no transpose"),
        (["padding_strides", "--svg", "missing/a.svg"], "missing/a.svg cannot be written (No such file or directory)"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_a_sentence(
    arguments: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["draw", *arguments]) == 2
    out, err = capsys.readouterr()
    assert sentence in " ".join(err.split())
    assert out == ""
    assert list(tmp_path.iterdir()) == []


def test_any_convolution_has_a_transposed_side(capsys: pytest.CaptureFixture[str]) -> None:
    case = "conv2d.i6x7.k3x2.s2x3.p1x0.d1x2.c2to3"
    assert main(["draw", case, "--transposed"]) == 0
    drawn = capsys.readouterr().out
    assert drawn == picture(parse("conv_transpose2d.i3x2.k3x2.s2x3.p1x0.d1x2.a1x1.c3to2"))
    assert "o = 6×7" in drawn
