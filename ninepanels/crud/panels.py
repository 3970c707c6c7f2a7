"""Queries on panels. After each transaction a user's positions are 0..n-1 without gaps.

Each change first raises the user's revision, which also locks the user: changes of a user's panels are serialized.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

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
from . import idempotency
from . import users
from . import versions
from .executor import Executor
from .executor import PreparedStatement
from .tokens import Bearer
from .versions import Version
from .versions import Versioned

# The columns of `pyd.Panel`.
_COLUMNS = [column for column in sql.Panel.__table__.columns if column.name not in {"first_day", "revision"}]
_TODAY = and_(
    sql.Entry.user_id == sql.Panel.user_id, sql.Entry.panel_id == sql.Panel.id, sql.Entry.day == bindparam("today")
)
_WITH_TODAY = select(*_COLUMNS, func.coalesce(sql.Entry.is_complete, false()).label("is_complete"))
_ONE_WITH_TODAY = (
    _WITH_TODAY.select_from(sql.Panel)
    .outerjoin(sql.Entry, _TODAY)
    .where(sql.Panel.user_id == bindparam("user_id"), sql.Panel.id == bindparam("panel_id"))
)
ALL_WITH_TODAY = versions.select_panels(*_WITH_TODAY.selected_columns).outerjoin(sql.Entry, _TODAY)
"""The panels of a bearer with their state of `today`. `as_panel` converts the rows."""
_READ_ALL = PreparedStatement("panels", ALL_WITH_TODAY)

_FIELDS = _WITH_TODAY.selected_columns.keys()


def create(
    session: Session, user_id: int, *, title: str, description: str | None, position: int | None, today: date
) -> pyd.Panel:
    """Create a panel at a position. Without a position, or past the end, the panel becomes the last one.

    Raises:
        TooManyPanels: the user has nine panels.
        PositionOutOfRange: the position is negative.
    """
    revision = users.raise_revision(session, user_id)
    order = _read_order(session, user_id)
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
        revision=revision,
    )
    session.add(panel)
    session.flush()
    if position is not None and position < len(order):
        _renumber(session, user_id, [*order, panel.id], [*order[:position], panel.id, *order[position:]], revision)
    return read(session, user_id, panel.id, today)


def read_all(
    executor: Executor, bearer: Bearer, known: Version | None
) -> Versioned[tuple[pyd.PanelsMeta, list[pyd.Panel]]]:
    """Return the bearer's panels ordered by position, each with its state on the bearer's current day.

    Raises:
        NotFound: the bearer is not verified.
    """
    today = days.today(bearer)
    version, rows = versions.read(executor, _READ_ALL, bearer, today, known)
    if rows is None:
        return version, None
    panels = [] if rows[0].id is None else [as_panel(row) for row in rows]
    return version, (pyd.PanelsMeta(day=today, count=len(panels), max_panels=pyd.MAX_PANELS), panels)


def read(executor: Executor, user_id: int, panel_id: int, today: date) -> pyd.Panel:
    """Return a panel.

    Raises:
        NotFound: the user has no such panel.
    """
    row = executor.execute(_ONE_WITH_TODAY, {"user_id": user_id, "today": today, "panel_id": panel_id}).one_or_none()
    if row is None:
        raise exceptions.NotFound
    return as_panel(row)


def update(session: Session, user_id: int, panel_id: int, changes: dict[str, Any], today: date) -> pyd.Panel:
    """Set the columns in `changes`. A new position moves the panel as in a list.

    Raises:
        NotFound: the user has no such panel.
        PositionOutOfRange: the position is not that of an existing panel.
    """
    revision = users.raise_revision(session, user_id)
    columns = {name: value for name, value in changes.items() if name != "position"}
    if "position" in changes:
        _move(session, user_id, panel_id, changes["position"], revision)
    if columns:
        columns["revision"] = revision
        session.execute(sql_update(sql.Panel).where(*_owned(user_id, panel_id)).values(columns))
    return read(session, user_id, panel_id, today)


def delete(session: Session, user_id: int, panel_id: int) -> None:
    """Delete a panel and, by cascade, its entries; renumber the remaining panels.

    Raises:
        NotFound: the user has no such panel.
    """
    revision = users.raise_revision(session, user_id, deletes=True)
    order = _read_order(session, user_id)
    others = _without(order, panel_id)
    session.execute(sql_delete(sql.Panel).where(*_owned(user_id, panel_id)))
    idempotency.forget(session, user_id)
    _renumber(session, user_id, order, others, revision)


def reset(session: Session, user_id: int, panel_id: int, today: date) -> None:
    """Delete all entries of a panel. Set its creation time to now and its first day to today.

    Raises:
        NotFound: the user has no such panel.
    """
    revision = users.raise_revision(session, user_id, deletes=True)
    values = {"created_at": clock.now(), "first_day": today, "revision": revision}
    updated = sql_update(sql.Panel).where(*_owned(user_id, panel_id)).values(values)
    if session.scalar(updated.returning(sql.Panel.id)) is None:
        raise exceptions.NotFound
    session.execute(sql_delete(sql.Entry).where(sql.Entry.user_id == user_id, sql.Entry.panel_id == panel_id))
    idempotency.forget(session, user_id)


def as_panel(row: Sequence[Any]) -> pyd.Panel:
    """Return the panel in a row of `ALL_WITH_TODAY`, which may have further columns."""
    # `_FIELDS` are those of the TypedDict, which mypy cannot see.
    return dict(zip(_FIELDS, row, strict=False))  # type: ignore[return-value]


def _owned(user_id: int, panel_id: int) -> tuple[Any, Any]:
    return sql.Panel.user_id == user_id, sql.Panel.id == panel_id


def _move(session: Session, user_id: int, panel_id: int, position: int, revision: int) -> None:
    order = _read_order(session, user_id)
    others = _without(order, panel_id)
    if not 0 <= position <= len(others):
        raise exceptions.PositionOutOfRange
    _renumber(session, user_id, order, [*others[:position], panel_id, *others[position:]], revision)


def _without(order: Sequence[int], panel_id: int) -> list[int]:
    if panel_id not in order:
        raise exceptions.NotFound
    return [each for each in order if each != panel_id]


def _read_order(session: Session, user_id: int) -> list[int]:
    """Return the ids of the panels of a locked user by position."""
    return list(session.scalars(select(sql.Panel.id).where(sql.Panel.user_id == user_id).order_by(sql.Panel.position)))


def _renumber(session: Session, user_id: int, before: Sequence[int], after: Sequence[int], revision: int) -> None:
    """Set the position of each panel to its index in `after`; the panels whose position changes get the revision.

    SQLite and PostgreSQL check the unique constraint row by row, so the old positions are first made negative.
    """
    positions = {panel_id: position for position, panel_id in enumerate(after) if before.index(panel_id) != position}
    if not positions:
        return
    update = sql_update(sql.Panel).where(sql.Panel.user_id == user_id, sql.Panel.id.in_(positions))
    update = update.execution_options(synchronize_session=False)
    session.execute(update.values(position=-1 - sql.Panel.position))
    session.execute(update.values(position=case(positions, value=sql.Panel.id), revision=revision))
