"""The rate limit on the writes of a user."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi import Request
from limits import RateLimitItemPerMinute
from starlette.testclient import TestClient

from ninepanels import clock
from ninepanels.accounts import rate_limits
from ninepanels.accounts.rate_limits import RateLimiter
from ninepanels.config import Settings
from ninepanels.main import create_api

from ..support.asgi import http_scope
from ..support.backends import on_sqlite
from ..support.people import Person
from ..support.people import data
from .test_rate_limits import limits_of

LIMIT = 5

# A user whose writes are used up can still protect the account.
UNLIMITED = {"logOut", "logOutEverywhere", "endSession"}


@pytest.fixture
def client(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(rate_limits, "WRITES_PER_USER", RateLimitItemPerMinute(LIMIT, namespace="writes_per_user"))
    with TestClient(create_api(settings.model_copy(update={"rate_limits": "on"}))) as client:
        yield client


def tap(person: Person, panel_id: int) -> int:
    return person.post(f"/panels/{panel_id}/entries", {"is_complete": True}).status_code


def test_writes_of_a_user_are_limited(ada: Person, bob: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    panel_id = ada.new_panel()
    assert [tap(ada, panel_id) for _ in range(LIMIT)] == [200] * (LIMIT - 1) + [429]
    for method, path, body in (
        ("POST", "/panels", {"title": "Write"}),
        ("POST", "/taps", []),
        ("PATCH", f"/panels/{panel_id}", {"title": "Write"}),
        ("DELETE", f"/panels/{panel_id}/entries", None),
        ("PATCH", "/users", {"name": "Lovelace"}),
    ):
        refused = ada.request(method, path, json=body)
        assert (refused.status_code, limits_of(refused)[-1]) == (429, ("writes_per_user", LIMIT, 0, 60))
    assert data(ada.get("/panels"))[0]["is_complete"] is True
    bob.new_panel()
    later = clock.monotonic() + 60
    monkeypatch.setattr(clock, "monotonic", lambda: later)
    assert tap(ada, panel_id) == 200


@on_sqlite
def test_many_taps_at_once_are_one_write(ada: Person) -> None:
    panel_id = ada.new_panel()
    taps = [
        {"panel_id": panel_id, "day": f"2025-{m:02}-{d:02}", "is_complete": True}
        for m in range(1, 13)
        for d in range(1, 29)
    ]
    response = ada.post("/taps", taps)
    assert all(result["applied"] for result in data(response))
    assert limits_of(response) == [("writes_per_user", LIMIT, LIMIT - 2, 60)]


@on_sqlite
def test_a_revoked_token_does_not_use_up_the_writes_of_its_user(ada: Person) -> None:
    panel_id, revoked = ada.new_panel(), ada.token
    data(ada.post("/auth/logout", None))
    ada.token = revoked
    assert [tap(ada, panel_id) for _ in range(LIMIT)] == [401] * LIMIT
    ada.token = Person.log_in(ada.client, ada.email)
    assert tap(ada, panel_id) == 200


@on_sqlite
def test_a_repeated_response_reports_the_limit_too(ada: Person) -> None:
    for left in (LIMIT - 1, LIMIT - 2):
        response = ada.request("POST", "/panels", json={"title": "Read"}, headers={"Idempotency-Key": "a"})
        assert limits_of(response) == [("writes_per_user", LIMIT, left, 60)]
    assert response.headers["Idempotent-Replayed"] == "true"


@on_sqlite
def test_every_operation_that_changes_data_of_its_user_is_limited(api: FastAPI) -> None:
    operations = [
        operation
        for path, methods in api.openapi()["paths"].items()
        for method, operation in methods.items()
        if method != "get" and operation["security"] and not path.startswith("/admin/")
    ]
    unlimited = {each["operationId"] for each in operations if "429" not in each["responses"]}
    assert unlimited == UNLIMITED


def test_writes_are_not_counted_in_the_shared_storage(caplog: pytest.LogCaptureFixture) -> None:
    limiter = RateLimiter()
    limiter.connect(on=True, storage="redis://127.0.0.1:1/0")
    limiter.count(rate_limits.write(Request(http_scope()), user_id=7))
    assert not caplog.records
    limiter.count(rate_limits.sign_up(Request(http_scope()), "ada@example.com"))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
