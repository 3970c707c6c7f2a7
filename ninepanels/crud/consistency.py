"""The query on the consistency of panels."""

from datetime import date
from typing import Any

from sqlalchemy import Row
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select

from .. import days
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from . import entries
from . import versions
from .executor import Executor
from .executor import PreparedStatement
from .tokens import Bearer
from .versions import Version
from .versions import Versioned

_ENTRIES = sql.Entry.user_id == sql.Panel.user_id, sql.Entry.panel_id == sql.Panel.id
_IN_WINDOW = sql.Entry.day.between(bindparam("since"), bindparam("today"))
# A filter rather than a WHERE condition: with the condition PostgreSQL does not use an index-only scan.
_DAYS_COMPLETE = func.count().filter(sql.Entry.is_complete)
# Correlated subqueries: per panel, the first day is the first entry of the index, and no rows are sorted.
_CONSISTENCY = PreparedStatement(
    "consistency",
    versions.select_panels(
        sql.Panel.id,
        sql.Panel.position,
        sql.Panel.title,
        sql.Panel.first_day,
        entries.first_complete_day(*_ENTRIES).label("first_complete_day"),
        select(_DAYS_COMPLETE).where(*_ENTRIES, _IN_WINDOW).scalar_subquery().label("days_complete"),
    ),
)


def read_consistency(
    executor: Executor, bearer: Bearer, known: Version | None, last_days: int | None
) -> Versioned[list[pyd.PanelConsistency]]:
    """Return the consistency of each panel over its last `last_days` days or its whole history, ordered by position.

    Days before a panel's history hold no entries, so the query uses the same window for all panels. Only the number of
    days is computed per panel.

    Raises:
        NotFound: the bearer is not verified.
    """
    today = days.today(bearer)
    oldest = None if last_days is None else today.toordinal() - last_days + 1
    since = date.min if oldest is None or oldest < 1 else date.fromordinal(oldest)
    version, rows = versions.read(executor, _CONSISTENCY, bearer, today, known, since=since)
    if rows is None:
        return version, None
    return version, [_consistency(row, bearer, today, last_days) for row in rows if row.id is not None]


def _consistency(
    row: Row[*tuple[Any, ...]], bearer: Bearer, today: date, last_days: int | None
) -> pyd.PanelConsistency:
    panel_age = days.history(row.first_day, row.first_complete_day, today).latest(last_days).length
    return pyd.PanelConsistency(
        panel_id=row.id,
        panel_pos=row.position,
        title=row.title,
        user_id=bearer.user_id,
        panel_age=panel_age,
        days_complete=row.days_complete,
        consistency=days.consistency(row.days_complete, panel_age),
    )
