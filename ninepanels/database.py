"""The engine, the session and the unit of work: the one owner of commits."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import Engine
from sqlalchemy import create_engine
from sqlalchemy import event
from sqlalchemy import exc
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.pool import QueuePool

from . import exceptions
from . import pydmodels as pyd
from . import queues

BUSY_TIMEOUT_MS = 5_000
CONNECT_TIMEOUT_S = 5
KEEPALIVE_S = 30
POOL_TIMEOUT_S = 5


class UnitOfWork(Session):
    """A transaction and the events it causes: they leave after its commit, or never."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, expire_on_commit=False)
        self.payloads: list[pyd.EventPayload] = []

    def emit(self, payload: pyd.EventPayload) -> None:
        """Say what happened; the event joins the queue once the transaction is committed."""
        self.payloads.append(payload)


class Database:
    """The database of this process; `main` connects it, everybody else works with `reading` and `writing`."""

    def __init__(self) -> None:
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        """The engine.

        Raises:
            NotReady: `connect` was not called, or `disconnect` was.
        """
        if self._engine is None:
            raise exceptions.NotReady(context_msg="the database is not connected")
        return self._engine

    def connect(self, url: str, pool_size: int) -> None:
        """Make the engine; the first connection is opened when it is needed."""
        self._engine = make_engine(url, pool_size=pool_size, max_overflow=0, pool_timeout=POOL_TIMEOUT_S)

    def disconnect(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        self._engine = None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session without a transaction: no round trip is spent on begin and rollback.

        Raises:
            DatabaseUnavailable: the database is away.
        """
        with _unavailable_when_away(), Session(self.engine.execution_options(**_WITHOUT_TRANSACTION)) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        """Open a unit of work: committed at the end of the block, rolled back if that raises.

        Raises:
            DatabaseUnavailable: the database is away.
        """
        with _unavailable_when_away(), UnitOfWork(self.engine) as work, work.begin():
            yield work
        for payload in work.payloads:
            queues.emit(payload)

    @property
    def connections_in_use(self) -> int:
        """How many connections are taken out of the pool."""
        pool = self.engine.pool
        return pool.checkedout() if isinstance(pool, QueuePool) else 0

    @property
    def dialect(self) -> str:
        """The kind of database: "sqlite" or "postgresql"."""
        return self.engine.dialect.name


database = Database()


@contextmanager
def connected(url: str) -> Iterator[Database]:
    """Connect to another database than that of this process, for one who is alone with it."""
    other = Database()
    other.connect(url, pool_size=1)
    try:
        yield other
    finally:
        other.disconnect()


def make_engine(url: str, **options: Any) -> Engine:
    """Make an engine for SQLite or PostgreSQL that keeps the promises of this project.

    Args:
        url: as in `Settings.database_url`, with the driver named.
        options: passed on to SQLAlchemy's `create_engine`.
    """
    # Errors are logged with their statement; its parameters are somebody's data.
    if url.startswith("sqlite"):
        engine = create_engine(url, hide_parameters=True, **options)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_on_sqlite)
    else:
        reachable = {"connect_timeout": CONNECT_TIMEOUT_S, "keepalives_idle": KEEPALIVE_S}
        engine = create_engine(url, hide_parameters=True, connect_args=reachable, **options)
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "begin", _begin_on_postgresql)
        event.listen(engine, "checkin", _end_on_postgresql)
    return engine


# On both databases a connection is without a transaction until one is begun: most of what is done is reading.
_WITHOUT_TRANSACTION = {"without_transaction": True}


def _wants_transaction(connection: Connection) -> bool:
    return not connection.get_execution_options().get("without_transaction")


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    # pysqlite's own transaction control comes in the way of savepoints and of BEGIN IMMEDIATE.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA journal_mode = WAL")


def _begin_on_sqlite(connection: Connection) -> None:
    # A writer that begins as a reader can fail half-way when another one was faster; this one waits its turn.
    if _wants_transaction(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare_postgresql(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.autocommit = True


def _begin_on_postgresql(connection: Connection) -> None:
    # psycopg2 notes this and sends BEGIN with the first statement; SQLAlchemy's isolation levels cost round trips.
    if _wants_transaction(connection):
        connection.connection.dbapi_connection.autocommit = False  # type: ignore[union-attr]


def _end_on_postgresql(connection: Any, _entry: ConnectionPoolEntry) -> None:
    if connection is not None and not connection.closed:
        connection.autocommit = True


@contextmanager
def _unavailable_when_away() -> Iterator[None]:
    """Turn the drivers' words for "not now" (away, locked, no connection free) into ours."""
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
        raise exceptions.DatabaseUnavailable(context_msg=type(error).__name__) from error
    except exc.DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise exceptions.DatabaseUnavailable(context_msg=type(error).__name__) from error
