"""The use of sessions: when it is recorded, and that tokens expire without it."""

from datetime import timedelta

import pytest
from sqlalchemy import delete
from starlette.testclient import TestClient

from ninepanels import clock
from ninepanels import crud
from ninepanels import event_types
from ninepanels import pydmodels as pyd
from ninepanels import sqlmodels as sql
from ninepanels.accounts import current_user
from ninepanels.accounts import tokens
from ninepanels.config import Settings
from ninepanels.database import database

from ..conftest import Clock
from ..routes.test_auth import another_login
from ..routes.test_auth import status
from ..routes.test_sessions import recorded
from ..support.people import Person
from ..support.people import data
from ..support.pipeline import finish_events
from ..support.recorder import Recorder
from ..support.servers import wait_for

IDLE = timedelta(days=60)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"access_token_days": 366})


def restart() -> None:
    """Forget what the process knows of sessions."""
    current_user._bearers.clear()


def use_of(person: Person) -> pyd.SessionUsed:
    """Return the event of a use now, as another process emits it."""
    # TestClient declares `app` as any ASGI application.
    token = tokens.read_token(person.token, person.client.app.state.settings)  # type: ignore[attr-defined]
    return pyd.SessionUsed(
        user_id=token.user_id,
        at=clock.now(),
        jti=token.jti,
        generation=token.generation,
        issued_at=token.issued_at,
        expires_at=token.expires_at,
        user_agent="curl",
    )


def record(use: pyd.SessionUsed) -> None:
    with database.transaction() as work:
        crud.sessions.record(work, use)


def delete_rows() -> None:
    with database.transaction() as work:
        work.execute(delete(sql.LoginSession))


def last_used(person: Person) -> str:
    """Return when another session than that of `person` was last used."""
    _, other = data(person.get("/auth/sessions"))
    at: str = other["last_used_at"]
    return at


@pytest.mark.parametrize("is_cached", [True, False])
@pytest.mark.parametrize(("method", "path"), [("GET", "/panels"), ("POST", "/panels"), ("POST", "/auth/logout")])
def test_a_token_expires_when_it_is_not_used(
    wall_clock: Clock, ada: Person, method: str, path: str, *, is_cached: bool
) -> None:
    data(ada.get("/panels"))
    wall_clock.now += IDLE
    if not is_cached:
        restart()
    for _ in range(2):
        response = ada.request(method, path, json={"title": "Read"} if path == "/panels" else None)
        assert (response.status_code, response.json()["data"]["code"]) == (401, "login_expired")


@pytest.mark.parametrize("is_cached", [True, False])
def test_each_use_extends_a_session(client: TestClient, wall_clock: Clock, ada: Person, *, is_cached: bool) -> None:
    for _ in range(3):
        wall_clock.now += IDLE - timedelta(seconds=1)
        if not is_cached:
            finish_events(client)
            restart()
        assert status(ada) == 200


def test_a_use_in_another_process_extends_a_session(wall_clock: Clock, ada: Person) -> None:
    data(ada.get("/panels"))
    wall_clock.now += IDLE - timedelta(days=1)
    record(use_of(ada))
    wall_clock.now += timedelta(days=2)
    assert status(ada) == 200


def test_an_idle_session_is_not_listed(wall_clock: Clock, ada: Person) -> None:
    wall_clock.now += IDLE
    assert len(data(another_login(ada).get("/auth/sessions"))) == 1


def test_a_use_is_recorded_once_an_hour(recorder: Recorder, client: TestClient, wall_clock: Clock, ada: Person) -> None:
    for minutes in (0, 30, 29, 1, 59, 1, 0):
        wall_clock.now += timedelta(minutes=minutes)
        data(ada.get("/panels"))
    finish_events(client)
    uses = [event.payload for event in recorder.all_so_far() if event.type == event_types.SESSION_USED]
    assert [use.model_dump(mode="json") for use in uses] == [
        {"user_id": ada.id, "at": f"2026-11-23T{hour}:00:00Z"} for hour in (13, 14)
    ]


def test_the_list_shows_the_recorded_use(client: TestClient, wall_clock: Clock, ada: Person) -> None:
    phone = another_login(ada)
    wall_clock.now += timedelta(hours=2)
    data(phone.get("/panels"))
    finish_events(client)
    assert last_used(ada) == "2026-11-23T14:00:00Z"


def test_an_earlier_use_that_is_recorded_later_changes_nothing(wall_clock: Clock, ada: Person) -> None:
    phone = another_login(ada)
    wall_clock.now += timedelta(hours=2)
    earlier = use_of(phone)
    wall_clock.now += timedelta(hours=2)
    record(use_of(phone))
    record(earlier)
    assert last_used(ada) == "2026-11-23T16:00:00Z"


def test_a_token_without_a_session_is_valid_and_its_session_appears(client: TestClient, ada: Person) -> None:
    phone = another_login(ada)
    delete_rows()
    assert status(phone) == 200
    finish_events(client)
    other = data(ada.get("/auth/sessions"))[1]
    assert other == data(phone.get("/auth/sessions"))[0] | {"is_current": False, "last_used_at": other["last_used_at"]}


def test_the_current_session_can_be_ended_without_a_row(ada: Person) -> None:
    session_id = data(ada.get("/auth/sessions"))[0]["id"]
    delete_rows()
    data(ada.delete(f"/auth/sessions/{session_id}"))
    assert status(ada) == 401


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/auth/logout"), ("POST", "/auth/logout_everywhere"), ("DELETE", "/users")]
)
def test_the_use_of_a_revoked_token_is_not_recorded(ada: Person, method: str, path: str) -> None:
    use = use_of(ada)
    data(ada.request(method, path))
    record(use)
    assert recorded(ada) == 0


def test_the_row_of_a_revoked_token_is_not_listed(ada: Person) -> None:
    """The use can be recorded by a transaction that has not seen the revocation."""
    phone = another_login(ada)
    use = use_of(phone)
    data(ada.post("/auth/logout_everywhere", {}))
    later = another_login(ada)
    with database.transaction() as work:
        columns = {name: getattr(use, name) for name in ("user_id", "jti", "generation", "expires_at", "user_agent")}
        work.add(sql.LoginSession(**columns, created_at=use.issued_at, last_used_at=use.at))
    assert len(data(later.get("/auth/sessions"))) == 1


# --- A clock that was wrong -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_cached", [True, False])
def test_a_session_is_valid_again_after_the_clock_was_ahead(wall_clock: Clock, ada: Person, *, is_cached: bool) -> None:
    data(ada.get("/panels"))
    wall_clock.now += IDLE
    if not is_cached:
        restart()
    assert status(ada) == 401
    wall_clock.now -= IDLE
    assert status(ada) == 200


def test_a_use_in_the_future_is_replaced(client: TestClient, wall_clock: Clock, ada: Person) -> None:
    phone = another_login(ada)
    wall_clock.now += timedelta(days=30)
    data(phone.get("/panels"))
    finish_events(client)
    wall_clock.now -= timedelta(days=30)
    data(phone.get("/panels"))
    finish_events(client)
    assert last_used(ada) == "2026-11-23T12:00:00Z"


def test_an_idle_session_stays_expired_after_a_sweep_by_a_clock_that_was_ahead(
    client: TestClient, wall_clock: Clock, ada: Person
) -> None:
    phone = another_login(ada)
    wall_clock.now += timedelta(days=366 + 300)
    another_login(ada)
    finish_events(client)
    wall_clock.now -= timedelta(days=366 + 300) - IDLE
    assert status(phone) == 401


def test_sessions_are_deleted_a_year_after_their_tokens_expire(wall_clock: Clock, ada: Person) -> None:
    wall_clock.now += timedelta(days=366 + 366, microseconds=1)
    another_login(ada)
    assert wait_for(lambda: recorded(ada) == 1)
