"""The service answers the example of each operation as the schema says, in the installation of the examples."""

import uuid
from datetime import UTC
from datetime import datetime
from typing import Any

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels import sqlmodels as sql
from ninepanels.accounts import verification
from ninepanels.config import Settings
from ninepanels.database import database
from ninepanels.http.routing import Route
from ninepanels.routes import router

from ..conftest import Clock
from ..support import authenticator
from ..support.mailbox import Mailbox
from ..support.operations import OPERATIONS
from ..support.people import Person
from ..support.people import data
from ..support.streams import Event
from ..support.streams import events_in
from ..support.streams import following

BY_ID = {operation.schema["operationId"]: operation for operation in OPERATIONS}
ROUTES = {route.operation_id: route for route in router.routes if isinstance(route, Route)}

# Values that differ from one response to the next, or from one release to the next.
VOLATILE = {"access_token", "last_login", "last_activity", "alert_id", "heartbeat_age_s", "queue_depth"}
VOLATILE |= {"user_agent", "secret", "otpauth_uri", "recovery_codes"}
VOLATILE |= {"version", "branch", "commit", "release_date", "schema_revision"}
VOLATILE_IN_STATISTICS = VOLATILE | {"id"}
# A token that is issued at the instant of the sign-up is a microsecond younger.
VOLATILE_IN_SESSIONS = VOLATILE | {"id", "created_at"}


@pytest.fixture
def backend() -> str:
    """One database is enough: statements are tested elsewhere, and ids of PostgreSQL's sequences have gaps."""
    return "sqlite"


@pytest.fixture
def callers(client: TestClient, wall_clock: Clock) -> dict[str, Person]:
    """The installation that `ninepanels.pydmodels.examples` describes: Ada, who has panels, and Grace, an admin."""
    wall_clock.set("2026-11-21T08:00:00+00:00")
    ada, grace = (
        Person.sign_up(client, f"{name.lower()}@example.com", name=name, timezone="Europe/Berlin")
        for name in ("Ada", "Grace")
    )
    panel_id = ada.new_panel("Read 20 pages", description="Any book counts.")
    ada.new_panel("Stretch")
    ada.tap(panel_id)
    wall_clock.set("2026-11-23T12:00:00+00:00")
    ada.tap(panel_id)
    with database.transaction() as work:
        crud.users.set_admin(work, grace.id, is_admin=True)
        work.add_all([timing("2026-11-23T11:59:00+00:00", 1.5), timing("2026-11-23T11:59:30+00:00", 2.0)])
    data(grace.patch("/admin/routes", {"method_path": "GET_/panels", "alert_threshold_ms": 200.0}))
    return {"ada": ada, "grace": grace}


def timing(iso: str, diff_ms: float) -> sql.Timing:
    at = datetime.fromisoformat(iso).astimezone(UTC)
    route = {"method": "GET", "path": "/panels", "method_path": "GET_/panels", "status_code": 200}
    return sql.Timing(event_id=uuid.uuid4(), created_at=at, start_ts=at, stop_ts=at, diff_ms=diff_ms, **route)


def events_of(caller: Person) -> list[Event]:
    """Return the first events of a stream."""
    with following(caller) as stream:
        return stream.events


def assert_alike(example: Any, actual: Any, volatile: set[str]) -> None:
    """Compare a response to an example: the same fields in the same order, and the same values except volatile ones."""
    if isinstance(example, dict):
        assert list(actual) == list(example)
        for name in example.keys() - volatile:
            assert_alike(example[name], actual[name], volatile)
    elif isinstance(example, list) and example and isinstance(example[0], dict):
        assert len(actual) == len(example)
        for each, other in zip(example, actual, strict=True):
            assert_alike(each, other, volatile)
    else:
        assert actual == example


READING = [operation_id for operation_id, operation in BY_ID.items() if operation.method == "GET"]
CHANGING = [operation_id for operation_id in BY_ID if operation_id not in READING]


def test_the_service_answers_reads_as_in_the_examples(
    callers: dict[str, Person], mailbox: Mailbox, settings: Settings
) -> None:
    # The statistics first: GET /panels adds a reading to them.
    for operation_id in sorted(READING, key=lambda each: "Route" not in each):
        assert_answers_as_in_the_example(callers, mailbox, settings, operation_id)


@pytest.mark.parametrize("operation_id", CHANGING)
def test_the_service_answers_changes_as_in_the_example(
    callers: dict[str, Person], mailbox: Mailbox, settings: Settings, operation_id: str
) -> None:
    assert_answers_as_in_the_example(callers, mailbox, settings, operation_id)


def assert_answers_as_in_the_example(
    callers: dict[str, Person], mailbox: Mailbox, settings: Settings, operation_id: str
) -> None:
    operation = BY_ID[operation_id]
    caller = callers["grace" if operation.is_for_admins else "ada"]
    sent = operation.sent()
    if operation_id == "resetPassword":
        data(caller.client.post("/auth/request_password_reset", json={"email": caller.email}))
        sent["json"] = sent["json"] | mailbox.reset_link()
    if operation_id == "verifyEmail":
        sent["json"] = {"verification_token": verification.issue_token(caller.id, caller.email, settings)}
    if code := authenticator.CODES.get(operation.name):
        sent["json"] = sent["json"] | {"totp_code": code(caller)}
    [(media_type, success)] = operation.schema["responses"]["200"]["content"].items()
    if operation_id == "listSessions":
        Person.log_in(caller.client, caller.email)
    ids = {"session_id": data(caller.get("/auth/sessions"))[0]["id"]} if operation_id == "endSession" else {}
    if operation_id == "streamChanges":
        assert events_of(caller) == events_in(
            operation.schema["responses"]["200"]["content"]["text/event-stream"]["example"]
        )
        return
    response = caller.request(operation.method, operation.address(**ids), **sent)
    assert response.status_code == 200, response.text
    [(media_type, success)] = operation.schema["responses"]["200"]["content"].items()
    if media_type != "application/json":
        assert response.headers["Content-Type"].startswith(media_type)
        assert success["example"].splitlines()[0] in response.text.splitlines()
        return
    answer, example = response.json(), success["example"]
    described: Any = ROUTES[operation_id].response_field
    envelope: TypeAdapter[Any] = TypeAdapter(described.field_info.annotation)
    for each in (answer, example):
        envelope.validate_python(each)
    if operation_id == "listRoutes":
        # The requests of this test are timed, too.
        answer["data"] = [each for each in answer["data"] if each["method_path"] == "GET_/panels"]
    volatile = VOLATILE_IN_STATISTICS if "Route" in operation_id else VOLATILE
    assert_alike(example, answer, VOLATILE_IN_SESSIONS if operation_id == "listSessions" else volatile)
