"""A real browser. Where there is none, CI fails; elsewhere the tests of this folder are left out, and loudly."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Nothing that a browser does for itself is to look like something that the page did.
QUIETLY = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

is_left_out = CHROMIUM is None and not os.environ.get("CI")
if is_left_out:
    collect_ignore_glob = ["test_*.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if is_left_out:
        terminalreporter.section("NO CHROMIUM", sep="!", red=True, bold=True)
        terminalreporter.line("The tests in tests/browser were LEFT OUT: there is no Chromium on the PATH.", red=True)
        terminalreporter.line("Install one to run them, for example: apt-get install chromium", red=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # For a module and no longer: playwright runs an event loop in this thread, and then nobody else can.
    assert CHROMIUM is not None, "CI has to have a Chromium: the tests of the pages need one"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIETLY)
        yield browser
        browser.close()
