"""Hands an e-mail over: to the SMTP server of the settings, or into a folder where there is none."""

import asyncio
import stat
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
from sqlalchemy import make_url

from .. import exceptions
from ..config import Settings
from ..config import is_loopback
from . import messages

TIMEOUT_S = 60.0
SUBMISSION_PORT = 587
TLS_PORT = 465


async def deliver(message: EmailMessage, settings: Settings) -> None:
    """Hand an e-mail over; it takes TIMEOUT_S at most.

    Raises:
        MailNotSent: it could not be, for now.
    """
    try:
        async with asyncio.timeout(TIMEOUT_S):
            if settings.smtp_url:
                await _send(message, settings)
            else:
                await asyncio.to_thread(_write, message, settings.mail_dir)
    except (aiosmtplib.SMTPException, OSError) as error:
        # The server's own words may repeat the address.
        refusal = error.recipients[0] if isinstance(error, aiosmtplib.SMTPRecipientsRefused) else error
        code = getattr(refusal, "code", "")
        raise exceptions.MailNotSent(context_msg=f"{type(error).__name__} {code}".strip()) from None


async def _send(message: EmailMessage, settings: Settings) -> None:
    url = make_url(settings.smtp_url)
    tls_at_once = url.drivername == "smtps"
    # STARTTLS where the server has it; a password travels to another machine in no other way.
    password_travels = url.username is not None and not is_loopback(url.host or "")
    await aiosmtplib.send(
        message,
        sender=messages.sender(settings),
        hostname=url.host,
        port=url.port or (TLS_PORT if tls_at_once else SUBMISSION_PORT),
        username=url.username,
        password=None if url.password is None else str(url.password),
        use_tls=tls_at_once,
        start_tls=False if tls_at_once else password_travels or None,
        timeout=TIMEOUT_S,
    )


def _write(message: EmailMessage, folder: Path) -> None:
    """Write a file that only its owner can read, for a link in it opens an account; whole, or not at all."""
    folder.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
    path = folder / f"{str(message['Message-ID']).strip('<>').partition('@')[0]}.eml"
    draft = path.with_suffix(".part")
    draft.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
    draft.write_bytes(message.as_bytes())
    draft.replace(path)
