"""Sends what is in the outbox: one e-mail after the other, each as soon as it is due."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage

from . import auth
from . import clock
from . import crud
from . import delivery
from . import exceptions
from . import mails
from . import pydmodels as pyd
from . import sqlmodels as sql
from .config import Settings
from .database import UnitOfWork
from .database import database

LEASE = timedelta(seconds=15)
RENEW_EVERY_S = 4.0
GIVE_UP_AFTER = timedelta(days=1)
KEEP_SENT = timedelta(days=7)
LONGEST_DELAY = timedelta(minutes=10)
LONGEST_SLEEP_S = 30.0
RETRY_S = 0.5

log = logging.getLogger(__name__)


class Outbox:
    """The sender of this process; others may send from the same table beside it."""

    def __init__(self) -> None:
        self._nudged = asyncio.Event()
        self._stopping = False

    def nudge(self) -> None:
        """Look into the outbox now; from the event loop."""
        self._nudged.set()

    async def send_forever(self, settings: Settings) -> None:
        """Send what is due, sleep until more is, until `stop`.

        The clock alone wakes it as well: what an instance that died has left is found by another, or by its successor.
        """
        self._nudged, self._stopping = asyncio.Event(), False
        while not self._stopping:
            self._nudged.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._nudged.wait(), await self._send_all_due(settings))

    def stop(self) -> None:
        """Begin no other e-mail than the one in hand; the rest waits for the next start."""
        self._stopping = True
        self._nudged.set()

    async def _send_all_due(self, settings: Settings) -> float:
        """Send what is due and return how many seconds may pass before the next look."""
        try:
            while not self._stopping and (mail := await asyncio.to_thread(_claim)):
                await _send(mail, settings)
            return await asyncio.to_thread(_sleep_s)
        except exceptions.Unavailable as error:
            log.warning("The outbox cannot be read (%s)", error.context_msg)
        except Exception:
            log.exception("The outbox could not be sent")
        return LONGEST_SLEEP_S


outbox = Outbox()


async def _send(mail: sql.OutboxMail, settings: Settings) -> None:
    """Send one e-mail, or see to it that it comes up again; one that fails is in nobody else's way."""
    about = {"attempts": mail.attempts}
    try:
        async with _in_hand(mail):
            message = await asyncio.to_thread(_compose, mail, settings)
            if message is None:
                return
            await delivery.deliver(message, settings)
            log.info("Mail %d (%s) was sent", mail.id, mail.kind, extra=about)
            await _mark_sent_for_sure(mail)
    except exceptions.NinePanelsBaseException as error:
        log.warning("Mail %d (%s) was not sent: %s", mail.id, mail.kind, error.context_msg or error, extra=about)
        await asyncio.to_thread(_postpone, mail, _back_off(mail))
    except Exception:
        log.exception("Mail %d (%s) was not sent", mail.id, mail.kind, extra=about)
        await asyncio.to_thread(_postpone, mail, _back_off(mail))


@contextlib.asynccontextmanager
async def _in_hand(mail: sql.OutboxMail) -> AsyncIterator[None]:
    """Let nobody else take an e-mail, however long the block takes; should we die in it, they can a lease later."""
    renewal = asyncio.create_task(_renew_lease(mail))
    try:
        yield
    finally:
        renewal.cancel()


async def _renew_lease(mail: sql.OutboxMail) -> None:
    while True:
        await asyncio.sleep(RENEW_EVERY_S)
        try:
            await asyncio.to_thread(_postpone, mail, LEASE)
        except Exception:
            # Whatever it is: as long as we are at it, we go on asking.
            log.exception("Mail %d (%s) is in hand, but cannot be kept", mail.id, mail.kind)


async def _mark_sent_for_sure(mail: sql.OutboxMail) -> None:
    """Keep at it while the database is away: what is not marked is sent again."""
    while True:
        try:
            return await asyncio.to_thread(_mark_sent, mail)
        except exceptions.Unavailable:
            await asyncio.sleep(RETRY_S)


def _claim() -> sql.OutboxMail | None:
    with database.writing() as work:
        return crud.outbox.claim(work, LEASE)


def _compose(mail: sql.OutboxMail, settings: Settings) -> EmailMessage | None:
    """Return what to send, None if the mail is of no use any more and was deleted."""
    with database.writing() as work:
        # What is about a route is for nobody in particular.
        user = None if mail.about else _reader(work, mail)
        too_old = mail.created_at <= clock.now() - GIVE_UP_AFTER
        if too_old:
            about = {"attempts": mail.attempts - 1}
            log.error("Mail %d (%s) could not be sent for a day and is given up", mail.id, mail.kind, extra=about)
        if too_old or (user is None and not mail.about):
            crud.outbox.delete(work, mail.id)
            return None
        token = None
        if user is not None and mail.kind == pyd.MailKind.PASSWORD_RESET:
            # Made now and not when it was asked for: its time runs from here, and nothing but its hash is ever kept.
            token = auth.new_reset_token()
            lifetime = timedelta(minutes=settings.password_reset_minutes)
            crud.outbox.assign(work, mail.id, user.id)
            crud.password_resets.issue(work, user.id, auth.hash_reset_token(token), lifetime)
        return mails.compose(mail, user.name if user else None, token, settings)


def _reader(work: UnitOfWork, mail: sql.OutboxMail) -> sql.User | None:
    if mail.kind == pyd.MailKind.PASSWORD_RESET:
        # By the address alone, each time: who had it at the last attempt may have another one now.
        return crud.users.read_to_write_to(work, mail.recipient)
    return None if mail.user_id is None else crud.users.read(work, mail.user_id)


def _back_off(mail: sql.OutboxMail) -> timedelta:
    return min(timedelta(seconds=2 ** min(mail.attempts, 32)), LONGEST_DELAY)


def _postpone(mail: sql.OutboxMail, delay: timedelta) -> None:
    with database.writing() as work:
        crud.outbox.postpone(work, mail.id, delay)


def _mark_sent(mail: sql.OutboxMail) -> None:
    with database.writing() as work:
        crud.outbox.mark_sent(work, mail.id)
        crud.outbox.sweep(work, sent_before=clock.now() - KEEP_SENT)


def _sleep_s() -> float:
    with database.reading() as connection:
        next_attempt = crud.outbox.read_next_attempt(connection)
    if next_attempt is None:
        return LONGEST_SLEEP_S
    return min(max((next_attempt - clock.now()).total_seconds(), 0.05), LONGEST_SLEEP_S)
