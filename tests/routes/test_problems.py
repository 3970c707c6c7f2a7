"""The pages that explain the errors."""

from html.parser import HTMLParser
from urllib.parse import urljoin

from httpx2 import Response
from starlette.testclient import TestClient

from ninepanels.http.problems import PROBLEM_TYPES
from ninepanels.main import api

from ..support.values import for_each

PAGES = ["/problems/", *(f"/problems/{code}" for code in PROBLEM_TYPES)]


class Page(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def links(self) -> list[str]:
        return [value or "" for name, value in self.attributes if name in ("href", "src")]


def get(path: str) -> Response:
    return TestClient(api).get(path)


@for_each("path", PAGES)
def test_a_page_is_html_without_scripts_and_inline_styles(path: str) -> None:
    response = get(path)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    page = Page(response.text)
    assert page.tags.count("h1") == 1
    assert {"html", "title", "main"} <= set(page.tags)
    assert not {"script", "style"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name == "style" or name.startswith("on")]


def test_a_page_explains_the_error() -> None:
    problem_type = PROBLEM_TYPES["rate_limited"]
    text = " ".join(Page(get("/problems/rate_limited").text).text.split())
    for expected in ("rate_limited", "429 Too Many Requests", problem_type.title, problem_type.explanation):
        assert expected in text
    assert problem_type.remedy.replace("`", "") in text


def test_the_index_links_to_every_page_and_the_links_work() -> None:
    links = Page(get("/problems/").text).links
    assert set(PROBLEM_TYPES) <= set(links)
    for link in {*links, *Page(get("/problems/not_found").text).links}:
        if not link.startswith("https:"):
            assert get(urljoin("/problems/", link)).status_code == 200, link


def test_an_unknown_code_has_no_page() -> None:
    response = get("/problems/unknown")
    assert response.status_code == 404
    assert response.json()["data"]["code"] == "not_found"
