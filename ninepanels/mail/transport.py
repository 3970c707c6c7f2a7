"""Delivers e-mails to the configured SMTP server, or to a folder if none is configured."""

import asyncio
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
from sqlalchemy import make_url

from .. import exceptions
from .. import private_files
from ..config import Settings
from ..config import is_loopback
from . import messages

TIMEOUT_S = 60.0
SUBMISSION_PORT = 587
TLS_PORT = 465


async def deliver(message: EmailMessage, settings: Settings) -> None:
    """Deliver an e-mail within TIMEOUT_S.

    Raises:
        MailNotSent: the delivery failed or timed out.
    """
    try:
        async with asyncio.timeout(TIMEOUT_S):
            if settings.smtp_url:
                await _send(message, settings)
            else:
                await asyncio.to_thread(_write, message, settings.mail_dir)
    except (aiosmtplib.SMTPException, OSError) as error:
        # Only the class and the code are kept: the server's message can contain the recipient's address.
        refusal = error.recipients[0] if isinstance(error, aiosmtplib.SMTPRecipientsRefused) else error
        code = getattr(refusal, "code", "")
        raise exceptions.MailNotSent(context_msg=f"{type(error).__name__} {code}".strip()) from None


async def _send(message: EmailMessage, settings: Settings) -> None:
    url = make_url(settings.smtp_url)
    implicit_tls = url.drivername == "smtps"
    # STARTTLS is used if the server offers it, and is required if a password leaves this machine.
    must_encrypt = url.username is not None and not is_loopback(url.host or "")
    client = aiosmtplib.SMTP(
        hostname=url.host,
        port=url.port or (TLS_PORT if implicit_tls else SUBMISSION_PORT),
        username=url.username,
        password=None if url.password is None else str(url.password),
        use_tls=implicit_tls,
        start_tls=False if implicit_tls else must_encrypt or None,
        timeout=TIMEOUT_S,
    )
    async with client:
        try:
            await client.send_message(message, sender=messages.sender(settings))
        except asyncio.CancelledError:
            # Otherwise the end of the block waits up to TIMEOUT_S for the server to answer QUIT.
            client.close()
            raise


def _write(message: EmailMessage, folder: Path) -> None:
    """Write the file atomically. Only its owner can read it, because it can contain a password reset link."""
    private_files.make_folder(folder)
    name = str(message["Message-ID"]).strip("<>").partition("@")[0]
    private_files.write(folder / f"{name}.eml", message.as_bytes())
