"""The names of requests in the statistics, in the composed application."""

import pytest
from starlette.testclient import TestClient

from ninepanels import event_types
from ninepanels import pydmodels as pyd
from ninepanels.config import Settings
from ninepanels.main import create_api
from ninepanels.observability import route_names

from ..support.recorder import Recorder

ORIGIN = "https://ninepanels.example"
PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}


def name_of(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, method: str, path: str, headers: dict[str, str]
) -> str:
    """Send a request and return its name in the statistics."""
    recorder = Recorder.listening(monkeypatch)
    api = create_api(settings)
    with TestClient(api, follow_redirects=False) as client:
        client.request(method, path, headers=headers)
        payload = recorder.next(event_types.TIMING_CREATED).payload
    assert isinstance(payload, pyd.TimingCreated)
    assert payload.method_path == f"{payload.method}_{payload.path}"
    assert payload.method_path in route_names.all_of(api)
    return payload.method_path


@pytest.fixture
def backend() -> str:
    """The names do not depend on the database."""
    return "sqlite"


@pytest.fixture
def web_settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"cors_origins": (ORIGIN,), "trusted_hosts": ("testserver",)})


@pytest.mark.parametrize("path", ["/panels", "/v5/panels/1/entries", "/nowhere", "/docs", "/static/x.js"])
@pytest.mark.parametrize("origin", [ORIGIN, "https://evil.example"])
def test_preflights_have_one_name(
    web_settings: Settings, monkeypatch: pytest.MonkeyPatch, path: str, origin: str
) -> None:
    headers = {**PREFLIGHT, "Origin": origin}
    assert name_of(web_settings, monkeypatch, "OPTIONS", path, headers) == "OPTIONS_preflight"


@pytest.mark.parametrize("headers", [{}, {"Origin": ORIGIN}, {"Access-Control-Request-Method": "POST"}])
def test_other_options_requests_are_unmatched(
    web_settings: Settings, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    assert name_of(web_settings, monkeypatch, "OPTIONS", "/panels", headers) == "ANY_unmatched"


def test_preflights_are_unmatched_without_allowed_origins(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert name_of(settings, monkeypatch, "OPTIONS", "/panels", PREFLIGHT) == "ANY_unmatched"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/openapi.json", "/openapi.json"),
        ("/docs", "/docs"),
        ("/redoc", "/redoc"),
        ("/static/swagger-ui.css", "/static"),
        ("/static/a/b/c", "/static"),
        ("/health/live", "/health/live"),
        ("/v5/panels", "/panels"),
        ("/v5/panels/77/entries", "/panels/{panel_id}/entries"),
    ],
)
def test_get_and_head_requests_have_the_name_of_the_route_or_page(
    web_settings: Settings, monkeypatch: pytest.MonkeyPatch, method: str, path: str, name: str
) -> None:
    assert name_of(web_settings, monkeypatch, method, path, {}) == f"GET_{name}"


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/openapi.json", {}),
        ("POST", "/docs", {}),
        ("DELETE", "/static/swagger-ui.css", {}),
        ("HEAD", "/token", {}),
        ("GET", "/openapi.json/x", {}),
        ("GET", "/panels/", {}),
        ("GET", "/panels", {"Host": "evil.example"}),
        ("HEAD", "/docs", {"Host": "evil.example"}),
    ],
)
def test_other_requests_are_unmatched(
    web_settings: Settings, monkeypatch: pytest.MonkeyPatch, method: str, path: str, headers: dict[str, str]
) -> None:
    assert name_of(web_settings, monkeypatch, method, path, headers) == "ANY_unmatched"
