"""The page on paper: on A4, black on white, all of it, whatever the screen shows."""

from __future__ import annotations

import base64
import io
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from pypdf import PdfReader
from selenium import webdriver

from harness.records import Environment, Surface, Verdict
from harness.report.html import html
from harness.report.model import Judged, Report

from .conftest import AT, CASE, Opened

pytestmark = pytest.mark.slow

A4 = {"paperWidth": 8.27, "paperHeight": 11.69}  # inches
WIDTH, HEIGHT = 595, 842  # points
MARGIN = 15 / 25.4 * 72


@pytest.fixture
def emulated(browser: webdriver.Chrome) -> Iterator[Callable[..., None]]:
    """Has the browser show a page as on some medium, and as one wishes who has chosen some colours."""

    def emulate(media: str, scheme: str) -> None:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})

    yield emulate
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


def printed(page: webdriver.Chrome) -> list[str]:
    """The text of each page of paper. All of it stands within the margins."""
    found = page.execute_cdp_cmd("Page.printToPDF", {**A4, "preferCSSPageSize": True})
    texts = []
    for sheet in PdfReader(io.BytesIO(base64.b64decode(found["data"]))).pages:
        assert (float(sheet.mediabox.width), float(sheet.mediabox.height)) == pytest.approx((WIDTH, HEIGHT), abs=1)
        begins: list[float] = []

        def see(text: str, now: list[float], at: list[float], *_: object, begins: list[float] = begins) -> None:
            if text.strip():
                begins.append(now[0] * at[4] + now[4])

        texts.append(" ".join(sheet.extract_text(visitor_text=see).split()))
        assert min(begins) >= MARGIN - 1
        assert max(begins) <= WIDTH - MARGIN
    return texts


def letters(text: str) -> str:
    """Without spaces, since a name goes on in another line, and without ligatures."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def test_the_first_sheet_says_what_was_run_and_how_it_went(opened: Opened) -> None:
    page = opened()
    heading = page.find_element("css selector", "h1 span:last-child").text
    sheets = printed(page)
    assert heading in sheets[0]
    assert letters("fake.loops") in letters(sheets[0])
    assert "Relationships and surfaces" in sheets[0]
    assert 2 <= len(sheets) <= 12
    # what cannot be pressed on paper is not there
    assert not any(word in " ".join(sheets) for word in ("Show all", "Press /", "Parts of this page"))


def test_rules_are_opened_and_the_filters_are_told(opened: Opened) -> None:
    page = opened("#status=rejected&framework=hostile&aspect=forward")
    text = " ".join(printed(page))
    rules = page.find_elements("css selector", "details.rule")
    assert rules
    assert not any(rule.get_attribute("open") for rule in rules)
    assert text.count("for example") == len(rules)
    assert "framework: hostile" in text
    assert "status: rejected" in text


def test_a_case_that_is_open_is_printed_with_its_pictures(opened: Opened) -> None:
    page = opened(f"#open={CASE}&at={quote(AT)}&probe=forward")
    sheets = printed(page)
    text = letters(" ".join(sheets))
    assert letters(CASE) in letters(sheets[0])
    for part in (
        "The layer",
        "Its transposed convolution",
        "On every surface",
        "Observed, 9×16",
        "Difference",
        "Again",
    ):
        assert letters(part) in text, part
    assert len(sheets) <= 3


LOOK = """
  const { color, backgroundColor } = getComputedStyle(document.body);
  const all = [...document.querySelectorAll("*")].map((one) => getComputedStyle(one));
  const fixed = all.filter((one) => ["sticky", "fixed"].includes(one.position)).length;
  const names = ["--bad-wash", "--known", "--unit", "--out", "--now", "--window", "--heat", "--extra", "--line"];
  const root = getComputedStyle(document.documentElement);
  return { page: [color, backgroundColor, fixed], colours: names.map((name) => root.getPropertyValue(name)) };
"""


def test_paper_is_black_on_white_and_nothing_stays_in_its_place_on_it(
    opened: Opened, emulated: Callable[..., None]
) -> None:
    for fragment in ("", f"#open={CASE}&at={quote(AT)}&probe=forward"):
        page = opened(fragment)
        looks = {}
        for medium, scheme in (("screen", "light"), ("screen", "dark"), ("print", "light"), ("print", "dark")):
            emulated(medium, scheme)
            looks[medium, scheme] = page.execute_script(LOOK)
        assert looks["print", "light"]["page"] == ["rgb(0, 0, 0)", "rgb(255, 255, 255)", 0]
        assert looks["print", "dark"] == looks["print", "light"]  # whatever the screen shows
        assert looks["screen", "light"]["colours"] == looks["print", "light"]["colours"]
        assert looks["screen", "dark"]["colours"] != looks["print", "dark"]["colours"]


def wide(tmp_path: Path) -> Path:
    """A page with more surfaces than a sheet has room for, each with a count of its own."""
    surfaces = [Surface(f"framework{n // 5}", f"package.module_of_layers.route{n:02}", "eager") for n in range(23)]
    verdicts = [
        Verdict(
            case_id=f"conv1d.i{number}.k3.s1.p0.d1", surface=surface, aspect="forward", relationships=("R1",),
            status="agrees", expected="o = 3", observed="o = 3",
        )
        for n, surface in enumerate(surfaces)
        for number in range(101 + n)
    ]  # fmt: skip
    report = Report(
        title="wide", asked={}, environments=(Environment("framework0", "python", {"version": "1"}),), cases=1,
        judged=Judged.of(verdicts), complete=True, version="0.1.0", started="2026-09-21T10:11:12+00:00", seconds=1.0,
    )  # fmt: skip
    path = tmp_path / "wide.html"
    path.write_text(html(report, ()), "utf-8")  # with an empty table
    return path


def test_a_matrix_that_is_too_wide_is_printed_in_pieces_and_whole_again_on_the_screen(
    opened: Opened, tmp_path: Path
) -> None:
    page = opened("", wide(tmp_path))
    text = " ".join(printed(page)[:3])
    for n in range(23):
        assert letters(f"route{n:02}") in letters(text)
        assert len(re.findall(rf"✓? ?\b{101 + n}\b", text)) >= 2, n  # in R1 and in the total
    assert text.count("R1 No zero padding, unit strides") == 5  # frameworks of five surfaces stay whole
    assert len(page.find_elements("css selector", "table.matrix")) == 1
    assert page.find_element("css selector", ".matrix").is_displayed()
