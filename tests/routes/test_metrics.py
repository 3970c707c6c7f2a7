import contextlib
import math
import secrets
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels import exceptions
from ninepanels.config import Settings
from ninepanels.database import database
from ninepanels.environments import Environment
from ninepanels.main import HANDLER_THREADS
from ninepanels.main import create_api

from ..support.backends import on_sqlite
from ..support.people import Person
from ..support.pipeline import finish_events
from ..support.values import for_each

TOKEN = "a token of the tests"


def read(client: TestClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return the samples of /metrics by name and labels."""
    response = client.get("/metrics")
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(response.text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(client: TestClient, name: str, **labels: str) -> float:
    return read(client).get((f"ninepanels_{name}", frozenset(labels.items())), 0.0)


def test_requests_are_counted_by_route_template_and_status(client: TestClient) -> None:
    def counted(path: str, status: str, method: str = "GET") -> float:
        return value(client, "http_request_duration_seconds_count", method=method, path=path, status=status)

    before = counted("/panels/{panel_id}/entries", "401"), counted("unmatched", "404", "ANY")
    for number in range(3):
        client.get(f"/panels/{number}/entries")
        client.get(f"/{secrets.token_hex(8)}")
    after = counted("/panels/{panel_id}/entries", "401"), counted("unmatched", "404", "ANY")
    assert (after[0] - before[0], after[1] - before[1]) == (3, 3)


def test_handled_events_are_counted(client: TestClient) -> None:
    handler = "timings.handle_timing_created_for_the_database"
    before = value(client, "events_handled_total", handler=handler)
    finish_events(client)
    assert value(client, "events_handled_total", handler=handler) > before


def test_queue_depths_and_connections_are_exported(client: TestClient) -> None:
    names = {name for name, _ in read(client)}
    assert {
        "ninepanels_event_queue_depth",
        "ninepanels_database_connections_in_use",
        "ninepanels_outbox_depth",
    } <= names


def test_connections_in_use_are_counted(client: TestClient) -> None:
    # More connections than the event handlers and the outbox can use.
    with contextlib.ExitStack() as connections:
        for _ in range(HANDLER_THREADS + 1):
            connections.enter_context(database.connection())
        assert value(client, "database_connections_in_use") > HANDLER_THREADS


def test_unsent_mails_are_counted(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    # Neither an event nor the outbox's first look at startup may send the mail.
    monkeypatch.setattr(crud.outbox, "claim", lambda *_arguments: None)
    before = value(client, "outbox_depth")
    Person.sign_up(client, "ada@example.com")
    assert value(client, "outbox_depth") == before + 1


def test_without_the_database_the_other_metrics_are_exported(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raise_unavailable(_session: object) -> int:
        raise exceptions.DatabaseUnavailable

    monkeypatch.setattr(crud.outbox, "count_unsent", raise_unavailable)
    samples = read(client)
    assert math.isnan(samples["ninepanels_outbox_depth", frozenset()])
    assert ("ninepanels_event_queue_depth", frozenset()) in samples
    assert ("ninepanels_database_connections_in_use", frozenset()) in samples


# --- Access to the metrics --------------------------------------------------------------------------------------------


@pytest.fixture
def guarded(settings: Settings) -> Iterator[TestClient]:
    settings = settings.model_copy(update={"metrics_token": SecretStr(TOKEN)})
    with TestClient(create_api(settings), client=("127.0.0.1", 50_000)) as client:
        yield client


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_without_a_token_local_clients_can_read_metrics(api: FastAPI, address: str) -> None:
    with TestClient(api, client=(address, 50_000)) as client:
        assert client.get("/metrics").status_code == 200


@for_each("address", ["10.0.0.7", "::2", "testclient", "localhost.example"])
def test_without_a_token_remote_clients_are_rejected(api: FastAPI, address: str) -> None:
    with TestClient(api, client=(address, 50_000)) as client:
        response = client.get("/metrics")
    assert response.status_code == 403
    assert response.json()["is_error"]


@for_each("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_without_a_token_forwarded_requests_are_rejected(client: TestClient, header: str) -> None:
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403


@for_each("changed", [{"env": Environment.MAIN}, {"trusted_proxies": ("10.0.0.7",)}, {"root_path": "/habits"}])
def test_without_a_token_metrics_are_refused_where_a_proxy_may_be(
    settings: Settings, changed: dict[str, object]
) -> None:
    with TestClient(create_api(settings.model_copy(update=changed)), client=("127.0.0.1", 50_000)) as client:
        assert client.get("/metrics").status_code == 403


def test_without_a_token_the_authorization_header_is_ignored(client: TestClient) -> None:
    assert client.get("/metrics", headers={"Authorization": "Bearer null"}).status_code == 200


def test_with_the_token_remote_clients_can_read_metrics(guarded: TestClient) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "10.0.0.7"}
    assert guarded.get("/metrics", headers=headers).status_code == 200


@on_sqlite
@pytest.mark.parametrize("given", [None, "Bearer", "Bearer ", f"Bearer {TOKEN}x", TOKEN, f"Basic {TOKEN}", "Bearer ü"])
def test_a_wrong_metrics_token_returns_401(guarded: TestClient, given: str | None) -> None:
    headers = {b"Authorization": given.encode()} if given is not None else {}
    response = guarded.get("/metrics", headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert TOKEN not in response.text
