"""Queries on a PostgreSQL server and its databases.

Those that change databases run on a connection to another database of that server.
"""

from sqlalchemy import exc
from sqlalchemy import text

from .. import exceptions
from .executor import Executor
from .executor import connection_of

LOCK_TIMEOUT_MS = 500
"""Less than the server's `deadlock_timeout` of 1 s, after which the server may abort another session's transaction."""


def server_version(executor: Executor) -> int:
    """Return the server's major version."""
    return int(executor.scalars(text("SHOW server_version_num")).one()) // 10_000


def logs_statements(executor: Executor) -> bool:
    """Return whether the server writes this session's failed statements, and the values in them, to its log.

    psycopg2 puts the values into the text of a statement. Only a superuser can change these settings, also for a role.
    """
    settings = "current_setting('log_min_error_statement'), current_setting('log_error_verbosity')"
    return tuple(executor.execute(text(f"SELECT {settings}")).one()) != ("panic", "terse")


def exists(executor: Executor, name: str) -> bool:
    """Return whether a database of this name exists."""
    return executor.scalar(text("SELECT true FROM pg_database WHERE datname = :name"), {"name": name}) or False


def tables_of_other_schemas(executor: Executor) -> list[str]:
    """Return the tables of the current database that are in another schema than the current one, without temporary."""
    tables = text(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname NOT IN (current_schema(), 'information_schema') AND schemaname NOT LIKE 'pg\\_%'"
    )
    return list(executor.scalars(tables))


def create(executor: Executor, name: str, like: str) -> None:
    """Create an empty database. If a database named `like` exists, use its encoding and collation."""
    locale = text(
        "SELECT format(' ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_encoding_to_char(encoding), datcollate, datctype)"
        " FROM pg_database WHERE datname = :name"
    )
    options = executor.scalar(locale, {"name": like}) or ""
    executor.execute(text(f"CREATE DATABASE {_quoted(executor, name)} TEMPLATE template0{options}"))


def drop(executor: Executor, name: str) -> None:
    """Drop a database and terminate its connections."""
    executor.execute(text(f"DROP DATABASE {_quoted(executor, name)} WITH (FORCE)"))


def rename(executor: Executor, old: str, new: str) -> None:
    """Rename a database.

    The server waits up to 5 s until no other session is connected, and accepts no new connection to the database until
    the transaction ends.
    """
    executor.execute(text(f"ALTER DATABASE {_quoted(executor, old)} RENAME TO {_quoted(executor, new)}"))


def lock_against_writes(executor: Executor) -> int:
    """Block writes to the current database until the transaction ends; reads are not blocked.

    Returns:
        The process id of this session's server process.
    """
    tables = executor.scalar(
        text(
            "SELECT string_agg(format('%I.%I', schemaname, tablename), ', ')"
            " FROM pg_tables WHERE schemaname = current_schema()"
        )
    )
    executor.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_MS}ms'"))
    # A backup is made while this session is idle. Turn off the limit after which the server ends idle sessions.
    executor.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    if tables:
        executor.execute(text(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE"))
    process: int = executor.scalars(text("SELECT pg_backend_pid()")).one()
    return process


def terminate_other_connections(executor: Executor, name: str, process: int) -> bool:
    """Terminate all connections to a database except that of `process`.

    Returns:
        Whether no connection was left, and none can be opened because a RENAME holds the lock on the database.

    Raises:
        OperationRefused: the role may not terminate one of them.
    """
    closing = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        # Processes without a user are the server's background workers, which end by themselves.
        " WHERE datname = :name AND pid <> :process AND usesysid IS NOT NULL"
    )
    try:
        closed = executor.scalar(closing, {"name": name, "process": process})
    except exc.ProgrammingError as error:
        raise exceptions.OperationRefused(
            f"Another role is connected to the database {name}, perhaps a superuser, whose connection only a superuser"
            " can end; nothing was replaced. End that connection, then repeat the command."
        ) from error
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
