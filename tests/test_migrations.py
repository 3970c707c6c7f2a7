from alembic import command
from sqlalchemy import NullPool
from sqlalchemy import create_engine
from sqlalchemy import inspect
from sqlalchemy import text
from sqlalchemy.orm import Session

from ninepanels import crud
from ninepanels import sqlmodels as sql
from ninepanels.database import make_engine

from .conftest import migrate


def test_the_migrations_are_in_step_with_the_models(database_url: str) -> None:
    config = crud.schema.alembic_config()
    config.attributes["database_url"] = database_url
    command.check(config)


def test_migrating_again_changes_nothing(database_url: str) -> None:
    migrate(database_url)


def test_the_migrations_make_every_table(database_url: str) -> None:
    engine = create_engine(database_url)
    tables = inspect(engine).get_table_names()
    engine.dispose()
    assert set(tables) == {*sql.Base.metadata.tables, "alembic_version"}


def test_migrating_from_the_first_revision_keeps_every_row(empty_database_url: str) -> None:
    migrate(empty_database_url, "594bed1947a4")
    engine = make_engine(empty_database_url, poolclass=NullPool)
    now = "2026-11-23 12:00:00.000001"
    user = {"id": 7, "email": "ada@example.com", "name": "Ada", "hashed_password": "x", "is_admin": False}
    user |= {"timezone": "UTC", "day_starts_at": 0, "created_at": now}
    panel = {"id": 8, "user_id": 7, "title": "Read", "position": 0, "created_at": now}
    entry = {"id": 9, "user_id": 7, "panel_id": 8, "day": "2026-11-23", "is_complete": True, "timestamp": now}
    rows = {"users": user, "panels": panel, "entries": entry}
    with engine.begin() as connection:
        for table, row in rows.items():
            columns, values = ", ".join(row), ", ".join(f":{column}" for column in row)
            # As that release wrote them, whatever the models say today.
            connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), row)  # noqa: S608 - our own names
    migrate(empty_database_url)
    with Session(engine) as session:
        assert session.get_one(sql.User, 7).tokens_valid_after is None
        assert session.get_one(sql.Panel, 8).title == "Read"
        assert session.get_one(sql.Entry, 9).is_complete
    engine.dispose()
