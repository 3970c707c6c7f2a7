"""Queries on panels. After each transaction a user's positions are 0..n-1 without gaps."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from typing import cast

from sqlalchemy import Row
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import delete as sql_delete
from sqlalchemy import false
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import update as sql_update
from sqlalchemy.orm import Session

from .. import clock
from .. import days
from .. import exceptions
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from . import tokens
from . import users
from .executor import Executor
from .tokens import Bearer

# The columns of `pyd.Panel`.
_COLUMNS = [column for column in sql.Panel.__table__.columns if column.name != "first_day"]
_TODAY = and_(
    sql.Entry.user_id == sql.Panel.user_id, sql.Entry.panel_id == sql.Panel.id, sql.Entry.day == bindparam("today")
)
_WITH_TODAY = select(*_COLUMNS, func.coalesce(sql.Entry.is_complete, false()).label("is_complete"))
_ONE_WITH_TODAY = (
    _WITH_TODAY.select_from(sql.Panel)
    .outerjoin(sql.Entry, _TODAY)
    .where(sql.Panel.user_id == bindparam("user_id"), sql.Panel.id == bindparam("panel_id"))
)
# With outer joins, a verified bearer without panels yields one row of NULLs. Any other bearer yields no row.
_ALL_WITH_TODAY = (
    _WITH_TODAY.select_from(sql.User)
    .outerjoin(sql.Panel, sql.Panel.user_id == sql.User.id)
    .outerjoin(sql.Entry, _TODAY)
    .where(*tokens.VERIFIED)
    .order_by(sql.Panel.position)
)
_FIELDS = _WITH_TODAY.selected_columns.keys()


def create(
    session: Session, user_id: int, *, title: str, description: str | None, position: int | None, today: date
) -> pyd.Panel:
    """Create a panel at a position. Without a position, or past the end, the panel becomes the last one.

    Raises:
        TooManyPanels: the user has nine panels.
        PositionOutOfRange: the position is negative.
    """
    order = _lock_order(session, user_id)
    if len(order) >= pyd.MAX_PANELS:
        raise exceptions.TooManyPanels
    if position is not None and position < 0:
        raise exceptions.PositionOutOfRange
    panel = sql.Panel(
        user_id=user_id,
        title=title,
        description=description,
        position=len(order),
        created_at=clock.now(),
        first_day=today,
    )
    session.add(panel)
    session.flush()
    if position is not None and position < len(order):
        order.insert(position, panel.id)
        _renumber(session, user_id, order)
    return read(session, user_id, panel.id, today)


def read_all(executor: Executor, bearer: Bearer) -> tuple[date, list[pyd.Panel]]:
    """Return the bearer's current day, and their panels ordered by position, each with its state on that day.

    Raises:
        NotFound: the bearer is not verified.
    """
    today = days.today(bearer)
    rows = executor.execute(_ALL_WITH_TODAY, {**bearer._asdict(), "today": today}).all()
    if not rows:
        raise exceptions.NotFound
    return today, [_panel(row) for row in rows if row.id is not None]


def read(executor: Executor, user_id: int, panel_id: int, today: date) -> pyd.Panel:
    """Return a panel.

    Raises:
        NotFound: the user has no such panel.
    """
    row = executor.execute(_ONE_WITH_TODAY, {"user_id": user_id, "today": today, "panel_id": panel_id}).one_or_none()
    if row is None:
        raise exceptions.NotFound
    return _panel(row)


def update(session: Session, user_id: int, panel_id: int, changes: dict[str, Any], today: date) -> pyd.Panel:
    """Set the columns in `changes`. A new position moves the panel as in a list.

    Raises:
        NotFound: the user has no such panel.
        PositionOutOfRange: the position is not that of an existing panel.
    """
    columns = {name: value for name, value in changes.items() if name != "position"}
    if "position" in changes:
        _move(session, user_id, panel_id, changes["position"])
    if columns:
        session.execute(sql_update(sql.Panel).where(*_owned(user_id, panel_id)).values(columns))
    return read(session, user_id, panel_id, today)


def delete(session: Session, user_id: int, panel_id: int) -> None:
    """Delete a panel and, by cascade, its entries; renumber the remaining panels.

    Raises:
        NotFound: the user has no such panel.
    """
    order = _lock_order(session, user_id)
    _remove(order, panel_id)
    session.execute(sql_delete(sql.Panel).where(*_owned(user_id, panel_id)))
    _renumber(session, user_id, order)


def reset_first_day(session: Session, user_id: int, panel_id: int, today: date) -> None:
    """Set a panel's creation time to now and its first day to today.

    Raises:
        NotFound: the user has no such panel.
    """
    updated = sql_update(sql.Panel).where(*_owned(user_id, panel_id)).values(created_at=clock.now(), first_day=today)
    if session.scalar(updated.returning(sql.Panel.id)) is None:
        raise exceptions.NotFound


def _panel(row: Row[*tuple[Any, ...]]) -> pyd.Panel:
    return cast("pyd.Panel", dict(zip(_FIELDS, row, strict=True)))


def _owned(user_id: int, panel_id: int) -> tuple[Any, Any]:
    return sql.Panel.user_id == user_id, sql.Panel.id == panel_id


def _move(session: Session, user_id: int, panel_id: int, position: int) -> None:
    order = _lock_order(session, user_id)
    _remove(order, panel_id)
    if not 0 <= position <= len(order):
        raise exceptions.PositionOutOfRange
    order.insert(position, panel_id)
    _renumber(session, user_id, order)


def _remove(order: list[int], panel_id: int) -> None:
    if panel_id not in order:
        raise exceptions.NotFound
    order.remove(panel_id)


def _lock_order(session: Session, user_id: int) -> list[int]:
    """Return the ids of the user's panels by position, and lock their order until the transaction ends."""
    users.lock(session, user_id)
    return list(session.scalars(select(sql.Panel.id).where(sql.Panel.user_id == user_id).order_by(sql.Panel.position)))


def _renumber(session: Session, user_id: int, order: Sequence[int]) -> None:
    """Set the position of each panel to its index in `order`.

    SQLite and PostgreSQL check the unique constraint row by row, so the old positions are first made negative.
    """
    update = sql_update(sql.Panel).where(sql.Panel.user_id == user_id).execution_options(synchronize_session=False)
    session.execute(update.values(position=-1 - sql.Panel.position))
    if order:
        positions = {panel_id: position for position, panel_id in enumerate(order)}
        session.execute(update.values(position=case(positions, value=sql.Panel.id)))
