"""A comparison and a history as pages: complete, in the order that matters, and nothing in them is run or fetched."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest
from lxml import html as lxml_html

from cases.case import Case, parse
from harness.__main__ import main
from harness.records import Status, Surface

from ..fakes.closed import EAGER, closed

NAMES = [f"conv1d.i{i}.k{k}.s{s}.p0.d1" for i in (5, 6, 7) for k in (2, 3) for s in (1, 2)]
CASES = [parse(name) for name in NAMES]
EVIL = "<img src=x onerror=alert(1)>: </code><script>alert(1)</script>"


def agrees(case: Case, surface: Surface) -> Status:
    return "agrees"


def refuses(case: Case, surface: Surface) -> Status:
    return "rejected" if max(case.each("s")) > 1 else "agrees"


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three releases: 1.2, 1.9 and 1.10, which refuses strides."""
    monkeypatch.chdir(tmp_path)
    closed(Path("a"), CASES, agrees, version="1.2", facts={"processor": "one"})
    closed(Path("b"), CASES, agrees, version="1.9", facts={"processor": "one"})
    closed(Path("c"), CASES, refuses, version="1.10", facts={"processor": "<i>other"}, saw=EVIL)


def page(*arguments: str, code: int = 0) -> tuple[str, Any]:
    assert main([*arguments, "--format", "html", "-o", "page.html"]) == code
    text = Path("page.html").read_text("utf-8")
    return text, lxml_html.document_fromstring(text.encode())


def texts(found: Any, path: str) -> list[str]:
    return [" ".join(element.text_content().split()) for element in found.xpath(path)]


def harmless(text: str, found: Any) -> None:
    (policy,) = found.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    (style,) = found.xpath("//style")
    digest = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not found.xpath(
        "//script|//img|//link|//iframe|//@src|//@onerror|//*[starts-with(name(), 'i') and not(name()='i')]"
    )
    assert all(link.startswith("#") for link in found.xpath("//@href"))
    assert "url(" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_a_comparison(runs: None) -> None:
    text, found = page("diff", "b", "c", code=1)
    harmless(text, found)
    assert texts(found, "//h1/span")[1] == "12 that agreed and agree no more: 12 newly rejected; 12 the same"
    assert found.xpath("//h1/@class") == ["bad"]
    (differently,) = found.xpath("//ul[@class='differently']")
    assert "processor one, and <i>other" in differently.text_content()
    assert text.index("Run differently") < text.index("Newly rejected")
    (rule,) = texts(found, "//ul[@class='rules']/li")
    assert rule.startswith(
        "fake: any s > 1: agrees → rejected (<img src=x onerror=alert(1)>), 12 of 12 in SQLs_max > 1"
    )
    rows = texts(found, "//table[@class='rows']/tbody/tr/th")
    assert sorted(rows) == sorted(2 * [name for name in NAMES if ".s2." in name])
    assert texts(found, "//header/p[@class='note']")[-1] == "fake: 1.9 and 1.10."


def test_only_what_changed(runs: None) -> None:
    _, found = page("diff", "b", "c", "--only-changed", "--exit-zero")
    assert "fake: 1.9 and 1.10" not in found.text_content()
    _, found = page("diff", "a", "b")
    assert found.xpath("//h1/@class") == ["good"]
    assert texts(found, "//main/p") == ["Nothing changed."]


def test_one_release_is_beside_no_other(runs: None) -> None:
    _, found = page("history", "a")
    assert texts(found, "//h1/span")[1] == "1 release"


def test_a_history(runs: None) -> None:
    text, found = page("history", "c", "a", "b", "--case", NAMES[0])
    harmless(text, found)
    assert texts(found, "//h1/span")[1] == "3 releases beside each other: 12 observations agreed and agree no more"
    assert texts(found, "//table[@class='matrix']/thead/tr[2]/th") == ["1.2", "1.9", "1.10"]
    assert texts(found, "//table[@class='matrix']/tbody/tr/td") == ["✓24 agree", "✓24 agree", "✗12 of 24"]
    steps = texts(found, "//section[@aria-labelledby='changes']/section/h3")
    assert [step.partition(":")[0] for step in steps] == ["fake 1.2 → 1.9", "fake 1.9 → 1.10"]
    (link,) = found.xpath("//ul[@class='rules']//a/@href")
    (target,) = found.xpath(f"//*[@id='{link[1:]}']")
    assert [" ".join(row.text_content().split()) for row in target.xpath(".//tr")] == [
        "since 1.2agrees: o = 3",
        "since 1.10rejected: <img src=x onerror=alert(1)>: </code><script>alert(1)</script>",
    ]
    # of the case that was named everything is told, of examples what changed
    told = texts(found, f"//h3[.='{NAMES[0]}']/../details/summary")
    assert told == [
        f"{surface}, forward: one observation in all releases" for surface in (EAGER, "fake/fake.loops/jit")
    ]


def test_a_page_that_cannot_be_written_is_one_sentence(runs: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "a", "--format", "html", "-o", "no/page.html"]) == 2
    assert "no/page.html cannot be written" in capsys.readouterr().err
