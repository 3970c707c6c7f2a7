"""Reads the outbox and waits for it."""

from datetime import datetime
from datetime import timedelta

from sqlalchemy import select
from starlette.testclient import TestClient

from ninepanels import clock
from ninepanels import pydmodels as pyd
from ninepanels import queues
from ninepanels import sqlmodels as sql
from ninepanels.database import database
from ninepanels.mail import outbox

from ..conftest import Clock
from .servers import wait_for


def rows() -> list[sql.OutboxMail]:
    with database.transaction() as session:
        return list(session.scalars(select(sql.OutboxMail).order_by(sql.OutboxMail.id)))


def is_leased(row: sql.OutboxMail) -> bool:
    return row.next_attempt_at is not None and row.next_attempt_at >= clock.now() + outbox.LEASE


def wait_until_sent(count: int = 1) -> list[sql.OutboxMail]:
    def sent() -> list[sql.OutboxMail] | None:
        found = [row for row in rows() if row.sent_at]
        return found if len(found) == count else None

    return wait_for(sent)


def wait_for_attempt(attempt: int, wall_clock: Clock) -> datetime:
    """Wait until the only mail was attempted this often and postponed; return the time of the next attempt."""
    due = wall_clock.now + min(timedelta(seconds=2**attempt), outbox.MAX_DELAY)

    def is_postponed() -> bool:
        (row,) = rows()
        return (row.attempts, row.next_attempt_at) == (attempt, due)

    wait_for(is_postponed)
    return due


def wake_outbox(client: TestClient) -> None:
    assert client.portal is not None
    client.portal.call(queues.emit, pyd.PasswordChanged(user_id=0))
