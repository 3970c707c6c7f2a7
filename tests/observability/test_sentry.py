"""The reports that a Sentry server receives."""

import gzip
import json
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from typing import Any

import pytest
import sentry_sdk
from fastapi import FastAPI
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels import event_types
from ninepanels import exceptions
from ninepanels import pydmodels as pyd
from ninepanels.config import Settings
from ninepanels.main import create_api
from ninepanels.observability import sentry

from ..support.people import PASSWORD
from ..support.servers import DEADLINE_S
from ..support.servers import wait_for
from ..support.web_server import WebServer

pytestmark = pytest.mark.any_database

RAISED = pyd.ExceptionRaised(
    method_path="GET_/panels", status_code=500, exception="LookupError", traceback="Traceback ...\nLookupError"
)
EVENT = pyd.Event(
    event_id=uuid.UUID("11111111-2222-4333-8444-555555555555"),
    created_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
    request_id="mine",
    type=event_types.EXCEPTION_RAISED,
    payload=RAISED,
)


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer.running() as server:
        yield server
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(None)


def dsn(server: WebServer) -> str:
    return server.url.replace("http://", "http://key@") + "/1"


def reports(server: WebServer) -> list[dict[str, Any]]:
    """Return the reports, extracted from their envelopes."""
    bodies = [
        gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
        for body, headers in zip(server.bodies, server.headers, strict=True)
    ]
    return [json.loads(body.split(b"\n")[2]) for body in bodies]


def test_reports_contain_route_and_traceback(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentry, "FLUSH_S", DEADLINE_S)
    sentry.connect(dsn(server), "TEST", "1.0")
    sentry.report(EVENT, RAISED)
    sentry.disconnect()
    [report] = reports(server)
    assert report["message"] == "LookupError in GET_/panels"
    assert report["transaction"] == "GET_/panels"
    assert (report["level"], report["environment"]) == ("error", "TEST")
    assert report["tags"] == {"status_code": 500, "request_id": "mine"}
    assert report["extra"]["traceback"] == RAISED.traceback


def test_a_5xx_is_reported_without_personal_data(
    server: WebServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, email: str, **_fields: object) -> None:
        raise LookupError(email)

    monkeypatch.setattr(crud.users, "create", fail)
    settings = settings.model_copy(update={"sentry_dsn": type(settings.sentry_dsn)(dsn(server))})
    body = {"email": "ada@example.com", "name": "Ada", "password": PASSWORD}
    with TestClient(create_api(settings)) as client:
        assert client.post("/users", json=body).status_code == 500
        wait_for(lambda: server.bodies)
    [report] = reports(server)
    assert report["message"] == "LookupError in POST_/users"
    assert "in create_user" in report["extra"]["traceback"]
    for secret in ("ada@example.com", PASSWORD, "Ada"):
        assert secret not in json.dumps(report)


def test_without_a_dsn_nothing_is_reported(api: FastAPI) -> None:
    with TestClient(api):
        assert not sentry_sdk.get_client().is_active()
        sentry.report(EVENT, RAISED)


@pytest.fixture
def without_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentry, "_sdk", None)
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)


@pytest.mark.usefixtures("without_package")
def test_a_dsn_without_the_package_is_an_invalid_setting() -> None:
    with pytest.raises(exceptions.SettingsInvalid, match=r"^NINEPANELS_SENTRY_DSN: "):
        sentry.connect("https://key@sentry.example/1", "TEST", "1.0")


@pytest.mark.usefixtures("without_package")
def test_without_a_dsn_the_package_is_not_imported() -> None:
    sentry.connect("", "TEST", "1.0")
    sentry.report(EVENT, RAISED)
    sentry.disconnect()
