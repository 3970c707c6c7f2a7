"""The documentation pages in a browser: they work without internet access and obey their Content-Security-Policy."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Locator
from playwright.sync_api import Page
from playwright.sync_api import Request
from playwright.sync_api import expect

from ..support import nginx
from ..support import programs
from ..support.people import PASSWORD
from ..support.people import data
from ..support.servers import DEADLINE_S
from ..support.servers import Service


@pytest.fixture(scope="module")
def service(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("docs")
    shutil.copy(sqlite_template, folder / "test.db")
    with Service(f"sqlite:///{folder}/test.db", folder, TRUSTED_PROXIES="127.0.0.1") as service:
        user = {"email": "ada@example.com", "name": "Ada", "password": PASSWORD}
        data(service.client.post("/users", json=user))
        yield service


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    with open_page(browser, service.url) as page:
        yield page


@contextmanager
def open_page(browser: Browser, url: str) -> Iterator[Page]:
    """Open a page that requests nothing from another host and reports no error: a violation of its policy is one."""
    context = browser.new_context(base_url=url)
    context.set_default_timeout(DEADLINE_S * 1_000)
    page = context.new_page()
    errors: list[str] = []
    hosts: set[str | None] = set()
    page.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: hosts.add(host_of(request)))
    yield page
    context.close()
    assert errors == []
    assert hosts <= {"127.0.0.1", None}


def host_of(request: Request) -> str | None:
    """Return the host that a request is sent to; none for data: and blob: URLs."""
    return urlsplit(request.url).hostname


def log_in(page: Page) -> None:
    page.locator("button.btn.authorize").click()
    dialog = page.locator(".dialog-ux")
    dialog.locator("input#oauth_username").fill("ada@example.com")
    dialog.locator("input#oauth_password").fill(PASSWORD)
    dialog.locator(".auth-container", has=page.locator("#oauth_username")).locator("button.authorize").click()
    expect(dialog.get_by_text("Logout", exact=True)).to_be_visible()
    dialog.locator("button.close-modal").click()


def try_out(page: Page, method: str, path: str, body: str | None = None, **parameters: str) -> Locator:
    """Send a request with Swagger UI and return the response that it shows."""
    operation = page.locator(f".opblock-{method}", has=page.locator(f"[data-path='{path}']"))
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    for name, value in parameters.items():
        operation.locator(f"tr[data-param-name='{name}'] input").fill(value)
    if body is not None:
        operation.locator("textarea.body-param__text").fill(body)
    operation.get_by_role("button", name="Execute").click()
    return operation.locator(".live-responses-table .response")


def create_tap_and_read_a_panel(page: Page) -> None:
    expect(page.locator(".info .title")).to_contain_text("Nine Panels")
    log_in(page)
    created = try_out(page, "post", "/panels", '{"title": "Read"}')
    expect(created.locator(".response-col_status")).to_contain_text("200")
    panel_id = re.findall(r'"id": (\d+)', created.inner_text())[0]
    tapped = try_out(page, "post", "/panels/{panel_id}/entries", '{"is_complete": true}', panel_id=panel_id)
    expect(tapped.locator(".response-col_status")).to_contain_text("200")
    read = try_out(page, "get", "/panels")
    expect(read.locator(".response-col_status")).to_contain_text("200")
    expect(read).to_contain_text('"title": "Read"')
    expect(read).to_contain_text('"is_complete": true')


def test_a_panel_can_be_created_tapped_and_read_after_authorize(page: Page) -> None:
    page.goto("/docs")
    create_tap_and_read_a_panel(page)


@programs.needs("nginx")
def test_the_pages_work_under_a_path_behind_nginx(browser: Browser, service: Service, tmp_path: Path) -> None:
    with nginx.serving_under_a_path(service.url, tmp_path / "nginx") as url, open_page(browser, url) as page:
        page.goto("docs/")
        assert page.url == f"{url}docs"
        create_tap_and_read_a_panel(page)
        page.goto("redoc")
        expect(page.locator("h1").first).to_contain_text("Nine Panels")


@programs.needs("nginx")
def test_the_app_works_under_a_path_behind_nginx(browser: Browser, service: Service, tmp_path: Path) -> None:
    with nginx.serving_under_a_path(service.url, tmp_path / "nginx") as url, open_page(browser, url) as page:
        page.goto(url)
        expect(page).to_have_url(re.compile(re.escape(f"{url}app/")))
        page.goto("app/#/login")
        page.get_by_label("E-mail").fill("ada@example.com")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.locator(".board")).to_be_visible()
        # Also with a service worker, which answers other requests for pages itself.
        assert page.evaluate("navigator.serviceWorker.ready.then((worker) => worker.scope)") == f"{url}app/"
        page.goto("app/password_reset?email=a%2Bb%40example.com&password_reset_token=x")
        assert page.url == f"{url}app/#/reset?email=a%2Bb%40example.com&token=x"


@programs.needs("nginx")
def test_nginx_does_not_publish_the_metrics(service: Service, tmp_path: Path) -> None:
    with nginx.serving_under_a_path(service.url, tmp_path / "nginx") as url, httpx2.Client(base_url=url) as client:
        assert client.get("health/live").status_code == 200
        for path in ("metrics", "v5/metrics", "habits/metrics", "./%6Detrics"):
            assert client.get(path).status_code == 404


def test_redoc_shows_and_finds_the_operations(page: Page) -> None:
    page.goto("/redoc", wait_until="networkidle")
    expect(page.locator("h1").first).to_contain_text("Nine Panels")
    page.get_by_placeholder("Search").fill("panels")
    expect(page.locator("[data-role='search:results'] li").first).to_be_visible()
    # The library's own picture is left out, because it would be loaded from another host.
    expect(page.locator("img")).to_have_count(0)


@pytest.mark.parametrize("path", ["/problems/", "/problems/rate_limited"])
def test_the_pages_of_the_errors_are_styled(page: Page, path: str) -> None:
    page.goto(path, wait_until="networkidle")
    assert page.locator("main").evaluate("main => getComputedStyle(main).maxWidth") != "none"
