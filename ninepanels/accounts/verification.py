"""Verification of e-mails: the tokens in the links of mails, and what opening a link changes."""

import hashlib
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import NamedTuple

from jose import jwt

from .. import clock
from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from ..config import Settings
from ..database import UnitOfWork
from .tokens import ALGORITHM

AUDIENCE = "verify_email"
"""Tells these tokens from access tokens, which have no audience and are not accepted with one."""
LIFETIME = timedelta(hours=48)


class Claim(NamedTuple):
    """What a token proves: the user's link was mailed to the e-mail with this hash."""

    user_id: int
    email_hash: str


def issue_token(user_id: int, email: str, settings: Settings) -> str:
    """Return a token for the link in a mail to an e-mail of a user. It is signed, so it need not be stored."""
    claims = {
        "aud": AUDIENCE,
        "sub": str(user_id),
        "exp": clock.now() + LIFETIME,
        # An e-mail can be so long that the link would not fit into a line of the mail.
        "email_hash": _hash(email),
    }
    return jwt.encode(claims, settings.jwt_secret.get_secret_value(), algorithm=ALGORITHM)


def read_token(token: str, settings: Settings) -> Claim:
    """Verify the token of a link.

    Raises:
        InvalidVerificationToken: the token is malformed, expired, or not one of these.
    """
    # A required `exp` would be compared to the clock of the system instead of the project's.
    options = {"verify_exp": False, "require_aud": True}
    try:
        secrets = settings.accepted_secrets
        claims = jwt.decode(token, secrets, algorithms=[ALGORITHM], options=options, audience=AUDIENCE)
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        claim = Claim(int(claims["sub"]), str(claims["email_hash"]))
    except Exception as error:
        # As for access tokens: jose raises exceptions of many classes.
        raise exceptions.InvalidVerificationToken(context_msg=type(error).__name__) from error
    if expires_at <= clock.now():
        raise exceptions.InvalidVerificationToken(context_msg="expired")
    return claim


def verify(work: UnitOfWork, claim: Claim, address: str | None) -> None:
    """Verify the e-mail of a user, or replace it by the new one, whichever the token is for.

    `address` is that of the client, for the audit event.

    Raises:
        InvalidVerificationToken: the user has neither of them any more, or another account has the new one.
    """
    try:
        user = crud.users.read_for_update(work, claim.user_id)
        if _hash(user.email) == claim.email_hash:
            _verify_current(work, user, address)
        elif user.new_email is not None and _hash(user.new_email) == claim.email_hash:
            change_email(work, user, user.new_email)
            _record(work, user, address, ["email"])
        else:
            raise exceptions.InvalidVerificationToken(context_msg="the e-mail was changed")
    except (exceptions.NotAuthenticated, exceptions.EmailTaken) as error:
        raise exceptions.InvalidVerificationToken(context_msg=type(error).__name__) from error
    work.emit(pyd.EmailVerified(user_id=user.id))


def change_email(work: UnitOfWork, user: sql.User, email: str) -> None:
    """Change the e-mail of a locked user, notify the old address and cancel the reset links that were sent to it.

    Raises:
        EmailTaken: another user has the e-mail.
    """
    old_email, was_verified = user.email, user.is_email_verified
    crud.users.change_email(work, user.id, email)
    crud.password_resets.cancel_all(work, user.id, old_email)
    if was_verified:
        crud.outbox.add(work, pyd.MailKind.EMAIL_CHANGED, old_email, user.id)


def _verify_current(work: UnitOfWork, user: sql.User, address: str | None) -> None:
    # A link can be opened again, which changes nothing and adds nothing.
    if not user.is_email_verified:
        crud.users.update(work, user, {"is_email_verified": True})
        crud.outbox.notify(work, pyd.MailKind.WELCOME, user)
        _record(work, user, address, ["is_email_verified"])


def _record(work: UnitOfWork, user: sql.User, address: str | None, changed: list[str]) -> None:
    action = pyd.AuditAction.EMAIL_VERIFIED
    crud.audit.add(work, action, actor_id=user.id, target_id=user.id, address=address, details=changed)


def _hash(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()
