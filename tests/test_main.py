"""The composed application: CORS, trusted hosts, documentation and framework errors."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from ninepanels.config import Settings
from ninepanels.environments import Environment
from ninepanels.main import create_api

from .support.values import for_each

ORIGIN = "https://ninepanels.example"


@pytest.fixture
def web_client(database_url: str) -> Iterator[TestClient]:
    settings = Settings(env=Environment.TEST, database_url=database_url, cors_origins=(ORIGIN,))
    with TestClient(create_api(settings), headers={"Origin": ORIGIN}) as client:
        yield client


@for_each("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_preflights_from_the_web_client_are_allowed(web_client: TestClient, method: str) -> None:
    headers = {
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": (
            "Authorization, Content-Type, X-Request-ID, If-None-Match, Idempotency-Key, Last-Event-ID"
        ),
    }
    response = web_client.options("/panels", headers=headers)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_preflights_from_other_origins_are_rejected(web_client: TestClient) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    response = web_client.options("/panels", headers=headers)
    assert response.status_code == 400
    assert "Access-Control-Allow-Origin" not in response.headers


def test_the_web_client_can_read_errors(web_client: TestClient) -> None:
    response = web_client.get("/panels")
    assert response.status_code == 401
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    exposed = set(response.headers["Access-Control-Expose-Headers"].split(", "))
    assert exposed == {
        "ETag",
        "Idempotent-Replayed",
        "Link",
        "RateLimit",
        "RateLimit-Policy",
        "Retry-After",
        "X-Request-ID",
    }
    assert response.headers["X-Request-ID"]


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_the_documentation_has_no_envelope(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert not response.text.startswith('{"data":')


def test_an_unknown_path_returns_404_in_the_envelope(client: TestClient) -> None:
    response = client.get("/nowhere")
    assert response.status_code == 404
    assert response.json()["error_message"] == "There is nothing at this address."


def test_an_unsupported_method_returns_405_in_the_envelope(client: TestClient) -> None:
    response = client.put("/users")
    assert response.status_code == 405
    assert response.json()["is_error"]


@for_each(
    ("host", "status"),
    [("api.ninepanels.example", 200), ("api.ninepanels.example:8000", 200), ("evil.example", 400), ("", 400)],
)
def test_requests_for_other_hosts_are_rejected(settings: Settings, host: str, status: int) -> None:
    settings = settings.model_copy(update={"trusted_hosts": ("api.ninepanels.example",)})
    with TestClient(create_api(settings)) as client:
        response = client.get("/health/live", headers={"Host": host})
    assert response.status_code == status
    assert response.headers["X-Request-ID"]
