"""Queries on the timings of requests."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select
from sqlalchemy import delete as sql_delete
from sqlalchemy import select
from sqlalchemy.orm import Session

from .. import pydmodels as pyd
from .. import sqlmodels as sql
from . import upserts

_OF_THE_PAYLOAD = ("method", "path", "method_path", "status_code", "start_ts", "stop_ts", "diff_ms")


def add_all(session: Session, events: Sequence[pyd.Event]) -> None:
    """Add the timings that TIMING_CREATED events tell of; what is there already stays as it is."""
    rows = [
        {"event_id": event.event_id, "created_at": event.created_at, "request_id": event.request_id}
        | {column: getattr(event.payload, column) for column in _OF_THE_PAYLOAD}
        for event in events
    ]
    # What it returns nobody needs, but without it psycopg2 would be sent row after row.
    session.execute(upserts.insert(session, sql.Timing).on_conflict_do_nothing().returning(sql.Timing.event_id), rows)


def window(method_path: str, window_size: int) -> Select[sql.Timing]:
    """Return the query for the latest timings of a route, newest first."""
    newest_first = sql.Timing.created_at.desc(), sql.Timing.event_id.desc()
    return select(sql.Timing).where(sql.Timing.method_path == method_path).order_by(*newest_first).limit(window_size)


def read_window(session: Session, method_path: str, window_size: int) -> list[sql.Timing]:
    """Return the latest timings of a route, newest first."""
    return list(session.scalars(window(method_path, window_size)))


def sweep(session: Session, created_before: datetime, at_most: int) -> None:
    """Delete the oldest timings and statistics from before an instant, a number of rows of each."""
    old_timings = select(sql.Timing.event_id).where(sql.Timing.created_at < created_before).limit(at_most)
    old_stats = select(sql.TimingStats.id).where(sql.TimingStats.created_at < created_before).limit(at_most)
    # Two instances that sweep at once do not wait for each other.
    session.execute(
        sql_delete(sql.Timing).where(sql.Timing.event_id.in_(old_timings.with_for_update(skip_locked=True)))
    )
    session.execute(
        sql_delete(sql.TimingStats).where(sql.TimingStats.id.in_(old_stats.with_for_update(skip_locked=True)))
    )
