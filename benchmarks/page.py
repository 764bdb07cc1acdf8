"""What the report's page costs with 200 000 verdicts, in headless Chromium: ``python benchmarks/page.py``.

Prints the size of the file, and medians: from the start of loading until the table stands, and from a wish typed or
chosen until the rows that it lets through stand there, laid out; each in wall time and, as far as a busy machine lets
one see, in processor time of the page's thread. Needs selenium, Chromium and chromedriver.
"""

from __future__ import annotations

import itertools
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

from cases import generate, grid
from cases.case import Case
from cases.claims import claims
from harness.operator import Operator
from harness.records import Observation, Probe, Status, Surface, Verdict
from harness.report.html import html
from harness.report.model import Judged, Report
from harness.theory.expected import expected

REPEATS = 7
VERDICTS = 200_000
SURFACES = [
    Surface(framework, f"{framework}.{route}", mode)
    for framework in ("torch", "tensorflow", "jax", "keras", "flax")
    for route in ("nn", "functional", "layers")
    for mode in ("eager", "graph")
]
ASPECTS: tuple[Probe, ...] = ("adjoint", "dense", "forward")
WRONG: tuple[Status, ...] = ("wrong_operator", "rejected", "accepted", "wrong_shape")
WISHES = {
    "status": "agrees",
    "framework": "jax",
    "route": "torch.layers",
    "aspect": "dense",
    "relationship": "R15",
    "case": "k3",
    "observed": "strides 2",
    "diagnosis": "pads (0, 1)",
}
_WISH = """
const [name, value, done] = arguments;
const input = document.querySelector(`.filters [name=${name}]`);
const began = performance.now();
input.value = value;
input.dispatchEvent(new Event(input.tagName === "SELECT" ? "change" : "input", { bubbles: true }));
document.querySelector(".rows").getBoundingClientRect();
requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
"""
_SORT = """
const [name, done] = arguments;
const began = performance.now();
document.querySelector(`th.c-${name} button`).click();
document.querySelector(".rows").getBoundingClientRect();
requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
"""


def verdicts() -> Iterator[Verdict]:
    """As many as are asked for, one in twenty of them not as expected, with texts of its own."""
    cases = sorted(generate.cases(grid.load("pull-request")), key=lambda case: case.id)
    every = itertools.product(cases, SURFACES, ASPECTS)
    for number, (case, surface, aspect) in enumerate(itertools.islice(every, VERDICTS)):
        size = "o = " + "×".join(map(str, expected(case).shape[1:]))
        wrong = number % 20 == 0
        status = WRONG[number // 20 % len(WRONG)] if wrong else "unsupported" if number % 7 == 0 else "agrees"
        said = f"ValueError: {case.id} has strides {number % 3}, call {number}" if wrong else size
        why = f"pads (0, {number % 4}) where p = 1 says (1, 1), output {number}" if wrong else ""
        yield Verdict(
            case_id=case.id,
            surface=surface,
            aspect=aspect,
            relationships=claims(case),
            status=status,
            expected=size,
            observed="the route has no padding of that kind" if status == "unsupported" else said,
            diagnosis=why,
        )


def evidence(told: list[Verdict]) -> Iterator[Observation]:
    """An operator for each verdict that has a wrong one."""
    from cases.case import parse

    for number, verdict in enumerate(told):
        if verdict.status == "wrong_operator":
            yield _seen(verdict, parse(verdict.case_id), number)


def _seen(verdict: Verdict, case: Case, number: int) -> Observation:
    operator = expected(case).operator
    shown = Operator(operator.rows, operator.columns, operator.indices, operator.values + number % 5 + 1)
    return Observation(
        case_id=verdict.case_id,
        surface=verdict.surface,
        probe=verdict.aspect,
        outcome="returned",
        shape=(1, *expected(case).shape),
        digest=shown.digest,
        operator=shown.to_json(),
    )


def page() -> str:
    """The report's page of all these."""
    told = list(verdicts())
    report = Report(
        title="made up",
        asked={},
        environments=(),
        cases=len({verdict.case_id for verdict in told}),
        judged=Judged.of(told),
        complete=True,
        version="0",
        started="",
        seconds=0.0,
    )
    began = time.perf_counter()
    text = html(report, told, evidence(told))
    print(f"{len(told)} verdicts, {time.perf_counter() - began:.1f} s to make the page, {len(text) / 1e6:.2f} MB")
    return text


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(page(), "utf-8")
        options = webdriver.ChromeOptions()
        for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"):
            options.add_argument(flag)
        chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
        if chromium is None or driver is None:
            raise SystemExit("Chromium and chromedriver are not installed: apt-get install chromium chromium-driver")
        options.binary_location = chromium
        with webdriver.Chrome(options=options, service=Service(driver)) as browser:
            measure(browser, path.as_uri())


def measure(browser: webdriver.Chrome, address: str) -> None:
    """Open the page and use it, some times."""
    browser.set_script_timeout(60)
    browser.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    times: dict[str, list[tuple[float, float]]] = {}

    def taken(what: str, script: str, *arguments: str) -> None:
        before = busy(browser)
        wall = browser.execute_async_script(script, *arguments)
        times.setdefault(what, []).append((wall, busy(browser) - before))

    for _ in range(REPEATS):
        browser.get("about:blank")
        before = busy(browser)
        browser.get(f"{address}#all=")
        WebDriverWait(browser, 60).until(
            lambda it: it.execute_script("return performance.getEntriesByName('ready').length")
        )
        ready = browser.execute_script("return performance.getEntriesByName('ready')[0].startTime")
        times.setdefault("ready", []).append((ready, busy(browser) - before))
        for name, value in WISHES.items():
            taken(f"filter by {name}", _WISH, name, value)
            browser.execute_async_script(_WISH, name, "")
        for name in ("case", "status", "diagnosis"):
            taken(f"sort by {name}", _SORT, name)
    for what, measured in times.items():
        wall, processor = (statistics.median(one) for one in zip(*measured, strict=True))
        print(f"{what:<24}{wall:>8.0f} ms, of the processor {processor:.0f} ms")


def busy(browser: webdriver.Chrome) -> float:
    """Milliseconds of processor time that the page's thread has had."""
    metrics = browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return 1e3 * float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


if __name__ == "__main__":
    main()
