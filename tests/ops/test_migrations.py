"""Migrations lead from each earlier revision to the models and keep all rows."""

import uuid
from collections.abc import Callable
from datetime import UTC
from datetime import date
from datetime import datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Column
from sqlalchemy import Engine
from sqlalchemy import MetaData
from sqlalchemy import NullPool
from sqlalchemy import Table
from sqlalchemy import create_engine
from sqlalchemy import insert
from sqlalchemy import inspect
from sqlalchemy import select
from sqlalchemy import text
from sqlalchemy.orm import Session

from ninepanels import crud
from ninepanels import sqlmodels as sql
from ninepanels.database import make_engine
from ninepanels.ops import migrations
from ninepanels.ops.migrations import migrate

from ..support.filling import fill
from ..support.filling import rows_of
from ..support.servers import migrate_in_parallel

SCRIPTS = ScriptDirectory.from_config(migrations.alembic_config())
# The newest first.
_, PREVIOUS_REVISION, *OTHER_REVISIONS = [script.revision for script in SCRIPTS.walk_revisions()]


def test_the_migrations_match_the_models(database_url: str) -> None:
    config = migrations.alembic_config()
    config.attributes["database_url"] = database_url
    command.check(config)


def test_the_newest_revision_is_the_one_of_this_release() -> None:
    assert SCRIPTS.get_heads() == [crud.schema.REVISION]


def test_migrating_again_changes_nothing(database_url: str) -> None:
    fill(database_url)
    before = _snapshot(database_url)
    migrate(database_url)
    assert _snapshot(database_url) == before


def test_the_migrations_create_all_tables(database_url: str) -> None:
    engine = create_engine(database_url)
    tables = inspect(engine).get_table_names()
    engine.dispose()
    assert set(tables) == {*sql.Base.metadata.tables, "alembic_version"}


def test_sqlite_never_reuses_the_ids_of_the_models(sqlite_template: Path) -> None:
    engine = create_engine(f"sqlite:///{sqlite_template}")
    with engine.connect() as connection:
        never_reused = connection.scalars(text("SELECT name FROM sqlite_schema WHERE sql LIKE '%AUTOINCREMENT%'")).all()
    engine.dispose()
    tables = sql.Base.metadata.tables.values()
    assert set(never_reused) == {table.name for table in tables if table.dialect_options["sqlite"]["autoincrement"]}


def test_migrating_from_the_first_revision_keeps_all_rows(empty_database_url: str) -> None:
    migrate(empty_database_url, "594bed1947a4")
    engine = make_engine(empty_database_url, poolclass=NullPool)
    now = "2026-11-23 12:00:00.000001"
    user = {"id": 7, "email": "ada@example.com", "name": "Ada", "hashed_password": "x", "is_admin": False}
    user |= {"timezone": "UTC", "day_starts_at": 0, "created_at": now}
    panel = {"id": 8, "user_id": 7, "title": "Read", "position": 0, "created_at": now}
    entry = {"id": 9, "user_id": 7, "panel_id": 8, "day": "2026-11-23", "is_complete": True, "timestamp": now}
    for table, row in {"users": user, "panels": panel, "entries": entry}.items():
        _insert(engine, table, row)
    migrate(empty_database_url)
    with Session(engine) as session:
        assert session.get_one(sql.User, 7).tokens_valid_after is None
        assert session.get_one(sql.Panel, 8).title == "Read"
        assert session.get_one(sql.Entry, 9).is_complete
    engine.dispose()


FIRST_DAYS = [
    ("UTC", 0, "2026-11-23 00:00:00", "2026-11-23"),
    ("UTC", 0, "2026-11-22 23:59:59.999999", "2026-11-22"),
    ("UTC", 5, "2026-11-23 04:59:59.999999", "2026-11-22"),
    ("UTC", 5, "2026-11-23 05:00:00", "2026-11-23"),
    ("Asia/Tokyo", 0, "2026-11-22 15:00:00", "2026-11-23"),
    ("Asia/Tokyo", 3, "2026-11-22 17:59:59", "2026-11-22"),
    ("America/Los_Angeles", 0, "2026-11-23 07:59:59", "2026-11-22"),
    ("America/Los_Angeles", 0, "2026-11-23 08:00:00", "2026-11-23"),
    ("Pacific/Kiritimati", 0, "2026-11-22 10:00:00", "2026-11-23"),
    ("Pacific/Pago_Pago", 2, "2026-11-23 12:59:59", "2026-11-22"),
    ("Asia/Kathmandu", 1, "2026-11-22 19:15:00", "2026-11-23"),
    ("Europe/Berlin", 4, "2026-03-29 02:00:00", "2026-03-29"),
    ("Europe/Berlin", 4, "2026-10-25 02:59:59", "2026-10-24"),
    ("Mars/Olympus", 0, "2026-11-23 00:00:00", "2026-11-23"),
    ("", 1, "2026-11-23 00:00:00", "2026-11-22"),
]
"""Time zone, start of the day, instant at which the panel was created, and its first day."""


def test_old_panels_get_their_first_day(empty_database_url: str) -> None:
    migrate(empty_database_url, "b8d4e6f10a93")
    engine = make_engine(empty_database_url, poolclass=NullPool)
    for user_id, (timezone, day_starts_at, created_at, _) in enumerate(FIRST_DAYS, start=1):
        user = {"id": user_id, "email": f"ada{user_id}@example.com", "name": "Ada", "hashed_password": "x"}
        user |= {"is_admin": False, "timezone": timezone, "day_starts_at": day_starts_at, "created_at": created_at}
        _insert(engine, "users", user)
        for position in range(3):
            panel = {"id": 10 * user_id + position, "user_id": user_id, "title": "Read", "position": position}
            # Days later, with another result.
            _insert(engine, "panels", panel | {"created_at": "2027-01-01 12:00:00" if position else created_at})
    migrate(empty_database_url)
    with Session(engine) as session:
        found = {each.id: each.first_day for each in session.execute(select(sql.Panel.id, sql.Panel.first_day))}
    engine.dispose()
    assert len(found) == 3 * len(FIRST_DAYS)
    for user_id, case in enumerate(FIRST_DAYS, start=1):
        first, *later = (found[10 * user_id + position] for position in range(3))
        assert first == date.fromisoformat(case[-1]), case
        assert all(abs(each - date(2027, 1, 1)).days <= 1 for each in later), case


# Small numbers satisfy the check constraints of all columns.
ROWS = range(1, 6)
FIRST_REVISION = "594bed1947a4"


# The migrations between the others do not change any more.
@pytest.mark.parametrize(
    "revision",
    [PREVIOUS_REVISION, *(pytest.param(revision, marks=pytest.mark.prove) for revision in OTHER_REVISIONS)],
)
def test_a_migration_keeps_all_rows_of_an_earlier_revision(empty_database_url: str, revision: str) -> None:
    assert_keeps_all_rows(empty_database_url, revision, lambda: migrate(empty_database_url))


def test_two_concurrent_migrations_keep_all_rows_of_the_first_revision(empty_database_url: str) -> None:
    assert_keeps_all_rows(
        empty_database_url,
        FIRST_REVISION,
        lambda: migrate_in_parallel(empty_database_url, 2, "ninepanels", "migrate"),
    )


def assert_keeps_all_rows(empty_database_url: str, revision: str, migrate_to_head: Callable[[], None]) -> None:
    migrate(empty_database_url, revision)
    engine = make_engine(empty_database_url, poolclass=NullPool)
    earlier = MetaData()
    earlier.reflect(engine)
    tables = [table for table in earlier.sorted_tables if table.name != crud.schema.VERSION_TABLE]
    with engine.begin() as connection:
        for table in tables:
            connection.execute(insert(table), [_row(table, number) for number in ROWS])
    with engine.connect() as connection:
        before = {table.name: connection.execute(select(table)).all() for table in tables}

    migrate_to_head()

    with Session(engine) as session:
        assert crud.schema.read_revision(session) == crud.schema.REVISION
        assert migrations.match_models(session.connection())
        if session.get_bind().dialect.name == "sqlite":
            assert not session.execute(text("PRAGMA foreign_key_check")).all()
        assert {table.name: session.execute(select(table)).all() for table in tables} == before
    engine.dispose()


def _insert(engine: Engine, table: str, row: dict[str, object]) -> None:
    """Insert a row, not by the models, which may have changed since the revision of the database."""
    columns, values = ", ".join(row), ", ".join(f":{column}" for column in row)
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), row)  # noqa: S608 - our own names


def _snapshot(database_url: str) -> tuple[object, ...]:
    """The revision, the tables and all rows of a database."""
    engine = make_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        schema = crud.schema.read_revision(connection), crud.schema.read_tables(connection)
    engine.dispose()
    return (*schema, rows_of(database_url))


def _row(table: Table, number: int) -> dict[str, object]:
    return {column.name: _value(column, number) for column in table.columns if not _is_generated(column)}


def _is_generated(column: Column[object]) -> bool:
    """Whether the database generates the value from a sequence, whose state the migrations must keep."""
    return column is column.table.autoincrement_column


def _value(column: Column[object], number: int) -> object:
    values: dict[type, object] = {
        bool: number % 2 == 0,
        bytes: bytes([number]),
        date: date(2026, 11, number),
        datetime: datetime(2026, 11, number, 12, tzinfo=UTC),
        object: {"number": number},  # JSON
        float: number / 7,
        int: number,
        str: f"{number:032}"[-(getattr(column.type, "length", None) or 32) :],
        uuid.UUID: uuid.UUID(int=number),
    }
    return values[column.type.python_type]
