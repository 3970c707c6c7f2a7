"""The documentation pages in a browser: they work without internet access."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Locator
from playwright.sync_api import Page
from playwright.sync_api import Request
from playwright.sync_api import expect

from ..support.people import PASSWORD
from ..support.people import data
from ..support.servers import DEADLINE_S
from ..support.servers import Service


@pytest.fixture(scope="module")
def service(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("docs")
    shutil.copy(sqlite_template, folder / "test.db")
    with Service(f"sqlite:///{folder}/test.db", folder) as service:
        user = {"email": "ada@example.com", "name": "Ada", "password": PASSWORD}
        data(service.client.post("/users", json=user))
        yield service


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    context = browser.new_context(base_url=service.url)
    context.set_default_timeout(DEADLINE_S * 1_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def hosts(page: Page) -> set[str | None]:
    """The hosts that the page sends requests to."""
    hosts: set[str | None] = set()

    def record(request: Request) -> None:
        # data: and blob: URLs are not requested, and requests that violate the page's policy are not sent.
        if urlsplit(request.url).scheme not in ("data", "blob") and request.failure != "csp":
            hosts.add(urlsplit(request.url).hostname)

    page.on("requestfinished", record)
    page.on("requestfailed", record)
    return hosts


def log_in(page: Page) -> None:
    page.locator("button.btn.authorize").click()
    dialog = page.locator(".dialog-ux")
    dialog.locator("input#oauth_username").fill("ada@example.com")
    dialog.locator("input#oauth_password").fill(PASSWORD)
    dialog.locator(".auth-btn-wrapper button.authorize").click()
    expect(dialog.get_by_text("Logout", exact=True)).to_be_visible()
    dialog.locator("button.close-modal").click()


def try_out_reading_panels(page: Page) -> Locator:
    read_panels = page.locator(".opblock-get", has=page.locator("[data-path='/panels']"))
    read_panels.locator(".opblock-summary-control").click()
    read_panels.get_by_role("button", name="Try it out").click()
    read_panels.get_by_role("button", name="Execute").click()
    return read_panels.locator(".live-responses-table .response")


def test_docs_sends_requests_only_to_the_service(page: Page, hosts: set[str | None]) -> None:
    page.goto("/docs", wait_until="networkidle")
    expect(page.locator(".info .title")).to_contain_text("Nine Panels")
    assert hosts == {"127.0.0.1"}


def test_redoc_sends_requests_only_to_the_service(page: Page, hosts: set[str | None]) -> None:
    page.goto("/redoc", wait_until="networkidle")
    expect(page.locator("h1").first).to_contain_text("Nine Panels")
    assert hosts == {"127.0.0.1"}


def test_panels_can_be_tried_out_after_authorize(page: Page) -> None:
    page.goto("/docs")
    log_in(page)
    answer = try_out_reading_panels(page)
    expect(answer.locator(".response-col_status")).to_have_text("200")
    expect(answer).to_contain_text('"max_panels": 9')


def test_panels_cannot_be_tried_out_before_authorize(page: Page) -> None:
    page.goto("/docs")
    answer = try_out_reading_panels(page)
    expect(answer.locator(".response-col_status")).to_contain_text("401")
