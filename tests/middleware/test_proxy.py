"""`ProxyMiddleware` and the setting ROOT_PATH."""

from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from starlette.testclient import TestClient

from ninepanels.config import Settings
from ninepanels.main import create_api
from ninepanels.middleware.proxy import ProxyMiddleware

from ..support.asgi import RecordingApp
from ..support.asgi import call
from ..support.asgi import http_scope
from ..support.asgi import passes_through
from ..support.values import for_each

pytestmark = pytest.mark.any_database

PROXY, CLIENT = "10.0.0.7", "192.0.2.1"


def root_path_of(*prefixes: bytes, sender: str = PROXY, setting: str = "") -> str:
    """Return the root path that the application gets with a request for /panels."""
    recording_app = RecordingApp()
    headers = [(b"x-forwarded-prefix", prefix) for prefix in prefixes]
    call(
        ProxyMiddleware(recording_app, [PROXY], setting),
        {**http_scope("/panels"), "headers": headers, "client": (sender, 50_000)},
    )
    [(scope, _, _)] = recording_app.calls
    root_path: str = scope["root_path"]
    assert (scope["path"], scope["raw_path"]) == (f"{root_path}/panels", f"{root_path}/panels".encode())
    return root_path


@pytest.mark.parametrize("prefix", ["/habits", "/a/b.c/~d_e-1", "/v5", "/panels"])
def test_the_prefix_of_a_trusted_proxy_is_the_root_path(prefix: str) -> None:
    assert root_path_of(prefix.encode()) == prefix


def test_the_prefix_of_another_client_is_ignored() -> None:
    assert root_path_of(b"/habits", sender=CLIENT) == ""
    assert root_path_of(b"/evil", sender=CLIENT, setting="/habits") == "/habits"


INVALID = [b"habits", b"//evil.example", b"/a//b", b"/habits/", b"/../a", b"/a/..", b"/.", b"/a b", b"/%2e", b"/a?b"]
INVALID += [b"/a#", b"/<script>", b"/a\\b", b"/\xe4", b"/a, /b", b"", b"/a\n", b"https://evil.example"]


@for_each("prefix", INVALID)
def test_an_invalid_prefix_is_ignored(prefix: bytes) -> None:
    assert root_path_of(prefix, setting="/habits") == "/habits"


def test_several_prefixes_are_ignored() -> None:
    assert root_path_of(b"/a", b"/b") == ""


def test_a_proxy_overrides_the_setting() -> None:
    assert root_path_of(b"/other", setting="/habits") == "/other"
    assert root_path_of(b"/", setting="/habits") == ""


@pytest.mark.parametrize("scope_type", ["lifespan"])
def test_other_protocols_pass_through(scope_type: str) -> None:
    recording_app = RecordingApp()
    assert passes_through(ProxyMiddleware(recording_app, [PROXY], "/habits"), recording_app, scope_type)


# --- The application under a path -------------------------------------------------------------------------------------


@pytest.fixture
def backend() -> str:
    """The path does not depend on the database."""
    return "sqlite"


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    settings = settings.model_copy(update={"root_path": "/habits", "trusted_proxies": (PROXY,)})
    with TestClient(create_api(settings), client=(PROXY, 50_000), follow_redirects=False) as client:
        yield client


def test_the_schema_names_the_path_as_the_server(client: TestClient) -> None:
    assert client.get("/openapi.json").json()["servers"] == [{"url": "/habits"}]
    headers = {"X-Forwarded-Prefix": "/other"}
    assert client.get("/openapi.json", headers=headers).json()["servers"] == [{"url": "/other"}]


def test_redirects_stay_under_the_path(client: TestClient) -> None:
    for path in ("/docs", "/v5/panels"):
        location = client.get(f"{path}/").headers["Location"]
        assert urljoin(f"https://example.org/habits{path}/", location) == f"https://example.org/habits{path}"


def test_a_browser_is_redirected_to_the_app_under_the_path(client: TestClient) -> None:
    for path, location in (("/", "app/"), ("/app", "app/"), ("/app/password_reset", "./#/reset?email=&token=")):
        assert client.get(path, headers={"Accept": "text/html"}).headers["Location"] == location


def test_problems_have_types_under_the_path(client: TestClient) -> None:
    problem = client.get("/panels", headers={"Accept": "application/problem+json"}).json()
    assert problem["type"] == "/habits/problems/not_authenticated"


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/redoc", "/static/docs.js", "/app/", "/health/live", "/v5/health/live"]
)
def test_every_kind_of_route_is_found_under_the_path(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 405


def test_a_route_keeps_its_own_body_limit_under_the_path(client: TestClient) -> None:
    response = client.post("/taps", content=b" " * 100_000, headers={"Content-Type": "application/json"})
    assert response.status_code == 422, "the body is read: it is not JSON"


def test_the_path_is_removed_once(client: TestClient) -> None:
    # Otherwise a rule of the proxy for /habits/metrics would not apply to /habits/habits/metrics.
    assert client.get("/habits/health/live").status_code == 404


def test_https_is_made_permanent_only_if_a_trusted_proxy_says_so(settings: Settings) -> None:
    api = create_api(settings.model_copy(update={"trusted_proxies": (PROXY,)}))
    headers = {"X-Forwarded-Proto": "https"}
    for sender, is_https in ((PROXY, True), (CLIENT, False)):
        response = TestClient(api, client=(sender, 50_000)).get("/health/live", headers=headers)
        assert ("strict-transport-security" in response.headers) is is_https
