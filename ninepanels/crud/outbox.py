"""Queries on the e-mails to send."""

from datetime import datetime
from datetime import timedelta
from typing import Any

from sqlalchemy import delete as sql_delete
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import update as sql_update
from sqlalchemy.orm import Session

from .. import clock
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from .executor import Executor


def add(
    session: Session,
    kind: pyd.MailKind,
    recipient: str,
    user_id: int | None,
    about: dict[str, Any] | None = None,
) -> sql.OutboxMail:
    """Add an e-mail; it is sent if the transaction is committed."""
    now = clock.now()
    mail = sql.OutboxMail(
        kind=kind, recipient=recipient, user_id=user_id, about=about, created_at=now, next_attempt_at=now
    )
    session.add(mail)
    session.flush()
    return mail


def claim(session: Session, lease: timedelta) -> sql.OutboxMail | None:
    """Take the e-mail that has been due the longest in hand, None when none is due.

    Nobody else gets it for the time of the lease, which `postpone` renews; it comes up again if whoever took it has
    died by then. Two who claim at once do not wait for each other: on PostgreSQL a row that is locked is skipped, on
    SQLite a transaction has the database to itself.
    """
    now = clock.now()
    due = (
        select(sql.OutboxMail.id)
        .where(sql.OutboxMail.next_attempt_at <= now)
        .order_by(sql.OutboxMail.next_attempt_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    claimed = (
        sql_update(sql.OutboxMail)
        .where(sql.OutboxMail.id == due)
        .values(next_attempt_at=now + lease, attempts=sql.OutboxMail.attempts + 1)
    )
    return session.scalar(claimed.returning(sql.OutboxMail))


def assign(session: Session, mail_id: int, user_id: int) -> None:
    """Let an e-mail that was asked for with an address be a user's from now on, and go when they go."""
    session.execute(sql_update(sql.OutboxMail).where(sql.OutboxMail.id == mail_id).values(user_id=user_id))


def mark_sent(session: Session, mail_id: int) -> None:
    """Let an e-mail count as sent."""
    sent = sql_update(sql.OutboxMail).where(sql.OutboxMail.id == mail_id)
    session.execute(sent.values(sent_at=clock.now(), next_attempt_at=None))


def postpone(session: Session, mail_id: int, delay: timedelta) -> None:
    """Let an e-mail come up again after a while, unless it is sent."""
    session.execute(
        sql_update(sql.OutboxMail)
        .where(sql.OutboxMail.id == mail_id, sql.OutboxMail.sent_at.is_(None))
        .values(next_attempt_at=clock.now() + delay)
    )


def delete(session: Session, mail_id: int) -> None:
    """Delete an e-mail."""
    session.execute(sql_delete(sql.OutboxMail).where(sql.OutboxMail.id == mail_id))


def delete_resets(session: Session, email: str) -> None:
    """Delete the password resets that were asked for with an e-mail and are not sent; they may name no user yet."""
    session.execute(
        sql_delete(sql.OutboxMail).where(
            sql.OutboxMail.recipient == email,
            sql.OutboxMail.kind == pyd.MailKind.PASSWORD_RESET,
            sql.OutboxMail.sent_at.is_(None),
        )
    )


def sweep(session: Session, sent_before: datetime) -> None:
    """Delete e-mails that were sent long ago."""
    session.execute(sql_delete(sql.OutboxMail).where(sql.OutboxMail.sent_at < sent_before))


def read_next_attempt(executor: Executor) -> datetime | None:
    """Return when the next e-mail is due, None when none waits."""
    return executor.scalar(select(func.min(sql.OutboxMail.next_attempt_at)))


def count_unsent(executor: Executor) -> int:
    """Return how many e-mails are not sent yet."""
    waiting = select(func.count()).select_from(sql.OutboxMail).where(sql.OutboxMail.next_attempt_at.is_not(None))
    return executor.scalar(waiting) or 0
