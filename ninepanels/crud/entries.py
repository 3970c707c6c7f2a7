"""Queries on entries."""

from datetime import UTC
from datetime import date
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import delete as sql_delete
from sqlalchemy import extract
from sqlalchemy import func
from sqlalchemy import null
from sqlalchemy import select
from sqlalchemy import type_coerce
from sqlalchemy import union_all
from sqlalchemy.orm import Session

from .. import clock
from .. import days
from .. import exceptions
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from . import tokens
from . import upserts
from .executor import Executor
from .executor import dialect
from .tokens import Bearer


def _upsert(insert: Any) -> Any:
    panel = (
        select(
            sql.Panel.user_id,
            sql.Panel.id,
            bindparam("day", type_=sql.Entry.day.type),
            bindparam("is_complete", type_=sql.Entry.is_complete.type),
            bindparam("timestamp", type_=sql.Entry.timestamp.type),
        )
        .join(sql.User, sql.User.id == sql.Panel.user_id)
        .where(*tokens.PROOF, sql.Panel.id == bindparam("panel_id"))
        .with_for_update(read=True, key_share=True, of=sql.Panel)
    )
    insert = insert.from_select(["user_id", "panel_id", "day", "is_complete", "timestamp"], panel)
    upsert = insert.on_conflict_do_update(
        index_elements=["user_id", "panel_id", "day"],
        set_={"is_complete": insert.excluded.is_complete, "timestamp": insert.excluded.timestamp},
    )
    return upsert.returning(*sql.Entry.__table__.columns)


_RECORD = {name: _upsert(insert(sql.Entry.__table__)) for name, insert in upserts.INSERT.items()}


def _history(order: Any) -> Any:
    mine = sql.Entry.user_id == bindparam("user_id"), sql.Entry.panel_id == bindparam("panel_id")
    first_day = select(func.min(sql.Entry.day)).where(*mine).scalar_subquery()
    # As a number of seconds, for what makes an instant of a value would be called for each entry, too.
    panel = select(
        extract("epoch", sql.Panel.created_at).label("created"),
        type_coerce(null(), sql.Entry.id.type).label("entry_id"),
        first_day.label("day"),
        type_coerce(null(), sql.Entry.is_complete.type).label("is_complete"),
    )
    panel = panel.join(sql.User, sql.User.id == sql.Panel.user_id)
    panel = panel.where(*tokens.PROOF, sql.Panel.id == bindparam("panel_id"))
    entries = (
        select(sql.Entry.id, sql.Entry.day, sql.Entry.is_complete)
        .where(*mine, sql.Entry.day <= bindparam("today"))
        .order_by(order)
        .limit(bindparam("at_most"))
        .subquery()
    )
    # What is said of the panel comes once, in a row of its own, and the day of that is the first one.
    return union_all(panel, select(null(), *entries.c))


_HISTORY = {"timestamp.desc": _history(sql.Entry.day.desc()), "timestamp.asc": _history(sql.Entry.day.asc())}


def record(executor: Executor, bearer: Bearer, panel_id: int, day: date | None, *, is_complete: bool) -> pyd.Entry:
    """Record a tap for a day, or without one for today; one entry per panel and day, the last tap wins.

    One statement: it inserts from the panel it belongs to, so that somebody else's panel gives no row, and locks that
    panel against being deleted before the foreign key is checked.

    Raises:
        NotFound: the bearer has no such panel, or is not proven.
        DayInTheFuture: the day has not begun for the bearer.
    """
    tap = {
        **bearer._asdict(),
        "panel_id": panel_id,
        "day": days.day_to_record(day, days.today(bearer)),
        "is_complete": is_complete,
        "timestamp": clock.now(),
    }
    row = executor.execute(_RECORD[dialect(executor)], tap).one_or_none()
    if row is None:
        raise exceptions.NotFound
    return pyd.Entry.model_validate(row)


def read_history(
    executor: Executor,
    bearer: Bearer,
    panel_id: int,
    *,
    offset: int,
    limit: int,
    sort_by: days.SortBy,
) -> tuple[list[pyd.HistoryDay], int]:
    """Return a page of a panel's padded history, and the number of days of the whole.

    The panel, the day of its first entry and the entries come in one statement. A page that ends with the
    `offset + limit`-th day can hold none but the first `offset + limit` entries, for a day has at most one.

    Raises:
        NotFound: the bearer has no such panel, or is not proven.
    """
    today = days.today(bearer)
    asked = {**bearer._asdict(), "panel_id": panel_id, "today": today, "at_most": offset + limit}
    rows = executor.execute(_HISTORY[sort_by], asked).all()
    panel = next((row for row in rows if row.created is not None), None)
    if panel is None:
        raise exceptions.NotFound
    created = days.day_of(datetime.fromtimestamp(float(panel.created), UTC), bearer)
    history = days.history(created, panel.day, today)
    recorded = {
        day: _history_day(entry_id, panel_id, day, is_complete=is_complete)
        for _, entry_id, day, is_complete in rows
        if entry_id is not None
    }
    page = days.padded(history.page(offset, limit, sort_by), recorded)
    return [entry or _history_day(f"padded-{panel_id}-{day}", panel_id, day) for day, entry in page], history.length


def delete_all(session: Session, user_id: int, panel_id: int) -> None:
    """Delete a panel's entries."""
    session.execute(sql_delete(sql.Entry).where(sql.Entry.user_id == user_id, sql.Entry.panel_id == panel_id))


def _history_day(entry_id: int | str, panel_id: int, day: date, *, is_complete: bool = False) -> pyd.HistoryDay:
    return {"id": entry_id, "panel_id": panel_id, "is_complete": is_complete, "day": day, "timestamp": day}
