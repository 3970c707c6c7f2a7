"""Reads and adds rows without the service."""

from typing import Any

from sqlalchemy import NullPool
from sqlalchemy import inspect
from sqlalchemy import select
from sqlalchemy.orm import Session

from ninepanels import clock
from ninepanels import crud
from ninepanels import sqlmodels as sql
from ninepanels.database import make_engine
from ninepanels.ops import demo


def all_rows(database_url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of the tables of the models that exist."""
    engine = make_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        existing = inspect(connection).get_table_names()
        tables = [table for table in sql.Base.metadata.sorted_tables if table.name in existing]
        return {table.name: sorted(map(tuple, connection.execute(select(table)))) for table in tables}


def add_user(database_url: str) -> None:
    """Add a user with panels and a week of entries."""
    with Session(make_engine(database_url, poolclass=NullPool)) as session, session.begin():
        assert crud.demo.add_all(session, list(demo.generate_people(1, 1, 7, clock.now())), "no password has this hash")
