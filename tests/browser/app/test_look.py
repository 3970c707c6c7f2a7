"""How the app looks on a phone, and where the focus is."""

import pytest
from playwright.sync_api import Page
from playwright.sync_api import expect

from ...support.people import Person
from .device import ON_SQLITE
from .device import Device


def hidden_room(page: Page) -> list[int]:
    """By how much the content is wider, and the document higher, than what is seen of it."""
    code = """[document.querySelector("main"), document.documentElement].map(
        (all, isOuter) => isOuter ? all.scrollHeight - all.clientHeight : all.scrollWidth - all.clientWidth)"""
    found: list[int] = page.evaluate(code)
    return found


@ON_SQLITE
def test_on_a_phone_words_stay_whole_and_large_text_loses_nothing(device: Device, person: Person) -> None:
    page = device.page
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
def test_on_a_phone_a_page_is_as_wide_as_the_screen_and_no_longer_than_it(device: Device, person: Person) -> None:
    page = device.page
    panel = person.new_panel("W" * 65, description="W" * 100)
    for path in (f"/panels/{panel}", "/insights"):
        page.goto(f"/app/#{path}")
        expect(page.locator(".columns, .weekdays").first).to_be_visible()
        assert hidden_room(page) == [0, 0]


@ON_SQLITE
def test_the_focus_stays_where_the_user_is(device: Device) -> None:
    page = device.page
    start = page.get_by_role("button", name="Change the order")
    start.click()
    finish = page.get_by_role("button", name="Done", exact=True)
    expect(finish).to_be_focused()
    finish.press("Enter")
    expect(start).to_be_focused()
    start.press("Enter")
    page.keyboard.press("Escape")
    expect(start).to_be_focused()
    page.get_by_role("link", name="More about Write").click()
    page.get_by_role("link", name="Back to the panels").click()
    expect(device.tile("Write")).to_be_focused()


@ON_SQLITE
def test_taps_that_are_not_sent_yet_are_marked_among_the_days(device: Device) -> None:
    page = device.page
    device.context.set_offline(True)
    device.tile("Read").click()
    page.get_by_role("link", name="More about Read").click()
    expect(page.locator("td").get_by_role("button", name="done, not sent yet")).to_have_count(1)
    expect(page.get_by_role("img", name="not sent yet")).to_be_visible()
    expect(page.locator(".heat-unsent")).to_have_count(1)
