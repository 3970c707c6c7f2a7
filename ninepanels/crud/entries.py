"""Queries on entries."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pydantic_core
from sqlalchemy import ColumnElement
from sqlalchemy import Text
from sqlalchemy import bindparam
from sqlalchemy import cast
from sqlalchemy import delete as sql_delete
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy.orm import Session

from .. import clock
from .. import days
from .. import exceptions
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from . import tokens
from .executor import INSERT
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
        .where(*tokens.VERIFIED, sql.Panel.id == bindparam("panel_id"))
        .with_for_update(read=True, key_share=True, of=sql.Panel)
    )
    insert = insert.from_select(["user_id", "panel_id", "day", "is_complete", "timestamp"], panel)
    upsert = insert.on_conflict_do_update(
        index_elements=["user_id", "panel_id", "day"],
        set_={"is_complete": insert.excluded.is_complete, "timestamp": insert.excluded.timestamp},
    )
    return upsert.returning(*sql.Entry.__table__.columns)


_RECORD = {name: _upsert(insert(sql.Entry.__table__)) for name, insert in INSERT.items()}


# One JSON document instead of rows: SQLite's driver releases the GIL for each row, which costs more than the row.
_AS_DOCUMENT: dict[str, Callable[..., Any]] = {
    "postgresql": lambda *columns: cast(func.json_agg(func.json_build_array(*columns)), Text),
    "sqlite": lambda *columns: func.json_group_array(func.json_array(*columns)),
}


# The scalar function; SQLite's `min` is an aggregate function only with one argument.
_EARLIEST: dict[str, Callable[..., Any]] = {"postgresql": func.least, "sqlite": func.min}


def first_complete_day(*conditions: ColumnElement[bool]) -> Any:
    """Return a scalar subquery for the first complete day among the entries that meet the conditions."""
    days_complete = select(sql.Entry.day).where(*conditions, sql.Entry.is_complete)
    return days_complete.order_by(sql.Entry.day).limit(1).scalar_subquery()


def _history(kind: str, order: Any) -> Any:
    of_panel = sql.Entry.user_id == bindparam("user_id"), sql.Entry.panel_id == bindparam("panel_id")
    first_complete = first_complete_day(*of_panel)
    # As in `days.history`. Earlier entries, all of them incomplete, must not use up the limit of an ascending page.
    first_day, today = sql.Panel.first_day, bindparam("today", type_=sql.Entry.day.type)
    first = _EARLIEST[kind](func.coalesce(first_complete, first_day), first_day, today)
    entries = (
        select(sql.Entry.id, sql.Entry.day, sql.Entry.is_complete)
        .where(*of_panel, sql.Entry.day.between(first, today))
        .correlate(sql.Panel)
        .order_by(order)
        .limit(bindparam("max_entries"))
        .subquery()
    )
    document = select(_AS_DOCUMENT[kind](*entries.c)).scalar_subquery()
    history = select(sql.Panel.first_day, first_complete.label("first_complete_day"), document.label("entries"))
    history = history.join(sql.User, sql.User.id == sql.Panel.user_id)
    return history.where(*tokens.VERIFIED, sql.Panel.id == bindparam("panel_id"))


_ORDERS = {"timestamp.desc": sql.Entry.day.desc(), "timestamp.asc": sql.Entry.day.asc()}
_HISTORY = {(kind, sort_by): _history(kind, order) for kind in _AS_DOCUMENT for sort_by, order in _ORDERS.items()}


def record(executor: Executor, bearer: Bearer, panel_id: int, day: date | None, *, is_complete: bool) -> pyd.Entry:
    """Create or update the entry of a panel and day; the default day is today.

    A single statement: INSERT from a SELECT on the panel, so that another user's panel yields no row. The SELECT locks
    the panel, so that it cannot be deleted before the foreign key is checked.

    Raises:
        NotFound: the bearer has no such panel, or is not verified.
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
    """Return a page of a panel's padded history, and the number of days of the whole history.

    The query returns one row: the panel's first day, its first complete day, and the entries of its history as a JSON
    document. Each day has at most one entry, so the first `offset + limit` entries include all entries of the page.

    Raises:
        NotFound: the bearer has no such panel, or is not verified.
    """
    today = days.today(bearer)
    parameters = {**bearer._asdict(), "panel_id": panel_id, "today": today, "max_entries": offset + limit}
    row = executor.execute(_HISTORY[dialect(executor), sort_by], parameters).one_or_none()
    if row is None:
        raise exceptions.NotFound
    history = days.history(row.first_day, row.first_complete_day, today)
    recorded = {
        (day := date.fromisoformat(iso)): _history_day(entry_id, panel_id, day, is_complete=bool(is_complete))
        for entry_id, iso, is_complete in pydantic_core.from_json(row.entries or "[]")
    }
    page = days.pad(history.page(offset, limit, sort_by), recorded)
    return [entry or _history_day(f"padded-{panel_id}-{day}", panel_id, day) for day, entry in page], history.length


def delete_all(session: Session, user_id: int, panel_id: int) -> None:
    """Delete all entries of a panel."""
    session.execute(sql_delete(sql.Entry).where(sql.Entry.user_id == user_id, sql.Entry.panel_id == panel_id))


def _history_day(entry_id: int | str, panel_id: int, day: date, *, is_complete: bool = False) -> pyd.HistoryDay:
    return {"id": entry_id, "panel_id": panel_id, "is_complete": is_complete, "day": day, "timestamp": day}
