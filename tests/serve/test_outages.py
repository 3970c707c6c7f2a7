"""The service while its database is down, missing or locked, and afterwards."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from ninepanels.ops.migrations import migrate

from ..support.mail_server import MailServer
from ..support.people import data
from ..support.postgres import PostgresServer
from ..support.servers import MIGRATE_AND_SERVE
from ..support.servers import SERVE_ONLY
from ..support.servers import Service
from ..support.servers import wait_for
from .conftest import assert_is_unavailable
from .conftest import log_in
from .conftest import open_session
from .conftest import sign_up

# Unlike in the other tests, commits must survive an immediate shutdown of the server.
OPTIONS = "?options=-csynchronous_commit%3Don"
DATABASE = f"outages{OPTIONS}"


@pytest.fixture(scope="module")
def stoppable_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server that tests stop and start again."""
    with PostgresServer.temporary() as server:
        server.create_database("outages")
        migrate(server.url(DATABASE))
        yield server


@contextlib.contextmanager
def stopped(server: PostgresServer) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


@pytest.fixture(scope="module")
def running(stoppable_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    # The other services would send the mails of its database, and it theirs.
    url = stoppable_server.create_database("requests") + OPTIONS
    migrate(url)
    with Service(url, tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.fixture
def service(running: Service) -> Service:
    """A service with a user, which has recovered from the outages of other tests."""
    wait_for(lambda: sign_up(running).status_code != 503)
    wait_for(lambda: log_in(running).status_code == 200)
    wait_for(lambda: running.status("/health/ready") == 200)
    return running


def test_requests_get_503_while_the_server_is_down(stoppable_server: PostgresServer, service: Service) -> None:
    token = data(log_in(service))["access_token"]
    with stopped(stoppable_server):
        assert_is_unavailable(sign_up(service, "bob@example.com"))
        assert_is_unavailable(log_in(service))
        panels = service.client.get("/panels", headers={"Authorization": f"Bearer {token}"})
        assert_is_unavailable(panels)


def test_the_service_is_live_but_not_ready_while_the_server_is_down(
    stoppable_server: PostgresServer, service: Service
) -> None:
    with stopped(stoppable_server):
        assert service.status("/health/live") == 200
        assert_is_unavailable(service.client.get("/health/ready"))


def test_the_service_recovers_when_the_server_is_up_again(stoppable_server: PostgresServer, service: Service) -> None:
    with stopped(stoppable_server):
        assert log_in(service).status_code == 503
    wait_for(lambda: log_in(service).status_code == 200)
    wait_for(lambda: service.status("/health/ready") == 200)
    assert service.process.poll() is None


def test_a_restart_between_requests_fails_at_most_one_request(
    stoppable_server: PostgresServer, service: Service
) -> None:
    with stopped(stoppable_server):
        pass
    service.status("/health/ready")
    assert service.status("/health/ready") == 200


def test_a_mail_sent_during_an_outage_is_not_sent_again(stoppable_server: PostgresServer, tmp_path: Path) -> None:
    url = stoppable_server.url(DATABASE)
    with MailServer.running() as mails, Service(url, tmp_path, SMTP_URL=mails.url) as service:
        mails.may_respond.clear()
        data(sign_up(service, "carol@example.com"))
        wait_for(lambda: "carol@example.com" in mails.received)
        with stopped(stoppable_server):
            mails.may_respond.set()
            wait_for(lambda: "carol@example.com" in [mail["To"] for mail in mails.mails])

        def is_marked() -> bool:
            with open_session(url) as session:
                sent_at = text("SELECT sent_at FROM outbox WHERE recipient = 'carol@example.com'")
                return session.scalar(sent_at) is not None

        wait_for(is_marked)
        assert mails.received.count("carol@example.com") == 1


def test_timings_of_an_outage_are_written_afterwards(stoppable_server: PostgresServer, tmp_path: Path) -> None:
    url = stoppable_server.url(DATABASE)
    with Service(url, tmp_path) as service:

        def send_requests(count: int) -> list[int]:
            headers = {"X-Request-ID": "during-the-outage"}
            return [service.client.get("/", headers=headers).status_code for _ in range(count)]

        assert send_requests(50) == [200] * 50
        with stopped(stoppable_server):
            assert send_requests(100) == [200] * 100
            wait_for(lambda: "handle_timing_created_for_the_database is retried" in service.log())
            assert send_requests(50) == [200] * 50
            metrics = service.client.get("/metrics")
            assert metrics.status_code == 200
            assert "ninepanels_outbox_depth NaN" in metrics.text

        def are_all_written() -> bool:
            with open_session(url) as session:
                count = text("SELECT count(*) FROM timings WHERE request_id = 'during-the-outage'")
                return bool(session.scalar(count) == 200)

        wait_for(are_all_written)
        lines = service.client.get("/metrics").text.splitlines()
        dropped = [line.rpartition(" ")[2] for line in lines if line.startswith("ninepanels_events_dropped_total{")]
        assert dropped == ["0.0"] * 2


def test_the_service_starts_without_the_server_and_becomes_ready_with_it(
    stoppable_server: PostgresServer, tmp_path: Path
) -> None:
    with contextlib.ExitStack() as stack:
        with stopped(stoppable_server):
            service = stack.enter_context(Service(stoppable_server.url(DATABASE), tmp_path, SERVE_ONLY))
            assert service.status("/health/ready") == 503
        wait_for(lambda: service.status("/health/ready") == 200)


def test_the_service_starts_without_the_file_and_becomes_ready_with_it(sqlite_template: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unmounted"
    with Service(f"sqlite:///{folder}/test.db", tmp_path, SERVE_ONLY) as service:
        assert service.status("/health/live") == 200
        assert_is_unavailable(service.client.get("/health/ready"))
        assert_is_unavailable(sign_up(service))
        folder.mkdir()
        shutil.copy(sqlite_template, folder / "test.db")
        wait_for(lambda: service.status("/health/ready") == 200)
        data(sign_up(service))


def test_a_write_gets_503_while_the_file_is_locked_and_succeeds_afterwards(
    sqlite_template: Path, tmp_path: Path
) -> None:
    path = tmp_path / "test.db"
    shutil.copy(sqlite_template, path)
    with Service(f"sqlite:///{path}", tmp_path, MIGRATE_AND_SERVE) as service:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other_connection:
            other_connection.execute("BEGIN EXCLUSIVE")
            assert_is_unavailable(sign_up(service))
            assert service.status("/health/ready") == 200, "reads are not blocked"
            other_connection.execute("ROLLBACK")
        data(sign_up(service))
