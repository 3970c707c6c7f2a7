"""`Executor`: what a query runs on."""

from sqlalchemy import Connection
from sqlalchemy.orm import Session

Executor = Connection | Session
"""A connection takes half the time of a session. Only queries on ORM objects need a session."""


def connection_of(executor: Executor) -> Connection:
    """Return the connection of an executor."""
    return executor if isinstance(executor, Connection) else executor.connection()


def dialect(executor: Executor) -> str:
    """Return the name of the database dialect: "sqlite" or "postgresql"."""
    return connection_of(executor).dialect.name
