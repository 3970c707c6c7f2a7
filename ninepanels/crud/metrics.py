"""Queries that sum up."""

from datetime import date
from typing import Any

from sqlalchemy import Row
from sqlalchemy import and_
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy.orm import Session

from .. import days
from .. import pydmodels as pyd
from .. import sqlmodels as sql


def read_consistency(
    session: Session, user: sql.User, today: date, last_days: int | None
) -> list[pyd.PanelConsistency]:
    """Return how consistent each panel was, by position, over its last days or its whole history.

    Days before a panel's history hold no entries, so the window can be the same for all panels; only the number of
    days looked at is a panel's own.
    """
    window = [sql.Entry.is_complete, sql.Entry.day <= today]
    if last_days is not None and last_days < today.toordinal():
        window.append(sql.Entry.day > date.fromordinal(today.toordinal() - last_days))
    rows = session.execute(
        select(
            sql.Panel.id,
            sql.Panel.position,
            sql.Panel.title,
            sql.Panel.created_at,
            func.min(sql.Entry.day).label("first_day"),
            func.count(sql.Entry.id).filter(and_(*window)).label("days_complete"),
        )
        .outerjoin(sql.Entry, and_(sql.Entry.user_id == sql.Panel.user_id, sql.Entry.panel_id == sql.Panel.id))
        .where(sql.Panel.user_id == user.id)
        .group_by(sql.Panel.id)
        .order_by(sql.Panel.position)
    )
    return [_consistency(row, user, today, last_days) for row in rows]


def _consistency(
    row: Row[*tuple[Any, ...]], user: sql.User, today: date, last_days: int | None
) -> pyd.PanelConsistency:
    created = days.day_of(row.created_at, user)
    panel_age = days.history(created, row.first_day, today).latest(last_days).length
    return pyd.PanelConsistency(
        panel_id=row.id,
        panel_pos=row.position,
        title=row.title,
        user_id=user.id,
        panel_age=panel_age,
        days_complete=row.days_complete,
        consistency=days.consistency(row.days_complete, panel_age),
    )
