"""Each screen of the app, checked by axe-core: in dark on a desktop and in light on a phone.

`./mc.sh prove` checks both colours on both.
"""

from collections.abc import Callable
from datetime import date
from datetime import timedelta
from typing import Literal

import pytest
from playwright.sync_api import Page
from playwright.sync_api import ViewportSize
from playwright.sync_api import expect

from ...support import node
from ...support.people import Person
from ...support.people import data
from ...web.app.vendor import FOLDER
from .device import DESKTOP
from .device import ON_A_PHONE
from .device import PHONE
from .device import Device
from .device import expect_done

pytestmark = ON_A_PHONE

TITLES = ("Read", "Go outside", "Stretch", "Write", "Call someone", "Sing", "Piano", "Water", "Sleep before midnight")
Looks = list[tuple[Literal["dark", "light"], ViewportSize]]
SOME_LOOKS: Looks = [("dark", DESKTOP), ("light", PHONE)]
"""Colours and sizes, last those that other tests expect."""
ALL_LOOKS: Looks = [("dark", PHONE), ("light", DESKTOP), *SOME_LOOKS]
AXE = node.modules(FOLDER) / "axe-core" / "axe.min.js"
SUMMARY = """axe.run().then(({violations}) => violations.flatMap(
    ({id, nodes}) => nodes.map(({html, failureSummary}) => `${id}: ${html}: ${failureSummary}`)))"""
"""Runs all rules, those of WCAG 2.2 AA and the best practices, and returns each element that breaks one."""


@pytest.fixture(scope="module", autouse=True)
def axe() -> str:
    node.install(FOLDER)
    return AXE.read_text()


@pytest.fixture(
    params=[pytest.param(SOME_LOOKS, id="some"), pytest.param(ALL_LOOKS, id="all", marks=pytest.mark.prove)]
)
def violations(axe: str, request: pytest.FixtureRequest) -> Callable[[Page], list[str]]:
    """Check what a page shows."""

    def check(page: Page) -> list[str]:
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        if not page.evaluate("'axe' in globalThis"):
            page.evaluate(axe)
        found: list[str] = []
        for scheme, size in request.param:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size(size)
            found += [f"{page.url}, {scheme}, {size['width']}: {violation}" for violation in page.evaluate(SUMMARY)]
        return found

    return check


def test_the_screens_of_a_user_are_accessible(
    device: Device, person: Person, violations: Callable[[Page], list[str]]
) -> None:
    page = device.page
    ids = [panel["id"] for panel in data(person.get("/panels"))]
    ids += [person.new_panel(title, description="A note") for title in TITLES[2:]]
    today = date.fromisoformat(person.get("/panels").json()["meta"]["day"])
    for ago in range(3):
        person.tap(ids[ago], (today - timedelta(days=ago)).isoformat())
    expect(page.locator(".tile")).to_have_count(len(ids))
    expect_done(device.tile("Read"))
    found = []
    for path in ("/", f"/panels/{ids[0]}", f"/panels/{ids[0]}/edit", "/panels/new", "/insights", "/settings"):
        page.goto(f"/app/#{path}")
        found += violations(page)
    page.get_by_role("button", name="Delete account").click()
    found += violations(page)
    page.keyboard.press("Escape")
    page.goto("/app/#/")
    page.get_by_role("button", name="Change the order").click()
    found += violations(page)
    assert found == []


def test_the_screens_without_a_login_are_accessible(device: Device, violations: Callable[[Page], list[str]]) -> None:
    device.run("session", "logOut")
    found = []
    for path in ("/login", "/signup", "/forgotten", "/reset?email=ada@example.com&token=a", "/verify?token=a"):
        device.page.goto(f"/app/#{path}")
        found += violations(device.page)
    assert found == []


def test_an_empty_board_without_a_connection_is_accessible(
    device: Device, person: Person, violations: Callable[[Page], list[str]]
) -> None:
    for panel in data(person.get("/panels")):
        person.delete(f"/panels/{panel['id']}")
    expect(device.page.locator(".tile")).to_have_count(0)
    device.context.set_offline(True)
    expect(device.page.get_by_text("Offline.")).to_be_visible()
    assert violations(device.page) == []
