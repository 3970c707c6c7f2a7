"""What a user does on each screen of the app."""

import re
from collections.abc import Callable
from datetime import date
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator
from playwright.sync_api import Page
from playwright.sync_api import expect

from ...support.mailbox import Mailbox
from ...support.people import PASSWORD
from ...support.people import Person
from ...support.people import data
from ...support.servers import Service
from ...support.servers import wait_for
from .device import ON_SQLITE
from .device import Device
from .device import expect_done

NEW_PASSWORD = "battery staple"


@pytest.fixture
def page(device: Device) -> Page:
    """The first tab of a device on which Ada is logged in: the board with "Read" and "Write"."""
    return device.page


@pytest.fixture
def today(person: Person) -> date:
    return date.fromisoformat(person.get("/panels").json()["meta"]["day"])


def go(page: Page, path: str) -> None:
    """Open a screen."""
    page.goto(f"/app/#{path}")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def fill(page: Page, **fields: str) -> None:
    """Fill fields by their labels, in which spaces are underscores."""
    for label, value in fields.items():
        page.get_by_label(label.replace("_", " "), exact=True).fill(value)


def wait_for_days(person: Person, *days: date) -> None:
    """Wait until the service knows these done days of "Read" and no others."""

    def done() -> list[str]:
        found: list[str] = data(person.get("/history"))[0]["done"]
        return found

    wait_for(lambda: done() == [day.isoformat() for day in days], lambda: f"{days}, done are {done()}")


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


@ON_SQLITE
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


@ON_SQLITE
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


@ON_SQLITE
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


@ON_SQLITE
def test_a_forgotten_password_is_replaced_by_the_link_of_a_mail(
    device: Device, person: Person, service: Service
) -> None:
    page = device.page
    device.run("session", "logOut")
    page.get_by_role("link", name="Forgotten your password?").click()
    fill(page, **{"E-mail": person.email})
    button(page, "Send the link").click()
    expect(page.get_by_role("main").get_by_text("the link is on its way")).to_be_visible()
    link = Mailbox(service.log_file.parent / "mail").reset_link()
    page.goto(f"/app/password_reset?{urlencode(link)}")
    fill(page, New_password=NEW_PASSWORD)
    button(page, "Set password").click()
    expect(button(page, "Read, not done today")).to_be_visible()


def test_a_tap_records_today_and_another_one_takes_it_back(device: Device, person: Person, today: date) -> None:
    device.tile("Read").click()
    expect(button(device.page, "Read, done today")).to_be_visible()
    expect(device.page.get_by_role("status")).to_have_text("Read, done today")
    wait_for_days(person, today)
    device.tile("Read").click()
    expect(device.page.get_by_role("status")).to_have_text("Read, not done today")
    wait_for_days(person)


@ON_SQLITE
def test_yesterday_is_one_tap_away(device: Device, person: Person, today: date) -> None:
    device.page.get_by_text("Yesterday", exact=True).click()
    button(device.page, "Read, not done yesterday").click()
    wait_for_days(person, today - timedelta(days=1))
    device.page.get_by_text("Today", exact=True).click()
    expect_done(device.tile("Read"), is_done=False)


@ON_SQLITE
def test_the_keyboard_moves_over_the_tiles_taps_and_opens_a_panel(device: Device) -> None:
    device.tile("Read").focus()
    device.page.keyboard.press("ArrowRight")
    device.page.keyboard.press("Enter")
    expect_done(device.tile("Write"))
    expect_done(device.tile("Read"), is_done=False)
    device.page.keyboard.press("Shift+Enter")
    expect(device.page.get_by_role("heading", name="Write", exact=True)).to_be_focused()
    expect(device.page).to_have_title("Write · Nine Panels")


@ON_SQLITE
def test_a_tap_fills_its_tile_by_a_wave_unless_motion_is_reduced(device: Device) -> None:
    device.page.evaluate(
        "addEventListener('transitionrun', (event) => (globalThis.moved ??= []).push(event.propertyName))"
    )
    device.page.emulate_media(reduced_motion="no-preference")
    device.tile("Read").click()
    device.page.wait_for_function("globalThis.moved?.includes('--wave-radius')")
    device.page.emulate_media(reduced_motion="reduce")
    device.page.evaluate("globalThis.moved = []")
    device.tile("Write").click()
    expect_done(device.tile("Write"))
    assert device.page.evaluate("new Promise(requestAnimationFrame).then(() => globalThis.moved)") == []


@ON_SQLITE
def test_a_long_press_opens_a_panel_and_taps_nothing(device: Device) -> None:
    device.tile("Read").dispatch_event("pointerdown", {"pointerType": "touch"})
    expect(device.page.get_by_role("heading", name="Read", exact=True)).to_be_visible()
    device.page.go_back()
    expect_done(device.tile("Read"), is_done=False)


def test_panels_are_added_changed_and_deleted(page: Page, person: Person) -> None:
    page.get_by_role("link", name="Add a panel").click()
    fill(page, Title="Sing 🎵")
    button(page, "Add panel").click()
    page.get_by_role("link", name="More about Sing 🎵").click()
    page.get_by_role("link", name="Edit Sing 🎵").click()
    fill(page, Title="Hum")
    page.get_by_label("Note").fill("In the shower")
    button(page, "Save").click()
    expect(page.get_by_text("In the shower")).to_be_visible()
    assert person.titles() == ["Read", "Write", "Hum"]
    page.get_by_role("link", name="Edit Hum").click()
    button(page, "Delete panel").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete panel").click()
    expect(button(page, "Read, not done today")).to_be_visible()
    assert person.titles() == ["Read", "Write"]


@ON_SQLITE
def test_a_history_starts_anew(device: Device, person: Person, today: date) -> None:
    device.tile("Read").click()
    wait_for_days(person, today)
    go(device.page, f"/panels/{data(person.get('/panels'))[0]['id']}/edit")
    button(device.page, "Start anew").click()
    device.page.get_by_role("dialog").get_by_role("button", name="Start anew").click()
    wait_for_days(person)


def test_the_order_changes_by_dragging_and_by_the_keyboard(page: Page, person: Person) -> None:
    button(page, "Change the order").click()
    first, second = (page.get_by_role("listitem").filter(has_text=title) for title in ("Read", "Write"))
    with page.expect_response(re.compile("/panels/")):
        first.drag_to(second, source_position={"x": 20, "y": 20}, target_position={"x": 30, "y": 30})
    assert person.titles() == ["Write", "Read"]
    earlier = button(page, "Move Read one place earlier")
    earlier.focus()
    with page.expect_response(re.compile("/panels/")):
        page.keyboard.press("Enter")
    assert person.titles() == ["Read", "Write"]
    expect(earlier).to_be_focused()
    button(page, "Done").click()
    expect(page.locator(".tile")).to_have_text(["Read", "Write"])


def test_a_past_day_is_changed_from_the_heat_map_and_by_the_keyboard(
    device: Device, person: Person, today: date
) -> None:
    page = device.page
    past = today - timedelta(days=40)
    page.get_by_role("link", name="More about Read").click()
    page.locator(f"i[data-day='{past}']").click()
    expect(page.locator("td button:focus")).to_have_text(str(past.day))
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")
    page.keyboard.press(" ")
    wait_for_days(person, past - timedelta(days=7), past)
    expect(page.locator(".figure").filter(has_text="In total")).to_contain_text("2 days")


@ON_SQLITE
def test_insights_show_how_regularly_panels_are_done(page: Page, person: Person, today: date) -> None:
    read = data(person.get("/panels"))[0]["id"]
    for ago in (1, 2, 9):
        person.tap(read, (today - timedelta(days=ago)).isoformat())
    page.get_by_role("link", name="Insights").click()
    row = page.get_by_role("listitem").filter(has_text="Read")
    expect(row).to_contain_text("2 days in a row now, 2 days at most")
    expect(row).to_contain_text("30%")
    page.get_by_text("7", exact=True).click()
    expect(row).to_contain_text("29%")
    person.tap(read, (today - timedelta(days=3)).isoformat())
    expect(row).to_contain_text("3 days in a row now")
    expect(row).to_contain_text("43%")


def test_the_name_the_zone_and_the_start_of_the_day_are_changed(page: Page, person: Person) -> None:
    go(page, "/settings")
    fill(page, Name="Ada L.")
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.get_by_label("The day starts at").select_option("4")
    button(page, "Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    user = data(person.get("/users"))
    assert (user["name"], user["timezone"], user["day_starts_at"]) == ("Ada L.", "Asia/Tokyo", 4)


@ON_SQLITE
def test_what_another_device_has_changed_stays_when_settings_are_saved(page: Page, person: Person) -> None:
    go(page, "/settings")
    data(person.patch("/users", {"name": "Countess"}))
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    button(page, "Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    user = data(person.get("/users"))
    assert (user["name"], user["timezone"]) == ("Countess", "Asia/Tokyo")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Countess")


@ON_SQLITE
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


@ON_SQLITE
def test_the_language_and_the_colours_are_changed(page: Page) -> None:
    go(page, "/settings")
    document = page.locator("html")
    page.get_by_text("Dark", exact=True).click()
    expect(document).to_have_css("color-scheme", "dark")
    page.get_by_label("Language").select_option("de")
    expect(page.get_by_role("heading", level=1)).to_have_text("Einstellungen")
    page.get_by_label("Sprache").select_option("ar")
    expect(document).to_have_attribute("dir", "rtl")
    expect(document).to_have_attribute("lang", "ar")


def test_an_account_is_deleted_after_its_e_mail_was_typed(page: Page, person: Person) -> None:
    go(page, "/settings")
    button(page, "Delete account").click()
    expect(button(page, "Delete for good")).to_be_disabled()
    page.get_by_role("dialog").get_by_role("textbox").fill(person.email.upper())
    button(page, "Delete for good").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert person.client.post("/token", data={"username": person.email, "password": PASSWORD}).status_code == 401


@ON_SQLITE
def test_the_longest_titles_fit_on_the_smallest_phone(page: Page, person: Person) -> None:
    for title in ("W" * 65, "👩‍🌾" * 20, "Donaudampfschifffahrtsgesellschaft", "قراءة", "日本語" * 20, "x y " * 15):
        person.new_panel(title)
    size = page.viewport_size
    assert size is not None
    page.set_viewport_size({"width": 320, "height": 568})
    page.reload()
    expect(page.locator(".tile")).to_have_count(8)
    spilling = """() => [...document.querySelectorAll(".face-title")].filter((title) => {
        const [inner, outer] = [title.getBoundingClientRect(), title.closest(".tile").getBoundingClientRect()];
        const isIn = inner.left >= outer.left && inner.right <= outer.right;
        return !isIn || inner.top < outer.top || inner.bottom > outer.bottom;
    }).length"""
    assert page.evaluate(spilling) == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.set_viewport_size(size)


@ON_SQLITE
def test_on_a_phone_words_stay_whole_and_large_text_loses_nothing(page: Page, person: Person) -> None:
    titles = ("Read", "Write", "Stretching", "Homework", "Vocabulary")
    for title in titles[2:]:
        person.new_panel(title)
    page.reload()
    expect(page.locator(".tile")).to_have_count(len(titles))
    lines = """[...document.querySelectorAll(".tile > :first-child .face-title")].map(
        (title) => title.offsetHeight / parseFloat(getComputedStyle(title).lineHeight))"""
    for size in (100, 130, 200):
        page.evaluate(f"document.documentElement.style.fontSize = '{size}%'")
        assert page.evaluate(lines) == pytest.approx([1] * len(titles), abs=0.1)
        assert hidden_room(page) == [0, 0]
    page.get_by_role("link", name="More about Stretching").click()
    expect(page.locator(".columns").first).to_be_visible()
    assert hidden_room(page) == [0, 0]
    page.evaluate("document.documentElement.style.fontSize = ''")


@ON_SQLITE
def test_on_a_phone_a_page_is_as_wide_as_the_screen_and_only_its_content_scrolls(page: Page, person: Person) -> None:
    panel = person.new_panel("W" * 65, description="W" * 100)
    for path in (f"/panels/{panel}", "/insights"):
        go(page, path)
        expect(page.locator(".columns, .weekdays").first).to_be_visible()
        assert hidden_room(page) == [0, 0]


def hidden_room(page: Page) -> list[int]:
    """By how much the content is wider, and the document higher, than what is seen of it."""
    code = """[document.querySelector("main"), document.documentElement].map(
        (all, isOuter) => isOuter ? all.scrollHeight - all.clientHeight : all.scrollWidth - all.clientWidth)"""
    found: list[int] = page.evaluate(code)
    return found
