import pytest
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels import queues
from ninepanels.config import Settings
from ninepanels.environments import Environment
from ninepanels.main import create_api
from ninepanels.routes import health

from ..support.people import data


def test_liveness_returns_ok(client: TestClient) -> None:
    assert data(client.get("/health/live")) == {"status": "ok"}


def test_readiness_returns_the_state_of_each_part(client: TestClient) -> None:
    ready = data(client.get("/health/ready"))
    heartbeat_age_s, queue_depth = ready.pop("heartbeat_age_s"), ready.pop("queue_depth")
    assert ready == {"status": "ok", "database": "ok", "schema_revision": crud.schema.REVISION, "event_worker": "ok"}
    assert 0 <= heartbeat_age_s < health.MAX_HEARTBEAT_AGE_S
    assert queue_depth >= 0


def test_without_a_schema_the_service_is_not_ready(empty_database_url: str) -> None:
    settings = Settings(env=Environment.TEST, database_url=empty_database_url)
    with TestClient(create_api(settings)) as client:
        response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"


def test_with_another_schema_revision_the_service_is_not_ready(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crud.schema, "REVISION", "another")
    assert client.get("/health/ready").status_code == 503


def test_with_a_stopped_event_worker_the_service_is_not_ready(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues.event_queue, "heartbeat_age_s", lambda: health.MAX_HEARTBEAT_AGE_S + 1)
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["data"] == {"detail": "The event worker has stopped.", "code": "not_ready"}


def test_readiness_counts_waiting_events(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "depth", lambda: 7)
    assert data(client.get("/health/ready"))["queue_depth"] == 7
