"""Queries on password reset tokens. Only hashes of the tokens are stored and passed."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Select
from sqlalchemy import delete as sql_delete
from sqlalchemy import exists
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy import update as sql_update
from sqlalchemy.orm import Session

from .. import clock
from .. import exceptions
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from . import outbox
from .executor import Executor


def issue(session: Session, user_id: int, mail_id: int, token_hash: str, lifetime: timedelta) -> None:
    """Add a token for an e-mail, invalidate the user's older tokens and delete the expired tokens of all users."""
    now = clock.now()
    session.execute(sql_delete(sql.PasswordResetToken).where(sql.PasswordResetToken.expires_at <= now))
    invalidate_all(session, user_id)
    session.add(
        sql.PasswordResetToken(
            token_hash=token_hash, user_id=user_id, mail_id=mail_id, issued_at=now, expires_at=now + lifetime
        )
    )


def check(executor: Executor, email: str, token_hash: str) -> None:
    """Check that a token is valid for an e-mail.

    Raises:
        InvalidResetToken: the token is unknown, used, expired, invalidated or issued for another e-mail.
    """
    valid = select(sql.PasswordResetToken.user_id).where(*_is_valid(_user_id(email), token_hash))
    if executor.scalar(valid) is None:
        raise exceptions.InvalidResetToken


def use(session: Session, email: str, token_hash: str) -> int:
    """Invalidate a token, lock its user and return the user's id. Of concurrent calls only one succeeds.

    Raises:
        InvalidResetToken: as `check`.
    """
    locked = _user_id(email).with_for_update(key_share=True)
    used = sql_update(sql.PasswordResetToken).where(*_is_valid(locked, token_hash)).values(invalidated_at=clock.now())
    user_id: int | None = session.scalar(used.returning(sql.PasswordResetToken.user_id))
    if user_id is None:
        raise exceptions.InvalidResetToken
    return user_id


def invalidate_all(session: Session, user_id: int) -> None:
    """Invalidate all tokens of a user."""
    tokens = sql_update(sql.PasswordResetToken).where(
        sql.PasswordResetToken.user_id == user_id, sql.PasswordResetToken.invalidated_at.is_(None)
    )
    session.execute(tokens.values(invalidated_at=clock.now()))


def cancel_all(session: Session, user_id: int, email: str) -> None:
    """Delete a user's unsent password resets and invalidate all tokens of the user, who must be locked.

    An e-mail is composed under the same lock, so none that was requested before is sent with a valid token.
    """
    outbox.delete_resets(session, email)
    invalidate_all(session, user_id)


def _user_id(email: str) -> Select[Any]:
    return select(sql.User.id).where(sql.User.email == email)


def _is_valid(user_id: Select[Any], token_hash: str) -> tuple[Any, ...]:
    # A newer request invalidates the token immediately, although the new token is issued only when its mail is sent.
    newer_request = exists().where(
        sql.OutboxMail.recipient == sql.User.email,
        sql.User.id == sql.PasswordResetToken.user_id,
        sql.OutboxMail.kind == pyd.MailKind.PASSWORD_RESET,
        sql.OutboxMail.sent_at.is_(None),
        # Compared by id: instants are wrong if a clock was set back. Tokens of earlier releases have no `mail_id`.
        or_(sql.PasswordResetToken.mail_id.is_(None), sql.OutboxMail.id > sql.PasswordResetToken.mail_id),
    )
    now = clock.now()
    return (
        sql.PasswordResetToken.token_hash == token_hash,
        sql.PasswordResetToken.user_id == user_id.scalar_subquery(),
        sql.PasswordResetToken.invalidated_at.is_(None),
        sql.PasswordResetToken.issued_at <= now + clock.MAX_SKEW,
        sql.PasswordResetToken.expires_at > now,
        ~newer_request,
    )
