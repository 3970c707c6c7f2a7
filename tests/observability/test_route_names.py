"""The names of requests in the statistics, in the composed application."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from ninepanels import event_types
from ninepanels import pydmodels as pyd
from ninepanels.config import Settings
from ninepanels.main import create_api
from ninepanels.observability import route_names

from ..support.recorder import Recorder
from ..support.values import for_each

pytestmark = pytest.mark.any_database

ORIGIN = "https://ninepanels.example"
PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}


def name_of(client: TestClient, recorder: Recorder, method: str, path: str, headers: dict[str, str]) -> str:
    """Send a request and return its name in the statistics."""
    client.request(method, path, headers=headers)
    payload = recorder.next(event_types.TIMING_CREATED).payload
    assert isinstance(payload, pyd.TimingCreated)
    assert payload.method_path == f"{payload.method}_{payload.path}"
    assert isinstance(client.app, FastAPI)
    assert payload.method_path in route_names.all_of(client.app)
    return payload.method_path


@pytest.fixture
def backend() -> str:
    """The names do not depend on the database."""
    return "sqlite"


@pytest.fixture
def client(settings: Settings, recorder: Recorder) -> Iterator[TestClient]:
    assert recorder, "the events are recorded from the start"
    settings = settings.model_copy(update={"cors_origins": (ORIGIN,), "trusted_hosts": ("testserver",)})
    with TestClient(create_api(settings), follow_redirects=False) as client:
        yield client


def test_preflights_have_one_name(client: TestClient, recorder: Recorder) -> None:
    for path in ("/panels", "/v5/panels/1/entries", "/nowhere", "/docs", "/static/x.js"):
        for origin in (ORIGIN, "https://evil.example"):
            headers = {**PREFLIGHT, "Origin": origin}
            assert name_of(client, recorder, "OPTIONS", path, headers) == "OPTIONS_preflight"


@for_each("headers", [{}, {"Origin": ORIGIN}, {"Access-Control-Request-Method": "POST"}])
def test_other_options_requests_are_unmatched(client: TestClient, recorder: Recorder, headers: dict[str, str]) -> None:
    assert name_of(client, recorder, "OPTIONS", "/panels", headers) == "ANY_unmatched"


def test_preflights_are_unmatched_without_allowed_origins(recorder: Recorder, settings: Settings) -> None:
    with TestClient(create_api(settings)) as client:
        assert name_of(client, recorder, "OPTIONS", "/panels", PREFLIGHT) == "ANY_unmatched"


@for_each("method", ["GET", "HEAD"])
@for_each(
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
    client: TestClient, recorder: Recorder, method: str, path: str, name: str
) -> None:
    assert name_of(client, recorder, method, path, {}) == f"GET_{name}"


@for_each(
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
    client: TestClient, recorder: Recorder, method: str, path: str, headers: dict[str, str]
) -> None:
    assert name_of(client, recorder, method, path, headers) == "ANY_unmatched"
