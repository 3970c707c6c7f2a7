"""Which errors of a database mean "unavailable", and the time limits of its connections."""

import sqlite3
from collections.abc import Callable
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import Connection
from sqlalchemy import Engine
from sqlalchemy import event
from sqlalchemy import exc
from sqlalchemy import text
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels import database as database_module
from ninepanels import exceptions
from ninepanels.config import Settings
from ninepanels.database import Database
from ninepanels.database import connected
from ninepanels.database import database
from ninepanels.ops.migrations import migrate

from .support.backends import on_postgresql
from .support.backends import on_sqlite
from .support.people import PASSWORD
from .support.people import Person
from .support.people import data
from .support.pipeline import finish_events
from .support.servers import MIGRATE_AND_SERVE
from .support.servers import PROGRAM_DEADLINE_S
from .support.servers import Service
from .support.servers import wait_for

UNDEFINED_COLUMN = text("SELECT no_such_column FROM users")


@pytest.fixture
def connected_database(database_url: str) -> Iterator[Database]:
    with connected(database_url) as other:
        yield other


# --- Errors of the statement ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opened_by", [Database.connection, Database.transaction, Database.single_statement])
def test_a_mistake_in_the_sql_is_not_translated(connected_database: Database, opened_by: Callable[..., Any]) -> None:
    with pytest.raises(exc.DBAPIError, match="no_such_column"), opened_by(connected_database) as connection:
        connection.execute(UNDEFINED_COLUMN)


def test_a_connection_that_cannot_be_prepared_is_closed(connected_database: Database) -> None:
    opened = []

    def prepare(connection: Connection) -> None:
        opened.append(connection)
        connection.execute(UNDEFINED_COLUMN)

    with pytest.raises(exc.DBAPIError, match="no_such_column"):
        connected_database.open_own(prepare)
    assert opened[0].closed


def test_a_mistake_in_the_sql_returns_500(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_all(connection: Connection, *_arguments: object) -> None:
        connection.execute(UNDEFINED_COLUMN)

    monkeypatch.setattr(crud.panels, "read_all", read_all)
    response = ada.get("/panels")
    assert response.status_code == 500
    assert "Retry-After" not in response.headers


def test_a_handler_with_a_mistake_in_its_sql_is_not_retried(
    client: TestClient, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish_events(client)
    calls = []

    def record_login(work: Any, *arguments: object) -> None:
        calls.append(arguments)
        work.execute(UNDEFINED_COLUMN)

    monkeypatch.setattr(crud.users, "record_login", record_login)
    Person.log_in(client, ada.email)
    finish_events(client)
    assert len(calls) == 1


# --- Errors of the database -------------------------------------------------------------------------------------------


@on_sqlite
def test_a_locked_sqlite_database_is_unavailable(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_MS", 1)
    with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as other_process:
        other_process.execute("BEGIN IMMEDIATE")
        with (
            connected(database_url) as waiting,
            pytest.raises(exceptions.DatabaseUnavailable),
            waiting.transaction() as work,
        ):
            work.execute(text("DELETE FROM panels"))


@on_sqlite
def test_a_locked_sqlite_table_is_unavailable(connected_database: Database) -> None:
    def drop_while_reading(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE filled AS SELECT 1 UNION SELECT 2")
        unfinished = connection.connection.cursor()
        unfinished.execute("SELECT * FROM filled")
        unfinished.fetchone()
        connection.exec_driver_sql("DROP TABLE filled")

    with pytest.raises(exceptions.DatabaseUnavailable):
        connected_database.read(drop_while_reading)


@on_sqlite
def test_a_full_disk_is_unavailable(connected_database: Database) -> None:
    def exceed_maximum_size(connection: Connection) -> None:
        # SQLite reports a database at its maximum size like a full disk.
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        connection.exec_driver_sql("CREATE TABLE large AS SELECT zeroblob(1000000)")

    with pytest.raises(exceptions.DatabaseUnavailable):
        connected_database.read(exceed_maximum_size)


def test_a_sqlite_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    with (
        connected(f"sqlite:///{tmp_path}/no-such-folder/test.db") as other,
        pytest.raises(exceptions.DatabaseUnavailable),
        other.connection(),
    ):
        pass


@on_postgresql
def test_a_terminated_connection_is_unavailable(connected_database: Database) -> None:
    with pytest.raises(exceptions.DatabaseUnavailable), connected_database.connection() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with connected_database.connection() as connection:
        assert connection.scalar(text("SELECT 1")) == 1


@on_postgresql
@pytest.mark.parametrize("limit", ["lock_timeout", "statement_timeout"])
def test_a_time_limit_of_postgresql_is_unavailable(database_url: str, connected_database: Database, limit: str) -> None:
    def read_locked_table(connection: Connection) -> None:
        connection.execute(text(f"SET {limit} = '1ms'"))
        connection.execute(text("SELECT * FROM panels"))

    with connected(database_url) as other, other.transaction() as locking:
        locking.execute(text("LOCK TABLE panels IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(exceptions.DatabaseUnavailable):
            connected_database.read(read_locked_table)


def test_an_exhausted_pool_is_unavailable(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "POOL_TIMEOUT_S", 0.01)
    with (
        connected(database_url) as other,
        other.connection(),
        pytest.raises(exceptions.DatabaseUnavailable),
        other.connection(),
    ):
        pass


# --- Time limits of connections ---------------------------------------------------------------------------------------


def limits_of(engine: Engine) -> dict[str, str | None]:
    names = ("statement_timeout", "lock_timeout", "application_name")
    with engine.connect() as connection:
        return {name: connection.scalar(text(f"SHOW {name}")) for name in names}


@on_postgresql
@pytest.mark.usefixtures("real_limits", "client")
def test_connections_of_the_service_have_time_limits() -> None:
    assert len(database.engines) == 3
    for engine in database.engines:
        assert limits_of(engine) == {
            "statement_timeout": "4s",
            "lock_timeout": "2s",
            "application_name": "ninepanels",
        }
        with engine.connect() as connection:
            parameters = connection.connection.driver_connection.info.dsn_parameters  # type: ignore[union-attr]
            assert parameters["tcp_user_timeout"] == "4000"


@on_postgresql
def test_connections_of_mission_control_have_no_time_limits(connected_database: Database) -> None:
    for engine in connected_database.engines:
        assert limits_of(engine) == {"statement_timeout": "0", "lock_timeout": "0", "application_name": "ninepanels"}


@on_postgresql
def test_migrations_have_no_time_limit_on_statements(empty_database_url: str) -> None:
    seen = set()

    def note(connection: Connection, *_arguments: object) -> None:
        cursor = connection.connection.cursor()
        cursor.execute("SHOW statement_timeout")
        seen.add(cursor.fetchone())

    event.listen(Engine, "before_cursor_execute", note)
    try:
        migrate(empty_database_url)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert seen == {("0",)}


# --- A locked table ---------------------------------------------------------------------------------------------------

PANEL_REQUESTS = 12
"""More than the service has threads."""


@on_postgresql
def test_a_locked_table_delays_no_other_route_and_its_own_requests_time_out(
    database_url: str, settings: Settings, tmp_path: Path
) -> None:
    assert settings.threads < PANEL_REQUESTS
    with (
        Service(database_url, tmp_path, MIGRATE_AND_SERVE, RATE_LIMITS="off") as service,
        connected(database_url) as other,
        ThreadPoolExecutor(2 * PANEL_REQUESTS) as threads,
    ):
        user = {"email": "ada@example.com", "name": "Ada", "password": PASSWORD}
        data(service.client.post("/users", json=user))
        login = {"username": user["email"], "password": PASSWORD}
        token = data(service.client.post("/token", data=login))["access_token"]
        headers = {"Authorization": f"Bearer {token}"}

        def read_panels() -> httpx2.Response:
            return service.client.get("/panels", headers=headers)

        def blocked() -> bool:
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'panels'::regclass")
            return bool(other.read(lambda connection: connection.scalar(waiting)) == settings.threads)

        def monitoring_does_not_queue() -> bool:
            """Block all threads; return whether the monitoring routes answered before any request was unblocked."""
            panels: list[Future[httpx2.Response]] = [threads.submit(read_panels) for _ in range(PANEL_REQUESTS)]
            users = [threads.submit(service.client.get, "/users", headers=headers)]
            users += [threads.submit(service.client.post, "/token", data=login)]
            is_blocked = wait_for(lambda: blocked() or any(each.done() for each in panels))
            statuses = [service.status(path) for path in ("/health/ready", "/metrics", "/health/live")]
            overtook = is_blocked and statuses == [200, 200, 200] and not any(each.done() for each in panels)
            for response in [each.result() for each in panels]:
                assert response.status_code == 503
                assert response.headers["Retry-After"] == "5"
            assert {each.result().status_code for each in users} <= {200, 503}
            return overtook

        with other.transaction() as locking:
            locking.execute(text("LOCK TABLE panels IN ACCESS EXCLUSIVE MODE"))
            # If this machine pauses for the length of a time limit, one round proves nothing.
            wait_for(monitoring_does_not_queue, deadline_s=PROGRAM_DEADLINE_S)
        assert read_panels().status_code == 200
