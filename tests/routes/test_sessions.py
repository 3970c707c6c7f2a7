"""Where a user is logged in."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from ninepanels import event_types
from ninepanels import sqlmodels as sql
from ninepanels.database import database

from ..conftest import Clock
from ..support.mailbox import Mailbox
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data
from ..support.recorder import Recorder
from .test_auth import NEW_PASSWORD
from .test_auth import another_login
from .test_auth import change
from .test_auth import request_reset
from .test_auth import reset
from .test_auth import status

ON_A_PHONE = {"User-Agent": "Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0"}


def id_of(person: Person) -> str:
    session_id: str = data(person.get("/auth/sessions"))[0]["id"]
    return session_id


def recorded(person: Person) -> int:
    """Return the number of rows of the sessions of a user, valid or not."""
    with database.connection() as connection:
        rows = select(sql.LoginSession.jti).where(sql.LoginSession.user_id == person.id)
        return len(connection.scalars(rows).all())


def test_the_list_of_sessions_begins_with_the_current_one(wall_clock: Clock, ada: Person) -> None:
    wall_clock.now += timedelta(minutes=5)
    laptop, phone = another_login(ada), another_login(ada)
    data(ada.delete(f"/auth/sessions/{id_of(ada)}"))
    wall_clock.now += timedelta(minutes=5)
    current, other = data(phone.request("GET", "/auth/sessions", headers=ON_A_PHONE))
    assert other["id"] == id_of(laptop)
    login = {"created_at": "2026-11-23T12:05:00Z", "last_used_at": "2026-11-23T12:05:00Z", "user_agent": "testclient"}
    assert other == login | {"id": other["id"], "is_current": False}
    now = {"last_used_at": "2026-11-23T12:10:00Z", "user_agent": "Firefox on Android"}
    assert current == login | now | {"id": current["id"], "is_current": True}


def test_a_session_has_the_user_agent_of_the_login(ada: Person) -> None:
    form = {"username": ada.email, "password": PASSWORD}
    data(ada.client.post("/token", data=form, headers=ON_A_PHONE))
    assert data(ada.get("/auth/sessions"))[1]["user_agent"] == "Firefox on Android"


def test_the_session_that_was_used_last_comes_first(wall_clock: Clock, ada: Person) -> None:
    devices = []
    for _ in range(3):
        wall_clock.now += timedelta(minutes=1)
        devices.append(another_login(ada))
    listed = [session["id"] for session in data(ada.get("/auth/sessions"))]
    assert listed[1:] == [id_of(device) for device in reversed(devices)]


def test_ending_a_session_revokes_its_token_at_once(ada: Person) -> None:
    phone = another_login(ada)
    assert status(phone) == 200
    assert data(ada.delete(f"/auth/sessions/{id_of(phone)}")) == {"success": True}
    assert [status(ada), status(phone)] == [200, 401]
    assert [session["id"] for session in data(ada.get("/auth/sessions"))] == [id_of(ada)]


def test_ending_the_current_session_is_a_logout(recorder: Recorder, ada: Person) -> None:
    phone = another_login(ada)
    data(ada.delete(f"/auth/sessions/{id_of(ada)}"))
    assert [status(ada), status(phone)] == [401, 200]
    assert recorder.next(event_types.USER_LOGGED_OUT).payload.model_dump() == {"user_id": ada.id, "everywhere": False}


def test_other_users_sessions_look_missing(ada: Person, bob: Person) -> None:
    other_users = bob.delete(f"/auth/sessions/{id_of(ada)}")
    missing = bob.delete("/auth/sessions/5d0e6f5b-8f0c-4d3e-9c55-0a3f1c9b7f42")
    assert (other_users.status_code, other_users.content) == (404, missing.content)
    assert status(ada) == 200
    assert len(data(bob.get("/auth/sessions"))) == 1


def test_a_session_that_has_ended_is_missing(ada: Person) -> None:
    session_id = id_of(another_login(ada))
    data(ada.delete(f"/auth/sessions/{session_id}"))
    assert ada.delete(f"/auth/sessions/{session_id}").status_code == 404


def test_an_expired_session_is_not_listed(wall_clock: Clock, ada: Person) -> None:
    wall_clock.now += timedelta(days=30)
    assert len(data(another_login(ada).get("/auth/sessions"))) == 1


def log_out(person: Person) -> None:
    data(person.post("/auth/logout", {}))


def log_out_everywhere(person: Person) -> None:
    data(person.post("/auth/logout_everywhere", {}))


@pytest.mark.parametrize(("leave", "remaining"), [(log_out, 1), (log_out_everywhere, 0), (change, 1)])
def test_logging_out_removes_sessions(ada: Person, leave: Callable[[Person], object], remaining: int) -> None:
    another_login(ada)
    leave(ada)
    assert recorded(ada) == remaining


def test_changing_the_password_leaves_the_session_of_the_new_token(ada: Person) -> None:
    another_login(ada)
    ada.token = str(change(ada)["access_token"])
    assert [session["is_current"] for session in data(ada.get("/auth/sessions"))] == [True]


def test_resetting_the_password_ends_all_sessions(ada: Person, mailbox: Mailbox) -> None:
    request_reset(ada)
    assert reset(ada.client, mailbox.reset_link()) == 200
    assert recorded(ada) == 0
    ada.token = Person.log_in(ada.client, ada.email, NEW_PASSWORD)
    assert len(data(ada.get("/auth/sessions"))) == 1
