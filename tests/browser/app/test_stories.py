"""What a user does on each screen of the app."""

import re
from datetime import date
from datetime import timedelta

import pytest
from playwright.sync_api import Page
from playwright.sync_api import expect

from ...support.people import Person
from ...support.people import data
from ...support.servers import wait_for
from .device import Device
from .device import button
from .device import expect_done
from .device import fill
from .device import go


@pytest.fixture
def today(person: Person) -> date:
    return date.fromisoformat(person.get("/panels").json()["meta"]["day"])


def wait_for_days(person: Person, *days: date) -> None:
    """Wait until the service knows these done days of "Read" and no others."""

    def done() -> list[str]:
        found: list[str] = data(person.get("/history"))[0]["done"]
        return found

    wait_for(lambda: done() == [day.isoformat() for day in days], lambda: f"{days}, done are {done()}")


def test_a_tap_records_today_and_another_one_takes_it_back(device: Device, person: Person, today: date) -> None:
    device.tile("Read").click()
    expect(button(device.page, "Read, done today")).to_be_visible()
    expect(device.page.get_by_role("status")).to_have_text("Read, done today")
    wait_for_days(person, today)
    device.tile("Read").click()
    expect(device.page.get_by_role("status")).to_have_text("Read, not done today")
    wait_for_days(person)


def test_yesterday_is_one_tap_away(device: Device, person: Person, today: date) -> None:
    device.page.get_by_text("Yesterday", exact=True).click()
    button(device.page, "Read, not done yesterday").click()
    wait_for_days(person, today - timedelta(days=1))
    device.page.get_by_text("Today", exact=True).click()
    expect_done(device.tile("Read"), is_done=False)


def test_the_keyboard_moves_over_the_tiles_taps_and_opens_a_panel(device: Device) -> None:
    device.tile("Read").focus()
    device.page.keyboard.press("ArrowRight")
    device.page.keyboard.press("Enter")
    expect_done(device.tile("Write"))
    expect_done(device.tile("Read"), is_done=False)
    device.page.keyboard.press("Shift+Enter")
    expect(device.page.get_by_role("heading", name="Write", exact=True)).to_be_focused()
    expect(device.page).to_have_title("Write · Nine Panels")


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


def test_a_long_press_opens_a_panel_and_taps_nothing(device: Device) -> None:
    device.tile("Read").dispatch_event("pointerdown", {"pointerType": "touch"})
    expect(device.page.get_by_role("heading", name="Read", exact=True)).to_be_visible()
    device.page.go_back()
    expect_done(device.tile("Read"), is_done=False)


def test_panels_are_added_changed_and_deleted(page: Page, person: Person) -> None:
    page.get_by_role("link", name="Add a panel").click()
    expect(page.get_by_label("Title")).to_be_focused()
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
