"""The query on what the histories of all panels show."""

from collections import Counter
from datetime import date
from typing import Any

import pydantic_core
from sqlalchemy import Row
from sqlalchemy import bindparam

from .. import days
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from . import history
from . import versions
from .executor import INSERT
from .executor import Executor
from .executor import PreparedStatement
from .executor import dialect
from .tokens import Bearer
from .versions import Version
from .versions import Versioned

SPANS = (7, 30, 90, 365, None)
"""The numbers of days for which consistency is computed; None is the whole history."""


def _insights(kind: str) -> Any:
    done = history.done_days(kind, sql.Entry.day <= bindparam("today"))
    return versions.select_panels(
        sql.Panel.id, sql.Panel.position, sql.Panel.title, sql.Panel.first_day, done.label("done")
    )


_INSIGHTS = {kind: PreparedStatement("insights", _insights(kind)) for kind in INSERT}


def read_all(
    executor: Executor, bearer: Bearer, known: Version | None, last_days: int
) -> Versioned[tuple[pyd.SpanMeta, list[pyd.PanelInsights]]]:
    """Return the span of the last days, and what the history of each panel shows, ordered by position.

    Weekdays and months are those of the span. All other insights are into the whole history.

    Raises:
        NotFound: the bearer is not verified.
    """
    today = days.today(bearer)
    version, rows = versions.read(executor, _INSIGHTS[dialect(executor)], bearer, today, known)
    if rows is None:
        return version, None
    span = days.History(min(days.EARLIEST_DAY, today), today).latest(last_days)
    insights = [_of_panel(row, today, last_days) for row in rows if row.id is not None]
    return version, (pyd.SpanMeta(day=today, first=span.first, last=today), insights)


def _of_panel(row: Row[*tuple[Any, ...]], today: date, last_days: int) -> pyd.PanelInsights:
    done = list(map(date.fromisoformat, pydantic_core.from_json(row.done or "[]")))
    whole = days.history(row.first_day, done[0] if done else None, today)
    span = whole.latest(last_days)
    runs = days.runs(done)
    parts = [(number, whole.latest(number)) for number in SPANS]
    done_weekdays = Counter(day.isoweekday() for day in done if day >= span.first)
    return pyd.PanelInsights(
        panel_id=row.id,
        position=row.position,
        title=row.title,
        first_day=whole.first,
        current_run=_run(days.current_run(runs, today)),
        longest_run=_run(days.longest_run(runs)),
        consistency=[{"span": number, **_share(days.count(done, part), part.length)} for number, part in parts],
        by_weekday=[
            {"weekday": weekday, **_share(done_weekdays[weekday], number)}
            for weekday, number in enumerate(days.weekdays(span), start=1)
        ],
        by_month=[
            {"month": f"{month.first:%Y-%m}", **_share(days.count(done, month), month.length)}
            for month in days.months(span)
        ],
    )


def _run(run: days.History | None) -> pyd.Run | None:
    return None if run is None else pyd.Run(length=run.length, first=run.first, last=run.last)


def _share(done: int, number: int) -> pyd.Share:
    return pyd.Share(days=number, done=done, share=days.consistency(done, number) if number else None)
