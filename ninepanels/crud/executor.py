"""What executes a query."""

from sqlalchemy import Connection
from sqlalchemy.orm import Session

Executor = Connection | Session
"""A connection does it at half a session's cost, which only what works with objects is worth."""


def connection_of(executor: Executor) -> Connection:
    """Return the connection that it uses."""
    return executor if isinstance(executor, Connection) else executor.connection()


def dialect(executor: Executor) -> str:
    """Return the kind of database: "sqlite" or "postgresql"."""
    return connection_of(executor).dialect.name
