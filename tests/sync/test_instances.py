"""Streams of several processes with one database, and of a process that stops."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ninepanels.ops.migrations import migrate

from ..serve.conftest import log_in
from ..serve.conftest import sign_up
from ..support.people import data
from ..support.postgres import PostgresServer
from ..support.servers import Service
from ..support.servers import wait_for
from ..support.streams import Follower
from ..support.streams import following_at


@dataclass(frozen=True)
class Instances:
    """Two processes with one database. A user has a panel."""

    one: Service
    two: Service
    token: str

    def tap(self, service: Service) -> bool:
        """Tap, and return whether that was possible. After a restart of the server, old connections have to fail."""
        headers = {"Authorization": f"Bearer {self.token}"}
        response = service.client.post("/panels/1/entries", json={"is_complete": True}, headers=headers)
        return response.status_code == 200

    @classmethod
    @contextlib.contextmanager
    def running(cls, database_url: str, folder: Path) -> Iterator["Instances"]:
        folders = folder / "one", folder / "two"
        for each in folders:
            each.mkdir()
        with Service(database_url, folders[0]) as one, Service(database_url, folders[1]) as two:
            data(sign_up(one))
            token = data(log_in(one))["access_token"]
            data(one.client.post("/panels", json={"title": "Read"}, headers={"Authorization": f"Bearer {token}"}))
            yield cls(one, two, token)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer.temporary() as server:
        migrate(server.create_database("streams"))
        yield server


@pytest.fixture(scope="module")
def on_postgresql(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instances]:
    with Instances.running(server.url("streams"), tmp_path_factory.mktemp("postgresql")) as instances:
        yield instances


@pytest.fixture
def on_sqlite(sqlite_template: Path, tmp_path: Path) -> Iterator[Instances]:
    shutil.copy(sqlite_template, tmp_path / "test.db")
    with Instances.running(f"sqlite:///{tmp_path}/test.db", tmp_path) as instances:
        yield instances


def assert_gets_a_tap(stream: Follower, instances: Instances, tapped: Service) -> None:
    seen = stream.revisions[-1]
    wait_for(lambda: instances.tap(tapped))
    wait_for(lambda: stream.revisions[-1] > seen)


def test_on_postgresql_a_tap_reaches_the_streams_of_all_instances(on_postgresql: Instances) -> None:
    one, two, token = on_postgresql.one, on_postgresql.two, on_postgresql.token
    with following_at(one.url, token) as own, following_at(two.url, token) as other:
        for tapped in (one, two):
            assert_gets_a_tap(other, on_postgresql, tapped)
            wait_for(lambda: own.revisions == other.revisions)


def test_streams_go_on_after_a_restart_of_postgresql(on_postgresql: Instances, server: PostgresServer) -> None:
    with following_at(on_postgresql.two.url, on_postgresql.token) as stream:
        wait_for(lambda: listens(server))
        server.stop()
        server.start()
        wait_for(lambda: listens(server))
        assert_gets_a_tap(stream, on_postgresql, on_postgresql.one)
        assert not stream.is_ended


def listens(server: PostgresServer) -> bool:
    """Whether a process is connected to receive signals."""
    listening = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN %%' AND datname = %s"
    return server.execute(listening, parameters=("streams",)) > [(0,)]


def test_on_sqlite_a_tap_reaches_the_streams_of_all_processes_and_sigterm_ends_them(on_sqlite: Instances) -> None:
    one, two, token = on_sqlite.one, on_sqlite.two, on_sqlite.token
    with following_at(one.url, token) as own, following_at(two.url, token) as other:
        assert_gets_a_tap(other, on_sqlite, one)
        wait_for(lambda: own.revisions == other.revisions)
        # These processes wait for open requests for longer than a test waits.
        assert two.stop() == -15
        wait_for(lambda: other.is_ended)
        assert "Traceback" not in two.log()
        assert not own.is_ended
