from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from lxml import html as lxml_html

from harness.records import Environment, Surface, Verdict
from harness.report.html import OPEN, REASONS, ROWS, html
from harness.report.model import Judged, Report


def parsed(report: Report) -> Any:
    return lxml_html.document_fromstring(html(report).encode())


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
        [("warn", "!1 of 1"), ("good", "✓1 agree1 unsupported"), ("bad", "✗2 of 5")],
    ]
    total = [(td.get("class"), td.text_content().strip()) for td in page.xpath("//table[@class='matrix']/tfoot//td")]
    assert total == [("warn", "!1 of 1"), ("good", "✓1 agree2 unsupported"), ("bad", "✗2 of 5")]
    links = page.xpath("//table[@class='matrix']//a/@href")
    assert links == [
        "#R1-torch-torch.nn.functional-eager",
        "#R2-jax-jax.lax-jit",
        "#R2-torch-torch.nn.functional-eager",
    ]
    assert texts(page, f"//*[@id='{links[0][1:]}']") == ["R1 No zero padding, unit strides: 1 not as expected"]


def test_each_unexpected_verdict_stands_once_with_all_that_is_known(mixed: Report) -> None:
    page = parsed(mixed)
    rows = [
        tuple(" ".join(cell.text_content().split()) for cell in tr.xpath("th|td"))
        for tr in page.xpath("//table[@class='verdicts']/tbody/tr")
    ]
    assert rows == [
        ("conv1d.i5.k3.s2.p1.d1", "o = 3", "o = 3", ""),
        ("conv1d.i5.k3.s2.p1.d1", "o = 3", "o = 4", "kernel flipped"),
        ("conv1d.i9.k3.s1.p2.d1", "o = 3", "o = 3", ""),
    ]
    assert texts(page, "//summary") == [
        "harness_error forward 1 verdict",
        "wrong_operator forward 1 verdict",
        "crashed adjoint 1 verdict",
    ]
    assert "Also under more particular relationships: R1 (1)." in texts(page, "//p")
    assert "convarith run --case conv1d.i9.k3.s1.p2.d1 -f torch --route torch.nn.functional --mode eager" in texts(
        page, "//code"
    )


def test_a_relationship_whose_verdicts_stand_elsewhere_says_where(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    page = parsed(report(verdict(status="crashed", relationships=("R1", "R15"))))
    (heading,) = page.xpath("//h4[starts-with(., 'R15')]")
    note = heading.getnext()
    assert " ".join(note.text_content().split()) == "Its verdicts stand under more particular relationships: R1 (1)."
    assert note.xpath("a/@href") == ["#R1-torch-torch.nn.functional-eager"]


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


def test_the_page_needs_nothing_else_and_runs_nothing(mixed: Report, hostile_report: Report) -> None:
    for report in (mixed, hostile_report):
        page = parsed(report)
        (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        assert policy == "default-src 'none'; style-src 'unsafe-inline'"
        assert not page.xpath("//script|//link|//img|//iframe|//object|//base|//form|//@src|//@style|//@onclick")
        assert all(target.startswith("#") for target in page.xpath("//@href"))
        (style,) = page.xpath("//style")
        assert not re.search(r"@import|url\(", style.text)


def test_every_link_has_one_target(mixed: Report, hostile_report: Report) -> None:
    for report in (mixed, hostile_report):
        page = parsed(report)
        ids = Counter(page.xpath("//@id"))
        assert set(ids.values()) == {1}
        links = {target[1:] for target in page.xpath("//@href")}
        assert links <= set(ids)
        assert len(links) > 5


def test_similar_names_have_targets_of_their_own(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    names = ("a b", "a-b", "a/b", "a b" + "c" * 200, "a b" + "c" * 201)
    page = parsed(report(*(verdict(surface=Surface("f", name, "eager"), status="crashed") for name in names)))
    headings = page.xpath("//h4/@id")
    assert len(set(headings)) == len(headings) == 2 * len(names)
    assert set(page.xpath("//table[@class='matrix']//a/@href")) == {f"#{anchor}" for anchor in headings}


def test_tables_say_what_they_are(mixed: Report) -> None:
    page = parsed(mixed)
    tables = page.xpath("//table")
    assert len(tables) == 7
    assert all(len(table.xpath("caption")) == 1 and table.xpath("caption")[0].text_content() for table in tables)
    assert all(th.get("scope") in ("row", "col", "colgroup") for th in page.xpath("//th"))
    assert {region.get("tabindex") for region in page.xpath("//*[@role='region']")} == {"0"}
    assert all(region.get("aria-label") for region in page.xpath("//*[@role='region']"))
    for table in tables:
        columns = {sum(int(cell.get("colspan", 1)) for cell in tr.xpath("th|td")) for tr in table.xpath("tbody/tr")}
        assert len(columns) == 1


def test_hostile_text_shows_as_itself(hostile_report: Report) -> None:
    text = html(hostile_report)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]", text)
    page = lxml_html.document_fromstring(text.encode())
    said = page.text_content()
    for part in (
        "<script>alert(1)</script> ]]> <!-- & &amp; red bold link",
        "{{ 7 * 7 }} {% raise %}",
        "</code></td></table>",
    ):
        assert part in said
    assert len(text) < 100_000


def test_very_many_verdicts_are_cut_evenly_and_the_page_says_so(many: Report) -> None:
    page = parsed(many)
    assert len(page.xpath("//table[@class='verdicts']/tbody/tr")) == ROWS
    assert f"{ROWS} of 20000 verdicts are on this page, the smallest cases of each kind. All of them:" in texts(
        page, "//p"
    )
    assert "convarith query RUN_DIR" in texts(page, "//pre")[0]
    held = [len(details.xpath(".//tbody/tr")) for details in page.xpath("//details")]
    assert len(held) == 6
    assert max(held) - min(held) <= 1
    assert "833 of 5714 are shown; the query above gives all." in texts(page, "//details//p")
    first = texts(page, "(//details)[1]//tbody/tr/th")
    (again,) = texts(page, "(//details)[1]//p/code")
    assert again.startswith(f"convarith run --case {first[0]} ")
    assert first == sorted(first, key=lambda name: (len(name), name))


def test_small_kinds_are_shown_whole_beside_a_large_one(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    page = parsed(report(verdict(status="crashed"), *[verdict(status="rejected")] * (ROWS + 10)))
    assert [len(details.xpath(".//tbody/tr")) for details in page.xpath("//details")] == [ROWS - 1, 1]
    page = parsed(report(*[verdict(status="rejected")] * ROWS))
    assert len(page.xpath("//table[@class='verdicts']/tbody/tr")) == ROWS
    assert "are on this page" not in page.text_content()


def test_few_verdicts_are_open_and_many_are_folded(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    few, more = (parsed(report(*[verdict(status="crashed")] * number)) for number in (OPEN, OPEN + 1))
    assert [details.get("open") for details in few.xpath("//details")] == [""]
    assert [details.get("open") for details in more.xpath("//details")] == [None]


def test_very_many_reasons_are_cut_and_the_page_says_so(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    page = parsed(report(*(verdict(status="unsupported", observed=f"{n}") for n in range(REASONS + 3))))
    assert len(page.xpath("//section[@aria-labelledby='unsupported']//tbody/tr")) == REASONS
    assert "3 more are in the run" in texts(page, "//section[@aria-labelledby='unsupported']//caption")[0]


def test_the_order_of_the_verdicts_does_not_matter(shuffled: list[tuple[Report, Report]]) -> None:
    for one, other in shuffled:
        assert html(other) == html(one)
