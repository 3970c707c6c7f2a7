"""A clock that ran ahead for a while and was set back: what it wrote neither blocks nor revives anything."""

import shutil
from collections.abc import Callable
from datetime import datetime
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient

from ninepanels import clock
from ninepanels import crud
from ninepanels.config import Settings
from ninepanels.crud.users import UserRow
from ninepanels.database import database
from ninepanels.mail import outbox
from ninepanels.main import create_api

from .conftest import Clock
from .conftest import Stopwatch
from .support.mailbox import Mailbox
from .support.outbox import is_leased
from .support.outbox import rows
from .support.outbox import wake_outbox
from .support.people import PASSWORD
from .support.people import Person
from .support.people import data
from .support.pipeline import finish_events
from .support.servers import wait_for

NEW_PASSWORD = "battery staple"
AHEAD = [timedelta(minutes=30), timedelta(days=365)]


def another_login(person: Person, password: str = PASSWORD) -> Person:
    token = Person.log_in(person.client, person.email, password)
    return Person(person.client, person.email, person.id, token)


def status(person: Person) -> int:
    return person.get("/users").status_code


def read_user(person: Person) -> UserRow:
    with database.connection() as connection:
        user = crud.users.read_by_email(connection, person.email)
    assert user is not None
    return user


def request_reset(person: Person) -> None:
    data(person.client.post("/auth/request_password_reset", json={"email": person.email}))


def reset(person: Person, link: dict[str, str]) -> int:
    body = link | {"new_password": NEW_PASSWORD}
    return person.client.post("/auth/password_reset", json=body).status_code


# --- E-mails ----------------------------------------------------------------------------------------------------------


def wait_until_all_failed(count: int) -> None:
    def all_failed() -> bool:
        unsent = [row for row in rows() if row.sent_at is None]
        return len(unsent) == count and all(row.attempts and not is_leased(row) for row in unsent)

    wait_for(all_failed)


def fail_reset(person: Person, folder: Path) -> None:
    """Request a reset whose mail fails, because the folder for mails is now a file."""
    # Mails that were sent before the clock was set ahead may be deleted already.
    wait_for(lambda: all(row.sent_at for row in rows()))
    shutil.rmtree(folder)
    folder.write_text("not a folder")
    request_reset(person)
    wait_until_all_failed(1)


@pytest.mark.parametrize("ahead", AHEAD)
def test_a_mail_that_failed_while_the_clock_was_ahead_is_sent_within_the_longest_delay(
    wall_clock: Clock, ada: Person, mailbox: Mailbox, ahead: timedelta
) -> None:
    wall_clock.now += ahead
    fail_reset(ada, mailbox.folder)
    wall_clock.now += outbox.MAX_DELAY - ahead
    mailbox.folder.unlink()
    wake_outbox(ada.client)
    first = mailbox.reset_link()
    request_reset(ada)
    second = mailbox.reset_link(2)
    assert [reset(ada, first), reset(ada, second)] == [401, 200]


@pytest.mark.parametrize("ahead", AHEAD)
def test_a_mail_that_waits_is_not_given_up_while_the_clock_is_ahead(
    wall_clock: Clock, ada: Person, mailbox: Mailbox, ahead: timedelta
) -> None:
    fail_reset(ada, mailbox.folder)
    wall_clock.now += ahead
    wake_outbox(ada.client)
    wait_for(lambda: any(row.attempts == 2 and not is_leased(row) for row in rows()))
    wall_clock.now += outbox.MAX_DELAY - ahead
    mailbox.folder.unlink()
    wake_outbox(ada.client)
    assert reset(ada, mailbox.reset_link()) == 200


@pytest.mark.parametrize("ahead", AHEAD)
def test_a_stuck_mail_does_not_void_the_link_of_a_newer_request(
    wall_clock: Clock, ada: Person, mailbox: Mailbox, ahead: timedelta
) -> None:
    wall_clock.now += ahead
    fail_reset(ada, mailbox.folder)
    wall_clock.now -= ahead
    request_reset(ada)
    # Both fail again by the right clock; the older one has the longer delay.
    wait_until_all_failed(2)
    mailbox.folder.unlink()
    for _ in range(3):
        wall_clock.now += timedelta(seconds=2)
        wake_outbox(ada.client)
        wait_for(lambda: not any(is_leased(row) for row in rows()))
    wait_for(lambda: all(row.sent_at for row in rows()))
    links = mailbox.wait_for("new password")
    assert len(links) == 1
    assert reset(ada, mailbox.reset_link()) == 200


def test_an_older_mail_is_dropped_once_a_newer_one_is_sent(wall_clock: Clock, ada: Person, mailbox: Mailbox) -> None:
    fail_reset(ada, mailbox.folder)
    mailbox.folder.unlink()
    request_reset(ada)
    link = mailbox.reset_link()
    wall_clock.now += timedelta(minutes=1)
    wake_outbox(ada.client)
    wait_for(lambda: all(row.sent_at for row in rows()))
    assert len(mailbox.wait_for("new password")) == 1
    assert reset(ada, link) == 200


@pytest.mark.parametrize("ahead", AHEAD)
def test_a_reset_link_that_was_sent_while_the_clock_was_ahead_is_void(
    wall_clock: Clock, ada: Person, mailbox: Mailbox, ahead: timedelta
) -> None:
    wall_clock.now += ahead
    request_reset(ada)
    link = mailbox.reset_link()
    wall_clock.now -= ahead
    assert reset(ada, link) == 401


# --- Access tokens ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [timedelta(days=31), timedelta(days=365)])
def test_a_logged_out_token_stays_revoked_after_a_sweep_by_a_clock_that_was_ahead(
    wall_clock: Clock, ada: Person, bob: Person, ahead: timedelta
) -> None:
    data(ada.post("/auth/logout", {}))
    wall_clock.now += ahead
    data(another_login(bob).post("/auth/logout", {}))
    finish_events(ada.client)
    wall_clock.now -= ahead
    assert status(ada) == 401


def log_out_everywhere(person: Person, _mailbox: Mailbox) -> str:
    data(person.post("/auth/logout_everywhere", {}))
    return PASSWORD


def change_password(person: Person, _mailbox: Mailbox) -> str:
    data(person.post("/auth/change_password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD}))
    return NEW_PASSWORD


def reset_password(person: Person, mailbox: Mailbox) -> str:
    request_reset(person)
    assert reset(person, mailbox.reset_link()) == 200
    return NEW_PASSWORD


REVOCATIONS = [log_out_everywhere, change_password, reset_password]


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize("revoke", REVOCATIONS)
def test_a_revocation_covers_tokens_that_were_issued_while_the_clock_was_ahead(
    wall_clock: Clock, ada: Person, mailbox: Mailbox, revoke: Callable[[Person, Mailbox], str], ahead: timedelta
) -> None:
    wall_clock.now += ahead
    future = another_login(ada)
    wall_clock.now -= ahead
    assert status(future) == 200
    revoke(ada, mailbox)
    assert [status(ada), status(future)] == [401, 401]
    wall_clock.now += ahead
    assert status(future) == 401


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize("revoke", REVOCATIONS)
def test_a_user_who_revoked_their_tokens_while_the_clock_was_ahead_can_log_in_and_revoke_again(
    wall_clock: Clock, ada: Person, mailbox: Mailbox, revoke: Callable[[Person, Mailbox], str], ahead: timedelta
) -> None:
    wall_clock.now += ahead
    data(another_login(ada).post("/auth/logout_everywhere", {}))
    wall_clock.now -= ahead
    phone, laptop = another_login(ada), another_login(ada)
    assert [status(ada), status(phone), status(laptop)] == [401, 200, 200]
    password = revoke(phone, mailbox)
    assert [status(phone), status(laptop)] == [401, 401]
    assert status(another_login(ada, password)) == 200


def test_a_token_after_a_revocation_in_the_future_expires_as_any_other(wall_clock: Clock, ada: Person) -> None:
    wall_clock.now += timedelta(days=365)
    data(another_login(ada).post("/auth/logout_everywhere", {}))
    wall_clock.now -= timedelta(days=365)
    later = another_login(ada)
    wall_clock.now += timedelta(days=30, microseconds=-1)
    assert status(later) == 200
    wall_clock.now += timedelta(microseconds=1)
    assert status(later) == 401


# --- Logins and activity ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", AHEAD)
def test_a_login_corrects_a_login_and_activity_in_the_future(wall_clock: Clock, ada: Person, ahead: timedelta) -> None:
    finish_events(ada.client)
    wall_clock.now += ahead
    another_login(ada)
    finish_events(ada.client)
    assert read_user(ada).last_login == wall_clock.now
    wall_clock.now -= ahead
    another_login(ada)
    finish_events(ada.client)
    user = read_user(ada)
    assert (user.last_login, user.last_activity) == (wall_clock.now, wall_clock.now)


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_request_corrects_an_activity_in_the_future(
    wall_clock: Clock, ada: Person, api: FastAPI, ahead: timedelta, *, is_restarted: bool
) -> None:
    def record(client: TestClient) -> datetime | None:
        ada.client = client
        assert status(ada) == 200
        finish_events(client)
        return read_user(ada).last_activity

    # The clock is ahead at a time when the token is valid.
    ahead = min(ahead, timedelta(days=29))
    finish_events(ada.client)
    wall_clock.now += ahead
    assert record(ada.client) == wall_clock.now
    wall_clock.now += timedelta(seconds=1) - ahead
    if is_restarted:
        with TestClient(api) as client:
            assert record(client) == wall_clock.now
    else:
        assert record(ada.client) == wall_clock.now


def test_events_that_are_handled_late_do_not_set_a_login_back(wall_clock: Clock, ada: Person) -> None:
    finish_events(ada.client)
    at = wall_clock.now
    with database.transaction() as work:
        crud.users.record_login(work, ada.id, at - timedelta(minutes=4))
        crud.users.record_login(work, ada.id, at - timedelta(days=4))
    assert read_user(ada).last_login == at


# --- Rate limits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", AHEAD)
def test_attempts_while_the_clock_was_ahead_do_not_lock_an_account_for_longer(
    wall_clock: Clock, settings: Settings, monkeypatch: pytest.MonkeyPatch, ahead: timedelta
) -> None:
    elapsed = [0.0]
    monkeypatch.setattr(clock, "monotonic", lambda: elapsed[0])
    with TestClient(create_api(settings.model_copy(update={"rate_limits": "on"}))) as client:
        ada = Person.sign_up(client, "ada@example.com")

        def log_in(password: str) -> Response:
            return client.post("/token", data={"username": ada.email, "password": password})

        wall_clock.now += ahead
        assert [log_in("wrong").status_code for _ in range(11)] == [401] * 10 + [429]
        wall_clock.now -= ahead
        assert log_in(PASSWORD).headers["Retry-After"] == str(15 * 60)
        elapsed[0] = 15 * 60
        assert log_in(PASSWORD).status_code == 200


# --- Timings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", AHEAD)
def test_timings_of_a_clock_that_was_ahead_do_not_count_as_the_latest(
    wall_clock: Clock, client: TestClient, stopwatch: Stopwatch, ahead: timedelta
) -> None:
    def call(ms: float) -> None:
        stopwatch.ms = ms
        client.get("/health/live")
        finish_events(client)

    wall_clock.now += ahead
    call(100.0)
    wall_clock.now -= ahead
    call(10.0)
    with database.connection() as connection:
        [timing] = crud.timings.read_window(connection, "GET_/health/live", 100)
        [stats] = crud.route_stats.read_latest(connection)
    assert [timing.diff_ms, stats.last] == pytest.approx([10, 10])
    assert stats._mapping["count"] == 1
