"""Sends the e-mails of the outbox, one at a time, when they are due."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage

from .. import clock
from .. import crud
from .. import exceptions
from .. import sqlmodels as sql
from ..config import Settings
from ..database import database
from . import contents
from . import transport

LEASE = timedelta(seconds=15)
RENEW_INTERVAL_S = 4.0
GIVE_UP_AFTER = timedelta(days=1)
MIN_ATTEMPTS = 20
"""An old e-mail is given up after these attempts. They take two hours, so a wrong clock alone loses no e-mail."""
MAX_ATTEMPTS = 200
"""Any e-mail is given up after these attempts. They take longer than GIVE_UP_AFTER."""

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
        """Send due e-mails now. Must be called in the event loop."""
        self._woken.set()

    async def send_forever(self) -> None:
        """Send e-mails as they become due, until `stop`.

        It also checks without being woken, at least every MAX_SLEEP_S: another instance may have crashed.
        """
        while not self._stopping:
            self._woken.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), await self._send_due())

    def stop(self) -> None:
        """Stop after the current e-mail."""
        self._stopping = True
        self._woken.set()

    async def _send_due(self) -> float:
        """Send the due e-mails and return the seconds until the next one is due."""
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
    """Send one e-mail. If it fails, postpone it, so that it does not block the others."""
    about = {"attempts": mail.attempts}
    try:
        async with _leased(mail):
            message = await asyncio.to_thread(_compose, mail, settings)
            if message is None:
                return
            await transport.deliver(message, settings)
            done = "sent" if settings.smtp_url else f"written to {settings.mail_dir}"
            log.info("Mail %d (%s) was %s", mail.id, mail.kind, done, extra=about)
            await _mark_sent_with_retries(mail)
    except exceptions.MailUndeliverable as error:
        # An address that an earlier release accepted. Another attempt would fail, too.
        log.error("Mail %d (%s) is given up: %s", mail.id, mail.kind, error.context_msg, extra=about)  # noqa: TRY400
        await asyncio.to_thread(_delete, mail)
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
    """Retry while the database is unavailable, because an e-mail that is not marked is sent again."""
    while True:
        try:
            return await asyncio.to_thread(_mark_sent, mail)
        except exceptions.Unavailable:
            await asyncio.sleep(RETRY_S)


def _claim() -> sql.OutboxMail | None:
    with database.transaction() as work:
        return crud.outbox.claim(work, LEASE)


def _compose(mail: sql.OutboxMail, settings: Settings) -> EmailMessage | None:
    """Return the message, or None if the e-mail is obsolete; its row is then deleted."""
    with database.transaction() as work:
        # The age alone is not reliable: by a wrong clock, a new e-mail can seem old, and an old one new.
        is_old = mail.created_at <= clock.now() - GIVE_UP_AFTER
        too_old = mail.attempts > (MIN_ATTEMPTS if is_old else MAX_ATTEMPTS)
        if too_old:
            about = {"attempts": mail.attempts - 1}
            log.error("Mail %d (%s) could not be sent for a day and is given up", mail.id, mail.kind, extra=about)
        message = None if too_old else contents.compose(work, mail, settings)
        if message is None:
            crud.outbox.delete(work, mail.id)
        return message


def _back_off(mail: sql.OutboxMail) -> timedelta:
    return min(timedelta(seconds=2 ** min(mail.attempts, 32)), MAX_DELAY)


def _postpone(mail: sql.OutboxMail, delay: timedelta) -> None:
    with database.transaction() as work:
        crud.outbox.postpone(work, mail.id, delay)


def _delete(mail: sql.OutboxMail) -> None:
    with database.transaction() as work:
        crud.outbox.delete(work, mail.id)


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
