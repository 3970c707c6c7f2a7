"""Queries on the history of a panel."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pydantic_core
from sqlalchemy import ColumnElement
from sqlalchemy import Integer
from sqlalchemy import Text
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import cast
from sqlalchemy import func
from sqlalchemy import literal_column
from sqlalchemy import select

from .. import days
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from . import tokens
from . import versions
from .executor import Executor
from .executor import PreparedStatement
from .executor import dialect
from .tokens import Bearer
from .versions import Version
from .versions import Versioned

# One JSON document instead of rows: SQLite's driver releases the GIL for each row, which costs more than the row.
_AS_DOCUMENT: dict[str, Callable[..., Any]] = {
    "postgresql": lambda *columns: cast(func.json_agg(func.json_build_array(*columns)), Text),
    "sqlite": lambda *columns: func.json_group_array(func.json_array(*columns)),
}

# As a parameter, the number would be unknown when the statement is planned.
_ONE = literal_column("1", Integer)

# The scalar function; SQLite's `min` is an aggregate function only with one argument.
_EARLIEST: dict[str, Callable[..., Any]] = {"postgresql": func.least, "sqlite": func.min}


def first_complete_day(*conditions: ColumnElement[bool]) -> Any:
    """Return a scalar subquery for the first complete day among the entries that meet the conditions."""
    days_complete = select(sql.Entry.day).where(*conditions, sql.Entry.is_complete)
    return days_complete.order_by(sql.Entry.day).limit(_ONE).scalar_subquery()


def _history(kind: str, order: Any) -> Any:
    of_panel = sql.Entry.user_id == bindparam("bearer_user_id"), sql.Entry.panel_id == bindparam("panel_id")
    first_complete = first_complete_day(*of_panel)
    # As in `days.history`. Entries before the history, which are incomplete, must not use up the limit of a page.
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
    # In a CASE, the entries are read only if they are new.
    document = case((versions.IS_NEW, select(_AS_DOCUMENT[kind](*entries.c)).scalar_subquery()))
    history = select(sql.Panel.first_day, first_complete.label("first_complete_day"), document.label("entries"))
    history = history.add_columns(versions.REVISION).join(sql.User, sql.User.id == sql.Panel.user_id)
    return history.where(*tokens.VERIFIED, sql.Panel.id == bindparam("panel_id"))


_ORDERS = {"timestamp.desc": sql.Entry.day.desc(), "timestamp.asc": sql.Entry.day.asc()}
_HISTORY = {
    (kind, sort_by): PreparedStatement(f"history_{sort_by.partition('.')[2]}", _history(kind, order))
    for kind in _AS_DOCUMENT
    for sort_by, order in _ORDERS.items()
}


def read_history(
    executor: Executor,
    bearer: Bearer,
    known: Version | None,
    panel_id: int,
    *,
    offset: int,
    limit: int,
    sort_by: days.SortBy,
) -> Versioned[tuple[pyd.PageMeta, list[pyd.HistoryDay]]]:
    """Return a page of a panel's padded history.

    The query returns one row: the panel's first day, its first complete day, and the entries of its history as a JSON
    document. Each day has at most one entry, so the first `offset + limit` entries include all entries of the page.

    Raises:
        NotFound: the bearer has no such panel, or is not verified.
    """
    today = days.today(bearer)
    query = _HISTORY[dialect(executor), sort_by]
    parameters = {"panel_id": panel_id, "max_entries": offset + limit}
    version, rows = versions.read(executor, query, bearer, today, known, **parameters)
    if rows is None:
        return version, None
    (row,) = rows
    history = days.history(row.first_day, row.first_complete_day, today)
    recorded = {
        (day := date.fromisoformat(iso)): _history_day(entry_id, panel_id, day, is_complete=bool(is_complete))
        for entry_id, iso, is_complete in pydantic_core.from_json(row.entries or "[]")
    }
    page = days.pad(history.page(offset, limit, sort_by), recorded)
    padded = [entry or _history_day(f"padded-{panel_id}-{day}", panel_id, day) for day, entry in page]
    return version, (pyd.PageMeta(total=history.length, offset=offset, limit=limit), padded)


def _history_day(entry_id: int | str, panel_id: int, day: date, *, is_complete: bool = False) -> pyd.HistoryDay:
    return {"id": entry_id, "panel_id": panel_id, "is_complete": is_complete, "day": day, "timestamp": day}
