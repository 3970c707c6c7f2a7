"""The schema and the pages that show it. tests/browser opens the pages."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from ninepanels.main import api

PAGES = ["/docs", "/redoc", "/problems/", "/problems/rate_limited"]
FILES = ["/openapi.json", "/static/docs.js", "/static/swagger-ui-bundle.js", "/static/redoc.standalone.js"]


@pytest.fixture
def client() -> TestClient:
    return TestClient(api)


@pytest.mark.parametrize("path", PAGES)
def test_pages_permit_only_scripts_and_styles_of_the_service(client: TestClient, path: str) -> None:
    policy = dict(each.split(" ", 1) for each in client.get(path).headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert (policy["script-src"], policy["connect-src"]) == ("'self'", "'self'")
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:"} & set(" ".join(policy.values()).split())


@pytest.mark.parametrize("path", PAGES + FILES)
def test_pages_and_files_are_revalidated(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.headers["Cache-Control"] == "public, no-cache"
    again = client.get(path, headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    # The client replaces the headers that it has stored.
    for name in ("Content-Security-Policy", "Referrer-Policy"):
        assert again.headers[name] == response.headers[name]


def test_only_the_page_with_the_login_names_itself_as_the_referrer(client: TestClient) -> None:
    policies = {path: client.get(path).headers["Referrer-Policy"] for path in PAGES + FILES}
    assert {path for path, policy in policies.items() if policy != "no-referrer"} == {"/docs"}
    assert policies["/docs"] == "same-origin"


def test_the_script_of_redoc_requests_no_logo(client: TestClient) -> None:
    assert "https://cdn." not in client.get("/static/redoc.standalone.js").text


@pytest.mark.parametrize(
    "path", ["/static/../main.py", "/static/..%2Fmain.py", f"/static/{Path(__file__)}", "/static/"]
)
def test_only_files_of_the_pages_are_served(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404
