"""The outbox sends each e-mail once, with retries after outages and crashes."""

import asyncio
import shutil
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from ninepanels import clock
from ninepanels import crud
from ninepanels import exceptions
from ninepanels import pydmodels as pyd
from ninepanels import queues
from ninepanels import sqlmodels as sql
from ninepanels.config import Settings
from ninepanels.database import database
from ninepanels.mail import outbox
from ninepanels.mail import transport
from ninepanels.main import create_api

from ..conftest import Clock
from ..support.mail_server import MailServer
from ..support.mailbox import Mailbox
from ..support.mailbox import link_in
from ..support.mailbox import text_of
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data
from ..support.servers import DEADLINE_S
from ..support.servers import Service
from ..support.servers import wait_for


def sign_up(service: Service, email: str = "ada@example.com") -> None:
    data(service.client.post("/users", json={"email": email, "name": "Ada", "password": PASSWORD}))


def rows() -> list[sql.OutboxMail]:
    with database.transaction() as session:
        return list(session.scalars(select(sql.OutboxMail).order_by(sql.OutboxMail.id)))


def is_leased(row: sql.OutboxMail) -> bool:
    return row.next_attempt_at is not None and row.next_attempt_at >= clock.now() + outbox.LEASE


def wait_until_sent(count: int = 1) -> list[sql.OutboxMail]:
    def sent() -> list[sql.OutboxMail] | None:
        found = [row for row in rows() if row.sent_at]
        return found if len(found) == count else None

    return wait_for(sent)


def wait_for_attempt(attempt: int, wall_clock: Clock) -> datetime:
    """Wait until the only mail was attempted this often and postponed; return the time of the next attempt."""
    due = wall_clock.now + min(timedelta(seconds=2**attempt), outbox.MAX_DELAY)

    def is_postponed() -> bool:
        (row,) = rows()
        return (row.attempts, row.next_attempt_at) == (attempt, due)

    wait_for(is_postponed)
    return due


def wake_outbox(client: TestClient) -> None:
    assert client.portal is not None
    client.portal.call(queues.emit, pyd.PasswordChanged(user_id=0))


@pytest.fixture
def blocked_mailbox(settings: Settings) -> Path:
    """A mail folder that cannot be written to, because it is a file."""
    settings.mail_dir.parent.mkdir(exist_ok=True)
    settings.mail_dir.write_text("not a folder")
    return settings.mail_dir


# --- In the process of the test ---------------------------------------------------------------------------------------


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
    wall_clock.now += timedelta(days=1)
    wake_outbox(client)
    wait_for(lambda: not rows())
    (line,) = [record for record in caplog.records if "given up" in record.getMessage()]
    assert line.levelname == "ERROR"
    assert line.attempts == 1  # type: ignore[attr-defined]
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


def test_a_claimed_mail_cannot_be_claimed_until_the_lease_expires(wall_clock: Clock, ada: Person) -> None:
    wait_until_sent()
    with database.transaction() as work:
        crud.outbox.add(work, pyd.MailKind.WELCOME, ada.email, ada.id)
        first = crud.outbox.claim(work, outbox.LEASE)
        assert first is not None
        assert crud.outbox.claim(work, outbox.LEASE) is None
        wall_clock.now += outbox.LEASE
        again = crud.outbox.claim(work, outbox.LEASE)
        assert again is not None
        assert again.id == first.id
        crud.outbox.delete(work, first.id)


def test_the_lease_is_renewed_during_a_slow_delivery(
    settings: Settings, wall_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "RENEW_INTERVAL_S", 0.01)
    with MailServer.running() as server:
        server.may_respond.clear()
        with TestClient(create_api(settings.model_copy(update={"smtp_url": server.url}))) as client:
            Person.sign_up(client, "ada@example.com")
            wait_for(lambda: rows()[0].attempts == 1)
            for _ in range(3):
                wall_clock.now += outbox.LEASE
                wait_for(lambda: rows()[0].next_attempt_at == wall_clock.now + outbox.LEASE)
            with database.transaction() as work:
                assert crud.outbox.claim(work, outbox.LEASE) is None
            server.may_respond.set()
            wait_until_sent()
        assert len(server.mails) == 1


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


def test_a_renewal_that_hangs_does_not_overwrite_the_back_off(
    wall_clock: Clock, ada: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_until_sent()
    with database.transaction() as work:
        crud.outbox.add(work, pyd.MailKind.WELCOME, ada.email, ada.id)
        mail = crud.outbox.claim(work, outbox.LEASE)
    assert mail is not None
    postpone, back_off = outbox._postpone, outbox._back_off
    back_off_ends = wall_clock.now + back_off(mail)
    renewing, may_renew, backing_off = threading.Event(), threading.Event(), threading.Event()

    def is_postponed() -> bool:
        return next(row for row in rows() if row.id == mail.id).next_attempt_at == back_off_ends

    def hang_in_renewals(mail: sql.OutboxMail, delay: timedelta) -> None:
        if delay == outbox.LEASE:
            renewing.set()
            assert may_renew.wait(DEADLINE_S)
        postpone(mail, delay)

    def note_back_off(mail: sql.OutboxMail) -> timedelta:
        backing_off.set()
        return back_off(mail)

    async def release_renewal() -> None:
        # In 100 turns of the event loop, the failure is handled up to the point where it waits for the renewal.
        for _ in range(100):
            await asyncio.sleep(0)
        # If it does not wait, the renewal must come after the back-off to overwrite it.
        if backing_off.is_set():
            await asyncio.to_thread(wait_for, is_postponed)
        may_renew.set()

    async def send() -> None:
        async def fail_during_a_renewal(*_arguments: object) -> None:
            assert await asyncio.to_thread(renewing.wait, DEADLINE_S)
            releases.create_task(release_renewal())
            raise exceptions.MailNotSent

        monkeypatch.setattr(transport, "deliver", fail_during_a_renewal)
        async with asyncio.TaskGroup() as releases:
            await outbox._send(mail, settings)

    monkeypatch.setattr(outbox, "RENEW_INTERVAL_S", 0)
    monkeypatch.setattr(outbox, "_postpone", hang_in_renewals)
    monkeypatch.setattr(outbox, "_back_off", note_back_off)
    asyncio.run(send())
    assert is_postponed()


def test_a_lease_lasts_longer_than_three_renewal_intervals() -> None:
    assert outbox.LEASE.total_seconds() > 3 * outbox.RENEW_INTERVAL_S


# --- With a real service and mail server ------------------------------------------------------------------------------


def test_account_life_cycle_with_all_mails(database_url: str, tmp_path: Path) -> None:
    with (
        MailServer.running() as mails,
        Service(database_url, tmp_path, SMTP_URL=mails.url, URL_ROOT="https://nine.example") as service,
    ):
        client = service.client
        sign_up(service)
        (welcome,) = mails.wait_for(1)
        assert (welcome["To"], welcome["Subject"]) == ("ada@example.com", "Welcome to Nine Panels")

        assert data(client.post("/auth/request_password_reset", data={"email": "ada@example.com"})) is True
        reset = mails.wait_for(2)[1]
        assert "https://nine.example/password_reset?email=ada%40example.com&password_reset_token=" in text_of(reset)
        body = link_in(reset) | {"new_password": "battery staple"}
        assert data(client.post("/auth/password_reset", json=body)) is True
        assert client.post("/auth/password_reset", json=body).status_code == 401
        assert mails.wait_for(3)[2]["Subject"] == "Your password was changed"

        assert client.post("/token", data={"username": "ada@example.com", "password": PASSWORD}).status_code == 401
        login = {"username": "ada@example.com", "password": "battery staple"}
        token = data(client.post("/token", data=login))["access_token"]
        authorized = {"Authorization": f"Bearer {token}"}
        change = {"current_password": "battery staple", "new_password": PASSWORD}
        changed = data(client.post("/auth/change_password", json=change, headers=authorized))
        assert client.get("/users", headers=authorized).status_code == 401
        authorized = {"Authorization": f"Bearer {changed['access_token']}"}
        assert data(client.get("/users", headers=authorized))["email"] == "ada@example.com"
        mails.wait_for(4)

        assert data(client.post("/auth/logout_everywhere", headers=authorized)) == {"success": True}
        assert client.get("/users", headers=authorized).status_code == 401
        data(client.post("/token", data={"username": "ada@example.com", "password": PASSWORD}))
        service.stop()
        for secret in (body["password_reset_token"], token, "battery staple", "ada@example.com"):
            assert secret not in service.log()


def test_requests_succeed_without_mail_server_and_the_mail_is_sent_later(database_url: str, tmp_path: Path) -> None:
    with MailServer.running() as server:
        port = server.port
    with Service(database_url, tmp_path, SMTP_URL=f"smtp://127.0.0.1:{port}") as service:
        sign_up(service)
        wait_for(lambda: "was not sent" in service.log())
        with MailServer.running(port=port) as server:
            assert [mail["To"] for mail in server.wait_for(1)] == ["ada@example.com"]
            wait_for(lambda: "(welcome) was sent" in service.log())


def test_a_mail_is_sent_once_after_a_kill_between_commit_and_delivery(database_url: str, tmp_path: Path) -> None:
    with MailServer.running() as server:
        port = server.port
    with Service(database_url, tmp_path, SMTP_URL=f"smtp://127.0.0.1:{port}") as service:
        sign_up(service)
        service.process.kill()
        service.process.wait()
    with (
        MailServer.running(port=port) as server,
        Service(database_url, tmp_path, SMTP_URL=f"smtp://127.0.0.1:{port}") as service,
    ):
        assert [mail["To"] for mail in server.wait_for(1)] == ["ada@example.com"]
        wait_for(lambda: "(welcome) was sent" in service.log())
        service.stop()
        assert len(server.mails) == 1


def test_two_instances_send_each_of_200_mails_once(database_url: str, tmp_path: Path) -> None:
    people = [f"person{n}@example.com" for n in range(200)]
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with (
        MailServer.running() as server,
        Service(database_url, folders[0], SMTP_URL=server.url, RATE_LIMITS="off") as one,
        Service(database_url, folders[1], SMTP_URL=server.url, RATE_LIMITS="off") as two,
        ThreadPoolExecutor(8) as threads,
    ):
        list(threads.map(sign_up, [one, two] * 100, people))
        server.wait_for(200)
        for service in (one, two):
            service.stop()
            assert "(welcome) was sent" in service.log()
        assert Counter(str(mail["To"]) for mail in server.mails) == dict.fromkeys(people, 1)
