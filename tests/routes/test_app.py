"""The app as it is served. tests/browser opens it."""

import re
from posixpath import dirname
from posixpath import join
from posixpath import normpath

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from ninepanels.main import api

from ..support.values import for_each

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
FIXED = ["/app/", "/app/sw.js", "/app/manifest.webmanifest"]
MAX_FIRST_LOAD = 100_000


@pytest.fixture
def client() -> TestClient:
    return TestClient(api, follow_redirects=False)


@pytest.fixture
def main_module(client: TestClient) -> str:
    """The address of the first module."""
    found = re.search(r'src="([0-9a-f]{12}/main\.js)"', client.get("/app/").text)
    assert found
    return f"/app/{found[1]}"


# --- The way to the app -----------------------------------------------------------------------------------------------


def test_a_browser_is_sent_to_the_app(client: TestClient) -> None:
    response = client.get("/", headers={"Accept": BROWSER})
    assert (response.status_code, response.headers["Location"], response.headers["Vary"]) == (303, "app/", "Accept")


@pytest.mark.parametrize(
    "accept", ["", "*/*", "application/json", "application/json, text/html", "text/*", "text/html;q=0"]
)
def test_other_clients_get_the_release(client: TestClient, accept: str) -> None:
    response = client.get("/", headers={"Accept": accept})
    assert (response.status_code, response.headers["Vary"]) == (200, "Accept")
    assert response.json()["data"]["name"] == "Nine Panels"


def test_the_app_is_not_served_under_v5(client: TestClient) -> None:
    assert client.get("/v5/", headers={"Accept": BROWSER}).status_code == 200
    assert client.get("/v5/app/").status_code == 404


def test_the_address_without_the_slash_redirects_below_any_path(client: TestClient) -> None:
    assert client.get("/app").headers["Location"] == "app/"


def test_the_link_of_a_mail_leads_to_the_screen_for_a_new_password(client: TestClient) -> None:
    response = client.get("/app/password_reset?email=a%2Bb%40example.com&password_reset_token=x%26y")
    assert response.headers["Location"] == "./#/reset?email=a%2Bb%40example.com&token=x%26y"
    assert response.headers["Cache-Control"] == "no-store"


# --- Headers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FIXED)
def test_files_with_a_fixed_address_are_revalidated(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.headers["Cache-Control"] == "public, no-cache"
    again = client.get(path, headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Content-Security-Policy"] == response.headers["Content-Security-Policy"]


def test_other_files_are_cached_for_good(client: TestClient, main_module: str) -> None:
    response = client.get(main_module)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_files_have_the_media_types_that_browsers_require(client: TestClient, main_module: str) -> None:
    types = [client.get(path).headers["Content-Type"].partition(";")[0] for path in [*FIXED, main_module]]
    assert types == ["text/html", "text/javascript", "application/manifest+json", "text/javascript"]


@pytest.mark.parametrize("path", FIXED[:2])
def test_the_policy_permits_nothing_inline_and_no_other_host(client: TestClient, path: str) -> None:
    header = client.get(path).headers["Content-Security-Policy"]
    policy = dict(each.split(" ", 1) for each in header.split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert (policy["require-trusted-types-for"], policy["trusted-types"]) == ("'script'", "ninepanels")
    sources = " ".join(value for name, value in policy.items() if name.endswith("-src")).split()
    assert set(sources) == {"'none'", "'self'", "data:"}
    assert [name for name, value in policy.items() if "data:" in value] == ["img-src"]


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("br, gzip;q=0.1", "gzip"),
        ("*", "gzip"),
        ("", None),
        ("identity", None),
        ("gzip;q=0, *", None),
    ],
)
def test_files_are_compressed_for_clients_that_accept_it(
    client: TestClient, main_module: str, accepted: str, encoding: str | None
) -> None:
    for path in ("/app/", main_module):
        response = client.get(path, headers={"Accept-Encoding": accepted})
        assert (response.headers.get("Content-Encoding"), response.headers["Vary"]) == (encoding, "Accept-Encoding")
        assert response.text == client.get(path, headers={"Accept-Encoding": "identity"}).text


def test_the_compressed_page_has_an_etag_of_its_own(client: TestClient) -> None:
    etags = {client.get("/app/", headers={"Accept-Encoding": each}).headers["ETag"] for each in ("gzip", "identity")}
    assert len(etags) == 2


def test_head_gets_the_headers_without_the_file(client: TestClient, main_module: str) -> None:
    for path in ("/app/", main_module):
        head, get = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Length"] == get.headers["Content-Length"]


@for_each(
    "path",
    [
        "/app/main.js",
        "/app/index.html",
        "/app/000000000000/main.js",
        "{version}/",
        "{version}/no.js",
        "{version}//main.js",
        "{version}/%2e%2e/files.py",
        "{version}/vendor/README.md",
    ],
)
def test_anything_else_is_an_error_in_the_envelope(client: TestClient, main_module: str, path: str) -> None:
    response = client.get(path.format(version=dirname(main_module)))
    assert (response.status_code, response.json()["data"]["code"]) == (404, "not_found")
    assert response.headers["Cache-Control"] == "no-store"


# --- The first load ---------------------------------------------------------------------------------------------------


def linked_from(path: str, text: str) -> set[str]:
    """Return the addresses of the files that a page or a style sheet makes the browser load."""
    found = re.findall(r'<(?:link|script|img)\b[^>]*?\b(?:href|src)="([^"#]+)"|@import\s*(?:url\()?"([^"]+)"', text)
    found += re.findall(r'url\("?([^")]+)"?\)()', text) if path.endswith(".css") else []
    return {normpath(join(dirname(path), link or other)) for link, other in found if not link.startswith("data:")}


def size_of(response: Response) -> int:
    """Return the length of a response with its headers."""
    headers = sum(len(name) + len(value) + 4 for name, value in response.headers.items())
    return int(response.headers["Content-Length"]) + headers


def test_everything_that_the_first_load_needs_exists_and_is_small(client: TestClient, main_module: str) -> None:
    needed, sizes = ["/app/"], {}
    for path in needed:
        response = client.get(path, headers={"Accept-Encoding": "gzip"})
        assert response.status_code == 200, path
        sizes[path] = size_of(response)
        needed += sorted(linked_from(path, response.text) - set(needed)) if path.endswith(("/", ".css")) else []
    assert main_module in needed
    # One language is loaded when it is known.
    catalogues = [client.get(join(dirname(main_module), f"i18n/{code}.js")) for code in ("en", "de", "ar")]
    largest = max(map(size_of, catalogues))
    assert sum(sizes.values()) + largest < MAX_FIRST_LOAD, sizes
