"""Queries on whole databases of a PostgreSQL server, from a connection to another of them."""

from sqlalchemy import text

from .executor import Executor
from .executor import connection_of

LOCK_TIMEOUT_MS = 500
"""Less than the second after which the server looks for deadlocks, and may end the transaction of somebody else."""


def server_version(executor: Executor) -> int:
    """Return the server's major version."""
    return int(executor.scalars(text("SHOW server_version_num")).one()) // 10_000


def exists(executor: Executor, name: str) -> bool:
    """Return whether the server has this database."""
    return executor.scalar(text("SELECT true FROM pg_database WHERE datname = :name"), {"name": name}) or False


def create(executor: Executor, name: str, like: str) -> None:
    """Create an empty database; it sorts and spells as the database `like`, if there is that one."""
    spelling = text(
        "SELECT format(' ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_encoding_to_char(encoding), datcollate, datctype)"
        " FROM pg_database WHERE datname = :name"
    )
    options = executor.scalar(spelling, {"name": like}) or ""
    executor.execute(text(f"CREATE DATABASE {_quoted(executor, name)} TEMPLATE template0{options}"))


def drop(executor: Executor, name: str) -> None:
    """Drop a database, whoever is connected to it."""
    executor.execute(text(f"DROP DATABASE {_quoted(executor, name)} WITH (FORCE)"))


def rename(executor: Executor, old: str, new: str) -> None:
    """Give a database another name.

    From when it is asked to until the transaction ends the server lets nobody in; it waits 5 s for others to leave.
    """
    executor.execute(text(f"ALTER DATABASE {_quoted(executor, old)} RENAME TO {_quoted(executor, new)}"))


def lock_against_writes(executor: Executor) -> int:
    """Let nobody write to the database of this session until its transaction ends; reading goes on.

    Returns:
        The number of this session's process.
    """
    tables = executor.scalar(
        text(
            "SELECT string_agg(format('%I.%I', schemaname, tablename), ', ')"
            " FROM pg_tables WHERE schemaname = current_schema()"
        )
    )
    executor.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_MS}ms'"))
    # The server may send away who is silent for long, and this session is silent while a backup is made.
    executor.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    if tables:
        executor.execute(text(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE"))
    process: int = executor.scalars(text("SELECT pg_backend_pid()")).one()
    return process


def terminate_other_connections(executor: Executor, name: str, process: int) -> bool:
    """Close all connections to a database but one.

    Returns:
        Whether there was none to close, and none can be opened: somebody is renaming the database.
    """
    closed = executor.scalar(
        text(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            # The server's own processes are nobody's; they leave by themselves.
            " WHERE datname = :name AND pid <> :process AND usesysid IS NOT NULL"
        ),
        {"name": name, "process": process},
    )
    locked = executor.scalar(
        text(
            "SELECT true FROM pg_locks JOIN pg_database ON pg_database.oid = objid AND datname = :name"
            " WHERE classid = 'pg_database'::regclass AND mode = 'AccessExclusiveLock' AND granted"
        ),
        {"name": name},
    )
    return bool(locked) and not closed


def _quoted(executor: Executor, name: str) -> str:
    return connection_of(executor).dialect.identifier_preparer.quote_identifier(name)
