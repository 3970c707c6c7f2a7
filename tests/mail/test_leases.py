"""The lease of an e-mail keeps other instances from sending it."""

import asyncio
import threading
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels import exceptions
from ninepanels import pydmodels as pyd
from ninepanels import sqlmodels as sql
from ninepanels.config import Settings
from ninepanels.database import database
from ninepanels.mail import outbox
from ninepanels.mail import transport
from ninepanels.main import create_api

from ..conftest import Clock
from ..support.mail_server import MailServer
from ..support.outbox import rows
from ..support.outbox import wait_until_sent
from ..support.people import Person
from ..support.servers import DEADLINE_S
from ..support.servers import wait_for


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
