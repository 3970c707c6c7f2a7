"""The documentation site: it builds without a warning, its links work, and it needs no other host."""

import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote
from urllib.parse import urlsplit

import pytest

from docs import build
from docs import events
from ninepanels import environments
from ninepanels import exceptions

from ..support.sites import build_site
from ..support.sites import copy_sources


class Page(HTMLParser):
    """The addresses in an HTML page: of links, and of what a browser loads with the page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.ids: set[str | None] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids.add(values.get("id"))
        address = values.get("src") or values.get("href")
        if address is not None:
            (self.links if tag == "a" else self.loaded).append(address)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html")}


def broken(path: Path, links: list[str], site: Path, pages: dict[Path, Page]) -> Iterator[str]:
    """Return the links of a page to missing files and anchors of the site."""
    for link in links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        base = site if parts.path.startswith("/") else path.parent
        target = (base / unquote(parts.path).lstrip("/")).resolve() if parts.path else path
        target = target / "index.html" if target.is_dir() else target
        if not target.exists() or (parts.fragment and parts.fragment not in pages[target].ids):
            yield link


def test_every_link_within_the_site_leads_to_a_file_and_an_anchor(site: Path, pages: dict[Path, Page]) -> None:
    found = {path: list(broken(path, page.links + page.loaded, site, pages)) for path, page in pages.items()}
    assert {str(path.relative_to(site)): links for path, links in found.items() if links} == {}


def test_scripts_styles_fonts_and_pictures_are_part_of_the_site(site: Path, pages: dict[Path, Page]) -> None:
    loaded = [address for page in pages.values() for address in page.loaded]
    loaded += [address for style in site.rglob("*.css") for address in re.findall(r"url\((.*?)\)", style.read_text())]
    assert loaded
    assert [address for address in loaded if re.match(r"['\"]?(?:https?:)?//", address)] == []


def test_every_page_of_the_folder_is_in_the_navigation(site: Path, pages: dict[Path, Page]) -> None:
    start = site / "index.html"
    linked = {(site / link / "index.html").resolve() for link in pages[start].links}
    assert {path for path in pages if path.name == "index.html"} <= linked | {start}


def test_a_link_to_a_missing_page_fails_the_build(tmp_path: Path) -> None:
    copy_sources(tmp_path)
    (tmp_path / "docs" / "tour.md").write_text("[A page](missing.md)\n")
    with pytest.raises(exceptions.OperationRefused):
        build.build(tmp_path)


def test_the_page_of_events_lists_what_the_code_defines(tmp_path: Path) -> None:
    page = tmp_path / "events.md"
    shutil.copy(environments.ROOT / "docs" / page.name, page)
    events.write(page)
    assert page.read_text() == (environments.ROOT / "docs" / page.name).read_text(), "run ./mc.sh docs"
