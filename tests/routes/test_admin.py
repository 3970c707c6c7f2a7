from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy import select
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels import event_types
from ninepanels import sqlmodels as sql
from ninepanels.accounts.current_user import AuthenticatedAdmin
from ninepanels.crud.executor import Executor
from ninepanels.crud.users import UserRow
from ninepanels.database import database

from ..conftest import Stopwatch
from ..support.backends import on_postgresql
from ..support.backends import on_sqlite
from ..support.people import Person
from ..support.people import data
from ..support.pipeline import finish_events
from ..support.recorder import Recorder
from ..support.values import for_each


def promote(person: Person) -> Person:
    with database.transaction() as work:
        crud.users.set_admin(work, person.id, is_admin=True)
    return person


@pytest.fixture
def admin(ada: Person) -> Person:
    return promote(ada)


def test_users_are_ordered_by_sign_up(admin: Person, bob: Person) -> None:
    finish_events(admin.client)
    users = data(admin.get("/admin/users"))
    assert [user["email"] for user in users] == [admin.email, bob.email]
    assert users[1] == data(bob.get("/users"))


def test_users_are_paginated(admin: Person, bob: Person) -> None:
    response = admin.get("/admin/users", offset=1, limit=1)
    assert [user["id"] for user in data(response)] == [bob.id]
    assert response.json()["meta"] == {"total": 2, "offset": 1, "limit": 1}


def test_a_page_past_the_end_is_empty(admin: Person) -> None:
    response = admin.get("/admin/users", offset=2**52)
    assert data(response) == []
    assert response.json()["meta"] == {"total": 1, "offset": 2**52, "limit": 100}


@on_sqlite
@pytest.mark.parametrize("page", [{"offset": -1}, {"limit": 0}, {"limit": 1_001}, {"offset": 2**63}])
def test_an_invalid_offset_or_limit_returns_422(admin: Person, page: dict[str, int]) -> None:
    assert admin.get("/admin/users", **page).status_code == 422


def test_an_admin_can_promote_a_user(admin: Person, bob: Person) -> None:
    assert data(admin.patch(f"/admin/users/{bob.id}", {"is_admin": True}))["is_admin"] is True
    assert len(data(bob.get("/admin/users"))) == 2


def test_an_admin_who_steps_down_loses_admin_rights(admin: Person, bob: Person) -> None:
    promote(bob)
    assert data(admin.patch(f"/admin/users/{admin.id}", {"is_admin": False}))["is_admin"] is False
    assert admin.get("/admin/users").status_code == 403


def test_the_last_admin_cannot_step_down(admin: Person) -> None:
    assert admin.patch(f"/admin/users/{admin.id}", {"is_admin": False}).status_code == 400
    assert len(data(admin.get("/admin/users"))) == 1


def test_demoting_a_user_who_is_not_an_admin_succeeds(admin: Person, bob: Person) -> None:
    assert data(admin.patch(f"/admin/users/{bob.id}", {"is_admin": False}))["is_admin"] is False


def test_changing_an_unknown_user_returns_404(admin: Person) -> None:
    assert admin.patch("/admin/users/1000", {"is_admin": True}).status_code == 404


@pytest.mark.parametrize(("body", "status"), [({}, 400), ({"is_admin": None}, 422), ({"email": "x@example.com"}, 422)])
def test_an_admin_cannot_change_other_fields_of_a_user(admin: Person, body: dict[str, object], status: int) -> None:
    assert admin.patch(f"/admin/users/{admin.id}", body).status_code == status


@on_postgresql
@pytest.mark.parametrize("is_deleted", [True, False])
@pytest.mark.parametrize(
    ("path", "body"),
    [("/admin/users/{}", {"is_admin": False}), ("/admin/routes", {"method_path": "GET_/panels", "window_size": 7})],
)
def test_an_admin_who_is_deleted_or_demoted_meanwhile_is_refused(
    admin: Person, bob: Person, monkeypatch: pytest.MonkeyPatch, path: str, body: dict[str, object], *, is_deleted: bool
) -> None:
    promote(bob)
    read_user = AuthenticatedAdmin._read_user

    def read_before_the_change(self: AuthenticatedAdmin, executor: Executor) -> UserRow:
        user = read_user(self, executor)
        with database.transaction() as work:
            if is_deleted:
                crud.users.delete(work, user, confirmed=None)
            else:
                crud.users.set_admin(work, user.id, is_admin=False)
        return user

    monkeypatch.setattr(AuthenticatedAdmin, "_read_user", read_before_the_change)
    assert admin.patch(path.format(bob.id), body).status_code in (401, 403)


def test_promoting_a_user_emits_an_event(recorder: Recorder, admin: Person, bob: Person) -> None:
    data(admin.patch(f"/admin/users/{bob.id}", {"is_admin": True}))
    payload = recorder.next(event_types.USER_UPDATED).payload
    assert payload.model_dump() == {"user_id": bob.id, "fields": ["is_admin"]}


def test_is_admin_cannot_be_set_at_sign_up(client: TestClient) -> None:
    body = {"email": "eve@example.com", "name": "Eve", "password": "correct horse", "is_admin": True}
    assert client.post("/users", json=body).status_code == 422


# --- Routes -----------------------------------------------------------------------------------------------------------


def test_an_admin_can_read_the_statistics_of_each_route(
    admin: Person, client: TestClient, stopwatch: Stopwatch
) -> None:
    for stopwatch.ms in (10.0, 30.0, 20.0):
        client.get("/health/live")
    finish_events(client)
    stats = {each["method_path"]: each for each in data(admin.get("/admin/routes"))}
    live = stats["GET_/health/live"]
    assert {key: live[key] for key in ("method", "path", "count")} == {
        "method": "GET",
        "path": "/health/live",
        "count": 3,
    }
    expected = {"avg": 20, "p50": 20, "p95": 29, "p99": 29.8, "min": 10, "max": 30, "last": 20}
    assert {key: live[key] for key in expected} == pytest.approx(expected)
    assert (live["alert_threshold_ms"], live["in_alert"], live["alert_id"]) == (500, False, None)
    assert live["created_at"].endswith("Z")
    assert {"POST_/users", "POST_/token"} <= set(stats)


def test_only_the_latest_statistics_of_a_route_are_returned(admin: Person, client: TestClient) -> None:
    for _ in range(3):
        client.get("/health/live")
        finish_events(client)
    counts = [each["count"] for each in data(admin.get("/admin/routes")) if each["path"] == "/health/live"]
    assert counts == [3]


def test_routes_are_ordered_by_name(admin: Person, client: TestClient) -> None:
    client.get("/health/live")
    client.get("/nowhere")
    finish_events(client)
    names = [each["method_path"] for each in data(admin.get("/admin/routes"))]
    assert names == sorted(names)
    assert "ANY_unmatched" in names


def test_an_admin_can_change_the_threshold_and_window_of_a_route(
    admin: Person, client: TestClient, stopwatch: Stopwatch
) -> None:
    for stopwatch.ms in (10.0, 30.0, 20.0):
        client.get("/health/live")
    finish_events(client)
    body = {"method_path": "GET_/health/live", "alert_threshold_ms": 12.5, "window_size": 2}
    changed = data(admin.patch("/admin/routes", body))
    assert (changed["alert_threshold_ms"], changed["count"], changed["min"]) == (12.5, 2, 20)
    [shown] = [each for each in data(admin.get("/admin/routes")) if each["path"] == "/health/live"]
    assert shown == changed


def test_a_partial_change_of_a_route_keeps_its_other_settings(admin: Person) -> None:
    data(admin.patch("/admin/routes", {"method_path": "GET_/panels", "alert_threshold_ms": 12.5}))
    data(admin.patch("/admin/routes", {"method_path": "GET_/panels", "window_size": 7}))
    with database.transaction() as session:
        [row] = session.scalars(select(sql.RouteSettings).where(sql.RouteSettings.method_path == "GET_/panels"))
    assert (row.alert_threshold_ms, row.window_size) == (12.5, 7)


def test_a_route_that_was_never_called_can_be_changed(admin: Person) -> None:
    stats = data(admin.patch("/admin/routes", {"method_path": "DELETE_/panels/{panel_id}", "window_size": 7}))
    assert (stats["method"], stats["path"], stats["count"]) == ("DELETE", "/panels/{panel_id}", 0)
    assert {stats[name] for name in ("avg", "p50", "p95", "p99", "min", "max", "last")} == {None}


NUMBERS = ("avg", "p50", "p95", "p99", "min", "max", "last")
CHANGES: list[dict[str, object]] = [
    {"window_size": 7},
    {"alert_threshold_ms": 12.5},
    {"window_size": 1, "alert_threshold_ms": 0.001},
]


def listed(admin: Person) -> dict[str, dict[str, Any]]:
    finish_events(admin.client)
    stats = {each["method_path"]: each for each in data(admin.get("/admin/routes"))}
    assert [each for each in stats.values() if None in {each[name] for name in NUMBERS} or not each["count"]] == []
    return stats


def test_a_changed_route_is_listed_once_it_is_called(admin: Person) -> None:
    names = ("GET_/health/live", "DELETE_/panels/{panel_id}", "GET_/docs", "ANY_unmatched")
    for name, change in zip(names, [*CHANGES, CHANGES[0]], strict=True):
        data(admin.patch("/admin/routes", {"method_path": name} | change))
        assert name not in listed(admin)
        method, _, path = name.partition("_")
        admin.request(method.replace("ANY", "GET"), f"/{path.removeprefix('/')}".replace("{panel_id}", "1000"))
        finish_events(admin.client)
        shown = listed(admin)[name]
        assert shown["count"] == 1
        assert {key: shown[key] for key in change if key in shown} == {k: v for k, v in change.items() if k in shown}


@pytest.mark.parametrize("change", CHANGES)
def test_numbers_are_listed_after_their_timings_are_swept(
    admin: Person, client: TestClient, stopwatch: Stopwatch, change: dict[str, object]
) -> None:
    stopwatch.ms = 10.0
    client.get("/health/live")
    assert listed(admin)["GET_/health/live"]["avg"] == pytest.approx(10)
    with database.transaction() as work:
        work.execute(delete(sql.Timing))
    assert data(admin.patch("/admin/routes", {"method_path": "GET_/health/live"} | change))["count"] == 0
    shown = listed(admin)["GET_/health/live"]
    assert [shown[name] for name in (*NUMBERS, "count")] == pytest.approx([10] * 7 + [1])


@on_sqlite
@for_each("name", ["GET_/nowhere", "GET_/panels/1", "GET_/v5/panels", "get_/panels", "PUT_/panels", ""])
def test_an_unknown_route_returns_404_and_is_not_stored(admin: Person, name: str) -> None:
    assert admin.patch("/admin/routes", {"method_path": name, "window_size": 7}).status_code == 404
    assert admin.get("/admin/routes/timings", method_path=name).status_code == 404
    with database.transaction() as session:
        assert session.get(sql.RouteSettings, name) is None


@on_sqlite
@for_each("name", ["GET_/panels", "ANY_unmatched", "GET_/docs", "GET_/admin/routes", "GET_/metrics"])
def test_the_timings_of_every_timed_route_can_be_read(admin: Person, name: str) -> None:
    assert data(admin.get("/admin/routes/timings", method_path=name)) == {"readings": [], "timestamps": []}


@on_sqlite
@for_each(
    ("change", "status"),
    [
        ({}, 400),
        ({"alert_threshold_ms": 0}, 422),
        ({"alert_threshold_ms": -1}, 422),
        ({"alert_threshold_ms": None}, 422),
        ({"alert_threshold_ms": "500"}, 422),
        ({"alert_threshold_ms": True}, 422),
        ({"alert_threshold_ms": 1e300}, 422),
        ({"window_size": 0}, 422),
        ({"window_size": 1_001}, 422),
        ({"window_size": 7.5}, 422),
        ({"window_size": 7, "in_alert": True}, 422),
    ],
)
def test_an_invalid_change_of_a_route_is_rejected(admin: Person, change: dict[str, object], status: int) -> None:
    assert admin.patch("/admin/routes", {"method_path": "GET_/panels"} | change).status_code == status


def test_timings_are_ordered_newest_first(admin: Person, client: TestClient, stopwatch: Stopwatch) -> None:
    for stopwatch.ms in (10.0, 20.0, 30.0):
        client.get("/health/live")
    finish_events(client)
    timings = data(admin.get("/admin/routes/timings", method_path="GET_/health/live", window_size=2))
    assert timings["readings"] == pytest.approx([30, 20])
    assert len(timings["timestamps"]) == 2
    assert timings["timestamps"] == sorted(timings["timestamps"], reverse=True)
    assert all(timestamp.endswith("Z") for timestamp in timings["timestamps"])


@on_sqlite
@for_each("query", [{}, {"method_path": "GET_/", "window_size": 0}, {"method_path": "x" * 273}])
def test_an_invalid_query_of_timings_returns_422(admin: Person, query: dict[str, object]) -> None:
    assert admin.get("/admin/routes/timings", **query).status_code == 422


def test_the_name_of_a_route_with_a_control_character_returns_422(admin: Person) -> None:
    name = "GET_/panels\x00"
    assert admin.get("/admin/routes/timings", method_path=name).status_code == 422
    assert admin.patch("/admin/routes", {"method_path": name, "window_size": 7}).status_code == 422
