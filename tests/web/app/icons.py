"""Makes the icons of the app: `.venv/bin/python -m tests.web.app.icons`. Needs a Chromium on the PATH.

Each icon has the nine squares in the hues of styles/tokens.css. A maskable icon has a larger margin, because launchers
cut it to a circle or another shape; the others have transparent corners.
"""

import math
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import sync_playwright

from ninepanels import environments

from ...browser.conftest import CHROMIUM
from ...browser.conftest import QUIET_OPTIONS

FOLDER = environments.ROOT / "ninepanels" / "web" / "app" / "icons"
PAPER = "#f8f5ef"
# The fill of each hue in light, as sRGB.
COLOURS = ("#ab504b", "#a25b2b", "#8b6b1d", "#5e7b34", "#32815f", "#1e7e88", "#3874ad", "#7561ac", "#a15179")


class Icon(NamedTuple):
    """An icon: its size in pixels, and the share of it that the squares cover."""

    name: str
    size: int
    cover: float
    has_corners: bool


ICONS = (
    Icon("icon-192.png", 192, 0.68, has_corners=False),
    Icon("icon-512.png", 512, 0.68, has_corners=False),
    # The safe zone of a maskable icon is a circle of 80 %: the squares are in it.
    Icon("maskable-512.png", 512, 0.8 / math.sqrt(2), has_corners=True),
    Icon("apple-touch-180.png", 180, 0.66, has_corners=True),
)


def drawing(cover: float, *, has_corners: bool) -> str:
    """Return an icon as SVG, on a grid of 96."""
    step = 96 * cover / (3 - 0.18)
    side, start = step * 0.82, 48 - 48 * cover
    squares = (
        f'<rect x="{start + index % 3 * step:.2f}" y="{start + index // 3 * step:.2f}" width="{side:.2f}"'
        f' height="{side:.2f}" rx="{side * 0.26:.2f}" fill="{colour}"/>'
        for index, colour in enumerate(COLOURS)
    )
    corners = 0 if has_corners else 21
    ground = f'<rect width="96" height="96" rx="{corners}" fill="{PAPER}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96">{ground}{"".join(squares)}</svg>\n'


def main() -> None:
    """Write the SVG, and the PNG files that a browser draws."""
    Path(FOLDER / "icon.svg").write_text(drawing(0.7, has_corners=False))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET_OPTIONS)
        for icon in ICONS:
            page = browser.new_page(viewport={"width": icon.size, "height": icon.size})
            svg = drawing(icon.cover, has_corners=icon.has_corners)
            page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{svg}")
            page.screenshot(path=FOLDER / icon.name, omit_background=True)
        browser.close()


if __name__ == "__main__":
    main()
