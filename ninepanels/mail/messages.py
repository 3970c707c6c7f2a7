"""Composes e-mails from the templates in `templates/`: one for text and one for HTML per kind."""

from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.policy import SMTPUTF8
from email.utils import format_datetime
from email.utils import parseaddr
from urllib.parse import urlencode

import email_validator
from jinja2 import Environment
from jinja2 import PackageLoader
from jinja2 import StrictUndefined
from jinja2 import select_autoescape

from .. import clock
from .. import exceptions
from .. import ids
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from ..accounts import verification
from ..config import Settings

SUBJECTS = {
    pyd.MailKind.WELCOME: "Welcome to Nine Panels",
    pyd.MailKind.VERIFY_EMAIL: "Confirm your e-mail address for Nine Panels",
    pyd.MailKind.ALREADY_REGISTERED: "You already have an account at Nine Panels",
    pyd.MailKind.PASSWORD_RESET: "Your new password for Nine Panels",
    pyd.MailKind.PASSWORD_CHANGED: "Your password was changed",
    pyd.MailKind.EMAIL_CHANGED: "Your e-mail address was changed",
    pyd.MailKind.SECOND_FACTOR_ON: "Your second factor was switched on",
    pyd.MailKind.SECOND_FACTOR_OFF: "Your second factor was switched off",
    pyd.MailKind.ROUTE_ALERT_RAISED: "Alert: a route of Nine Panels is slow",
    pyd.MailKind.ROUTE_ALERT_CLEARED: "Cleared: a route of Nine Panels is fast again",
}

# RFC 5322, section 2.1.1.
MAX_LINE_LENGTH = 998

_templates = Environment(
    loader=PackageLoader("ninepanels.mail"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
)


def compose(
    mail: sql.OutboxMail, kind: pyd.MailKind, settings: Settings, *, name: str | None = None, link: str | None = None
) -> EmailMessage:
    """Return the e-mail of a row of the outbox.

    Args:
        mail: the row.
        kind: what it says. It differs from the kind of the row if the address turned out to have an account.
        settings: contains the sender and the address of the web client.
        name: the user's name, None if it must not be in the e-mail. It is used in the body only, never in a header.
        link: the link of a password reset or of a verification, otherwise None.

    Raises:
        MailUndeliverable: the recipient is not a valid address.
    """
    recipient = _with_ascii_domain(mail.recipient)
    values = {
        "name": name and " ".join(name.split()),
        "about": mail.about,
        "url_root": settings.url_root,
        "link": link,
        "minutes": settings.password_reset_minutes,
        "hours": verification.LIFETIME // timedelta(hours=1),
    }
    policy = SMTP if recipient.isascii() else SMTPUTF8
    # Shorter lines would break and encode the link, so that it could not be copied from a mail file.
    message = EmailMessage(policy=policy.clone(max_line_length=MAX_LINE_LENGTH))
    message["From"] = settings.mail_from
    message["To"] = recipient
    message["Subject"] = SUBJECTS[kind]
    message["Date"] = format_datetime(clock.now())
    # The same for every attempt, so that mail clients can recognize duplicates.
    message["Message-ID"] = f"<{mail.id}.{mail.created_at:%Y%m%d%H%M%S%f}@{sender(settings).partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_templates.get_template(f"{kind}.txt").render(values))
    message.add_alternative(_templates.get_template(f"{kind}.html").render(values), subtype="html")
    # The default boundary depends on the shared `random` module, which other code may seed.
    message.set_boundary(str(ids.uuid4()))
    return message


def reset_link(url_root: str, email: str, token: str) -> str:
    """Return the page of the web client on which the user sets a new password."""
    return f"{url_root}/password_reset?{urlencode({'email': email, 'password_reset_token': token})}"


def verification_link(app_url: str, token: str) -> str:
    """Return the page of the app on which the user confirms an e-mail."""
    return f"{app_url}/verify_email?{urlencode({'verification_token': token})}"


def sender(settings: Settings) -> str:
    """Return the sender's address without the display name."""
    return parseaddr(settings.mail_from)[1]


def _with_ascii_domain(email: str) -> str:
    """Return the address with its domain in ASCII (Punycode), because most mail servers accept no other."""
    try:
        valid = email_validator.validate_email(email, check_deliverability=False)
    except email_validator.EmailNotValidError:
        # The library's message contains parts of the address, so it is not chained.
        raise exceptions.MailUndeliverable(context_msg="the address is not valid") from None
    return valid.ascii_email or f"{valid.local_part}@{valid.ascii_domain}"
