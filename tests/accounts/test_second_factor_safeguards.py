"""The second factor of strangers and of admins, and its secret during a rotation of the JWT secret."""

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlalchemy import event
from sqlalchemy import update

from ninepanels import clock
from ninepanels import serve
from ninepanels import sqlmodels as sql
from ninepanels.config import Settings
from ninepanels.database import database

from ..conftest import Clock
from ..support import limits
from ..support.authenticator import STEP
from ..support.authenticator import Authenticator
from ..support.mailbox import Mailbox
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data
from .test_second_factor import ACCEPTED
from .test_second_factor import log_in
from .test_second_factor import outcome

pytestmark = pytest.mark.usefixtures("wall_clock")

NEW_PASSWORD = "battery staple"


# --- Unverified e-mails -----------------------------------------------------------------------------------------------


def set_columns(person: Person, **values: object) -> None:
    with database.transaction() as work:
        work.execute(update(sql.User).where(sql.User.id == person.id).values(**values))


def reset_password(person: Person, mailbox: Mailbox) -> None:
    data(person.client.post("/auth/request_password_reset", json={"email": person.email}))
    data(person.client.post("/auth/password_reset", json=mailbox.reset_link() | {"new_password": NEW_PASSWORD}))


def test_the_second_factor_cannot_be_switched_on_before_the_email_is_verified(
    api: FastAPI, settings: Settings, ada: Person
) -> None:
    app = Authenticator.start(ada)
    set_columns(ada, is_email_verified=False)
    api.state.settings = settings.model_copy(update={"smtp_url": "smtp://mail.example"})
    refused = (403, "email_not_verified")
    assert outcome(ada.post("/auth/totp", {"current_password": PASSWORD})) == refused
    assert outcome(ada.post("/auth/totp/confirm", {"totp_code": app.code()})) == refused
    set_columns(ada, is_email_verified=True)
    data(ada.post("/auth/totp/confirm", {"totp_code": app.code()}))


def test_a_password_reset_discards_the_second_factor_of_a_stranger(ada: Person, mailbox: Mailbox) -> None:
    Authenticator.switch_on(ada)
    set_columns(ada, is_email_verified=False)
    reset_password(ada, mailbox)
    assert outcome(log_in(ada, password=NEW_PASSWORD)) == ACCEPTED


def test_a_password_reset_discards_a_new_email_that_is_not_verified(ada: Person, mailbox: Mailbox) -> None:
    set_columns(ada, new_email="stranger@example.com")
    reset_password(ada, mailbox)
    ada.token = Person.log_in(ada.client, ada.email, NEW_PASSWORD)
    assert data(ada.get("/users"))["new_email"] is None


# --- Guesses ----------------------------------------------------------------------------------------------------------


@pytest.mark.any_database
def test_after_20_wrong_codes_in_a_day_only_recovery_codes_work(
    wall_clock: Clock, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(minutes: int) -> None:
        later = clock.monotonic() + minutes * 60
        monkeypatch.setattr(clock, "monotonic", lambda: later)

    app = Authenticator.switch_on(ada)
    wall_clock.now += STEP
    with limits.counting():
        for _ in range(2):
            assert [log_in(ada, app.wrong_code()).status_code for _ in range(10)] == [401] * 10
            wait(minutes=15)
        assert outcome(log_in(ada, app.code())) == (429, "rate_limited")
        assert outcome(log_in(ada, app.recovery_codes[0])) == ACCEPTED
        wait(minutes=24 * 60)
        assert outcome(log_in(ada, app.code())) == ACCEPTED


# --- Rotation of the JWT secret ---------------------------------------------------------------------------------------


def test_a_rotation_encrypts_each_secret_once(settings: Settings, ada: Person) -> None:
    Authenticator.switch_on(ada)
    secrets = {
        "jwt_secret": SecretStr("a new secret of the tests, long enough"),
        "jwt_secret_previous": settings.jwt_secret,
    }
    rotated = Settings(**settings.model_dump() | secrets)
    updates: list[str] = []

    def record(*arguments: object) -> None:
        if "UPDATE second_factors" in (statement := str(arguments[2])):
            updates.append(statement)

    event.listen(Engine, "before_cursor_execute", record)
    for _ in range(2):
        serve.encrypt_again(rotated)
    event.remove(Engine, "before_cursor_execute", record)
    assert len(updates) == 1
