"""The service as it is run: a process of its own, a database that comes and goes, a signal to stop."""

import contextlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from sqlalchemy import NullPool
from sqlalchemy import text
from sqlalchemy.orm import Session

from ninepanels import crud
from ninepanels import environments
from ninepanels.database import make_engine
from ninepanels.ops.migrations import migrate

from .support.mail_server import MailServer
from .support.people import PASSWORD
from .support.people import data
from .support.postgres import PostgresServer
from .support.servers import DEADLINE_S
from .support.servers import SERVE_ONLY
from .support.servers import Service
from .support.servers import environment
from .support.servers import migrate_in_parallel
from .support.servers import wait_for


@contextlib.contextmanager
def looking_into(database_url: str) -> Iterator[Session]:
    engine = make_engine(database_url, poolclass=NullPool)
    with Session(engine) as session:
        yield session
    engine.dispose()


def sign_up(service: Service, email: str = "ada@example.com") -> httpx2.Response:
    return service.client.post("/users", json={"email": email, "name": "Ada", "password": PASSWORD})


def log_in(service: Service) -> httpx2.Response:
    return service.client.post("/token", data={"username": "ada@example.com", "password": PASSWORD})


def assert_says_only_that_it_is_away(response: httpx2.Response) -> None:
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    body: dict[str, Any] = response.json()
    assert set(body) == {"data", "status_code", "is_error", "error_message", "meta"}
    assert body["is_error"] is True
    assert body["data"] == {"detail": body["error_message"]}
    for secret in ("SELECT", "INSERT", "127.0.0.1", "sql", "port", "Traceback", ".db"):
        assert secret not in response.text


# --- Migrations -----------------------------------------------------------------------------------------------------


def test_several_instances_migrate_an_empty_database_at_once(empty_database_url: str) -> None:
    migrate_in_parallel(empty_database_url, 4, "alembic", "upgrade", "head")
    with looking_into(empty_database_url) as session:
        assert crud.schema.read_revision(session) == crud.schema.REVISION


SERVE_WITHOUT_LISTENING = """
import sys

import uvicorn

from ninepanels import serve

def say_what_is_loaded(application, **_options):
    __import__(application.partition(":")[0])
    sys.stdout.write(" ".join({"alembic", "ninepanels"} & sys.modules.keys()))

sys.argv = ["serve"]
uvicorn.run = say_what_is_loaded
serve.main()
"""


def test_who_serves_does_not_carry_what_only_migrations_want(empty_database_url: str) -> None:
    command = [sys.executable, "-c", SERVE_WITHOUT_LISTENING]
    environ = environment(empty_database_url)
    served = subprocess.run(command, cwd=environments.ROOT, env=environ, capture_output=True, text=True, check=True)
    assert served.stdout == "ninepanels"
    with looking_into(empty_database_url) as session:
        assert crud.schema.read_revision(session) == crud.schema.REVISION


# --- The database is away ---------------------------------------------------------------------------------------------


# What was committed has to outlive a server that is stopped without warning, unlike in the other tests.
RESTLESS = "restless?options=-csynchronous_commit%3Don"


@pytest.fixture(scope="module")
def restless_server() -> Iterator[PostgresServer]:
    """A PostgreSQL that tests stop and start; each leaves it running."""
    with PostgresServer.temporary() as server:
        server.create_database("restless")
        migrate(server.url(RESTLESS))
        yield server


@contextlib.contextmanager
def stopped(server: PostgresServer) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


def test_requests_get_503_while_the_server_is_away(restless_server: PostgresServer, tmp_path: Path) -> None:
    with Service(restless_server.url(RESTLESS), tmp_path) as service:
        sign_up(service)
        token = data(log_in(service))["access_token"]
        with stopped(restless_server):
            assert_says_only_that_it_is_away(sign_up(service, "bob@example.com"))
            assert_says_only_that_it_is_away(log_in(service))
            panels = service.client.get("/panels", headers={"Authorization": f"Bearer {token}"})
            assert_says_only_that_it_is_away(panels)


def test_it_is_alive_but_not_ready_while_the_server_is_away(restless_server: PostgresServer, tmp_path: Path) -> None:
    with Service(restless_server.url(RESTLESS), tmp_path) as service:
        assert service.status("/health/ready") == 200
        with stopped(restless_server):
            assert service.status("/health/live") == 200
            assert_says_only_that_it_is_away(service.client.get("/health/ready"))


def test_it_recovers_by_itself_when_the_server_is_back(restless_server: PostgresServer, tmp_path: Path) -> None:
    with Service(restless_server.url(RESTLESS), tmp_path) as service:
        sign_up(service)
        with stopped(restless_server):
            assert log_in(service).status_code == 503
        wait_for(lambda: log_in(service).status_code == 200)
        assert service.status("/health/ready") == 200
        assert service.process.poll() is None


def test_a_restart_that_nobody_saw_costs_at_most_one_request(restless_server: PostgresServer, tmp_path: Path) -> None:
    with Service(restless_server.url(RESTLESS), tmp_path) as service:
        sign_up(service)
        with stopped(restless_server):
            pass
        service.status("/health/ready")
        assert service.status("/health/ready") == 200


def test_a_mail_handed_over_while_the_database_is_away_is_not_sent_again(
    restless_server: PostgresServer, tmp_path: Path
) -> None:
    url = restless_server.url(RESTLESS)
    with MailServer.running() as mails, Service(url, tmp_path, SMTP_URL=mails.url) as service:
        mails.may_respond.clear()
        data(sign_up(service, "carol@example.com"))
        wait_for(lambda: "carol@example.com" in mails.received)
        with stopped(restless_server):
            mails.may_respond.set()
            wait_for(lambda: "carol@example.com" in [mail["To"] for mail in mails.mails])

        def is_marked() -> bool:
            with looking_into(url) as session:
                sent_at = text("SELECT sent_at FROM outbox WHERE recipient = 'carol@example.com'")
                return session.scalar(sent_at) is not None

        wait_for(is_marked)
        assert mails.received.count("carol@example.com") == 1


def test_timings_of_while_the_server_was_away_are_written_when_it_is_back(
    restless_server: PostgresServer, tmp_path: Path
) -> None:
    url = restless_server.url(RESTLESS)
    with Service(url, tmp_path) as service:

        def answered(how_many: int) -> list[int]:
            headers = {"X-Request-ID": "while-it-was-away"}
            return [service.client.get("/", headers=headers).status_code for _ in range(how_many)]

        assert answered(50) == [200] * 50
        with stopped(restless_server):
            assert answered(100) == [200] * 100
            wait_for(lambda: "handle_timing_created_for_the_database is retried" in service.log())
            assert answered(50) == [200] * 50
            metrics = service.client.get("/metrics")
            assert metrics.status_code == 200
            assert "ninepanels_outbox_depth NaN" in metrics.text

        def all_there() -> bool:
            with looking_into(url) as session:
                there = text("SELECT count(*) FROM timings WHERE request_id = 'while-it-was-away'")
                return bool(session.scalar(there) == 200)

        wait_for(all_there)
        lines = service.client.get("/metrics").text.splitlines()
        dropped = [line.rpartition(" ")[2] for line in lines if line.startswith("ninepanels_events_dropped_total{")]
        assert dropped == ["0.0"] * 2


def test_it_starts_without_the_server_and_is_ready_once_that_is_there(
    restless_server: PostgresServer, tmp_path: Path
) -> None:
    with contextlib.ExitStack() as until_now:
        with stopped(restless_server):
            service = until_now.enter_context(Service(restless_server.url(RESTLESS), tmp_path, SERVE_ONLY))
            assert service.status("/health/ready") == 503
        wait_for(lambda: service.status("/health/ready") == 200)


def test_it_starts_without_the_file_and_is_ready_once_that_is_there(sqlite_template: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unmounted"
    with Service(f"sqlite:///{folder}/test.db", tmp_path, SERVE_ONLY) as service:
        assert service.status("/health/live") == 200
        assert_says_only_that_it_is_away(service.client.get("/health/ready"))
        assert_says_only_that_it_is_away(sign_up(service))
        folder.mkdir()
        shutil.copy(sqlite_template, folder / "test.db")
        wait_for(lambda: service.status("/health/ready") == 200)
        data(sign_up(service))


def test_a_write_gets_503_while_the_file_is_locked_and_succeeds_afterwards(
    sqlite_template: Path, tmp_path: Path
) -> None:
    path = tmp_path / "test.db"
    shutil.copy(sqlite_template, path)
    with Service(f"sqlite:///{path}", tmp_path) as service:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as somebody_else:
            somebody_else.execute("BEGIN EXCLUSIVE")
            assert_says_only_that_it_is_away(sign_up(service))
            assert service.status("/health/ready") == 200, "reading goes on"
            somebody_else.execute("ROLLBACK")
        data(sign_up(service))


# --- Two instances ----------------------------------------------------------------------------------------------------


def test_a_token_dead_on_one_instance_is_dead_on_every_instance(database_url: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with Service(database_url, tmp_path / "one") as one, Service(database_url, tmp_path / "two") as two:
        data(sign_up(one))
        for path in ("/auth/logout", "/auth/logout_everywhere"):
            authorized = {"Authorization": f"Bearer {data(log_in(one))['access_token']}"}
            assert two.client.get("/users", headers=authorized).status_code == 200
            data(one.client.post(path, headers=authorized))
            assert two.client.get("/users", headers=authorized).status_code == 401
        later = {"Authorization": f"Bearer {data(log_in(two))['access_token']}"}
        assert one.client.get("/users", headers=later).status_code == 200


# --- Starting ---------------------------------------------------------------------------------------------------------


def test_it_says_where_it_can_be_tried_out(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "test.db")
    with Service(f"sqlite:///{tmp_path}/test.db", tmp_path) as service:
        assert "Try it at http://127.0.0.1:0/docs" in service.log()


# --- Stopping ---------------------------------------------------------------------------------------------------------


def test_sigterm_stops_it_cleanly(database_url: str, tmp_path: Path) -> None:
    with Service(database_url, tmp_path) as service:
        data(sign_up(service))
        # uvicorn shuts down in order and then lets the signal have its way, for whoever started it to see.
        assert service.stop() == -15
        assert "Application shutdown complete" in service.log()
        assert "Traceback" not in service.log()


def test_events_are_drained_before_it_stops(database_url: str, tmp_path: Path) -> None:
    with Service(database_url, tmp_path) as service:
        sign_up(service)
        data(log_in(service))
        service.stop()
    with looking_into(database_url) as session:
        assert session.scalar(text("SELECT last_login FROM users")) is not None


def test_sigterm_under_load_lets_accepted_requests_finish_and_writes_their_timings(
    database_url: str, tmp_path: Path
) -> None:
    with Service(database_url, tmp_path) as service, contextlib.ExitStack() as until_answered:
        data(sign_up(service))
        token = data(log_in(service))["access_token"]
        authorized = {"Authorization": f"Bearer {token}"}
        panel = data(service.client.post("/panels", json={"title": "Read"}, headers=authorized))
        with writes_held_up(database_url):
            taps = [accepted_tap(service.url, panel["id"], token) for _ in range(8)]
            for tap in taps:
                until_answered.enter_context(contextlib.closing(tap))
            service.process.send_signal(signal.SIGTERM)
            wait_for(lambda: "Shutting down" in service.log())
        assert [tap.recv(100).split()[1] for tap in taps] == [b"200"] * 8
        # Its promise is 10 s; what is not over by then raises.
        assert service.process.wait(10) == -15
        assert "are lost" not in service.log()
    with looking_into(database_url) as session:
        rows = session.execute(text("SELECT method_path, count(*) FROM timings GROUP BY method_path"))
        per_route: dict[str, int] = {row.method_path: row[1] for row in rows}
        assert per_route["POST_/panels/{panel_id}/entries"] == 8
        assert (per_route["POST_/users"], per_route["POST_/token"], per_route["POST_/panels"]) == (1, 1, 1)
        in_stats = session.scalar(text("SELECT max(count) FROM timing_stats WHERE path = '/panels/{panel_id}/entries'"))
        assert in_stats == 8


@contextlib.contextmanager
def writes_held_up(database_url: str) -> Iterator[None]:
    """Let whoever wants to write an entry wait."""
    with looking_into(database_url) as session:
        if database_url.startswith("postgresql"):
            session.execute(text("LOCK TABLE panels IN ACCESS EXCLUSIVE MODE"))
        else:
            session.connection()
        yield


def accepted_tap(url: str, panel_id: int, token: str) -> socket.socket:
    """Send a tap that the service has begun to serve when this returns: it has asked for the body."""
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname, address.port), timeout=DEADLINE_S)
    body = b'{"is_complete": true}'
    head = [
        f"POST /panels/{panel_id}/entries HTTP/1.1",
        "Host: tests",
        f"Authorization: Bearer {token}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Expect: 100-continue",
    ]
    connection.sendall("\r\n".join([*head, "", ""]).encode())
    assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
    connection.sendall(body)
    return connection


# --- Wrong settings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JWT_SECRET", "short"),
        ("DATABASE_URL", "mysql://root:hunter2@example.com/ninepanels"),
        ("THREADS", "many"),
        ("LOG_LEVEL", "chatty"),
        ("SMTP_URL", "http://nine:hunter2@example.com"),
        ("RATE_LIMIT_STORAGE", "memcached://:hunter2@example.com"),
        ("RATE_LIMITS", "sometimes"),
        ("URL_ROOT", "ninepanels.example"),
        ("MAIL_FROM", "Nine Panels"),
        ("TRUSTED_PROXIES", "proxy.example"),
        ("DEFAULT_TIMEZONE", "Mars/Olympus"),
        ("ENV", "PRODUCTION"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line_that_names_it(name: str, value: str, tmp_path: Path) -> None:
    service = Service(f"sqlite:///{tmp_path}/never_opened.db", tmp_path, **{name: value})
    assert service.process.wait(DEADLINE_S) == 1
    lines = service.log().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"NINEPANELS_{name}: ")
    assert "hunter2" not in lines[0]


def test_a_server_database_without_a_secret_stops_the_start_with_one_line(tmp_path: Path) -> None:
    service = Service("postgresql://127.0.0.1/ninepanels", tmp_path, JWT_SECRET="")
    assert service.process.wait(DEADLINE_S) == 1
    lines = service.log().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("NINEPANELS_JWT_SECRET: ")
