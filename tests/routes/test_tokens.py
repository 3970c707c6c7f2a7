from datetime import datetime
from datetime import timedelta

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels import event_types
from ninepanels.accounts import passwords
from ninepanels.database import database

from ..conftest import Clock
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data
from ..support.pipeline import finish_events
from ..support.recorder import Recorder
from ..support.values import for_each


def test_logging_in_returns_a_bearer_token(ada: Person) -> None:
    token = data(ada.client.post("/token", data={"username": ada.email, "password": PASSWORD}))
    assert token["token_type"] == "bearer"
    assert token["expires_in"] == 30 * 24 * 60 * 60


def test_the_email_of_a_login_is_case_insensitive(ada: Person) -> None:
    assert Person.log_in(ada.client, "ADA@EXAMPLE.COM")


@for_each(
    ("username", "password"),
    [("ada@example.com", "wrong"), ("unknown@example.com", PASSWORD), ("\x00", PASSWORD)],
)
def test_every_wrong_login_gets_the_same_401(ada: Person, username: str, password: str) -> None:
    response = ada.client.post("/token", data={"username": username, "password": password})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.json()["error_message"] == "Wrong e-mail or password."


@for_each(
    "body",
    [
        b"",
        b"username=ada@example.com",
        b"username=a&username=b&password=c",
        b"username=%ff&password=c",
        b"username=%ED%A0%80&password=c",
        b"&".join(b"f%d=1" % n for n in range(200)),
    ],
)
def test_a_malformed_login_form_returns_422(client: TestClient, body: bytes) -> None:
    response = client.post("/token", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert response.status_code == 422


@pytest.mark.parametrize(
    "email", ["x@xn--bcher-kva.example", "y@\uff45xample.com", "e\u0301@example.com", " z@example.com"]
)
def test_an_email_is_normalized_at_sign_up_and_login(client: TestClient, email: str) -> None:
    assert Person.sign_up(client, email.strip())
    assert Person.log_in(client, email)


def test_a_login_with_json_returns_422(ada: Person) -> None:
    assert ada.client.post("/token", json={"username": ada.email, "password": PASSWORD}).status_code == 422


def test_the_docs_page_gets_the_token_without_envelope(ada: Person) -> None:
    form = {"username": ada.email, "password": PASSWORD}
    response = ada.client.post("/token", data=form, headers={"Referer": "http://testserver/docs"})
    assert "access_token" in response.json()


def test_a_request_with_an_expired_token_returns_401(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-12-23T11:59:59Z")
    assert ada.get("/panels").status_code == 200
    wall_clock.set("2026-12-23T12:00:00Z")
    assert ada.get("/panels").status_code == 401


@pytest.mark.usefixtures("real_hashes")
def test_a_bcrypt_hash_is_upgraded_at_login(ada: Person) -> None:
    with database.transaction() as work:
        user = crud.users.read(work, ada.id)
        assert user is not None
        user.hashed_password = passwords.context.handler("bcrypt").hash(PASSWORD)
    assert Person.log_in(ada.client, ada.email)
    with database.transaction() as session:
        user = crud.users.read(session, ada.id)
        assert user is not None
        assert user.hashed_password.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert Person.log_in(ada.client, ada.email)


@pytest.mark.parametrize("password", ["x" * 100, "nul\x00nul\x00"])
def test_a_login_with_a_password_that_bcrypt_cannot_hash_returns_401(ada: Person, password: str) -> None:
    with database.transaction() as work:
        user = crud.users.read(work, ada.id)
        assert user is not None
        user.hashed_password = passwords.context.handler("bcrypt").hash(PASSWORD)
    form = {"username": ada.email, "password": password}
    assert ada.client.post("/token", data=form).status_code == 401


def test_a_login_emits_an_event_and_sets_last_login(api: FastAPI, recorder: Recorder) -> None:
    with TestClient(api) as client:
        ada = Person.sign_up(client, "ada@example.com")
        at = recorder.next(event_types.USER_LOGGED_IN).payload.model_dump(mode="json")["at"]
    # Closing the client stops the service, which drains the queue.
    with TestClient(api) as client:
        assert data(Person(client, ada.email, ada.id, ada.token).get("/users"))["last_login"] == at


@pytest.mark.parametrize("seconds", [0, 1, 59, 60, 86_400])
def test_the_last_activity_is_never_older_than_the_last_login(wall_clock: Clock, ada: Person, seconds: int) -> None:
    def instants() -> tuple[datetime | None, datetime | None]:
        finish_events(ada.client)
        with database.connection() as connection:
            user = crud.users.read_by_email(connection, ada.email)
        assert user is not None
        return user.last_login, user.last_activity

    assert instants() == (wall_clock.now, wall_clock.now)
    assert ada.get("/panels").status_code == 200
    wall_clock.now += timedelta(seconds=seconds)
    Person.log_in(ada.client, ada.email)
    assert instants() == (wall_clock.now, wall_clock.now)


def test_a_login_does_not_set_the_last_activity_back(wall_clock: Clock, ada: Person) -> None:
    finish_events(ada.client)
    at = wall_clock.now
    with database.transaction() as work:
        crud.users.record_activity(work, ada.id, at + timedelta(minutes=2), timedelta(minutes=1))
        crud.users.record_login(work, ada.id, at + timedelta(minutes=1))
        user = crud.users.read(work, ada.id)
        assert user is not None
        assert (user.last_login, user.last_activity) == (at + timedelta(minutes=1), at + timedelta(minutes=2))


def test_activity_is_recorded_at_most_once_a_minute(api: FastAPI, wall_clock: Clock) -> None:
    def last_activity_after(*instants: str) -> str:
        with TestClient(api) as client:
            ada.client = client
            for instant in instants:
                wall_clock.set(instant)
                data(ada.get("/panels"))
        with TestClient(api), database.transaction() as session:
            user = crud.users.read(session, ada.id)
            assert user is not None
            assert user.last_activity is not None
            return user.last_activity.isoformat()

    with TestClient(api) as client:
        ada = Person.sign_up(client, "ada@example.com")
    assert last_activity_after("2026-11-23T12:00:00Z") == "2026-11-23T12:00:00+00:00"
    assert last_activity_after("2026-11-23T12:00:59Z") == "2026-11-23T12:00:00+00:00"
    assert last_activity_after("2026-11-23T12:01:00Z") == "2026-11-23T12:01:00+00:00"
