"""One headless Chromium for all tests of the page, what it complains about, and the page's own functions in it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from cases import generate, grid
from cases.case import Case
from harness.__main__ import main
from harness.frameworks import registry
from harness.report.modules import script

TESTS = Path(__file__).parents[1]
GRID = """
summary = "small"
rank = [2]
square = true
[axis]
i = "4..5"
k = "2..3"
s = [1, 2]
p = [0, 1]
a = [0]
[layer]
channels = ["1:1"]
"""
CASE = "conv2d.i4x4.k2x2.s2x2.p1x1.d1x1"  # which the hostile framework pads otherwise
AT = "hostile / fake.loops / eager"
Opened = Callable[..., webdriver.Chrome]

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-device-scale-factor=1",
    "--window-size=1280,900",
)
# Waits for what happens, not for time to pass.
_UNTIL = """
  const done = arguments[arguments.length - 1];
  const holds = () => Boolean({condition});
  if (holds()) return done();
  const watch = new MutationObserver(look);
  function look() {{
    if (!holds()) return;
    watch.disconnect();
    for (const name of ["hashchange", "popstate"]) removeEventListener(name, look);
    done();
  }}
  for (const name of ["hashchange", "popstate"]) addEventListener(name, look);
  watch.observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});
"""
_EXPORT = re.compile(r"^export (?:async )?(?:function\*? |const )(\w+)", re.MULTILINE)


def program(*names: str) -> str:
    """Where a program is.

    Raises
    ------
    pytest.fail.Exception
        It is not installed: the page is not tested by leaving it out.
    """
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail(
            f"{names[0]} is not installed, and the report's page is tested in it: install Chromium and its driver "
            "(Debian: apt-get install chromium chromium-driver; .ci/run does it)",
            pytrace=False,
        )
    return found


def until(page: webdriver.Chrome, condition: str) -> None:
    """Wait until a condition in JavaScript holds."""
    page.execute_async_script(_UNTIL.format(condition=condition))


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    driver = program("chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = program("chromium", "chromium-browser", "google-chrome")
    for flag in (*_FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with webdriver.Chrome(options=options, service=Service(driver)) as started:
        started.set_script_timeout(50)
        yield started


@pytest.fixture(scope="session")
def every_case() -> tuple[Case, ...]:
    """The cases of the grid that pull requests run; to make them takes longer than to look at them."""
    return tuple(generate.cases(grid.load("pull-request")))


@pytest.fixture
def complaints(browser: webdriver.Chrome) -> Iterator[list[str]]:
    """What the browser has written to its console in this test: errors, and what a policy refused."""
    browser.get_log("browser")  # type: ignore[no-untyped-call]
    heard: list[str] = []
    yield heard
    heard += [entry["message"] for entry in browser.get_log("browser")]  # type: ignore[no-untyped-call]
    assert heard == []


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a perfect framework and of a hostile one."""
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        known = {"fake": "fakes.loops:Loops", "hostile": "fakes.hostile:Hostile"}
        patch.setattr(registry, "adapters", lambda: known)
        patch.setenv("PYTHONPATH", str(TESTS))
        patch.syspath_prepend(str(TESTS))
        patch.chdir(folder)
        Path("small.toml").write_text(GRID)
        assert main(["run", "-f", "fake", "-f", "hostile", "--grid", "small.toml", "--out", "run"]) == 1
    return folder / "run"


@pytest.fixture
def opened(run: Path, browser: webdriver.Chrome, complaints: list[str]) -> Opened:
    """Opens the page, and waits until it is ready."""

    def page(fragment: str = "", path: Path = run / "report.html") -> webdriver.Chrome:
        browser.get("about:blank")
        browser.get(path.as_uri() + fragment)
        until(browser, "document.documentElement.dataset.ready")
        return browser

    return page


@pytest.fixture(scope="module")
def functions(browser: webdriver.Chrome, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Runs a function of JavaScript that sees whatever the page's modules export; what it gives may be a promise."""
    folder = Path(str(resources.files("harness.report"))) / "page"
    exports = [name for path in sorted(folder.glob("*.js")) for name in _EXPORT.findall(path.read_text("utf-8"))]
    told = f"Object.assign(window, {{ {', '.join(exports)} }});"
    path = tmp_path_factory.mktemp("functions") / "page.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><script type=module>{script('main')}{told}</script>", "utf-8")
    browser.get(path.as_uri())

    def called(function: str, *arguments: object) -> Any:
        called_with = (
            f"const [done, ...given] = [...arguments].reverse(); const found = ({function})(...given.reverse());"
        )
        return browser.execute_async_script(f"{called_with} Promise.resolve(found).then(done);", *arguments)

    return called
