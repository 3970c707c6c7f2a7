"""Bulk inserts of demo users."""

from collections.abc import Sequence
from datetime import date
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import insert as sql_insert
from sqlalchemy.orm import Session

from .. import clock
from .. import sqlmodels as sql
from .executor import insert


class Entry(NamedTuple):
    """An entry of a panel: its day, its state and the time of the tap."""

    day: date
    is_complete: bool
    timestamp: datetime


class Panel(NamedTuple):
    """A panel and its entries, oldest first."""

    title: str
    description: str | None
    created_at: datetime
    first_day: date
    entries: list[Entry]


class Person(NamedTuple):
    """A demo user and their panels, ordered by position."""

    email: str
    name: str
    timezone: str
    day_starts_at: int
    created_at: datetime
    last_activity: datetime
    panels: list[Panel]


def add_all(session: Session, people: Sequence[Person], hashed_password: str) -> int:
    """Insert users with their panels and entries, and return the number of users inserted.

    Users whose e-mail is already taken are skipped.
    """
    user_ids = _add_users(session, people, hashed_password)
    if not user_ids:
        return 0
    added = [(user_ids[person.email], person) for person in people if person.email in user_ids]
    panel_ids = _add_panels(session, added)
    entries = [
        {"user_id": user_id, "panel_id": panel_ids[user_id, position], **entry._asdict()}
        for user_id, person in added
        for position, panel in enumerate(person.panels)
        for entry in panel.entries
    ]
    # With an empty list SQLAlchemy would insert one row of default values.
    if entries:
        session.execute(sql_insert(sql.Entry), entries)
    return len(added)


def _add_users(session: Session, people: Sequence[Person], hashed_password: str) -> dict[str, int]:
    """Return the ids of the inserted users by e-mail."""
    now = clock.now()
    rows = [
        {
            "email": person.email,
            "name": person.name,
            "hashed_password": hashed_password,
            "timezone": person.timezone,
            "day_starts_at": person.day_starts_at,
            "created_at": person.created_at,
            "last_login": person.last_activity,
            "last_activity": person.last_activity,
            "tokens_valid_after": now,
        }
        for person in people
    ]
    added = insert(session, sql.User).on_conflict_do_nothing().returning(sql.User.email, sql.User.id)
    return {row.email: row.id for row in session.execute(added, rows)}


def _add_panels(session: Session, owned: Sequence[tuple[int, Person]]) -> dict[tuple[int, int], int]:
    """Return the ids of the panels by user id and position."""
    rows = [
        {
            "user_id": user_id,
            "title": panel.title,
            "description": panel.description,
            "position": position,
            "created_at": panel.created_at,
            "first_day": panel.first_day,
        }
        for user_id, person in owned
        for position, panel in enumerate(person.panels)
    ]
    insert = sql_insert(sql.Panel).returning(sql.Panel.user_id, sql.Panel.position, sql.Panel.id)
    return {(row.user_id, row.position): row.id for row in session.execute(insert, rows)}
