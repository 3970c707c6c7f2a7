"""A new version of the app is deployed while it is open."""

import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page
from playwright.sync_api import expect

from ninepanels.web import files

from ...support.servers import wait_for

APP = """
import {{ Status }} from "./components/status.js";
import {{ html }} from "./vendor/preact.js";
globalThis.readLate = () => import("./late.js").then((module) => module.VERSION);
export function App() {{ return html`<h1>Version {0}</h1><${{Status}} />`; }}
"""


# The new service worker has taken the place of the old one.
IS_UPDATED = """navigator.serviceWorker.getRegistration().then(({ installing, waiting, active }) => {
    return !installing && !waiting && active.state === "activated";
})"""


class Deployment:
    """A web server for versions of the app, which differ in what they show."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.deploy(1)

    def deploy(self, version: int) -> None:
        """Serve only this version from now on."""
        (self.folder / "app.js").write_text(APP.format(version))
        (self.folder / "late.js").write_text(f"export const VERSION = {version};")
        self.files = files.read(self.folder)


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    shutil.copytree(files.FOLDER, tmp_path / "app", ignore=shutil.ignore_patterns("screens", "icons"))
    return Deployment(tmp_path / "app")


@pytest.fixture
def address(deployment: Deployment) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            file = deployment.files.get(self.path.removeprefix("/app/"))
            content = file.content if file else b""
            self.send_response(200 if file else 404)
            self.send_header("Content-Type", file.media_type if file else "text/plain")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/app/"
        server.shutdown()


def expect_version(page: Page, version: int) -> None:
    expect(page.get_by_role("heading")).to_have_text(f"Version {version}")
    assert page.evaluate("readLate()") == version


def test_an_open_page_keeps_its_version_and_offers_to_load_the_new_one(
    browser: Browser, address: str, deployment: Deployment
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    deployment.deploy(2)
    page.reload()
    notice = page.get_by_text("There is a new version of the app.")
    expect(notice).to_have_count(0)
    # The browser does this by itself, some time after the page was loaded.
    page.evaluate("navigator.serviceWorker.ready.then((registration) => registration.update()).then(() => null)")
    wait_for(lambda: page.evaluate(IS_UPDATED))
    other = context.new_page()
    other.goto(address)
    expect_version(other, 2)
    expect_version(page, 1)
    expect(other.get_by_text("There is a new version of the app.")).to_have_count(0)
    other.close()
    expect(notice).to_be_visible()
    page.get_by_role("button", name="Load it").click()
    expect_version(page, 2)
    expect(notice).to_have_count(0)
    # A load removes the files of the old version, if no other page needs them; closing one takes a moment.
    wait_for(lambda: page.reload() and len(page.evaluate("caches.keys()")) == 1)
    expect_version(page, 2)
    context.set_offline(offline=True)
    page.reload()
    expect_version(page, 2)
    context.close()
