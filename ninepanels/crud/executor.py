"""`Executor`, a connection or session that executes a query, and functions that depend on its dialect."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from .. import sqlmodels as sql

Executor = Connection | Session
"""A query on a connection takes half as long as on a session. Only queries on ORM objects need a session."""

INSERT: dict[str, Callable[..., Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
"""INSERT with ON CONFLICT, which SQLAlchemy provides only per dialect."""


def connection_of(executor: Executor) -> Connection:
    """Return the connection of an executor."""
    return executor if isinstance(executor, Connection) else executor.connection()


def dialect(executor: Executor) -> str:
    """Return the name of the database dialect: "sqlite" or "postgresql"."""
    return connection_of(executor).dialect.name


def insert(executor: Executor, model: type[sql.Base]) -> Any:
    """Return an INSERT into a model's table with `on_conflict_do_update` and `on_conflict_do_nothing`."""
    return INSERT[dialect(executor)](model)
