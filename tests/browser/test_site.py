"""The documentation site in a browser."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page
from playwright.sync_api import expect

from ..support.servers import DEADLINE_S
from ..support.sites import build_site
from ..support.sites import serve


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(build_site(tmp_path_factory.mktemp("site"))) as origin:
        yield origin


@pytest.fixture
def page(browser: Browser, origin: str) -> Iterator[Page]:
    """A page that must cause no error, and no request to another host."""
    context = browser.new_context(base_url=origin)
    context.set_default_timeout(DEADLINE_S * 1_000)
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: problems.append(request.url) if is_elsewhere(request.url) else None)
    yield page
    context.close()
    assert problems == []


def is_elsewhere(url: str) -> bool:
    return urlsplit(url).hostname not in ("127.0.0.1", None)


def test_pages_are_shown_without_errors_and_requests_to_other_hosts(page: Page) -> None:
    for path in ("/", "/tutorial/", "/architecture/"):
        page.goto(path, wait_until="networkidle")
        expect(page.locator("h1")).to_be_visible()


def test_the_reference_shows_the_operations_of_the_schema(page: Page) -> None:
    page.goto("/reference/", wait_until="networkidle")
    expect(page.locator("#redoc h1").first).to_contain_text("Nine Panels")
    expect(page.locator("#redoc").get_by_text("/panels/{panel_id}/entries").first).to_be_attached()


def test_the_search_finds_a_page(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("combobox").fill("padded")
    expect(page.get_by_role("heading", name="History", exact=True)).to_be_visible()
