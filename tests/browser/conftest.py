"""A real browser. Without one, CI fails; elsewhere the tests of this folder are left out."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import sync_playwright

from ..support import programs

CHROMIUM = programs.find("chromium")
# Disable the browser's background requests, which would look like requests of the page.
QUIET_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No other host can be reached, wherever the tests run.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

is_skipped = CHROMIUM is None and not os.environ.get("CI")
if is_skipped:
    # Also those of the folders in this one: `*` matches slashes, too.
    collect_ignore_glob = ["*.py"]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # Playwright runs an event loop in this thread. It ends with the folder, so that other tests can run theirs.
    assert CHROMIUM is not None, "CI must have Chromium: the tests of the documentation pages need it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET_OPTIONS)
        yield browser
        browser.close()
