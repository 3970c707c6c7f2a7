"""No timing says who the user was, neither in the log nor in the database."""

import json
import re
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from ninepanels import clock
from ninepanels import event_types
from ninepanels import sqlmodels as sql
from ninepanels.accounts import tokens
from ninepanels.config import Settings
from ninepanels.database import database

from ..support.backends import on_sqlite
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data
from ..support.pipeline import finish_events
from ..support.recorder import Recorder
from ..support.servers import Service

USER = {"email": "ada@example.com", "name": "Ada", "hashed_password": "", "timezone": "UTC", "day_starts_at": 0}
FIELDS = {"method", "path", "method_path", "status_code", "start_ts", "stop_ts", "diff_ms"}


def use(service: Service) -> None:
    """Send requests of a logged-in user: successful, refused and failed ones."""
    client = service.client
    body = {"email": "ada@example.com", "name": "Ada", "password": PASSWORD}
    data(client.post("/users", json=body))
    token = data(client.post("/token", data={"username": body["email"], "password": PASSWORD}))["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    panel_id = data(client.post("/panels", json={"title": "Read"}))["id"]
    for _ in range(3):
        data(client.get("/panels"))
        data(client.post(f"/v5/panels/{panel_id}/entries", json={"is_complete": True}))
    assert [client.get(path).status_code for path in ("/admin/users", "/panels/1000/entries")] == [403, 404]
    assert client.patch("/users", json={}).status_code == 400
    data(client.post("/auth/logout"))


@pytest.mark.parametrize(("form", "level"), [("text", "DEBUG"), ("json", "INFO")])
@on_sqlite
def test_no_line_of_a_timing_contains_the_user(database_url: str, tmp_path: Path, form: str, level: str) -> None:
    with Service(database_url, tmp_path, LOG_FORMAT=form, LOG_LEVEL=level, RATE_LIMITS="off") as service:
        use(service)
        service.stop()
        lines = [line for line in service.log().splitlines() if event_types.TIMING_CREATED in line]
    assert len(lines) >= 12
    assert [line for line in lines if "user" in re.sub(r"(GET|PATCH|POST)?_?/(admin/)?users", "", line)] == []
    if form == "json":
        assert {frozenset(json.loads(line)["payload"]) for line in lines} == {frozenset(FIELDS - {"method_path"})}


def test_no_dump_of_a_timing_contains_the_user(recorder: Recorder, ada: Person) -> None:
    data(ada.get("/panels"))
    event = recorder.next(event_types.TIMING_CREATED)
    while event.payload.model_dump()["path"] != "/panels":
        event = recorder.next(event_types.TIMING_CREATED)
    assert set(event.payload.model_dump()) == set(event.payload.model_dump(mode="json")) == FIELDS
    assert "user" not in event.model_dump_json()


def test_no_row_of_a_timing_contains_the_user(client: TestClient, settings: Settings) -> None:
    with database.transaction() as work:
        # An id that no other number looks like.
        user = sql.User(id=987_654_321, created_at=clock.now(), **USER)
        work.add(user)
        work.flush()
        token = tokens.sign(tokens.create_token(user, clock.now(), settings), settings).access_token
        ada = Person(client, user.email, user.id, token)
    data(ada.get("/panels"))
    finish_events(client)
    with database.connection() as connection:
        tables = (sql.Timing.__table__, sql.TimingStats.__table__)
        written = [dict(row._mapping) for table in tables for row in connection.execute(select(table))]
    assert [row["method_path"] for row in written] == ["GET_/panels"] * 2
    assert "user_id" not in {column for row in written for column in row}
    assert str(ada.id) not in str(written)


def test_activity_is_recorded_although_timings_are_anonymous(ada: Person) -> None:
    finish_events(ada.client)
    data(ada.get("/panels"))
    finish_events(ada.client)
    assert data(ada.get("/users"))["last_activity"] is not None
