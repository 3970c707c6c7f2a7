"""Makes the pictures of the documentation: `.venv/bin/python -m docs.pictures.make`.

Starts a service and a browser; needs a Chromium on the PATH. The app uses the font of the system, which is Inter in the
pictures (on Debian and Ubuntu: `apt-get install fonts-inter`).
"""

import os
import random
import sys
import tempfile
from datetime import date
from datetime import timedelta
from pathlib import Path
from typing import Any
from typing import NamedTuple
from typing import cast

from playwright.sync_api import Browser
from playwright.sync_api import Page
from playwright.sync_api import ViewportSize
from playwright.sync_api import sync_playwright
from starlette.testclient import TestClient

from tests.support import programs
from tests.support.people import PASSWORD
from tests.support.people import Person
from tests.support.people import data
from tests.support.servers import Service

FOLDER = Path(__file__).parent
DOCS_SIZE = ViewportSize(width=1_200, height=856)
PHONE = ViewportSize(width=360, height=740)
DESKTOP = ViewportSize(width=1_440, height=900)

EMAIL = "mira@example.com"
PANELS = {
    "Read": 0.9,
    "Go outside": 0.8,
    "Stretch": 0.55,
    "Write a page": 0.6,
    "Call someone": 0.35,
    "No phone in bed": 0.7,
    "Piano": 0.75,
    "Water the plants": 0.5,
    "Sleep before midnight": 0.45,
}
"""The titles of the panels, and how regularly they are done."""
DONE_TODAY = ("Read", "Stretch", "Write a page", "Piano")
DAYS = 400
BATCH = 1_000


FONTS = """<?xml version="1.0"?>
<fontconfig>
  <include>/etc/fonts/fonts.conf</include>
  <match>
    <test name="family"><string>sans-serif</string></test>
    <edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit>
  </match>
</fontconfig>
"""
"""The configuration of fontconfig. Chromium uses its default font, that of `sans-serif`, for `system-ui`."""


class Picture(NamedTuple):
    """A picture of a screen: its file, the path of the screen, and how it looks."""

    name: str
    path: str
    size: ViewportSize
    scheme: Any = "light"
    language: str = "en-GB"


OPEN_SCREENS = (
    Picture("app-signup", "/signup", PHONE),
    Picture("app-login", "/login", PHONE, "dark"),
    Picture("app-forgotten", "/forgotten", PHONE),
    Picture("app-reset", f"/reset?email={EMAIL}&token=a", PHONE, "dark"),
)
SCREENS = (
    Picture("app-board-phone", "/", PHONE),
    # Here, the user is logged in on one other device.
    Picture("app-settings", "/settings", DESKTOP),
    Picture("app-board-desktop", "/", DESKTOP, "dark"),
    Picture("app-board-arabic", "/", PHONE, "dark", "ar"),
    Picture("app-panel-phone", "/panels/1", PHONE, "dark"),
    Picture("app-panel-desktop", "/panels/4", DESKTOP),
    Picture("app-edit", "/panels/7/edit", PHONE),
    Picture("app-insights-phone", "/insights", PHONE),
    Picture("app-insights-desktop", "/insights", DESKTOP, "dark"),
)


def main() -> None:
    """Save what the browser shows of `/docs` and of the app."""
    chromium = programs.find("chromium")
    if chromium is None:
        sys.exit("There is no Chromium on the PATH.")
    with (
        tempfile.TemporaryDirectory(prefix="ninepanels-picture-") as folder,
        Service(f"sqlite:///{folder}/test.db", Path(folder), RATE_LIMITS="off") as service,
        sync_playwright() as playwright,
    ):
        fonts = Path(folder) / "fonts.conf"
        fonts.write_text(FONTS)
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"], env={**os.environ, "FONTCONFIG_FILE": str(fonts)}
        )
        page = browser.new_page(viewport=DOCS_SIZE)
        page.goto(f"{service.url}/docs")
        page.locator(".opblock").first.wait_for()
        page.screenshot(path=FOLDER / "docs-page.png")
        for picture in OPEN_SCREENS:
            _save(_open(browser, service, picture), picture)
        person = Person.sign_up(cast("TestClient", service.client), EMAIL, name="Mira", timezone="UTC")
        fill(person)
        data(person.post("/auth/logout", {}))
        for picture in SCREENS:
            page = _open(browser, service, picture)
            page.locator("input[type=email]").fill(EMAIL)
            page.locator("input[type=password]").fill(PASSWORD)
            page.locator("form button:not([type])").click()
            page.locator(".tile").first.wait_for()
            _save(page, picture)
        browser.close()


def fill(person: Person) -> None:
    """Add the panels and more than a year of days, the same in each run."""
    chance = random.Random(9)  # noqa: S311 - no secret is made of it
    ids = {title: person.new_panel(title) for title in PANELS}
    person.patch(f"/panels/{ids['Read']}", {"description": "A few pages of anything, before the day starts."})
    today = date.fromisoformat(person.get("/panels").json()["meta"]["day"])
    taps = [
        {"panel_id": ids[title], "day": (today - timedelta(days=ago)).isoformat(), "is_complete": True}
        for title, share in PANELS.items()
        for ago in range(DAYS)
        if (title in DONE_TODAY if ago == 0 else chance.random() < share)
    ]
    for start in range(0, len(taps), BATCH):
        data(person.post("/taps", taps[start : start + BATCH]))


def _open(browser: Browser, service: Service, picture: Picture) -> Page:
    """Open the app as a new user of the browser sees it."""
    context = browser.new_context(
        viewport=picture.size,
        device_scale_factor=1.5 if picture.size == PHONE else 1,
        color_scheme=picture.scheme,
        locale=picture.language,
        reduced_motion="reduce",
        base_url=service.url,
    )
    page = context.new_page()
    page.goto("/app/")
    page.locator("h1").wait_for()
    return page


def _save(page: Page, picture: Picture) -> None:
    page.goto(f"/app/#{picture.path}")
    page.locator("h1").wait_for()
    if picture.path.startswith(("/panels/", "/insights")) and "edit" not in picture.path:
        page.locator(".bar").first.wait_for()
    if picture.path == "/settings":
        page.get_by_text("Last used").wait_for()
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    page.screenshot(path=FOLDER / f"{picture.name}.png")
    page.context.close()


if __name__ == "__main__":
    main()
