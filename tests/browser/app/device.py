"""A browser with the app."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext
from playwright.sync_api import ConsoleMessage
from playwright.sync_api import Locator
from playwright.sync_api import Page
from playwright.sync_api import ViewportSize
from playwright.sync_api import expect

from ...support.people import PASSWORD
from ...support.servers import DEADLINE_S
from ...support.servers import wait_for

PHONE = ViewportSize(width=360, height=740)
DESKTOP = ViewportSize(width=1440, height=900)

# For tests in which nothing depends on the database, and that are about a phone or set the size themselves.
ON_A_PHONE = pytest.mark.parametrize(("backend", "size"), [("sqlite", PHONE)], ids=["phone"], indirect=True)

# The browser reports each response that is an error, and each request without a connection.
EXPECTED_ERROR = "Failed to load resource"

expect.set_options(timeout=DEADLINE_S * 1_000)


class Device:
    """A browser context: storage, service worker and connection of its own. It begins with one page, a tab."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.errors: list[str] = []
        context.set_default_timeout(DEADLINE_S * 1_000)
        context.on("console", self._note)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        self.page: Page

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(EXPECTED_ERROR):
            self.errors.append(message.text)

    def open(self) -> None:
        """Open the app in a first tab."""
        self.page = self.context.new_page()
        self.page.goto("/app/")

    def clear(self) -> None:
        """Keep only the first tab, remove what the app has stored except its own files, and load it again.

        A new tab would take a second of processor time.
        """
        self.context.set_offline(offline=False)
        for page in self.context.pages:
            if page != self.page:
                page.close()
        self.page.goto("/app/sw.js")
        self.page.evaluate("localStorage.clear(), indexedDB.deleteDatabase('nine-panels')")
        self.page.goto("/app/")

    def wait_for_worker(self) -> None:
        """Wait until the app can be opened without a connection."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => null)")

    def log_in(self, email: str) -> None:
        """Log in without the form."""
        self.run("session", "logIn", email, PASSWORD)
        expect(self.page.locator(".board")).to_be_visible()

    def run(self, module: str, function: str, *arguments: Any) -> Any:
        """Call a function of a module in `state/` of the app, in the first tab, and return its result."""
        code = """([module, name, args]) => {
            const main = document.querySelector("script[type=module]").src;
            return import(new URL(`state/${module}.js`, main)).then((all) => all[name](...args)).then((x) => x ?? null);
        }"""
        return self.page.evaluate(code, [module, function, arguments])

    def tile(self, title: str, page: Page | None = None) -> Locator:
        """The tile of a panel."""
        return (page or self.page).locator(".tile").filter(has_text=title)

    def unsent(self) -> list[str]:
        """The taps that are kept on the device, as `panel/day`."""
        code = """() => new Promise((resolve) => {
            const opening = indexedDB.open("nine-panels");
            opening.onsuccess = () => {
                const reading = opening.result.transaction("records").objectStore("records").getAllKeys();
                reading.onsuccess = () => resolve(reading.result);
                opening.result.close();
            };
        })"""
        return ["/".join(map(str, key[2:])) for key in self.page.evaluate(code) if key[1:2] == ["tap"]]

    def wait_until_sent(self) -> None:
        wait_for(lambda: not self.unsent(), lambda: f"taps that are sent, but these: {self.unsent()}")


def expect_done(tile: Locator, *, is_done: bool = True) -> None:
    """Wait until a tile shows that its panel is done, or not."""
    expect(tile).to_have_attribute("aria-pressed", "true" if is_done else "false")


def go(page: Page, path: str) -> None:
    """Open a screen."""
    page.goto(f"/app/#{path}")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def fill(page: Page, **fields: str) -> None:
    """Fill fields by their labels, in which spaces are underscores."""
    for label, value in fields.items():
        page.get_by_label(label.replace("_", " "), exact=True).fill(value)
