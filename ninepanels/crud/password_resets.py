"""Queries on the tokens that reset a password. Only their hashes come here."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Select
from sqlalchemy import delete as sql_delete
from sqlalchemy import exists
from sqlalchemy import select
from sqlalchemy import update as sql_update
from sqlalchemy.orm import Session

from .. import clock
from .. import exceptions
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from .executor import Executor


def issue(session: Session, user_id: int, token_hash: str, lifetime: timedelta) -> None:
    """Add a token and void the user's older ones; tokens of anybody that have expired are deleted."""
    now = clock.now()
    session.execute(sql_delete(sql.PasswordResetToken).where(sql.PasswordResetToken.expires_at <= now))
    invalidate_all(session, user_id)
    session.add(
        sql.PasswordResetToken(token_hash=token_hash, user_id=user_id, issued_at=now, expires_at=now + lifetime)
    )


def check(executor: Executor, email: str, token_hash: str) -> None:
    """Make sure that a token is good for an e-mail.

    Raises:
        InvalidResetToken: it is not, whatever the reason.
    """
    good = select(sql.PasswordResetToken.user_id).where(*_is_good(_whose(email), token_hash))
    if executor.scalar(good) is None:
        raise exceptions.InvalidResetToken


def use(session: Session, email: str, token_hash: str) -> int:
    """Use a token up and return the id of its user, who is locked; of two at once only one gets it.

    Raises:
        InvalidResetToken: as `check`.
    """
    whose = _whose(email).with_for_update(key_share=True)
    used = sql_update(sql.PasswordResetToken).where(*_is_good(whose, token_hash)).values(invalidated_at=clock.now())
    user_id: int | None = session.scalar(used.returning(sql.PasswordResetToken.user_id))
    if user_id is None:
        raise exceptions.InvalidResetToken
    return user_id


def invalidate_all(session: Session, user_id: int) -> None:
    """Let none of the user's tokens work any more."""
    session.execute(
        sql_update(sql.PasswordResetToken)
        .where(sql.PasswordResetToken.user_id == user_id, sql.PasswordResetToken.invalidated_at.is_(None))
        .values(invalidated_at=clock.now())
    )


def _whose(email: str) -> Select[Any]:
    return select(sql.User.id).where(sql.User.email == email)


def _is_good(whose: Select[Any], token_hash: str) -> tuple[Any, ...]:
    # A request that came after the token voids it at once; the new token is made when its mail is sent.
    asked_again = exists().where(
        sql.OutboxMail.recipient == sql.User.email,
        sql.User.id == sql.PasswordResetToken.user_id,
        sql.OutboxMail.kind == pyd.MailKind.PASSWORD_RESET,
        sql.OutboxMail.sent_at.is_(None),
        sql.OutboxMail.created_at > sql.PasswordResetToken.issued_at,
    )
    return (
        sql.PasswordResetToken.token_hash == token_hash,
        sql.PasswordResetToken.user_id == whose.scalar_subquery(),
        sql.PasswordResetToken.invalidated_at.is_(None),
        sql.PasswordResetToken.expires_at > clock.now(),
        ~asked_again,
    )
