"""The report's page in a browser, made of a run of a perfect framework and of a hostile one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select

from harness import store
from harness.__main__ import main

from .conftest import AT, CASE, Opened, until

pytestmark = pytest.mark.slow


def find(page: webdriver.Chrome, selector: str) -> WebElement:
    return page.find_element(By.CSS_SELECTOR, selector)


def every(page: webdriver.Chrome, selector: str) -> list[str]:
    """What a reader sees of each element."""
    script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText.trim())"
    found: list[str] = page.execute_script(script, selector)
    return found


def said(page: webdriver.Chrome, selector: str) -> str:
    """What a reader sees of an element."""
    return every(page, selector)[0]


def shown(page: webdriver.Chrome) -> tuple[int, int]:
    """How many verdicts the table says that it shows, of how many."""
    words = said(page, ".count").replace("\u202f", "").split()
    return int(words[0]), int(words[2])


def asked(run: Path, sql: str) -> Any:
    return store.query(run, f"SELECT {sql}").rows[0][0]


def test_the_first_screen_says_what_was_run_and_how_it_went(opened: Opened, run: Path) -> None:
    page = opened()
    wrong = asked(run, "count(*) FROM verdicts WHERE status NOT IN ('agrees', 'unsupported')")
    total = asked(run, "count(*) FROM verdicts")
    first = said(page, "body").splitlines()
    assert first[:2] == ["✗", f"{wrong} unexpected of {total} verdicts"]
    assert shown(page) == (wrong, total)
    top = page.execute_script("return document.querySelector('.matrix').getBoundingClientRect().top")
    assert top < page.execute_script("return innerHeight")


def test_filters_count_what_sql_counts_and_stand_in_the_address(opened: Opened, run: Path) -> None:
    page = opened()
    Select(find(page, "select[name=status]")).select_by_visible_text("rejected")
    Select(find(page, "select[name=aspect]")).select_by_visible_text("adjoint")
    find(page, "input[name=case]").send_keys("K3x3.S2X")
    wanted = "count(*) FROM verdicts WHERE status = 'rejected' AND aspect = 'adjoint' AND case_id LIKE '%.k3x3.s2x%'"
    assert shown(page)[0] == asked(run, wanted) > 0
    Select(find(page, "select[name=relationship]")).select_by_visible_text("R6")
    assert shown(page)[0] == asked(run, f"{wanted} AND list_contains(relationships, 'R6')") > 0
    address = page.current_url
    before = shown(page), every(page, "table.verdicts tbody th")
    opened("#" + address.split("#")[1])
    assert (shown(page), every(page, "table.verdicts tbody th")) == before
    find(page, ".filters .plain-button").click()
    assert shown(page) == (asked(run, "count(*) FROM verdicts"),) * 2


def test_every_column_can_be_filtered(opened: Opened, run: Path) -> None:
    page = opened("#all=")
    for name, value, sql in (
        ("framework", "fake", "framework = 'fake'"),
        ("route", "fake.loops", "route = 'fake.loops'"),
        ("mode", "eager", "mode = 'eager'"),
        ("expected", "o = 2×2", "expected LIKE '%o = 2×2%'"),
        ("observed", "scripT>window", "observed LIKE '%script>window%'"),
        ("diagnosis", "pads", "diagnosis LIKE '%pads%'"),
        ("status", "agrees", "status = 'agrees'"),
    ):
        page.execute_script(f"location.hash = '#{name}={quote(value)}'")
        until(page, f"document.querySelector('[name={name}][data-set]')")
        assert shown(page)[0] == asked(run, f"count(*) FROM verdicts WHERE {sql}"), name
        assert shown(page)[0] > 0, name


def test_a_press_on_a_heading_sorts(opened: Opened) -> None:
    page = opened("#all=")
    heading = find(page, "th.c-status button")
    heading.click()
    up = every(page, "table.verdicts td.c-status")
    assert find(page, "th.c-status").get_attribute("aria-sort") == "ascending"
    assert {text.split()[-1] for text in up[:10]} == {"agrees"}
    heading.click()
    down = every(page, "table.verdicts td.c-status")
    assert find(page, "th.c-status").get_attribute("aria-sort") == "descending"
    assert down[0].split()[-1] == "wrong_operator"
    assert "sort=-status" in page.current_url
    find(page, "th.c-case button").click()
    names = every(page, "table.verdicts tbody th")
    assert names == sorted(names, key=lambda name: (len(name), name))


def test_all_rows_can_be_reached_and_few_are_there(opened: Opened, run: Path) -> None:
    page = opened("#all=")
    total = asked(run, "count(*) FROM verdicts")
    assert total > 300
    assert len(every(page, "table.verdicts tbody tr")) < 60
    page.execute_script("document.querySelector('.rows').scrollTop = 1e9")
    until(page, f"document.querySelector('tr[aria-rowindex=\"{total + 1}\"]')")


def test_a_cell_of_the_matrix_shows_its_verdicts(opened: Opened, run: Path) -> None:
    page = opened()
    link = find(page, ".matrix tbody a[href*='relationship=R6']")
    told = link.text
    link.click()
    until(page, "location.hash.includes('relationship=R6') && document.querySelector('[name=relationship][data-set]')")
    assert re.fullmatch(rf"✗ ?{shown(page)[0]} of \d+", told)
    assert find(page, "select[name=relationship]").get_attribute("value") == "R6"


FOLLOW = """
  const done = arguments[arguments.length - 1];
  const told = [];
  const links = [...new Set([...document.links].map((link) => link.getAttribute("href")))];
  (async () => {
    for (const link of links) {
      const moved = new Promise((resolve) => window.addEventListener("hashchange", resolve, { once: true }));
      location.hash = link;
      await moved;
      const open = !document.getElementById("case").hidden;
      const heading = document.getElementById(link.slice(1)) !== null;
      const text = (selector) => document.querySelector(selector).textContent;
      told.push([link, heading, open, text("#case"), text(".count")]);
    }
    done(told);
  })();
"""


def test_every_link_of_the_page_leads_somewhere(opened: Opened) -> None:
    page = opened()
    told = page.execute_async_script(FOLLOW)
    assert len(told) > 20
    assert sum(opens for _, _, opens, *_ in told) >= 1
    for link, heading, opens, case, count in told:
        if "open=" in link:
            assert opens, link
            assert "has no verdict" not in case, link
        else:
            assert not opens, link
            assert heading or ("=" in link and not count.startswith("0 of")), link


def test_a_case_opens_into_what_every_surface_made_of_it(opened: Opened, run: Path) -> None:
    page = opened(f"#case={CASE}&aspect=forward&status=wrong_operator")
    find(page, f"th[title='{CASE}']").click()
    assert said(page, "#case h2") == CASE
    assert not find(page, "#overview").is_displayed()
    assert every(page, "#case .applied") == ["(1, 1) × (1, 1)", "(0, 2) × (0, 2)"]
    part = said(page, ".verdict-part")
    assert "pads (0, 2)" in part.replace("(0,2)", "(0, 2)")
    where = f"case_id = '{CASE}' AND framework = 'hostile' AND mode = 'eager' AND aspect = 'forward'"
    assert f"Depends\n{asked(run, f'depends FROM verdicts WHERE {where} AND length(depends) > 9')}\n" in part
    assert f"convarith run --case {CASE} -f hostile --route fake.loops --mode eager" in part
    assert f"convarith repro {CASE} -f hostile --route fake.loops --mode eager --aspect forward" in part
    assert every(page, "figcaption") == ["Expected, 9×16", "Observed, 9×16", "Difference"]
    page.back()
    until(page, "!document.getElementById('overview').hidden")
    assert shown(page)[0] == 1


def test_the_difference_is_that_of_the_operators(opened: Opened) -> None:
    from cases.case import parse
    from harness.theory.expected import expected

    page = opened(f"#open={CASE}&at={quote(AT)}&probe=forward")
    ours = expected(parse(CASE)).operator.dense()
    theirs = expected(parse(CASE.replace("p1x1", "p0_2x0_2"))).operator.dense()
    counts = {
        "as expected": int(((ours == theirs) & (ours != 0)).sum()),
        "another value": int(((ours != theirs) & (ours != 0) & (theirs != 0)).sum()),
        "missing": int(((ours != 0) & (theirs == 0)).sum()),
        "where none belongs": int(((ours == 0) & (theirs != 0)).sum()),
    }
    told = [text for text in said(page, ".compared .legend").splitlines() if text]
    assert told == [f"{number} {words}" for words, number in counts.items() if number]


def test_a_window_is_stepped_by_keys_and_by_buttons(opened: Opened) -> None:
    page = opened(f"#open={CASE}")
    side = find(page, ".side")

    def state() -> list[str]:
        parts = ("output", ".window", ".now", ".row")
        found = [side.find_element(By.CSS_SELECTOR, part) for part in parts]
        return [found[0].text, *(one.get_attribute("transform") or "" for one in found[1:])]

    assert state() == ["placement 1 of 9", "translate(0 0)", "translate(0 0)", "translate(0 0)"]
    side.find_element(By.CSS_SELECTOR, "button[aria-label^=Next]").click()
    assert state() == ["placement 2 of 9", "translate(48 0)", "translate(24 0)", "translate(0 12)"]
    side.find_element(By.CSS_SELECTOR, "input").send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert state() == ["placement 4 of 9", "translate(0 48)", "translate(0 24)", "translate(0 36)"]
    side.find_element(By.CSS_SELECTOR, "input").send_keys(Keys.END, Keys.ARROW_LEFT)
    assert state()[0] == "placement 8 of 9"
    side.find_element(By.CSS_SELECTOR, "button[aria-label^=Prev]").click()
    assert state()[0] == "placement 7 of 9"
    assert page.execute_script("return document.querySelectorAll('.side')[1].querySelector('output').textContent") == (
        "placement 1 of 16"
    )


def test_pictures_are_drawn_of_layers_of_three_axes_and_of_none_too_large(opened: Opened) -> None:
    page = opened("#open=conv3d.i3x4x4.k2x2x3.s1x2x1.p1x0x1.d1x1x1.c2to3")
    assert len(page.find_elements(By.CSS_SELECTOR, "svg.layer")) == 2
    assert "This run has no verdict on this case." in said(page, "#case")
    opened("#open=conv2d.i224x224.k7x7.s2x2.p3x3.d1x1")
    assert "Too large to draw" in said(page, "#case")
    opened("#open=conv2d.i2x2.k3x3.s1x1.p0x0.d1x1")
    assert "nothing to compute" in str(find(page, "svg.layer").get_attribute("textContent"))
    opened("#open=" + quote("<img src=x onerror='window.pwned=1'>"))
    assert said(page, "#case h2") == "<img src=x onerror='window.pwned=1'>"
    assert page.execute_script("return window.pwned") is None


def test_the_keyboard_is_enough(opened: Opened) -> None:
    page = opened()
    find(page, "body").send_keys("/")
    assert page.switch_to.active_element.get_attribute("name") == "case"
    page.switch_to.active_element.send_keys(CASE)
    for _ in range(30):
        page.switch_to.active_element.send_keys(Keys.TAB)
        if page.switch_to.active_element.get_attribute("class") == "rows":
            break
    rows = page.switch_to.active_element
    rows.send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert find(page, "tr.active").get_attribute("aria-rowindex") == "4"
    rows.send_keys(Keys.END, Keys.HOME, Keys.ENTER)
    assert page.switch_to.active_element.text == CASE
    page.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert every(page, ".side output")[0] == "placement 2 of 9"
    page.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert page.switch_to.active_element.get_attribute("class") == "rows"
    assert find(page, "input[name=case]").get_attribute("value") == CASE


def test_hostile_texts_execute_nothing_and_are_read_as_they_are(opened: Opened) -> None:
    page = opened("#status=rejected&framework=hostile")
    assert page.execute_script("return window.pwned") is None
    assert page.execute_script("return [document.images.length, document.scripts.length]") == [0, 2]
    text = find(page, "td.c-observed").get_attribute("title") or ""
    assert text.startswith(
        "<script>window.pwned = 1</script>Error: </script><script>window.pwned = 1</script><img src=x"
    )
    assert "red {{ 7 * 7 }} javascript:alert(1) desrever" in text
    assert "\x1b" not in text
    assert len(text) <= 400
    find(page, "table.verdicts tbody th").click()
    assert "<img src=x onerror='window.pwned = 1'>" in said(page, "#case")
    assert page.execute_script("return [document.images.length, window.pwned ?? null]") == [0, None]
    assert "<b onclick='window.pwned = 1'>1.0</b>" in said(page, "header")


def test_nothing_is_asked_of_anybody(opened: Opened, browser: webdriver.Chrome) -> None:
    page = opened()
    script = """
      const refused = [];
      document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
      const image = new Image(); image.src = "https://convarith.invalid/x.png";
      const style = document.createElement("style"); style.textContent = "*{}"; document.head.append(style);
      const script = document.createElement("script"); script.textContent = "window.pwned = 1";
      document.head.append(script);
      const done = arguments[arguments.length - 1];
      fetch("https://convarith.invalid/").then(() => done("asked"), () => setTimeout(() => done(refused.sort()), 50));
    """
    assert page.execute_async_script(script) == ["connect-src", "img-src", "script-src-elem", "style-src-elem"]
    assert page.execute_script("return window.pwned") is None
    browser.get_log("browser")  # type: ignore[no-untyped-call]  # it has just complained, as it should


def test_an_incomplete_run_says_so_on_its_first_line(opened: Opened, run: Path, tmp_path: Path) -> None:
    record = json.loads((run / "run.json").read_text())
    copy = tmp_path / "run"
    copy.mkdir()
    for path in run.iterdir():
        if path.is_file():
            (copy / path.name).write_bytes(path.read_bytes())
    (copy / "run.json").write_text(json.dumps({**record, "complete": False}))
    assert main(["report", str(copy), "--html", str(tmp_path / "page.html")]) in (0, 3)
    page = opened("", tmp_path / "page.html")
    first = said(page, "body").splitlines()
    assert first[0] == "!"
    assert first[1].startswith("INCOMPLETE: the run did not finish; ")
    assert page.title.startswith("INCOMPLETE: ")


@pytest.mark.parametrize("width", [390, 1280])
def test_no_view_is_wider_than_the_screen(opened: Opened, width: int) -> None:
    page = opened()
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        for fragment in ("#all=", f"#open={CASE}&at={quote(AT)}&probe=forward"):
            page.execute_script(f"location.hash = '{fragment}'")
            until(page, f"document.getElementById('overview').hidden === {str('open' in fragment).lower()}")
            for scheme, colour in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(22, 24, 27)")):
                features = [{"name": "prefers-color-scheme", "value": scheme}]
                page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
                look = "[document.documentElement.scrollWidth, getComputedStyle(document.body).backgroundColor]"
                wide, paper = page.execute_script(f"return {look}")
                assert wide <= width
                assert paper == colour
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_long_names_go_on_behind_their_dots(opened: Opened) -> None:
    page = opened(f"#open={CASE}&at={quote(AT)}&probe=forward")
    script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerHTML)"
    assert "fake.<wbr>loops" in page.execute_script(script, ".matrix thead th:not([rowspan])")[2]
    assert all("fake.<wbr>loops" in text for text in page.execute_script(script, ".surfaces th[scope=row]"))
    assert said(page, "#case h2 code") == CASE  # as it is copied
