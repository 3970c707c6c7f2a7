"""The page of docs/tutorial.md in a browser, served from another origin than the service."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Locator
from playwright.sync_api import Page
from playwright.sync_api import expect

from ninepanels import environments

from ..support.people import PASSWORD
from ..support.people import data
from ..support.servers import DEADLINE_S
from ..support.servers import Service
from ..support.sites import serve


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tutorial")


@pytest.fixture(scope="module")
def origin(folder: Path) -> Iterator[str]:
    """The origin of a web server for the page."""
    with serve(folder) as origin:
        yield origin


@pytest.fixture(scope="module")
def service(sqlite_template: Path, folder: Path, origin: str) -> Iterator[Service]:
    shutil.copy(sqlite_template, folder / "test.db")
    with Service(f"sqlite:///{folder}/test.db", folder, CORS_ORIGINS=origin) as service:
        tutorial = (environments.ROOT / "docs" / "tutorial.md").read_text()
        page = re.search(r"^```html\n(.*?)^```", tutorial, re.MULTILINE | re.DOTALL)
        assert page is not None
        assert "http://127.0.0.1:8000" in page[1]
        (folder / "index.html").write_text(page[1].replace("http://127.0.0.1:8000", service.url))
        yield service


@pytest.fixture
def email(service: Service, request: pytest.FixtureRequest) -> str:
    """The e-mail of a new user."""
    email = f"{request.node.name}@example.com"
    data(service.client.post("/users", json={"email": email, "name": "Ada", "password": PASSWORD}))
    return email


@pytest.fixture
def page(browser: Browser, origin: str, email: str) -> Iterator[Page]:
    """The page, after a login."""
    context = browser.new_context(base_url=origin)
    context.set_default_timeout(DEADLINE_S * 1_000)
    page = context.new_page()
    page.goto("/")
    log_in(page, email, PASSWORD)
    expect(page.get_by_placeholder("Something")).to_be_visible()
    yield page
    context.close()


def log_in(page: Page, email: str, password: str) -> None:
    page.get_by_placeholder("E-mail").fill(email)
    page.get_by_placeholder("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def add_panel(page: Page, title: str) -> Locator:
    page.get_by_placeholder("Something").fill(title)
    page.get_by_role("button", name="Add").click()
    panel = page.locator("#panels").get_by_role("button", name=title, exact=True)
    expect(panel).to_have_attribute("aria-pressed", "false")
    return panel


def test_a_tap_is_kept_until_it_is_taken_back(page: Page) -> None:
    panel = add_panel(page, "Read")
    for pressed in ("true", "false"):
        panel.click()
        expect(panel).to_have_attribute("aria-pressed", pressed)
        page.reload()
        expect(panel).to_have_attribute("aria-pressed", pressed)


def test_the_tenth_panel_shows_the_error_of_the_service(page: Page) -> None:
    for number in range(9):
        add_panel(page, f"Panel {number}")
    page.get_by_placeholder("Something").fill("Dance")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert")).to_contain_text("nine panels")


def test_a_wrong_password_shows_the_error_of_the_service(page: Page, email: str) -> None:
    page.get_by_role("button", name="Log out").click()
    log_in(page, email, "wrong horse")
    expect(page.get_by_role("alert")).not_to_be_empty()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_a_revoked_token_shows_the_form(page: Page, service: Service) -> None:
    token = page.evaluate("localStorage.getItem('token')")
    data(service.client.post("/auth/logout_everywhere", headers={"Authorization": f"Bearer {token}"}))
    page.reload()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_a_service_that_is_down_is_named(page: Page) -> None:
    panel = add_panel(page, "Read")
    page.context.set_offline(offline=True)
    panel.click()
    expect(page.get_by_role("alert")).to_have_text("The service cannot be reached.")
