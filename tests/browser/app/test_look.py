"""How the app looks on a phone, and where the focus is."""

import pytest
from playwright.sync_api import Page
from playwright.sync_api import expect

from ...support.people import Person
from .device import ON_A_PHONE
from .device import PHONE
from .device import Device


def hidden_room(page: Page) -> list[int]:
    """By how much the content is wider, and the document higher, than what is seen of it."""
    code = """[document.querySelector("main"), document.documentElement].map(
        (all, isOuter) => isOuter ? all.scrollHeight - all.clientHeight : all.scrollWidth - all.clientWidth)"""
    found: list[int] = page.evaluate(code)
    return found


@ON_A_PHONE
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
    page.set_viewport_size({"width": 320, "height": 568})
    places = """[...document.querySelectorAll(".place span")].map(
        (word) => word.offsetHeight / parseFloat(getComputedStyle(word).lineHeight))"""
    assert page.evaluate(places) == pytest.approx([1] * 3, abs=0.1)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.set_viewport_size(PHONE)
    page.get_by_role("link", name="More about Stretching").click()
    expect(page.locator(".columns").first).to_be_visible()
    assert hidden_room(page) == [0, 0]
    page.evaluate("document.documentElement.style.fontSize = ''")


@ON_A_PHONE
def test_on_a_phone_a_page_is_as_wide_as_the_screen_and_no_longer_than_it(device: Device, person: Person) -> None:
    page = device.page
    panel = person.new_panel("W" * 65, description="W" * 100)
    for path in (f"/panels/{panel}", "/insights"):
        page.goto(f"/app/#{path}")
        expect(page.locator(".columns, .weekdays").first).to_be_visible()
        assert hidden_room(page) == [0, 0]


def test_the_focus_stays_where_the_user_is(device: Device) -> None:
    page = device.page
    start = page.get_by_role("button", name="Change the order")
    start.click()
    finish = page.get_by_role("button", name="Done", exact=True)
    expect(finish).to_be_focused()
    finish.press("Enter")
    expect(start).to_be_focused()
    start.press("Enter")
    expect(finish).to_be_focused()
    page.keyboard.press("Escape")
    expect(start).to_be_focused()
    page.get_by_role("link", name="More about Write").click()
    page.get_by_role("link", name="Back to the panels").click()
    expect(device.tile("Write")).to_be_focused()


def test_the_board_stays_where_it_is_when_there_is_a_status(device: Device) -> None:
    tile = device.tile("Read")
    before = tile.bounding_box()
    device.context.set_offline(True)
    expect(device.page.get_by_text("Offline.")).to_be_visible()
    assert tile.bounding_box() == before


def test_taps_that_are_not_sent_yet_are_marked_among_the_days(device: Device) -> None:
    page = device.page
    device.context.set_offline(True)
    device.tile("Read").click()
    page.get_by_role("link", name="More about Read").click()
    expect(page.locator("td").get_by_role("button", name="done, not sent yet")).to_have_count(1)
    expect(page.get_by_role("img", name="not sent yet")).to_be_visible()
    expect(page.locator(".heat-unsent")).to_have_count(1)


def test_a_screen_reader_gets_a_name_a_role_and_a_state_for_everything_on_the_board(device: Device) -> None:
    device.tile("Read").click()
    expect(device.page.get_by_role("status")).to_have_text("Read, done today")
    expect(device.page.locator("body")).to_match_aria_snapshot("""
        - navigation "Main":
          - list:
            - listitem:
              - link "Panels"
            - listitem:
              - link "Insights"
            - listitem:
              - link "Settings"
        - main:
          - heading [level=1]
          - button "Change the order"
          - group "Day":
            - radio "Yesterday"
            - radio "Today" [checked]
          - list:
            - listitem:
              - button "Read, done today" [pressed]
              - link "More about Read"
            - listitem:
              - button "Write, not done today"
              - link "More about Write"
            - listitem:
              - link "Add a panel"
        - status: Read, done today
    """)


def test_a_new_version_is_offered_and_loaded(device: Device) -> None:
    page = device.page
    page.evaluate("""import(new URL("state/version.js", document.querySelector("script[type=module]").src)).then(
        (version) => void (version.isOutdated.value = true))""")
    reload = page.get_by_role("button", name="Load it")
    expect(reload).to_be_visible()
    reload.click()
    expect(reload).to_have_count(0)
    expect(device.tile("Read")).to_be_visible()
