"""Decides what a mail says, and whether it is still needed, when it is due.

The mails of a reset, a sign-up and a new e-mail depend on whether an account exists. The account is looked up here, so
that the requests take the same time whether or not it does.

An address that is not verified gets only mails with a link that verifies it, without any text that a user has chosen:
anyone can sign up with another person's address.
"""

from datetime import timedelta
from email.message import EmailMessage

from .. import crud
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from ..accounts import tokens
from ..accounts import verification
from ..config import Settings
from ..database import UnitOfWork
from . import messages


def compose(work: UnitOfWork, mail: sql.OutboxMail, settings: Settings) -> EmailMessage | None:
    """Return the message of a due mail, or None if the mail is obsolete.

    Raises:
        MailUndeliverable: the recipient is not a valid address.
    """
    kind = pyd.MailKind(mail.kind)
    if kind is pyd.MailKind.PASSWORD_RESET:
        return _compose_reset(work, mail, settings)
    if kind is pyd.MailKind.VERIFY_EMAIL:
        return _compose_verification(work, mail, settings)
    # Route alerts are for no user.
    user = None if mail.user_id is None else crud.users.read(work, mail.user_id)
    if user is None and not mail.about:
        return None
    return messages.compose(mail, kind, settings, name=user.name if user else None)


def _compose_reset(work: UnitOfWork, mail: sql.OutboxMail, settings: Settings) -> EmailMessage | None:
    # Looked up by address at each attempt: the user may have changed it since the last one.
    user = crud.users.read_by_email_for_update(work, mail.recipient)
    if user is None or not crud.outbox.assign(work, mail, user.id):
        return None
    # Created when it is sent, so that its lifetime starts now and only its hash is ever stored.
    token = tokens.new_reset_token()
    lifetime = timedelta(minutes=settings.password_reset_minutes)
    crud.password_resets.issue(work, user.id, mail.id, tokens.hash_reset_token(token), lifetime)
    link = messages.reset_link(settings.url_root, mail.recipient, token)
    name = user.name if user.is_email_verified else None
    return messages.compose(mail, pyd.MailKind.PASSWORD_RESET, settings, name=name, link=link)


def _compose_verification(work: UnitOfWork, mail: sql.OutboxMail, settings: Settings) -> EmailMessage | None:
    """Return the mail to an address that was entered at a sign-up or as a new e-mail: a link, unless it is taken."""
    # Locked before the row of the mail, as in the deletion of an account.
    owner = crud.users.read_by_email_for_update(work, mail.recipient)
    if owner is None:
        claimant = None if mail.user_id is None else crud.users.read(work, mail.user_id)
        if claimant is None or claimant.new_email != mail.recipient:
            return None
        return _compose_link(mail, claimant.id, settings)
    if owner.is_email_verified and owner.id == mail.user_id:
        return None
    crud.outbox.set_user(work, mail.id, owner.id)
    if owner.is_email_verified:
        return messages.compose(mail, pyd.MailKind.ALREADY_REGISTERED, settings, name=owner.name)
    return _compose_link(mail, owner.id, settings)


def _compose_link(mail: sql.OutboxMail, user_id: int, settings: Settings) -> EmailMessage:
    token = verification.issue_token(user_id, mail.recipient, settings)
    link = messages.verification_link(settings.app_url, token)
    return messages.compose(mail, pyd.MailKind.VERIFY_EMAIL, settings, link=link)
