"""The documentation as a site: it builds strictly, is whole, and asks no other host for anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow
OTHERS = re.compile(r"\s*(?:[a-z]+:)?//", re.IGNORECASE)


class Page(HTMLParser):
    """What a page loads, where it leads, its anchors, and what its own scripts and styles say."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.leads: list[str] = []
        self.anchors: set[str] = set()
        self.classes: set[str] = set()
        self.code: list[str] = []
        self.inside = ""
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.inside = tag
        self.anchors |= {told[name] for name in ("id", "name") if name in told}
        self.classes |= set(told.get("class", "").split())
        if "style" in told:
            self.code.append(told["style"])
        for name in ("src", "srcset", "data", "poster", "action", "formaction", "background"):
            if name in told:
                self.loads.append(told[name])
        if "href" in told:
            (self.leads if tag == "a" else self.loads).append(told["href"])

    def handle_data(self, data: str) -> None:
        if self.inside in ("script", "style"):
            self.code.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("site")
    ran = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(where)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    assert "WARNING" not in ran.stderr
    return where


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def test_every_page_of_the_repository_is_on_it(site: Path, pages: dict[Path, Page]) -> None:
    wanted = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    wanted |= {
        Path(name) for name in ("index.html", "contributing.html", "changelog.html", "baseline.html", "404.html")
    }
    assert {path.relative_to(site) for path in pages} == wanted


def test_nothing_is_asked_of_another_host(site: Path, pages: dict[Path, Page]) -> None:
    assert len(pages) > 25
    for path, page in pages.items():
        assert [one for one in page.loads if OTHERS.match(one)] == [], path.name
        for text in page.code:
            assert "http" not in text, path.name
            assert "url(" not in text, path.name
        # What the theme's own script would fetch from elsewhere: a diagram's renderer, facts of a repository.
        assert not page.classes & {"mermaid", "md-source", "arithmatex"}, path.name
    sheets = list(site.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        text = sheet.read_text("utf-8")
        assert "@import" not in text, sheet.name
        assert [one for one in re.findall(r"url\(\s*[\"']?([^)\"']*)", text) if OTHERS.match(one)] == [], sheet.name


def test_every_link_leads_to_a_page_and_a_place_on_it(site: Path, pages: dict[Path, Page]) -> None:
    seen = 0
    for path, page in pages.items():
        if path.name == "404.html":  # its addresses begin at the root of wherever the site is put
            continue
        for link in page.leads:
            parts = urlsplit(link)
            if parts.scheme or OTHERS.match(link):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            assert target.is_file(), f"{path.name}: {link}"
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].anchors, f"{path.name}: {link}"
            seen += 1
    assert seen > 500
    assert "investigate.html" in pages[site / "index.html"].leads


def test_formulas_are_there_without_a_script(site: Path) -> None:
    text = (site / "claims.html").read_text("utf-8")
    assert text.count("<math") > 30
    assert "$<" not in text
    assert "lfloor" not in text


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("compare", ["harness.layers.comparison.compare", "harness.layers.comparison.assert_same_operator"]),
        ("theory", ["harness.theory.expected.expected", "harness.operator.Operator"]),
        (
            "records",
            ["cases.case.Case", "cases.layer.Layer.at", "harness.records.Verdict", "harness.records.Observation"],
        ),
        ("adapters", ["harness.frameworks.base.Adapter.say", "harness.frameworks.base.Spelling"]),
    ],
)
def test_the_public_names_are_explained(page: str, names: list[str], site: Path) -> None:
    found = Page(site / "api" / f"{page}.html")
    assert set(names) <= found.anchors
    assert re.search("Parameters|Attributes", (site / "api" / f"{page}.html").read_text("utf-8"))
