"""The query on the histories of all panels."""

from datetime import date
from datetime import timedelta
from typing import Any

import pydantic_core
from sqlalchemy import ColumnElement
from sqlalchemy import Text
from sqlalchemy import bindparam
from sqlalchemy import cast
from sqlalchemy import func
from sqlalchemy import select

from .. import days
from .. import exceptions
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from . import entries
from . import versions
from .executor import INSERT
from .executor import Executor
from .executor import PreparedStatement
from .executor import dialect
from .tokens import Bearer
from .versions import Version
from .versions import Versioned

DEFAULT_DAYS = 365

_OF_PANEL = sql.Entry.user_id == sql.Panel.user_id, sql.Entry.panel_id == sql.Panel.id


def done_days(kind: str, in_span: ColumnElement[bool]) -> Any:
    """Return a scalar subquery for the days of a panel in a span that are done, the oldest first, as a JSON document.

    It is null on PostgreSQL if there are none.
    """
    entries_in_span = select(sql.Entry.day, sql.Entry.is_complete).where(*_OF_PANEL, in_span).correlate(sql.Panel)
    recorded = entries_in_span.order_by(sql.Entry.day).subquery()
    is_done = recorded.c.is_complete
    # One JSON document instead of rows, and a filter instead of a condition, as in `entries` and `consistency`.
    done: Any = {
        "postgresql": cast(func.json_agg(recorded.c.day).filter(is_done), Text),
        "sqlite": func.json_group_array(recorded.c.day).filter(is_done),
    }[kind]
    return select(done).scalar_subquery()


def _histories(kind: str) -> Any:
    in_span = sql.Entry.day.between(bindparam("first"), bindparam("last"))
    return versions.select_panels(
        sql.Panel.id,
        sql.Panel.first_day,
        entries.first_complete_day(*_OF_PANEL).label("first_complete_day"),
        done_days(kind, in_span).label("done"),
    )


_HISTORIES = {kind: PreparedStatement("histories", _histories(kind)) for kind in INSERT}


def read_all(
    executor: Executor, bearer: Bearer, known: Version | None, first: date | None, last: date | None
) -> Versioned[tuple[pyd.SpanMeta, list[pyd.PanelHistory]]]:
    """Return a span of days, and the done days of each panel in it, ordered by position.

    By default, the span ends today and has DEFAULT_DAYS days.

    Raises:
        NotFound: the bearer is not verified.
        DayInTheFuture: the last day has not begun for the bearer.
        InvalidSpan: the first day is after the last day.
    """
    today = days.today(bearer)
    last = days.day_to_record(last, today)
    first = first or max(last - timedelta(days=DEFAULT_DAYS - 1), days.EARLIEST_DAY)
    if first > last:
        raise exceptions.InvalidSpan
    query = _HISTORIES[dialect(executor)]
    version, rows = versions.read(executor, query, bearer, today, known, first=first, last=last)
    if rows is None:
        return version, None
    histories = [
        pyd.PanelHistory(
            panel_id=row.id,
            first_day=days.history(row.first_day, row.first_complete_day, today).first,
            done=pydantic_core.from_json(row.done or "[]"),
            rest=[],
        )
        for row in rows
        if row.id is not None
    ]
    return version, (pyd.SpanMeta(day=today, first=first, last=last), histories)
