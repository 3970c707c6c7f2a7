"""What a user does with the account and the settings, and what forms say."""

from collections.abc import Callable
from urllib.parse import urlencode

import pyotp
from playwright.sync_api import Page
from playwright.sync_api import expect

from ...support.mailbox import Mailbox
from ...support.mailbox import link_in
from ...support.people import PASSWORD
from ...support.people import Person
from ...support.people import data
from ...support.servers import Service
from ...support.servers import wait_for
from .device import Device
from .device import button
from .device import fill
from .device import go

NEW_PASSWORD = "battery staple"


def test_a_new_user_signs_up_in_the_time_zone_of_the_browser(
    new_device: Callable[[], Device], new_person: Callable[[str], Person]
) -> None:
    page = new_device().page
    page.get_by_role("link", name="Create an account").click()
    email = new_person("eve").email.replace("eve", "grace")
    fill(page, Name="Grace", **{"E-mail": email}, Password=PASSWORD)
    button(page, "Create account").click()
    expect(page.get_by_text("A panel is something you would like to do every day")).to_be_visible()
    grace = new_person("bob")
    grace.token = Person.log_in(grace.client, email)
    assert data(grace.get("/users"))["timezone"] == "America/Los_Angeles"


def test_logging_in_names_a_wrong_password(page: Page, person: Person) -> None:
    go(page, "/settings")
    button(page, "Log out").click()
    fill(page, **{"E-mail": person.email}, Password="wrong password")
    button(page, "Log in").click()
    expect(page.get_by_role("alert")).to_have_text("E-mail or password is wrong.")
    expect(page.get_by_role("alert")).to_be_focused()
    fill(page, Password=PASSWORD)
    button(page, "Log in").click()
    expect(button(page, "Read, not done today")).to_be_visible()


def test_a_second_factor_is_asked_for_after_the_password(device: Device, person: Person) -> None:
    page = device.page
    secret = data(person.post("/auth/totp", {"current_password": PASSWORD}))["secret"]
    code = pyotp.TOTP(secret).now()
    recovery_code = data(person.post("/auth/totp/confirm", {"totp_code": code}))["recovery_codes"][0]
    device.run("session", "logOut")
    fill(page, **{"E-mail": person.email}, Password=PASSWORD)
    button(page, "Log in").click()
    expect(page.get_by_label("Code")).to_be_focused()
    fill(page, Code="000000")
    button(page, "Log in").click()
    expect(page.get_by_role("alert")).to_have_text("This code is wrong or was used already. Please enter the next one.")
    fill(page, Code=recovery_code)
    button(page, "Log in").click()
    expect(button(page, "Read, not done today")).to_be_visible()


def test_a_form_says_what_is_wrong_with_each_field_before_and_after_it_is_sent(page: Page, person: Person) -> None:
    email = person.email
    go(page, "/settings")
    page.get_by_label("Language").select_option("de")
    fill(page, Name=" ")
    button(page, "Speichern").click()
    name = page.get_by_label("Name", exact=True)
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_have_accessible_description("Bitte fülle das aus.")
    expect(name).to_be_focused()
    page.locator("summary").filter(has_text="E-Mail").click()
    page.get_by_label("Neue E-Mail").fill("ada@example")
    page.get_by_label("Aktuelles Passwort").locator("visible=true").fill(PASSWORD)
    button(page, "E-Mail ändern").click()
    expect(page.get_by_text("Das ist keine E-Mail-Adresse.")).to_be_visible()
    page.get_by_label("Neue E-Mail").fill(email)
    expect(page.get_by_text("Das ist keine E-Mail-Adresse.")).to_have_count(0)
    page.evaluate("localStorage.clear()")


def test_each_link_of_a_mail_is_a_screen_of_its_own_in_any_language(page: Page) -> None:
    go(page, "/reset")
    expect(page.get_by_text("This link is no longer valid.")).to_be_visible()
    page.get_by_label("Language").select_option("de")
    expect(page.get_by_role("heading")).to_have_text("Neues Passwort wählen")
    page.get_by_label("Sprache").select_option("en")
    go(page, "/reset?email=ada@example.com&token=a")
    fill(page, New_password=NEW_PASSWORD)
    button(page, "Set password").click()
    expect(page.get_by_role("alert")).to_have_text("This link is no longer valid. Please ask for a new one.")
    go(page, "/reset?email=ada@example.com&token=b")
    expect(page.get_by_role("alert")).to_be_empty()
    expect(page.get_by_label("New password", exact=True)).to_have_value("")
    page.evaluate("localStorage.clear()")


def test_an_expired_login_shows_on_each_screen_and_leads_back_there(page: Page, person: Person) -> None:
    go(page, "/panels/new")
    data(person.post("/auth/logout_everywhere", {}))
    fill(page, Title="Sing")
    button(page, "Add panel").click()
    expect(page.get_by_role("alert")).to_have_text("You have been logged out. Please log in and try again.")
    page.get_by_role("link", name="Log in").click()
    fill(page, Password=PASSWORD)
    button(page, "Log in").click()
    expect(page.get_by_role("heading", name="New panel")).to_be_visible()


def test_another_device_is_logged_out_in_the_settings(page: Page, person: Person) -> None:
    go(page, "/settings")
    button(page, "Log out python-httpx2").click()
    expect(page.get_by_role("status")).to_have_text("python-httpx2 is logged out.")
    expect(button(page, "Log out python-httpx2")).to_have_count(0)
    assert person.get("/users").status_code == 401


def test_a_forgotten_password_is_replaced_by_the_link_of_a_mail(
    device: Device, person: Person, service: Service
) -> None:
    page = device.page
    device.run("session", "logOut")
    page.get_by_role("link", name="Forgotten your password?").click()
    fill(page, **{"E-mail": person.email})
    button(page, "Send the link").click()
    expect(page.get_by_role("main").get_by_text("the link is on its way")).to_be_visible()
    # The mails of the same test at another size are in the same folder.
    mailbox = Mailbox(service.log_file.parent / "mail")
    (mail,) = wait_for(
        lambda: [each for each in mailbox.all() if "new password" in each["Subject"] and each["To"] == person.email]
    )
    page.goto(f"/app/password_reset?{urlencode(link_in(mail))}")
    fill(page, New_password=NEW_PASSWORD)
    button(page, "Set password").click()
    expect(button(page, "Read, not done today")).to_be_visible()


def test_the_name_the_zone_and_the_start_of_the_day_are_changed(page: Page, person: Person) -> None:
    go(page, "/settings")
    fill(page, Name="Ada L.")
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.get_by_label("The day starts at").select_option("4")
    button(page, "Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    user = data(person.get("/users"))
    assert (user["name"], user["timezone"], user["day_starts_at"]) == ("Ada L.", "Asia/Tokyo", 4)


def test_what_another_device_has_changed_stays_when_settings_are_saved(page: Page, person: Person) -> None:
    go(page, "/settings")
    data(person.patch("/users", {"name": "Countess"}))
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    button(page, "Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    user = data(person.get("/users"))
    assert (user["name"], user["timezone"]) == ("Countess", "Asia/Tokyo")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Countess")


def test_the_e_mail_and_the_password_are_changed_with_the_current_password(page: Page, person: Person) -> None:
    go(page, "/settings")
    page.locator("summary").filter(has_text="E-mail").click()
    page.get_by_label("New e-mail").fill(f"new.{person.email}")
    page.get_by_label("Current password").locator("visible=true").fill(PASSWORD)
    button(page, "Change e-mail").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    page.reload()
    page.locator("summary").filter(has_text="Changing it logs out").click()
    page.get_by_label("Current password").locator("visible=true").fill(PASSWORD)
    page.get_by_label("New password").fill(NEW_PASSWORD)
    button(page, "Change password").click()
    expect(page.get_by_role("status")).to_have_text("Your password is changed.")
    assert Person.log_in(person.client, f"new.{person.email}", NEW_PASSWORD)


def test_an_account_is_deleted_after_its_e_mail_was_typed(page: Page, person: Person) -> None:
    go(page, "/settings")
    button(page, "Delete account").click()
    expect(button(page, "Delete for good")).to_be_disabled()
    page.get_by_role("dialog").get_by_role("textbox").first.fill(person.email.upper())
    page.get_by_role("dialog").get_by_label("Current password").fill(PASSWORD)
    button(page, "Delete for good").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert person.client.post("/token", data={"username": person.email, "password": PASSWORD}).status_code == 401
