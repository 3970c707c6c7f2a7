"""Queries on the outbox: the e-mails to send."""

import secrets
from datetime import datetime
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import ScalarSelect
from sqlalchemy import delete as sql_delete
from sqlalchemy import exists
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import update as sql_update
from sqlalchemy.orm import Session
from sqlalchemy.orm import aliased

from .. import clock
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from .executor import Executor

LOOKUP_DELAY_MS = 10_000
"""Up to how much later a mail is sent if its work depends on whether an account exists."""
DELAYED = {pyd.MailKind.PASSWORD_RESET, pyd.MailKind.VERIFY_EMAIL}

MAX_AHEAD = timedelta(minutes=10) + clock.MAX_SKEW
"""How far ahead an attempt is scheduled at most. A later attempt was scheduled while a clock was wrong."""


def add(
    session: Session,
    kind: pyd.MailKind,
    recipient: str,
    user_id: int | None,
    about: dict[str, Any] | None = None,
) -> sql.OutboxMail:
    """Add an e-mail. It is sent after the transaction is committed.

    If the account is looked up when it is sent, that is after a random delay: an account causes more work, which slows
    other requests. Without the delay, the duration of the next requests would reveal whether there is an account.
    """
    now = clock.now()
    # One more: `randbelow` needs a positive number.
    delay = timedelta(milliseconds=secrets.randbelow(LOOKUP_DELAY_MS + 1)) if kind in DELAYED else timedelta()
    mail = sql.OutboxMail(
        kind=kind, recipient=recipient, user_id=user_id, about=about, created_at=now, next_attempt_at=now + delay
    )
    session.add(mail)
    session.flush()
    return mail


def notify(session: Session, kind: pyd.MailKind, user: sql.User) -> None:
    """Add an e-mail to a user, unless the address is not verified: it then gets only mails with a link to verify it."""
    if user.is_email_verified:
        add(session, kind, user.email, user.id)


def claim(session: Session, lease: timedelta) -> sql.OutboxMail | None:
    """Lease the e-mail that has been due the longest and return it, or None if none is due.

    An e-mail that is scheduled further ahead than MAX_AHEAD is leased first. It was scheduled while a clock was wrong,
    and would wait for too long.

    Other instances skip the e-mail until the lease ends, and then send it if this one has crashed; `postpone` renews
    the lease. Concurrent claims do not block each other on PostgreSQL, because locked rows are skipped. On SQLite
    writing transactions are serialized.
    """
    now = clock.now()
    # Two subqueries, because neither database uses the index for an OR that is sorted.
    misplaced = _first(sql.OutboxMail.next_attempt_at > now + MAX_AHEAD)
    due = _first(sql.OutboxMail.next_attempt_at <= now)
    claimed = (
        sql_update(sql.OutboxMail)
        .where(sql.OutboxMail.id == func.coalesce(misplaced, due))
        .values(next_attempt_at=now + lease, attempts=sql.OutboxMail.attempts + 1)
    )
    return session.scalar(claimed.returning(sql.OutboxMail))


def _first(condition: ColumnElement[bool]) -> ScalarSelect[int]:
    """Return a scalar subquery for the e-mail with the earliest attempt among those that meet the condition."""
    ids = select(sql.OutboxMail.id).where(condition).order_by(sql.OutboxMail.next_attempt_at).limit(1)
    return ids.with_for_update(skip_locked=True).scalar_subquery()


def assign(session: Session, mail: sql.OutboxMail, user_id: int) -> bool:
    """Set the user of a password reset, so that it is deleted with the user; return False if the e-mail is obsolete.

    An e-mail is obsolete if it was deleted since it was claimed, or if sending a newer one to the same address was
    attempted: the token of the older e-mail would invalidate the token of the newer one.
    """
    newer = aliased(sql.OutboxMail)
    is_newer_tried = exists().where(
        newer.recipient == mail.recipient,
        newer.kind == pyd.MailKind.PASSWORD_RESET,
        newer.id > mail.id,
        newer.attempts > 0,
    )
    assigned = sql_update(sql.OutboxMail).where(sql.OutboxMail.id == mail.id, ~is_newer_tried).values(user_id=user_id)
    return session.scalar(assigned.returning(sql.OutboxMail.id)) is not None


def set_user(session: Session, mail_id: int, user_id: int) -> None:
    """Set the user of an e-mail, so that it is deleted with the user."""
    session.execute(sql_update(sql.OutboxMail).where(sql.OutboxMail.id == mail_id).values(user_id=user_id))


def mark_sent(session: Session, mail_id: int) -> None:
    """Mark an e-mail as sent."""
    sent = sql_update(sql.OutboxMail).where(sql.OutboxMail.id == mail_id)
    session.execute(sent.values(sent_at=clock.now(), next_attempt_at=None))


def postpone(session: Session, mail_id: int, delay: timedelta) -> None:
    """Schedule the next attempt to send an e-mail, unless it is sent."""
    session.execute(
        sql_update(sql.OutboxMail)
        .where(sql.OutboxMail.id == mail_id, sql.OutboxMail.sent_at.is_(None))
        .values(next_attempt_at=clock.now() + delay)
    )


def delete(session: Session, mail_id: int) -> None:
    """Delete an e-mail."""
    session.execute(sql_delete(sql.OutboxMail).where(sql.OutboxMail.id == mail_id))


def delete_resets(session: Session, email: str) -> None:
    """Delete the unsent password resets for an address; `user_id` may not be set on them yet."""
    session.execute(
        sql_delete(sql.OutboxMail).where(
            sql.OutboxMail.recipient == email,
            sql.OutboxMail.kind == pyd.MailKind.PASSWORD_RESET,
            sql.OutboxMail.sent_at.is_(None),
        )
    )


def delete_unassigned(session: Session, email: str) -> None:
    """Delete the e-mails to the address of an account whose user is not set yet."""
    session.execute(
        sql_delete(sql.OutboxMail).where(
            sql.OutboxMail.recipient == email,
            sql.OutboxMail.kind.in_([pyd.MailKind.PASSWORD_RESET, pyd.MailKind.VERIFY_EMAIL]),
            sql.OutboxMail.user_id.is_(None),
        )
    )


def sweep(session: Session, sent_before: datetime) -> None:
    """Delete the e-mails that were sent before an instant."""
    session.execute(sql_delete(sql.OutboxMail).where(sql.OutboxMail.sent_at < sent_before))


def read_next_attempt(executor: Executor) -> datetime | None:
    """Return when the next e-mail is due, or None if all are sent."""
    return executor.scalar(select(func.min(sql.OutboxMail.next_attempt_at)))


def count_unsent(executor: Executor) -> int:
    """Return the number of e-mails that are not sent."""
    waiting = select(func.count()).select_from(sql.OutboxMail).where(sql.OutboxMail.next_attempt_at.is_not(None))
    return executor.scalar(waiting) or 0
