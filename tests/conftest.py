"""Fixtures for all tests: both databases, the application on each of them, and signed-up users."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from pathlib import Path
from typing import Any

# Importing `ninepanels.main` creates an application from these settings. The tests create their own applications.
os.environ["NINEPANELS_ENV"] = "TEST"
os.environ["NINEPANELS_DATABASE_URL"] = f"sqlite:///{tempfile.gettempdir()}/ninepanels-unused.db"
os.environ["NINEPANELS_JWT_SECRET"] = "a secret of the tests that is long enough"

import hypothesis
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine
from sqlalchemy import event
from starlette.testclient import TestClient

from ninepanels import clock
from ninepanels import sqlmodels as sql
from ninepanels.accounts import passwords
from ninepanels.config import Settings
from ninepanels.database import database
from ninepanels.environments import Environment
from ninepanels.main import create_api
from ninepanels.middleware import timing
from ninepanels.observability import request_ids
from ninepanels.ops.migrations import migrate

from .support import backends
from .support import checkouts
from .support import documented
from .support import node
from .support import patience
from .support import pipeline
from .support import programs
from .support.mailbox import Mailbox
from .support.people import Person
from .support.postgres import PostgresServer
from .support.recorder import Recorder

# No deadline for examples, so that a busy machine fails no test.
hypothesis.settings.register_profile("untimed", deadline=None)
# For `tests.mutation`, which runs the same tests for each change.
hypothesis.settings.register_profile(
    "few", deadline=None, max_examples=25, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck)
)
hypothesis.settings.load_profile("untimed")


patience.skip_syncs()

# A test run that a shell starts in the background ignores SIGINT, and each program of a test would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Before the proofs are deselected.
    backends.make_proofs(items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # Here, not in the folders of those tests: with several processes, this one collects nothing and does not read them.
    if (lines := list(programs.left_out())) and not os.environ.get("CI"):
        terminalreporter.section("LEFT OUT", sep="!", red=True, bold=True)
        for line in lines:
            terminalreporter.line(line, red=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with PostgresServer.temporary() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """The name of a migrated database to copy. A database with connections cannot be copied, so no test connects."""
    migrate(postgres_server.create_database("template"))
    return "template"


@pytest.fixture(scope="session")
def postgres_database(postgres_server: PostgresServer, postgres_template: str) -> str:
    return postgres_server.create_database("test", postgres_template)


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def empty_database_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without a schema."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    yield server.create_database("empty")
    server.drop_database("empty")


@pytest.fixture
def migrated_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with the current schema, which the test may change."""
    if backend == "sqlite":
        yield f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), tmp_path / 'migrated.db')}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    yield server.create_database("migrated", request.getfixturevalue("postgres_template"))
    server.drop_database("migrated")


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One path for all tests, whose engines then compile each statement once."""
    return tmp_path_factory.mktemp("database") / "test.db"


@pytest.fixture
def database_url(backend: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database with the current schema, without rows."""
    if backend == "sqlite":
        path: Path = request.getfixturevalue("sqlite_file")
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        shutil.rmtree(path.parent)
        path.parent.mkdir()
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    yield request.getfixturevalue("postgres_database")
    server.empty_database("test", [table.name for table in reversed(sql.Base.metadata.sorted_tables)])


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the project in a temporary folder, on the branch `main`."""
    return checkouts.make(tmp_path / "checkout")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        env=Environment.TEST,
        database_url=database_url,
        mail_dir=tmp_path / "mail",
        rate_limits="off",
        security_contact="mailto:security@ninepanels.example",
    )


@pytest.fixture
def api(settings: Settings) -> FastAPI:
    return create_api(settings)


@pytest.fixture
def client(api: FastAPI) -> Iterator[TestClient]:
    with TestClient(api, client=("127.0.0.1", 50_000)) as client:
        client.event_hooks = {"response": [documented.check]}
        yield client
        pipeline.discard_events(client)


@pytest.fixture
def ada(client: TestClient) -> Person:
    return Person.sign_up(client, "ada@example.com")


@pytest.fixture
def mailbox(settings: Settings) -> Mailbox:
    return Mailbox(settings.mail_dir)


@pytest.fixture
def bob(client: TestClient) -> Person:
    return Person.sign_up(client, "bob@example.com")


class Clock:
    """Replaces the wall clock. Time does not pass unless the test sets it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def set(self, iso: str) -> None:
        self.now = datetime.fromisoformat(iso).astimezone(UTC)


@pytest.fixture
def wall_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    wall_clock = Clock()
    monkeypatch.setattr(clock, "now", lambda: wall_clock.now)
    return wall_clock


class Stopwatch:
    """Replaces the timer of TimingMiddleware: each request, one at a time, takes `ms`."""

    def __init__(self) -> None:
        self.ms = 1.0
        self._started = False

    def __call__(self) -> float:
        self._started = not self._started
        return 0.0 if self._started else self.ms / 1_000


@pytest.fixture
def stopwatch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    stopwatch = Stopwatch()
    monkeypatch.setattr(timing, "perf_counter", stopwatch)
    return stopwatch


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """Records every event of the application."""
    return Recorder.listening(monkeypatch)


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that were computed to verify a password."""
    verified: list[str] = []
    verify = passwords.context.verify_and_update

    def record(password: str, hashed: str) -> tuple[bool, str | None]:
        verified.append(hashed)
        result: tuple[bool, str | None] = verify(password, hashed)
        return result

    monkeypatch.setattr(passwords.context, "verify_and_update", record)
    return verified


@pytest.fixture
def statements(client: TestClient) -> Iterator[list[str]]:
    """The SQL statements of requests, without BEGIN and COMMIT."""
    assert client, "the client starts the application, which connects the database"
    seen: list[str] = []

    def record(*arguments: object) -> None:
        statement = str(arguments[2])
        # Statements without a request id are those of event handlers and of the outbox. A connection is prepared for
        # taps once: on PostgreSQL by PREPARE, on SQLite by temporary triggers.
        if (
            not statement.startswith(("BEGIN IMMEDIATE", "PREPARE ", "CREATE TEMP "))
            and request_ids.current.get() is not None
        ):
            seen.append(statement)

    engines = database.engines
    for engine in engines:
        event.listen(engine, "before_cursor_execute", record)
    yield seen
    for engine in engines:
        event.remove(engine, "before_cursor_execute", record)


@pytest.fixture(scope="session", autouse=True)
def shared_engines() -> Iterator[None]:
    """Keep the engines of the application, whose statements are then compiled once: a quarter of a test's time."""
    connect = database.connect
    engines: dict[str, dict[str, Engine]] = {}

    def connect_again(url: str, *arguments: Any, **options: Any) -> None:
        key = repr((url, arguments, options))
        if key not in engines:
            connect(url, *arguments, **options)
            engines[key] = database._engines
        database._engines = engines[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "connect", connect_again)
        yield


@pytest.fixture(scope="session")
def node_tools() -> None:
    """Install the tools that `node.run` runs."""
    node.install()


@pytest.fixture(autouse=True)
def fast_hashes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hash passwords with low cost. The fixture `real_hashes` disables it."""
    if "real_hashes" in request.fixturenames:
        yield
        return
    real = {option: passwords.context.to_dict()[option] for option in patience.LOW_COST}
    passwords.context.update(**patience.LOW_COST)
    yield
    passwords.context.update(**real)


@pytest.fixture(autouse=True)
def long_limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise the time limits of requests, which a busy machine can exceed. The fixture `real_limits` disables it."""
    if "real_limits" not in request.fixturenames:
        patience.raise_limits(monkeypatch.setattr)


@pytest.fixture
def real_limits() -> None:
    """Keep the time limits of requests."""


@pytest.fixture
def real_hashes() -> None:
    """Hash passwords with the real cost."""
