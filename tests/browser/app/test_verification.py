"""A service that sends mails: a user confirms an e-mail with the link of a mail."""

from collections.abc import Callable
from collections.abc import Iterator
from typing import cast
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page
from playwright.sync_api import ViewportSize
from playwright.sync_api import expect
from starlette.testclient import TestClient

from ...support.mail_server import MailServer
from ...support.mailbox import text_of
from ...support.people import PASSWORD
from ...support.people import Person
from ...support.people import data
from ...support.servers import Service
from ...support.servers import wait_for
from .device import Device
from .device import button
from .device import fill
from .device import go

APP_URL = "https://nine.example/app"


@pytest.fixture(scope="module")
def mails() -> Iterator[MailServer]:
    with MailServer.running() as server:
        yield server


@pytest.fixture(scope="module")
def mailing_service(
    new_database: Callable[[str], str], mails: MailServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("mailing")
    settings = {"SMTP_URL": mails.url, "APP_URL": APP_URL, "RATE_LIMITS": "off"}
    with Service(new_database("mailing"), folder, **settings) as service:
        yield service


@pytest.fixture
def device(browser: Browser, mailing_service: Service, size: ViewportSize) -> Iterator[Device]:
    """A device without a login. Errors of its page fail the test."""
    device = Device(browser.new_context(base_url=mailing_service.url, viewport=size, locale="en"))
    device.open()
    yield device
    device.context.close()
    assert device.errors == []


def open_link(page: Page, mails: MailServer, recipient: str) -> None:
    """Open the link in the mail to a new address. The app is at another address than the mail says."""

    def found() -> list[str]:
        texts = [text_of(mail) for mail in mails.mails if mail["To"] == recipient]
        return [line for text in texts for line in text.splitlines() if line.startswith(f"{APP_URL}/verify_email?")]

    page.goto(f"/app/verify_email?{urlsplit(wait_for(found)[0]).query}")


def test_a_new_user_confirms_the_e_mail(device: Device, mails: MailServer) -> None:
    page = device.page
    go(page, "/signup")
    fill(page, Name="Grace", **{"E-mail": "grace@example.com"}, Password=PASSWORD)
    button(page, "Create account").click()
    expect(page.get_by_text("A panel is something you would like to do every day")).to_be_visible()
    notice = page.get_by_text("grace@example.com is not confirmed yet.")
    go(page, "/settings")
    page.locator("summary").filter(has_text="E-mail").click()
    expect(notice).to_be_visible()
    open_link(page, mails, "grace@example.com")
    expect(page.get_by_role("heading", name="Confirm your e-mail")).to_be_focused()
    button(page, "Confirm").click()
    expect(page.get_by_role("status")).to_have_text("Your e-mail is confirmed.")
    go(page, "/settings")
    page.locator("summary").filter(has_text="E-mail").click()
    expect(notice).to_have_count(0)


def test_a_new_e_mail_counts_when_its_link_was_opened_on_any_device(
    device: Device, mailing_service: Service, mails: MailServer
) -> None:
    ada = Person.sign_up(cast("TestClient", mailing_service.client), "ada@example.com")
    page = device.page
    open_link(page, mails, ada.email)
    button(page, "Confirm").click()
    expect(page.get_by_role("main").get_by_text("Your e-mail is confirmed.")).to_be_visible()
    page.get_by_role("link", name="Go to the panels").click()
    device.log_in(ada.email)
    go(page, "/settings")
    page.locator("summary").filter(has_text="E-mail").click()
    page.get_by_label("New e-mail").fill("lovelace@example.com")
    page.get_by_label("Current password").locator("visible=true").fill(PASSWORD)
    button(page, "Change e-mail").click()
    expect(page.get_by_role("status")).to_have_text("Please open the link in the mail to lovelace@example.com.")
    assert data(ada.get("/users"))["email"] == ada.email
    open_link(page, mails, "lovelace@example.com")
    button(page, "Confirm").click()
    expect(page.get_by_role("status")).to_have_text("Your e-mail is confirmed.")
    assert data(ada.get("/users"))["email"] == "lovelace@example.com"


def test_a_link_that_is_not_valid_says_what_to_do(device: Device) -> None:
    go(device.page, "/verify?token=a")
    button(device.page, "Confirm").click()
    expect(device.page.get_by_role("alert")).to_have_text(
        "This link is no longer valid. Please enter your e-mail again in the settings."
    )
