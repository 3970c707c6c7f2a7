"""Queries on the timings of requests."""

from collections.abc import Callable
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from typing import NamedTuple

import pydantic_core
from sqlalchemy import JSON
from sqlalchemy import ColumnElement
from sqlalchemy import Row
from sqlalchemy import Select
from sqlalchemy import Text
from sqlalchemy import bindparam
from sqlalchemy import cast
from sqlalchemy import column
from sqlalchemy import delete as sql_delete
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import true
from sqlalchemy.orm import Session

from .. import clock
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from .executor import INSERT
from .executor import Executor
from .executor import dialect

WINDOW = (
    select(*sql.Timing.__table__.columns)
    .where(sql.Timing.method_path == bindparam("method_path"))
    .order_by(sql.Timing.created_at.desc(), sql.Timing.event_id.desc())
    .limit(bindparam("window_size"))
)
"""The latest `window_size` timings of the route `method_path`, newest first."""


def _from_postgresql(document: ColumnElement[str]) -> Select[Any]:
    columns = [column(each.name, each.type) for each in sql.Timing.__table__.columns]
    rows = func.json_to_recordset(cast(document, JSON)).table_valued(*columns)
    return select(rows.render_derived(with_types=True))


def _from_sqlite(document: ColumnElement[str]) -> Select[Any]:
    row = func.json_each(document).table_valued("value").c.value
    fields = {each: func.json_extract(row, f"$.{each.name}") for each in sql.Timing.__table__.columns}
    # Cut off the UTC offset, because `sql.Instant` stores instants in SQLite without it.
    instants = {each: func.substr(fields[each], 1, 26) for each in fields if isinstance(each.type, sql.Instant)}
    # SQLite's grammar requires a WHERE between SELECT and ON CONFLICT.
    return select(*(fields | instants).values()).where(true())


def _add_all(kind: str, rows: Callable[[ColumnElement[str]], Select[Any]]) -> Any:
    insert = INSERT[kind](sql.Timing.__table__)
    names = [each.name for each in sql.Timing.__table__.columns]
    return insert.from_select(names, rows(bindparam("document", type_=Text))).on_conflict_do_nothing()


# The rows are sent as one JSON document: the drivers bind rows one by one, which would delay requests.
_ADD_ALL = {"postgresql": _add_all("postgresql", _from_postgresql), "sqlite": _add_all("sqlite", _from_sqlite)}


class PreparedTiming(NamedTuple):
    """A timing serialized for `add_all`, and its route."""

    method_path: str
    row: bytes


def prepare(event: pyd.Event) -> PreparedTiming:
    """Serialize the timing of a TIMING_CREATED event."""
    payload = event.payload
    assert isinstance(payload, pyd.TimingCreated)  # noqa: S101 - guaranteed by the dispatcher
    row = {
        "event_id": event.event_id.hex,
        "created_at": _instant(event.created_at),
        "request_id": event.request_id,
        "method": payload.method,
        "path": payload.path,
        "method_path": payload.method_path,
        "status_code": payload.status_code,
        "start_ts": _instant(payload.start_ts),
        "stop_ts": _instant(payload.stop_ts),
        "diff_ms": payload.diff_ms,
    }
    return PreparedTiming(payload.method_path, pydantic_core.to_json(row))


def add_all(session: Session, timings: Sequence[PreparedTiming]) -> None:
    """Insert timings; skip those that already exist."""
    document = b"[%b]" % b",".join(timing.row for timing in timings)
    session.execute(_ADD_ALL[dialect(session)], {"document": document.decode()})


def _instant(instant: datetime) -> str:
    return instant.isoformat(" ", "microseconds")


def read_window(executor: Executor, method_path: str, window_size: int) -> Sequence[Row[Any]]:
    """Return the latest timings of a route, newest first."""
    return executor.execute(WINDOW, {"method_path": method_path, "window_size": window_size}).all()


def sweep(session: Session, created_before: datetime, limit: int) -> None:
    """Delete timings and statistics that were created before an instant or in the future, at most `limit` of each.

    Rows in the future come from a clock that was ahead, and would count as the latest rows until that time.
    """
    future = clock.now() + clock.MAX_SKEW
    for model, key in ((sql.Timing, sql.Timing.event_id), (sql.TimingStats, sql.TimingStats.id)):
        # One statement per range: with an OR, PostgreSQL may scan the whole table instead of the index.
        for expired in (model.created_at < created_before, model.created_at > future):
            # Locked rows are skipped, so that instances that sweep concurrently do not block each other.
            rows = select(key).where(expired).limit(limit).with_for_update(skip_locked=True)
            session.execute(sql_delete(model).where(key.in_(rows)))
