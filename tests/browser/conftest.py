"""One headless Chromium for all tests of the page, and what it complains about."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

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


@pytest.fixture
def complaints(browser: webdriver.Chrome) -> Iterator[list[str]]:
    """What the browser has written to its console in this test: errors, and what a policy refused."""
    browser.get_log("browser")  # type: ignore[no-untyped-call]
    heard: list[str] = []
    yield heard
    heard += [entry["message"] for entry in browser.get_log("browser")]  # type: ignore[no-untyped-call]
    assert heard == []


@pytest.fixture
def page_of(browser: webdriver.Chrome, tmp_path: Path) -> object:
    """Opens a page of some text."""

    def opened(text: str) -> str:
        path = tmp_path / "page.html"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        browser.get(path.as_uri())
        return path.as_uri()

    return opened
