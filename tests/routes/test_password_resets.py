"""Resetting the password by mail."""

import re
from datetime import datetime
from datetime import timedelta

import pytest
from sqlalchemy import select

from ninepanels import crud
from ninepanels import event_types
from ninepanels import sqlmodels as sql
from ninepanels.accounts import passwords
from ninepanels.accounts import tokens
from ninepanels.database import database
from ninepanels.observability import logs

from ..conftest import Clock
from ..support.mailbox import Mailbox
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data
from ..support.recorder import Recorder
from .test_auth import NEW_PASSWORD
from .test_auth import RESET
from .test_auth import another_login
from .test_auth import change
from .test_auth import request_reset
from .test_auth import reset
from .test_auth import status


def test_a_reset_link_sets_a_new_password(ada: Person, mailbox: Mailbox) -> None:
    request_reset(ada)
    assert data(ada.client.post(RESET, json=mailbox.reset_link() | {"new_password": NEW_PASSWORD})) is True
    assert Person.log_in(ada.client, ada.email, NEW_PASSWORD)


def test_the_email_of_a_reset_is_case_insensitive(ada: Person, mailbox: Mailbox) -> None:
    data(ada.client.post("/auth/request_password_reset", data={"email": ada.email.upper()}))
    assert reset(ada.client, mailbox.reset_link(), email=ada.email.title()) == 200


def test_a_reset_link_works_once(ada: Person, mailbox: Mailbox) -> None:
    request_reset(ada)
    link = mailbox.reset_link()
    assert [reset(ada.client, link), reset(ada.client, link)] == [200, 401]


def test_an_expired_reset_link_is_rejected(wall_clock: Clock, ada: Person, mailbox: Mailbox) -> None:
    request_reset(ada)
    link = mailbox.reset_link()
    wall_clock.now += timedelta(minutes=30)
    assert reset(ada.client, link) == 401


def test_a_reset_link_works_just_before_it_expires(wall_clock: Clock, ada: Person, mailbox: Mailbox) -> None:
    request_reset(ada)
    link = mailbox.reset_link()
    wall_clock.now += timedelta(minutes=30, microseconds=-1)
    assert reset(ada.client, link) == 200


def test_a_newer_request_invalidates_the_reset_link(wall_clock: Clock, ada: Person, mailbox: Mailbox) -> None:
    request_reset(ada)
    first = mailbox.reset_link()
    wall_clock.now += timedelta(seconds=1)
    request_reset(ada)
    assert reset(ada.client, first) == 401
    assert reset(ada.client, mailbox.reset_link(2)) == 200


def test_resetting_the_password_revokes_every_token(ada: Person, mailbox: Mailbox) -> None:
    phone = another_login(ada)
    request_reset(ada)
    assert reset(ada.client, mailbox.reset_link()) == 200
    assert [status(ada), status(phone)] == [401, 401]


def test_resetting_the_password_sends_a_mail(ada: Person, mailbox: Mailbox) -> None:
    request_reset(ada)
    reset(ada.client, mailbox.reset_link())
    assert mailbox.wait_for("password was changed")[0]["To"] == ada.email


def test_every_invalid_reset_gets_the_same_401(ada: Person, bob: Person, mailbox: Mailbox) -> None:
    request_reset(ada)
    link = mailbox.reset_link()
    token = link["password_reset_token"]
    wrong = [
        link | {"email": bob.email},
        link | {"email": "unknown@example.com"},
        link | {"password_reset_token": tokens.new_reset_token()},
        *(link | {"password_reset_token": respelled} for respelled in (f"{token}=", f" {token}", f"{token}!", "", "é")),
        link | {"password_reset_token": tokens.hash_reset_token(token)},
    ]
    answers = [ada.client.post(RESET, json=body | {"new_password": NEW_PASSWORD}) for body in wrong]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert reset(ada.client, link) == 200


def test_an_overlong_token_is_422_and_not_echoed(ada: Person) -> None:
    body = {"email": ada.email, "password_reset_token": "t" * 257, "new_password": NEW_PASSWORD}
    response = ada.client.post(RESET, json=body)
    assert response.status_code == 422
    assert "t" * 257 not in response.text


def test_changing_the_email_invalidates_reset_links(ada: Person, mailbox: Mailbox) -> None:
    request_reset(ada)
    link = mailbox.reset_link()
    data(ada.patch("/users", {"email": "lovelace@example.com", "current_password": PASSWORD}))
    assert reset(ada.client, link, email="lovelace@example.com") == 401


def test_a_reset_for_an_unknown_email_looks_the_same_and_sends_no_mail(ada: Person, mailbox: Mailbox) -> None:
    unknown = ada.client.post("/auth/request_password_reset", json={"email": "unknown@example.com"})
    known = ada.client.post("/auth/request_password_reset", json={"email": ada.email})
    assert unknown.content == known.content
    mailbox.wait_for("new password")
    assert {str(mail["To"]) for mail in mailbox.all()} == {ada.email}


def test_a_reset_for_an_unknown_email_executes_the_same_statements(ada: Person, statements: list[str]) -> None:
    costs = []
    for email in (ada.email, "unknown@example.com"):
        statements.clear()
        data(ada.client.post("/auth/request_password_reset", json={"email": email}))
        costs.append(list(statements))
    assert costs[0] == costs[1]
    assert costs[0]


@pytest.mark.usefixtures("real_hashes")
def test_a_wrong_login_takes_the_same_work_for_known_and_unknown_emails(
    ada: Person, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    verify = passwords.context.verify_and_update

    def record(password: str, hashed: str) -> tuple[bool, str | None]:
        verified.append(hashed)
        result: tuple[bool, str | None] = verify(password, hashed)
        return result

    monkeypatch.setattr(passwords.context, "verify_and_update", record)
    costs = []
    for email in (ada.email, "unknown@example.com"):
        statements.clear()
        ada.client.post("/token", data={"username": email, "password": "wrong"})
        costs.append(list(statements))
    assert costs[0] == costs[1]
    assert costs[0]
    assert len(verified) == 2
    parameters = [re.sub(r"\$[^$]*\$[^$]*$", "", hashed) for hashed in verified]
    assert parameters[0] == parameters[1]


def test_only_a_hash_of_the_token_is_stored(ada: Person, mailbox: Mailbox) -> None:
    request_reset(ada)
    token = mailbox.reset_link()["password_reset_token"]
    with database.connection() as connection:
        tables = (sql.PasswordResetToken.__table__, sql.OutboxMail.__table__)
        rows = [connection.execute(select(table)).all() for table in tables]
    assert tokens.hash_reset_token(token) in str(rows)
    assert token not in str(rows)


def test_a_reset_request_event_does_not_identify_the_user(recorder: Recorder, ada: Person, mailbox: Mailbox) -> None:
    request_reset(ada)
    requested = recorder.next(event_types.PASSWORD_RESET_REQUESTED)
    assert ada.email not in requested.model_dump_json()
    reset(ada.client, mailbox.reset_link())
    assert recorder.next(event_types.PASSWORD_CHANGED).payload.model_dump() == {"user_id": ada.id}


def test_secrets_are_not_logged(ada: Person, mailbox: Mailbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    request_reset(ada)
    link = mailbox.reset_link()
    reset(ada.client, link)
    reset(ada.client, link)
    data(another_login_after_reset(ada).post("/auth/logout", {}))
    lines = "".join(map(logs.TextFormatter().format, caplog.records))
    assert event_types.PASSWORD_RESET_REQUESTED in lines
    for secret in (link["password_reset_token"], NEW_PASSWORD, ada.token, ada.email):
        assert secret not in lines


def another_login_after_reset(person: Person) -> Person:
    token = Person.log_in(person.client, person.email, NEW_PASSWORD)
    return Person(person.client, person.email, person.id, token)


def test_a_login_that_began_before_a_password_change_is_revoked(ada: Person) -> None:
    began_at = datetime.fromisoformat(data(ada.get("/users"))["created_at"])
    with database.connection() as connection:
        user = crud.users.read_by_email(connection, ada.email)
    assert user is not None
    change(ada)
    # As in log_in, if it read the user before the change and issues the token after it.
    settings = ada.client.app.state.settings  # type: ignore[attr-defined]
    ada.token = tokens.issue_token(user, began_at, settings).access_token
    assert status(ada) == 401


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r", "\u2028", "\x0b"])
@pytest.mark.parametrize("template", ["eve@example.com{}Bcc: bob@example.com", "eve{}bcc@example.com"])
def test_an_email_with_a_line_end_is_422(ada: Person, template: str, line_end: str) -> None:
    email = template.format(line_end)
    sign_up = {"email": email, "name": "Eve", "password": PASSWORD}
    assert ada.client.post("/users", json=sign_up).status_code == 422
    assert ada.client.post("/auth/request_password_reset", json={"email": email}).status_code == 422
    assert ada.patch("/users", {"email": email, "current_password": PASSWORD}).status_code == 422
