"""Sends what is in the outbox: one e-mail after the other, each as soon as it is due."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage

from .. import clock
from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from ..accounts import tokens
from ..config import Settings
from ..database import UnitOfWork
from ..database import database
from . import messages
from . import transport

LEASE = timedelta(seconds=15)
RENEW_INTERVAL_S = 4.0
GIVE_UP_AFTER = timedelta(days=1)
KEEP_SENT = timedelta(days=7)
MAX_DELAY = timedelta(minutes=10)
MAX_SLEEP_S = 30.0
RETRY_S = 0.5

log = logging.getLogger(__name__)


class Outbox:
    """Sends the e-mails of the table `outbox`, one at a time. Other instances may send from the same table."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._woken = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Look for due e-mails now; from the event loop."""
        self._woken.set()

    async def send_forever(self) -> None:
        """Send e-mails as they become due, until `stop`.

        It also looks without being woken, at the latest after MAX_SLEEP_S: an instance that crashed may have left some.
        """
        while not self._stopping:
            self._woken.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), await self._send_due())

    def stop(self) -> None:
        """Finish the current e-mail and start no other one."""
        self._stopping = True
        self._woken.set()

    async def _send_due(self) -> float:
        """Send what is due and return the seconds until the next e-mail is due."""
        try:
            while not self._stopping and (mail := await asyncio.to_thread(_claim)):
                await _send(mail, self._settings)
            return await asyncio.to_thread(_seconds_until_due)
        except exceptions.Unavailable as error:
            log.warning("The outbox cannot be read (%s)", error.context_msg)
        except Exception:
            log.exception("The outbox could not be sent")
        return MAX_SLEEP_S


async def _send(mail: sql.OutboxMail, settings: Settings) -> None:
    """Send one e-mail, or see to it that it comes up again; one that fails is in nobody else's way."""
    about = {"attempts": mail.attempts}
    try:
        async with _leased(mail):
            message = await asyncio.to_thread(_compose, mail, settings)
            if message is None:
                return
            await transport.deliver(message, settings)
            log.info("Mail %d (%s) was sent", mail.id, mail.kind, extra=about)
            await _mark_sent_with_retries(mail)
    except exceptions.NinePanelsBaseException as error:
        log.warning("Mail %d (%s) was not sent: %s", mail.id, mail.kind, error.context_msg or error, extra=about)
        await asyncio.to_thread(_postpone, mail, _back_off(mail))
    except Exception:
        log.exception("Mail %d (%s) was not sent", mail.id, mail.kind, extra=about)
        await asyncio.to_thread(_postpone, mail, _back_off(mail))


@contextlib.asynccontextmanager
async def _leased(mail: sql.OutboxMail) -> AsyncIterator[None]:
    """Keep other instances from claiming an e-mail while the block runs; if this process crashes, the lease expires."""
    done = asyncio.Event()
    renewal = asyncio.create_task(_renew_lease(mail, done))
    try:
        yield
    finally:
        # Awaited, not cancelled: a renewal that is still in its thread would overwrite the next attempt's back-off.
        done.set()
        await renewal


async def _renew_lease(mail: sql.OutboxMail, done: asyncio.Event) -> None:
    while not done.is_set():
        try:
            await asyncio.wait_for(done.wait(), RENEW_INTERVAL_S)
        except TimeoutError:
            try:
                await asyncio.to_thread(_postpone, mail, LEASE)
            except Exception:
                # The e-mail is still being sent, so the renewal goes on.
                log.exception("The lease of mail %d (%s) could not be renewed", mail.id, mail.kind)


async def _mark_sent_with_retries(mail: sql.OutboxMail) -> None:
    """Keep at it while the database is away: what is not marked is sent again."""
    while True:
        try:
            return await asyncio.to_thread(_mark_sent, mail)
        except exceptions.Unavailable:
            await asyncio.sleep(RETRY_S)


def _claim() -> sql.OutboxMail | None:
    with database.transaction() as work:
        return crud.outbox.claim(work, LEASE)


def _compose(mail: sql.OutboxMail, settings: Settings) -> EmailMessage | None:
    """Return what to send, None if the mail is of no use any more and was deleted."""
    with database.transaction() as work:
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
            token = tokens.new_reset_token()
            lifetime = timedelta(minutes=settings.password_reset_minutes)
            crud.outbox.assign(work, mail.id, user.id)
            crud.password_resets.issue(work, user.id, tokens.hash_reset_token(token), lifetime)
        return messages.compose(mail, user.name if user else None, token, settings)


def _reader(work: UnitOfWork, mail: sql.OutboxMail) -> sql.User | None:
    if mail.kind == pyd.MailKind.PASSWORD_RESET:
        # By the address alone, each time: who had it at the last attempt may have another one now.
        return crud.users.read_by_email_for_update(work, mail.recipient)
    return None if mail.user_id is None else crud.users.read(work, mail.user_id)


def _back_off(mail: sql.OutboxMail) -> timedelta:
    return min(timedelta(seconds=2 ** min(mail.attempts, 32)), MAX_DELAY)


def _postpone(mail: sql.OutboxMail, delay: timedelta) -> None:
    with database.transaction() as work:
        crud.outbox.postpone(work, mail.id, delay)


def _mark_sent(mail: sql.OutboxMail) -> None:
    with database.transaction() as work:
        crud.outbox.mark_sent(work, mail.id)
        crud.outbox.sweep(work, sent_before=clock.now() - KEEP_SENT)


def _seconds_until_due() -> float:
    with database.connection() as connection:
        next_attempt = crud.outbox.read_next_attempt(connection)
    if next_attempt is None:
        return MAX_SLEEP_S
    return min(max((next_attempt - clock.now()).total_seconds(), 0.05), MAX_SLEEP_S)
