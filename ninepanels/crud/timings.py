"""Queries on the timings of requests."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pydantic_core
from sqlalchemy import JSON
from sqlalchemy import Row
from sqlalchemy import Text
from sqlalchemy import bindparam
from sqlalchemy import cast
from sqlalchemy import column
from sqlalchemy import delete as sql_delete
from sqlalchemy import func
from sqlalchemy import literal
from sqlalchemy import select
from sqlalchemy.orm import Session

from .. import pydmodels as pyd
from .. import sqlmodels as sql
from . import upserts
from .executor import Executor
from .executor import dialect

WINDOW = (
    select(*sql.Timing.__table__.columns)
    .where(sql.Timing.method_path == bindparam("method_path"))
    .order_by(sql.Timing.created_at.desc(), sql.Timing.event_id.desc())
    .limit(bindparam("window_size"))
)
"""The latest `window_size` timings of the route `method_path`, newest first."""


def add_all(session: Session, events: Sequence[pyd.Event]) -> None:
    """Add the timings that TIMING_CREATED events tell of; what is there already stays as it is."""
    rows = [_row(event) for event in events]
    insert = upserts.insert(session, sql.Timing)
    if dialect(session) == "sqlite":
        session.execute(insert.on_conflict_do_nothing(), rows)
        return
    # psycopg2 would send one row after the other; as one JSON document they cost a third.
    columns = [column(each.name, each.type) for each in sql.Timing.__table__.columns]
    document = cast(literal(pydantic_core.to_json(rows).decode(), Text), JSON)
    sent = func.json_to_recordset(document).table_valued(*columns).render_derived(with_types=True)
    from_json = insert.from_select([each.name for each in columns], select(sent))
    session.execute(from_json.on_conflict_do_nothing())


def _row(event: pyd.Event) -> dict[str, object]:
    payload = event.payload
    assert isinstance(payload, pyd.TimingCreated)  # noqa: S101 - the dispatcher's promise
    return {
        "event_id": event.event_id,
        "created_at": event.created_at,
        "request_id": event.request_id,
        "method": payload.method,
        "path": payload.path,
        "method_path": payload.method_path,
        "status_code": payload.status_code,
        "start_ts": payload.start_ts,
        "stop_ts": payload.stop_ts,
        "diff_ms": payload.diff_ms,
    }


def read_window(executor: Executor, method_path: str, window_size: int) -> Sequence[Row[Any]]:
    """Return the latest timings of a route, newest first."""
    return executor.execute(WINDOW, {"method_path": method_path, "window_size": window_size}).all()


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
