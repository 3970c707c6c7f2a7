"""The engine, the session and the unit of work: the one owner of commits."""

import threading
from collections.abc import Iterator
from contextlib import closing
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

AUTOCOMMIT = "AUTOCOMMIT"
BUSY_TIMEOUT_MS = 5_000
CONNECT_TIMEOUT_S = 5
KEEPALIVE_S = 30
POOL_TIMEOUT_S = 5


class _Causes:
    """The events that a unit of work causes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._payloads: list[pyd.EventPayload] = []

    def emit(self, payload: pyd.EventPayload) -> None:
        """Say what happened; the event joins the queue once that is committed, or never."""
        self._payloads.append(payload)

    def let_events_leave(self) -> None:
        """Put what was said on the queue."""
        for payload in self._payloads:
            queues.emit(payload)


class UnitOfWork(_Causes, Session):
    """A transaction and the events it causes."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, expire_on_commit=False)


class OneStatement(_Causes, Connection):
    """A unit of work that is one statement, and so its own transaction: begin and commit cost it no round trips."""


class Database:
    """The database of this process; `main` connects it, everybody else works with `reading` and `writing`."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._autocommit: Engine | None = None
        self._turn = threading.Lock()

    @property
    def engine(self) -> Engine:
        """The engine of transactions.

        Raises:
            NotReady: `connect` was not called, or `disconnect` was.
        """
        return _connected(self._engine)

    @property
    def autocommit(self) -> Engine:
        """The engine whose statements are each their own transaction; raises what `engine` does."""
        return _connected(self._autocommit)

    def connect(self, url: str, pool_size: int) -> None:
        """Make the engines, each with up to `pool_size` connections that are opened when they are needed."""
        pool = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": POOL_TIMEOUT_S}
        self._engine = make_engine(url, **pool)
        # With connections of its own: to switch one back and forth costs as much as a query.
        self._autocommit = make_engine(url, **pool, isolation_level=AUTOCOMMIT, skip_autocommit_rollback=True)

    def disconnect(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        self.autocommit.dispose()
        self._engine = self._autocommit = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection without a transaction: no round trip is spent on begin and rollback.

        Raises:
            DatabaseUnavailable: the database is away.
        """
        with _unavailable_when_away(), self.autocommit.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        """Open a unit of work: committed at the end of the block, rolled back if that raises.

        Raises:
            DatabaseUnavailable: the database is away.
        """
        with _unavailable_when_away(), self._turn_to_write(), UnitOfWork(self.engine) as work, work.begin():
            yield work
        work.let_events_leave()

    @contextmanager
    def writing_once(self) -> Iterator[OneStatement]:
        """Open a unit of work that writes with a single statement; it is committed when that is executed.

        Raises:
            DatabaseUnavailable: the database is away.
        """
        with _unavailable_when_away(), self._turn_to_write(), closing(OneStatement(self.autocommit)) as work:
            yield work
        work.let_events_leave()

    @contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        """Stand in line on SQLite, which has one writer at a time: who finds it locked sleeps, and often too long."""
        if self.dialect != "sqlite":
            yield
            return
        if not self._turn.acquire(timeout=BUSY_TIMEOUT_MS / 1_000):
            raise exceptions.DatabaseUnavailable(context_msg="another thread writes")
        try:
            yield
        finally:
            self._turn.release()

    @property
    def connections_in_use(self) -> int:
        """How many connections are taken out of the pools."""
        pools = (self.engine.pool, self.autocommit.pool)
        return sum(pool.checkedout() for pool in pools if isinstance(pool, QueuePool))

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
    if not url.startswith("sqlite"):
        reachable = {"connect_timeout": CONNECT_TIMEOUT_S, "keepalives_idle": KEEPALIVE_S}
        return create_engine(url, hide_parameters=True, connect_args=reachable, **options)
    engine = create_engine(url, hide_parameters=True, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    if options.get("isolation_level") != AUTOCOMMIT:
        event.listen(engine, "begin", _begin_immediately)
    return engine


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    # pysqlite's own transaction control comes in the way of savepoints and of BEGIN IMMEDIATE.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA journal_mode = WAL")


def _begin_immediately(connection: Connection) -> None:
    # A writer that begins as a reader can fail half-way when another one was faster; this one waits its turn.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _connected(engine: Engine | None) -> Engine:
    if engine is None:
        raise exceptions.NotReady(context_msg="the database is not connected")
    return engine


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
