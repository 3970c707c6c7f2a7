"""Makes the README's picture of the interactive documentation: `.venv/bin/python -m docs.pictures.make`.

Starts a service and a browser; needs a Chromium on the PATH.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.support.servers import Service

PICTURE = Path(__file__).with_name("docs-page.png")
WIDTH, HEIGHT = 1_200, 856


def main() -> None:
    """Save what the browser shows of `/docs`."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("There is no Chromium on the PATH.")
    with (
        tempfile.TemporaryDirectory(prefix="ninepanels-picture-") as folder,
        Service(f"sqlite:///{folder}/test.db", Path(folder)) as service,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(f"{service.url}/docs", wait_until="networkidle")
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
