"""The outbox sends each e-mail once, with retries."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from ninepanels import clock
from ninepanels import crud
from ninepanels import pydmodels as pyd
from ninepanels import sqlmodels as sql
from ninepanels.config import Settings
from ninepanels.database import database
from ninepanels.mail import outbox

from ..conftest import Clock
from ..support.mailbox import Mailbox
from ..support.outbox import is_leased
from ..support.outbox import rows
from ..support.outbox import wait_for_attempt
from ..support.outbox import wait_until_sent
from ..support.outbox import wake_outbox
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data
from ..support.servers import wait_for


@pytest.fixture
def blocked_mailbox(settings: Settings) -> Path:
    """A mail folder that cannot be written to, because it is a file."""
    settings.mail_dir.parent.mkdir(exist_ok=True)
    settings.mail_dir.write_text("not a folder")
    return settings.mail_dir


def test_a_mail_is_sent_after_its_transaction_is_committed(ada: Person, mailbox: Mailbox) -> None:
    assert mailbox.wait_for("Welcome")[0]["To"] == ada.email
    (row,) = wait_until_sent()
    assert (row.kind, row.attempts, row.next_attempt_at) == (pyd.MailKind.WELCOME, 1, None)


def test_a_mail_of_a_transaction_that_is_rolled_back_is_never_sent(ada: Person, bob: Person) -> None:
    taken = ada.patch("/users", {"email": bob.email, "current_password": PASSWORD})
    assert taken.status_code == 409
    wait_until_sent(2)
    assert [row.kind for row in rows()] == [pyd.MailKind.WELCOME] * 2


def test_a_changed_email_is_announced_to_the_old_one(ada: Person, mailbox: Mailbox) -> None:
    data(ada.patch("/users", {"email": "lovelace@example.com", "current_password": PASSWORD}))
    assert mailbox.wait_for("e-mail address was changed")[0]["To"] == "ada@example.com"


def test_only_mails_that_depend_on_an_account_are_sent_after_a_random_delay(
    ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crud.outbox, "LOOKUP_DELAY_MS", 10_000)
    delays = {kind: set[float]() for kind in pyd.MailKind}
    with database.transaction() as work:
        for kind, seen in delays.items():
            for _ in range(20):
                mail = crud.outbox.add(work, kind, "ada@example.com", ada.id)
                assert mail.next_attempt_at is not None
                seen.add((mail.next_attempt_at - mail.created_at).total_seconds())
        work.rollback()
    random = {kind for kind, seen in delays.items() if seen != {0.0}}
    assert random == {pyd.MailKind.PASSWORD_RESET, pyd.MailKind.VERIFY_EMAIL}
    for kind in random:
        assert len(delays[kind]) > 10
        assert 0 <= min(delays[kind]) <= max(delays[kind]) <= 10


def test_an_unchanged_email_is_not_announced(ada: Person) -> None:
    data(ada.patch("/users", {"email": "ADA@example.com", "current_password": PASSWORD}))
    wait_until_sent()
    assert [row.kind for row in rows()] == [pyd.MailKind.WELCOME]


def test_a_failing_mail_is_postponed_with_capped_back_off(
    wall_clock: Clock, blocked_mailbox: Path, client: TestClient
) -> None:
    Person.sign_up(client, "ada@example.com")
    delays = []
    for attempt in range(1, 12):
        due = wait_for_attempt(attempt, wall_clock)
        delays.append((due - wall_clock.now).total_seconds())
        wall_clock.now = due
        wake_outbox(client)
    assert delays == [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]
    assert blocked_mailbox.is_file()


def test_a_mail_is_delivered_when_the_folder_is_available_again(
    wall_clock: Clock, blocked_mailbox: Path, client: TestClient, mailbox: Mailbox
) -> None:
    Person.sign_up(client, "ada@example.com")
    wait_for_attempt(1, wall_clock)
    blocked_mailbox.unlink()
    wall_clock.now += timedelta(seconds=2)
    wake_outbox(client)
    assert len(mailbox.wait_for("Welcome")) == 1


def test_a_mail_is_given_up_and_logged_after_a_day(
    wall_clock: Clock, blocked_mailbox: Path, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    Person.sign_up(client, "ada@example.com")
    wait_for_attempt(1, wall_clock)
    assert blocked_mailbox.is_file()
    with database.transaction() as work:
        work.execute(update(sql.OutboxMail).values(attempts=outbox.MIN_ATTEMPTS))
    wall_clock.now += timedelta(days=1)
    wake_outbox(client)
    wait_for(lambda: not rows())
    (line,) = [record for record in caplog.records if "given up" in record.getMessage()]
    assert line.levelname == "ERROR"
    assert line.attempts == outbox.MIN_ATTEMPTS  # type: ignore[attr-defined]
    assert "ada@" not in caplog.text


def test_a_retried_reset_is_never_sent_to_a_former_address_of_the_user(
    wall_clock: Clock, ada: Person, mailbox: Mailbox
) -> None:
    wait_until_sent()
    shutil.rmtree(mailbox.folder)
    mailbox.folder.write_text("not a folder")
    data(ada.client.post("/auth/request_password_reset", json={"email": ada.email}))
    wait_for(lambda: any(row.attempts and row.kind == pyd.MailKind.PASSWORD_RESET for row in rows()))
    data(ada.patch("/users", {"email": "lovelace@example.com", "current_password": PASSWORD}))
    assert pyd.MailKind.PASSWORD_RESET not in [row.kind for row in rows()]
    # A lease is relative to the clock, so no mail may be leased when the clock changes.
    wait_for(lambda: all(row.sent_at or (row.attempts and not is_leased(row)) for row in rows()))
    with database.transaction() as work:
        crud.outbox.add(work, pyd.MailKind.PASSWORD_RESET, "ada@example.com", ada.id)
    mailbox.folder.unlink()
    wall_clock.now += timedelta(minutes=5)
    wake_outbox(ada.client)
    mailbox.wait_for("e-mail address was changed")
    wait_for(lambda: all(row.sent_at for row in rows()))
    assert "Your new password for Nine Panels" not in [mail["Subject"] for mail in mailbox.all()]


def test_mails_sent_long_ago_are_deleted(wall_clock: Clock, ada: Person, mailbox: Mailbox) -> None:
    wait_until_sent()
    wall_clock.now += timedelta(days=7, seconds=1)
    data(ada.client.post("/auth/request_password_reset", json={"email": ada.email}))
    mailbox.reset_link()
    # Old mails are deleted in the transaction that marks this one as sent, after its delivery.
    wait_for(lambda: [row.kind for row in rows() if row.sent_at] == [pyd.MailKind.PASSWORD_RESET])


def test_a_mail_that_cannot_be_composed_does_not_block_others(
    ada: Person, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    wait_until_sent()
    with database.transaction() as work:
        broken = sql.OutboxMail(kind="nonsense", recipient=ada.email, user_id=ada.id)
        broken.created_at = broken.next_attempt_at = clock.now()
        work.add(broken)
    data(ada.client.post("/auth/request_password_reset", json={"email": ada.email}))
    mailbox.reset_link()
    assert f"Mail {broken.id} (nonsense) was not sent" in caplog.text
    assert next(row for row in rows() if row.id == broken.id).attempts >= 1
