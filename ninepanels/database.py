"""Database engines, connections and transactions. The only module that commits."""

import sqlite3
import threading
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import closing
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any
from typing import Concatenate
from typing import ParamSpec
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy import Dialect
from sqlalchemy import Engine
from sqlalchemy import create_engine
from sqlalchemy import event
from sqlalchemy import exc
from sqlalchemy import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.pool import QueuePool

from . import exceptions
from . import private_files
from . import pydmodels as pyd
from . import queues

P = ParamSpec("P")
T = TypeVar("T")

AUTOCOMMIT = "AUTOCOMMIT"
BUSY_TIMEOUT_MS = 3_000
WRITE_LOCK_TIMEOUT_S = 2
SQLITE_CACHE_KIB = 256
"""The pages that each connection keeps. With SQLite's 2 MiB, the pools could take 50 MB for what the system caches."""
CONNECT_TIMEOUT_S = 3
KEEPALIVE_S = 30
IMMUTABLE = "immutable"
"""A key in the `info` of a connection that was opened with SQLite's parameter `immutable`."""
POOL_TIMEOUT_S = 3
MONITORING_POOL_TIMEOUT_S = 1
NO_JOURNAL = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL}
"""The primary result codes when a journal cannot be created."""

_POSTGRESQL = MappingProxyType(
    {"application_name": "ninepanels", "connect_timeout": CONNECT_TIMEOUT_S, "keepalives_idle": KEEPALIVE_S}
)
# Limits in ms, for serving only: a migration or a backup may take longer. A wait for a lock ends before the statement
# limit, so that the error names the lock. `tcp_user_timeout` limits how long sent data may stay unacknowledged.
POSTGRESQL_SERVING = MappingProxyType(
    {**_POSTGRESQL, "options": "-c lock_timeout=2000 -c statement_timeout=4000", "tcp_user_timeout": 4_000}
)


class _EventBuffer:
    """Buffers the events of a transaction until it is committed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._payloads: list[pyd.EventPayload] = []

    def emit(self, payload: pyd.EventPayload) -> None:
        """Buffer an event. It is published after the commit; a rollback discards it."""
        self._payloads.append(payload)

    def publish(self) -> None:
        """Publish the buffered events."""
        for payload in self._payloads:
            queues.emit(payload)


class UnitOfWork(_EventBuffer, Session):
    """A transaction and its events."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, expire_on_commit=False)


class SingleStatement(_EventBuffer, Connection):
    """A connection in autocommit mode for one writing statement: BEGIN and COMMIT cost no round trips."""


class Database:
    """A database. `main` connects the instance `database`; `connected` connects another instance for a block."""

    def __init__(self) -> None:
        self._engines: dict[str, Engine] = {}
        self._write_lock = threading.Lock()

    @property
    def engines(self) -> list[Engine]:
        """All engines. The list is empty while the database is not connected."""
        return list(self._engines.values())

    @property
    def engine(self) -> Engine:
        """The engine of transactions.

        Raises:
            NotReady: the database is not connected.
        """
        return self._engine("transactions")

    @property
    def autocommit(self) -> Engine:
        """The engine of reads and single statements; raises the same error as `engine`."""
        return self._engine("autocommit")

    def connect(self, url: str, pool_size: int, postgresql: Mapping[str, Any] = _POSTGRESQL) -> None:
        """Create the engines. Each opens up to `pool_size` connections on demand."""
        pool = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": POOL_TIMEOUT_S}
        monitoring = {"pool_size": 1, "max_overflow": 0, "pool_timeout": MONITORING_POOL_TIMEOUT_S}
        autocommit = {"isolation_level": AUTOCOMMIT, "skip_autocommit_rollback": True}
        # Autocommit and transactions have separate pools: switching the mode of a connection takes as long as a query.
        self._engines = {
            "transactions": make_engine(url, postgresql, **pool),
            "autocommit": make_engine(url, postgresql, **pool, **autocommit),
            "monitoring": make_engine(url, postgresql, **monitoring, **autocommit),
        }

    def disconnect(self) -> None:
        """Close all connections."""
        for engine in self.engines:
            engine.dispose()
        self._engines = {}

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Open a connection in autocommit mode for reading; no round trip is spent on BEGIN and ROLLBACK.

        Raises:
            DatabaseUnavailable: the database is not available.
        """
        with _translated_errors(), self.autocommit.connect() as connection:
            yield connection

    def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the result of a crud function, executed on an autocommit connection; raises as `connection` does."""
        with self.connection() as connection:
            return query(connection, *args, **kwargs)

    def read_for_monitoring(self, query: Callable[[Connection], T]) -> T:
        """Return the result of a crud function, executed on the connection that is reserved for health and metrics."""
        with _translated_errors(), self._engine("monitoring").connect() as connection:
            return query(connection)

    def open_own(self, prepare: Callable[[Connection], None]) -> Connection:
        """Open a connection that belongs to no pool, in autocommit mode, and prepare it. The caller closes it.

        Raises:
            DatabaseUnavailable: the database is not available.
        """
        with _translated_errors():
            connection = self.autocommit.connect()
            connection.detach()
            try:
                prepare(connection)
            except BaseException:
                connection.close()
                raise
        return connection

    @contextmanager
    def transaction(self) -> Iterator[UnitOfWork]:
        """Open a transaction. It is committed at the end of the block, or rolled back if the block raises.

        Raises:
            DatabaseUnavailable: the database is not available.
        """
        with _translated_errors(), self._sqlite_write_lock(), UnitOfWork(self.engine) as work, work.begin():
            yield work
        work.publish()

    @contextmanager
    def single_statement(self) -> Iterator[SingleStatement]:
        """Open a connection for one writing statement, which is committed when it is executed.

        Raises:
            DatabaseUnavailable: the database is not available.
        """
        with _translated_errors(), self._sqlite_write_lock(), closing(SingleStatement(self.autocommit)) as connection:
            yield connection
        connection.publish()

    @contextmanager
    def _sqlite_write_lock(self) -> Iterator[None]:
        """Serialize the writers of this process on SQLite. With SQLite's own lock, a waiting writer sleeps too long."""
        if self.dialect != "sqlite":
            yield
            return
        if not self._write_lock.acquire(timeout=WRITE_LOCK_TIMEOUT_S):
            raise exceptions.DatabaseUnavailable(context_msg="timeout waiting for another writer of this process")
        try:
            yield
        finally:
            self._write_lock.release()

    @property
    def connections_in_use(self) -> int:
        """The number of connections checked out of the pools."""
        pools = [engine.pool for engine in self.engines]
        return sum(pool.checkedout() for pool in pools if isinstance(pool, QueuePool))

    @property
    def dialect(self) -> str:
        """The kind of database: "sqlite" or "postgresql"."""
        return self.engine.dialect.name

    def _engine(self, name: str) -> Engine:
        if name not in self._engines:
            raise exceptions.NotReady(context_msg="the database is not connected")
        return self._engines[name]


database = Database()


@contextmanager
def connected(url: str) -> Iterator[Database]:
    """Connect to a database for the duration of the block, without the time limits of serving."""
    other = Database()
    other.connect(url, pool_size=1)
    try:
        yield other
    finally:
        other.disconnect()


def make_engine(url: str, postgresql: Mapping[str, Any] = _POSTGRESQL, **options: Any) -> Engine:
    """Create an engine for SQLite or PostgreSQL; `postgresql` are connection parameters of libpq."""
    # Errors are logged with the SQL statement. Its parameters are hidden, because they are personal data.
    if not url.startswith("sqlite"):
        # `connect_args` would replace the server options of the URL. Both are needed, so they are joined.
        server_options = f"{make_url(url).query.get('options', '')} {postgresql.get('options', '')}".strip()
        connect_args = {**postgresql, "options": server_options}
        return create_engine(url, hide_parameters=True, connect_args=connect_args, **options)
    engine = create_engine(url, hide_parameters=True, **options)
    event.listen(engine, "do_connect", _connect_sqlite)
    event.listen(engine, "checkin", _close_if_immutable)
    if options.get("isolation_level") != AUTOCOMMIT:
        event.listen(engine, "begin", _begin_immediate)
    return engine


def _connect_sqlite(
    dialect: Dialect, entry: ConnectionPoolEntry, arguments: list[str], options: dict[str, Any]
) -> DBAPIConnection:
    """Connect to a file. If the disk is full or read-only, so that it takes no journal, connect for reading only."""
    create_sqlite_file(Path(arguments[0]))
    connection = dialect.connect(*arguments, **options)
    try:
        _configure_sqlite(connection)
    except sqlite3.OperationalError as error:
        path = Path(arguments[0])
        journal = path.with_name(f"{path.name}-wal")
        is_complete = path.is_file() and not (journal.exists() and journal.stat().st_size)
        if _primary_code(error) not in NO_JOURNAL or not is_complete:
            raise
        # The file contains all changes. A process that has the permission to write can change it while this connection
        # reads. Therefore the connection is used only once (`_close_if_immutable`).
        connection = dialect.connect(f"{path.as_uri()}?immutable=1", uri=True, **options)
        _configure_sqlite(connection)
        entry.info[IMMUTABLE] = True
    return connection


def create_sqlite_file(path: Path) -> None:
    """Create the file of a database, unless it exists. SQLite gives its journals the same permissions.

    Raises:
        SettingsInvalid: the path is a symbolic link to a file that does not exist.
    """
    if path.exists():
        return
    try:
        private_files.create(path).close()
    except FileExistsError as error:
        # Otherwise, another process has created the file.
        if path.is_symlink():
            raise exceptions.SettingsInvalid(
                f"NINEPANELS_DATABASE_URL: {path} is a symbolic link to a file that does not exist. Create that file,"
                " or delete the link."
            ) from error
    except OSError:
        # SQLite reports why the file cannot be created.
        pass


def _close_if_immutable(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    """Connect again for the next statement: the disk may have space again, and the file may change."""
    if IMMUTABLE in entry.info:
        entry.invalidate()


def _configure_sqlite(connection: Any) -> None:
    """Configure a new connection, or close it if that fails: for example, because the file is damaged."""
    try:
        # Turn off pysqlite's own transaction control, which breaks savepoints and BEGIN IMMEDIATE.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        connection.execute(f"PRAGMA cache_size = -{SQLITE_CACHE_KIB}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
    except BaseException:
        connection.close()
        raise


def _begin_immediate(connection: Connection) -> None:
    # A deferred transaction that reads and then writes fails if another one wrote in between. An immediate one waits.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Turn driver errors that mean "not available now" into DatabaseUnavailable."""
    try:
        yield
    except (exc.DBAPIError, exc.TimeoutError) as error:
        if not _is_unavailable(error):
            raise
        cause = getattr(error, "orig", None) or error
        raise exceptions.DatabaseUnavailable(context_msg=type(cause).__name__) from error


def _is_unavailable(error: exc.DBAPIError | exc.TimeoutError) -> bool:
    """Return whether an error comes from the state of the database, not from the statement."""
    if isinstance(error, exc.TimeoutError):
        return True
    if isinstance(error.orig, sqlite3.OperationalError):
        # For a mistake in the SQL, sqlite3 raises the same class, with the primary result code SQLITE_ERROR.
        return _primary_code(error.orig) != sqlite3.SQLITE_ERROR
    return isinstance(error, exc.OperationalError | exc.InterfaceError) or error.connection_invalidated


def _primary_code(error: sqlite3.Error) -> int:
    # The low byte of a result code (https://www.sqlite.org/rescode.html).
    return error.sqlite_errorcode & 0xFF
