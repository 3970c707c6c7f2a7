"""Resetting the password by mail."""

import re
import shutil
from collections.abc import Callable
from datetime import datetime
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy import update
from starlette.testclient import TestClient

from ninepanels import clock
from ninepanels import crud
from ninepanels import event_types
from ninepanels import pydmodels as pyd
from ninepanels import sqlmodels as sql
from ninepanels.accounts import tokens
from ninepanels.config import Settings
from ninepanels.database import database
from ninepanels.mail import outbox
from ninepanels.observability import logs

from ..conftest import Clock
from ..support.backends import on_sqlite
from ..support.mailbox import Mailbox
from ..support.outbox import is_leased
from ..support.outbox import rows
from ..support.outbox import wait_until_sent
from ..support.outbox import wake_outbox
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data
from ..support.recorder import Recorder
from ..support.servers import wait_for
from ..support.values import for_each
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
    ada: Person, statements: list[str], verified: list[str]
) -> None:
    verified.clear()
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


def test_a_login_that_began_before_a_password_change_is_revoked(ada: Person, settings: Settings) -> None:
    began_at = datetime.fromisoformat(data(ada.get("/users"))["created_at"])
    with database.connection() as connection:
        user = crud.users.read_by_email(connection, ada.email)
    assert user is not None
    change(ada)
    # As in log_in, if it read the user before the change and issues the token after it.
    ada.token = tokens.sign(tokens.create_token(user, began_at, settings), settings).access_token
    assert status(ada) == 401


@on_sqlite
@for_each("line_end", ["\r\n", "\n", "\r", "\u2028", "\x0b"])
@for_each("template", ["eve@example.com{}Bcc: bob@example.com", "eve{}bcc@example.com"])
def test_an_email_with_a_line_end_is_422(ada: Person, template: str, line_end: str) -> None:
    email = template.format(line_end)
    sign_up = {"email": email, "name": "Eve", "password": PASSWORD}
    assert ada.client.post("/users", json=sign_up).status_code == 422
    assert ada.client.post("/auth/request_password_reset", json={"email": email}).status_code == 422
    assert ada.patch("/users", {"email": email, "current_password": PASSWORD}).status_code == 422


# --- A login cancels open resets --------------------------------------------------------------------------------------


def test_a_login_voids_an_open_reset_link(ada: Person, mailbox: Mailbox) -> None:
    request_reset(ada)
    link = mailbox.reset_link()
    assert status(another_login(ada)) == 200
    assert reset(ada.client, link) == 401


def test_the_first_login_voids_an_open_reset_link(client: TestClient, mailbox: Mailbox) -> None:
    body = {"email": "eve@example.com", "name": "Eve", "password": PASSWORD}
    data(client.post("/users", json=body))
    data(client.post("/auth/request_password_reset", json={"email": "eve@example.com"}))
    link = mailbox.reset_link()
    assert Person.log_in(client, "Eve@example.com")
    assert reset(client, link) == 401
    assert Person.log_in(client, "eve@example.com")


def test_a_login_keeps_the_reset_links_of_other_users(ada: Person, bob: Person, mailbox: Mailbox) -> None:
    request_reset(ada)
    link = mailbox.reset_link()
    another_login(bob)
    assert reset(ada.client, link) == 200


@pytest.mark.parametrize("password", ["wrong", "", PASSWORD.upper()])
def test_a_failed_login_keeps_an_open_reset_link(ada: Person, mailbox: Mailbox, password: str) -> None:
    request_reset(ada)
    link = mailbox.reset_link()
    assert ada.client.post("/token", data={"username": ada.email, "password": password}).status_code in {401, 422}
    assert reset(ada.client, link) == 200


@pytest.mark.parametrize("later_s", [0, 1, -1, -86_400])
def test_a_reset_that_is_requested_after_the_login_stays_valid(
    wall_clock: Clock, ada: Person, mailbox: Mailbox, later_s: int
) -> None:
    request_reset(ada)
    mailbox.reset_link()
    another_login(ada)
    wall_clock.now += timedelta(seconds=later_s)
    request_reset(ada)
    assert reset(ada.client, mailbox.reset_link(2)) == 200


def change_email(person: Person) -> None:
    data(person.patch("/users", {"email": "lovelace@example.com", "current_password": PASSWORD}))


CANCELLATIONS: list[Callable[[Person], object]] = [another_login, change, change_email]


@pytest.mark.parametrize("cancel", CANCELLATIONS)
def test_an_unsent_reset_of_this_user_only_is_cancelled(
    wall_clock: Clock, ada: Person, bob: Person, mailbox: Mailbox, cancel: Callable[[Person], object]
) -> None:
    wait_until_sent(2)
    shutil.rmtree(mailbox.folder)
    mailbox.folder.write_text("not a folder")
    for person in (ada, bob):
        request_reset(person)
    wait_for(lambda: not any(row.attempts == 0 or is_leased(row) for row in rows()))
    cancel(ada)
    # A lease is relative to the clock, so no mail may be leased when the clock changes.
    wait_for(lambda: not any(row.sent_at is None and (row.attempts == 0 or is_leased(row)) for row in rows()))
    mailbox.folder.unlink()
    wall_clock.now += timedelta(minutes=5)
    wake_outbox(ada.client)
    wait_for(lambda: all(row.sent_at for row in rows()))
    assert [str(mail["To"]) for mail in mailbox.wait_for("new password")] == [bob.email]
    assert reset(bob.client, mailbox.reset_link()) == 200


@pytest.mark.parametrize("cancel", CANCELLATIONS)
def test_a_reset_that_is_cancelled_between_claim_and_delivery_is_not_sent(
    ada: Person, settings: Settings, cancel: Callable[[Person], object]
) -> None:
    wait_until_sent()
    with database.transaction() as work:
        crud.outbox.add(work, pyd.MailKind.PASSWORD_RESET, ada.email, None)
        mail = crud.outbox.claim(work, outbox.LEASE)
    assert mail is not None
    cancel(ada)
    assert outbox._compose(mail, settings) is None
    with database.connection() as connection:
        assert connection.execute(select(sql.PasswordResetToken.token_hash)).all() == []


def test_a_token_of_an_earlier_release_is_void_after_a_newer_request(ada: Person, mailbox: Mailbox) -> None:
    request_reset(ada)
    link = mailbox.reset_link()
    wait_until_sent(2)
    with database.transaction() as work:
        work.execute(update(sql.PasswordResetToken).values(mail_id=None))
        later = crud.outbox.add(work, pyd.MailKind.PASSWORD_RESET, ada.email, None)
        # Far enough in the future not to be sent, and near enough not to count as a mistake of the clock.
        later.next_attempt_at = clock.now() + timedelta(minutes=10)
    assert reset(ada.client, link) == 401
    with database.transaction() as work:
        crud.outbox.delete(work, later.id)
    assert reset(ada.client, link) == 200
