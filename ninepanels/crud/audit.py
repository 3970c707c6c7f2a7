"""Queries on the audit events: changes of accounts, and changes by admins."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete as sql_delete
from sqlalchemy import func
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy import update as sql_update
from sqlalchemy.orm import Session

from .. import clock
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from .executor import Executor


def add(
    session: Session,
    action: pyd.AuditAction,
    *,
    actor_id: int | None,
    target_id: int | None,
    address: str | None,
    details: Iterable[str] = (),
) -> None:
    """Record a change in the transaction that makes it."""
    session.add(
        sql.AuditEvent(
            created_at=clock.now(),
            action=action,
            actor_id=actor_id,
            target_id=target_id,
            address=address,
            details=list(details),
        )
    )


def read_all(executor: Executor, *, offset: int, limit: int) -> tuple[list[pyd.AuditEvent], int]:
    """Return a page of the events, newest first, and the number of all events."""
    columns = [sql.AuditEvent.__table__.columns[name] for name in pyd.AuditEvent.model_fields]
    page = executor.execute(select(*columns).order_by(sql.AuditEvent.id.desc()).offset(offset).limit(limit))
    total = executor.scalar(select(func.count()).select_from(sql.AuditEvent))
    return [pyd.AuditEvent.model_validate(row) for row in page], total or 0


def forget(session: Session, user_id: int) -> None:
    """Delete the events about a user alone, and the addresses of a user in the others.

    The database sets the references to NULL when it deletes the user.
    """
    event = sql.AuditEvent
    is_alone = (event.target_id == user_id) & or_(event.actor_id == user_id, event.actor_id.is_(None))
    session.execute(sql_delete(event).where(is_alone))
    session.execute(sql_update(event).where(event.actor_id == user_id).values(address=None))


def sweep(session: Session, created_before: datetime) -> None:
    """Delete the events from before an instant."""
    session.execute(sql_delete(sql.AuditEvent).where(sql.AuditEvent.created_at < created_before))
