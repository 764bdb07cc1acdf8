from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from lxml import html as lxml_html

from harness.records import Environment, Surface, Verdict
from harness.report.html import REASONS, html
from harness.report.model import Judged, Report


def parsed(report: Report) -> Any:
    return lxml_html.document_fromstring(html(report, ()).encode())


def texts(page: Any, path: str) -> list[str]:
    return [" ".join(element.text_content().split()) for element in page.xpath(path)]


@pytest.fixture
def mixed(verdict: Callable[..., Verdict], report: Callable[..., Report], surfaces: tuple[Surface, ...]) -> Report:
    """One of everything."""
    _, keras, lax = surfaces
    return report(
        *[verdict(relationships=("R1", "R2"))] * 3,
        verdict(relationships=("R1", "R2"), status="wrong_operator", observed="o = 4", diagnosis="kernel flipped"),
        verdict(relationships=("R2",), case_id="conv1d.i9.k3.s1.p2.d1", status="crashed", aspect="adjoint"),
        verdict(relationships=("R1",), surface=keras, status="unsupported", observed="no padding"),
        verdict(relationships=("R2",), surface=keras),
        verdict(relationships=("R2",), surface=keras, status="unsupported", observed="no padding"),
        verdict(relationships=("R2",), surface=lax, status="harness_error"),
    )


@pytest.mark.parametrize(
    ("fields", "look", "headline"),
    [
        ({}, "good ✓", "As expected: 1 verdict, 1 agree"),
        ({"complete": False}, "warn !", "INCOMPLETE: the run did not finish; 0 unexpected of 1 verdict"),
        ({"judged": Judged.of(())}, "warn !", "Nothing was judged: there is no verdict"),
    ],
)
def test_the_heading_is_the_verdict(
    verdict: Callable[..., Verdict], report: Callable[..., Report], fields: dict[str, Any], look: str, headline: str
) -> None:
    page = parsed(report(verdict(), **fields))
    state, symbol = look.split()
    assert texts(page, f"//h1[@class='{state}']/span") == [symbol, headline]
    assert texts(page, "//title") == [f"{headline} · convarith"]


def test_the_cells_have_a_colour_and_a_symbol_and_link_to_what_differs(mixed: Report) -> None:
    page = parsed(mixed)
    body = page.xpath("//table[@class='matrix']/tbody/tr")
    cells = [[(td.get("class"), " ".join(td.text_content().split())) for td in tr.xpath("td")] for tr in body]
    assert cells == [
        [("empty", "no case"), ("none", "–unsupported"), ("bad", "✗1 of 4")],
        [("warn", "!1 of 1"), ("good", "✓1 agree, 1 unsupported"), ("bad", "✗2 of 5")],
    ]
    total = [(td.get("class"), td.text_content().strip()) for td in page.xpath("//table[@class='matrix']/tfoot//td")]
    assert total == [("warn", "!1 of 1"), ("good", "✓1 agree, 2 unsupported"), ("bad", "✗2 of 5")]
    links = page.xpath("//table[@class='matrix']/tbody//a/@href")
    assert links == [
        "#status=unexpected&relationship=R1&framework=torch&route=torch.nn.functional&mode=eager&switch=none&release=none",
        "#status=unexpected&relationship=R2&framework=jax&route=jax.lax&mode=jit&switch=none&release=none",
        "#status=unexpected&relationship=R2&framework=torch&route=torch.nn.functional&mode=eager&switch=none&release=none",
    ]


def test_counts_by_status_environments_and_reasons_are_tables(mixed: Report) -> None:
    page = parsed(replace(mixed, environments=(Environment("jax", "/env/python", {"jax": "0.10.2"}, failure="died"),)))
    statuses = texts(page, "//section[@aria-labelledby='statuses']//tr")
    assert statuses == [
        "Surfaceagreeswrong_operatorunsupportedcrashedharness_error",
        "jax/jax.lax/jit1",
        "tensorflow/keras.layers/eager12",
        "torch/torch.nn.functional/eager311",
    ]
    assert texts(page, "//section[@aria-labelledby='environments']//tbody/tr") == [
        "jax Failed: died jax 0.10.2 /env/python"
    ]
    assert texts(page, "//section[@aria-labelledby='unsupported']//tbody/tr") == [
        "tensorflow/keras.layers/eagerno padding2"
    ]


def test_the_page_allows_its_own_script_and_style_and_nothing_else(mixed: Report, hostile_report: Report) -> None:
    for report in (mixed, hostile_report):
        page = parsed(report)
        (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        allowed = {
            kind: base64.b64encode(hashlib.sha256(page.xpath(path)[0].text.encode()).digest()).decode()
            for kind, path in (("style", "//style"), ("script", "//script[@type='module']"))
        }
        assert policy == (
            f"default-src 'none'; style-src 'sha256-{allowed['style']}'; script-src 'sha256-{allowed['script']}'; "
            "base-uri 'none'; form-action 'none'"
        )
        assert not page.xpath(
            "//link|//img|//iframe|//object|//base|//form|//@src|//@style|//@*[starts-with(name(), 'on')]"
        )
        assert len(page.xpath("//script")) == 2
        assert all(target.startswith("#") for target in page.xpath("//@href"))
        (style,) = page.xpath("//style")
        assert not re.search(r"@import|url\(", style.text)


def test_every_link_leads_to_a_heading_or_a_view(mixed: Report, hostile_report: Report) -> None:
    for report in (mixed, hostile_report):
        page = parsed(report)
        ids = Counter(page.xpath("//@id"))
        assert set(ids.values()) == {1}
        links = {target[1:] for target in page.xpath("//@href")}
        assert {link for link in links if "=" not in link} <= set(ids)
        views = [dict(parse_qsl(link)) for link in links if "=" in link]
        assert len(views) >= 1
        for view in views:
            assert set(view) <= {"status", "relationship", "framework", "route", "mode", "switch", "release", "open"}


def test_tables_say_what_they_are(mixed: Report) -> None:
    page = parsed(mixed)
    tables = page.xpath("//table")
    assert len(tables) == 4
    assert all(len(table.xpath("caption")) == 1 and table.xpath("caption")[0].text_content() for table in tables)
    assert all(th.get("scope") in ("row", "col", "colgroup") for th in page.xpath("//th"))
    assert {region.get("tabindex") for region in page.xpath("//*[@role='region']")} == {"0"}
    assert all(region.get("aria-label") for region in page.xpath("//*[@role='region']"))
    for table in tables:
        columns = {sum(int(cell.get("colspan", 1)) for cell in tr.xpath("th|td")) for tr in table.xpath("tbody/tr")}
        assert len(columns) == 1


def test_hostile_text_shows_as_itself(hostile_report: Report) -> None:
    text = html(hostile_report, ())
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]", text)
    page = lxml_html.document_fromstring(text.encode())
    said = page.text_content()
    for part in (
        "<script>alert(1)</script> ]]> <!-- & &amp; red bold link",
        "{{ 7 * 7 }} {% raise %}",
        "</code></td></table>",
    ):
        assert part in said
    ours = sum(len(page.xpath(path)[0].text) for path in ("//style", "//script[@type='module']"))
    assert len(text) - ours < 50_000  # of megabytes


def test_very_many_reasons_are_cut_and_the_page_says_so(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    page = parsed(report(*(verdict(status="unsupported", observed=f"{n}") for n in range(REASONS + 3))))
    assert len(page.xpath("//section[@aria-labelledby='unsupported']//tbody/tr")) == REASONS
    assert "3 more are in the run" in texts(page, "//section[@aria-labelledby='unsupported']//caption")[0]


def test_the_order_of_the_verdicts_does_not_matter(shuffled: list[tuple[Report, Report]]) -> None:
    for one, other in shuffled:
        assert html(other, ()) == html(one, ())
