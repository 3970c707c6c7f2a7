"""Writes demo people, many at a time."""

import io
from collections.abc import Iterable
from collections.abc import Sequence
from datetime import date
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import insert as sql_insert
from sqlalchemy.orm import Session

from .. import exceptions
from .. import sqlmodels as sql
from . import upserts


class Entry(NamedTuple):
    """What was tapped for a day, and when."""

    day: date
    is_complete: bool
    timestamp: datetime


class Panel(NamedTuple):
    """A panel and its history, the oldest day first."""

    title: str
    description: str | None
    created_at: datetime
    entries: list[Entry]


class Person(NamedTuple):
    """Somebody with an account; the panels are in their order."""

    email: str
    name: str
    timezone: str
    day_starts_at: int
    created_at: datetime
    last_activity: datetime
    panels: list[Panel]


EntryRow = tuple[int, int, Entry]
"""An entry, and whose it is: the ids of the user and the panel."""


def add_all(session: Session, people: Sequence[Person], hashed_password: str) -> int:
    """Add people with all that is theirs; return how many, for those whose e-mail is taken stay as they are."""
    user_ids = _add_users(session, people, hashed_password)
    if not user_ids:
        return 0
    added = [(user_ids[person.email], person) for person in people if person.email in user_ids]
    panel_ids = _add_panels(session, added)
    entries = (
        (user_id, panel_ids[user_id, position], entry)
        for user_id, person in added
        for position, panel in enumerate(person.panels)
        for entry in panel.entries
    )
    add_entries = _copy_entries if session.get_bind().dialect.name == "postgresql" else _insert_entries
    add_entries(session, entries)
    return len(added)


def _add_users(session: Session, people: Sequence[Person], hashed_password: str) -> dict[str, int]:
    """Return the ids of those who were added, by their e-mail."""
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
        }
        for person in people
    ]
    insert = upserts.insert(session, sql.User).on_conflict_do_nothing().returning(sql.User.email, sql.User.id)
    return {row.email: row.id for row in session.execute(insert, rows)}


def _add_panels(session: Session, owned: Sequence[tuple[int, Person]]) -> dict[tuple[int, int], int]:
    """Return the ids of the panels, by their owner's and their position."""
    rows = [
        {
            "user_id": user_id,
            "title": panel.title,
            "description": panel.description,
            "position": position,
            "created_at": panel.created_at,
        }
        for user_id, person in owned
        for position, panel in enumerate(person.panels)
    ]
    insert = sql_insert(sql.Panel).returning(sql.Panel.user_id, sql.Panel.position, sql.Panel.id)
    return {(row.user_id, row.position): row.id for row in session.execute(insert, rows)}


def _insert_entries(session: Session, rows: Iterable[EntryRow]) -> None:
    entries = [{"user_id": user_id, "panel_id": panel_id, **entry._asdict()} for user_id, panel_id, entry in rows]
    # Without rows it would be one of defaults.
    if entries:
        session.execute(sql_insert(sql.Entry), entries)


def _copy_entries(session: Session, rows: Iterable[EntryRow]) -> None:
    """Send the entries by COPY: psycopg2 would insert one row after the other."""
    document = io.StringIO()
    document.writelines(
        f"{user_id}\t{panel_id}\t{entry.day}\t{entry.is_complete}\t{entry.timestamp}\n"
        for user_id, panel_id, entry in rows
    )
    document.seek(0)
    connection = session.connection()
    try:
        cursor = connection.connection.cursor()
        cursor.copy_expert("COPY entries (user_id, panel_id, day, is_complete, timestamp) FROM STDIN", document)
    except connection.dialect.loaded_dbapi.OperationalError as error:
        # What SQLAlchemy does not see, `database` cannot turn into ours.
        raise exceptions.DatabaseUnavailable(context_msg=type(error).__name__) from error
