"""The handler that writes the lines of the log."""

import contextlib
import errno
import io
import logging
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ninepanels import environments
from ninepanels.observability import logs

from ..support.backends import on_sqlite
from ..support.postgres import free_port
from ..support.servers import Service
from ..support.servers import environment
from ..support.servers import wait_for
from .test_formatters import record

# --- Deferred lines ---------------------------------------------------------------------------------------------------


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The writes of a logger's handler to its stream."""
    writes: list[str] = []
    stream = io.StringIO()
    monkeypatch.setattr(stream, "write", writes.append)
    handler = logs.LineHandler(stream)
    handler.setFormatter(logs.TextFormatter())
    logger = logging.getLogger("ninepanels.kitchen")
    logger.addHandler(handler)
    yield writes
    logger.removeHandler(handler)


def test_lines_of_a_block_are_written_with_one_write(written: list[str]) -> None:
    logger = logging.getLogger("ninepanels.kitchen")
    logger.error("one")
    before = "".join(written)
    with logs.LineHandler.together():
        logger.error("two")
        logger.error("three")
        assert "".join(written) == before
    logger.error("four")
    assert [line.rsplit(" ", 1)[1] for line in "".join(written).splitlines()] == ["one", "two", "three", "four"]
    assert len([write for write in written if "two" in write and "three" in write]) == 1


def test_lines_of_other_threads_are_not_deferred(written: list[str]) -> None:
    with logs.LineHandler.together():
        thread = threading.Thread(target=logging.getLogger("ninepanels.kitchen").error, args=("tea",))
        thread.start()
        thread.join()
        assert "tea" in "".join(written)


def test_a_line_that_cannot_be_formatted_does_not_affect_other_lines(capsys: pytest.CaptureFixture[str]) -> None:
    # Bypasses the logger, because pytest's own handler would raise.
    stream = io.StringIO()
    handler = logs.LineHandler(stream)
    handler.setFormatter(logs.TextFormatter())
    with logs.LineHandler.together():
        handler.handle(record("%d cups", "two"))
        handler.handle(record("tea"))
    assert stream.getvalue().endswith("tea\n")
    assert "Logging error" in capsys.readouterr().err


def test_lines_of_a_block_that_raises_are_written(written: list[str]) -> None:
    with contextlib.suppress(LookupError), logs.LineHandler.together():
        logging.getLogger("ninepanels.kitchen").error("tea")
        raise LookupError
    assert "tea" in "".join(written)


# --- Unwritable stderr ------------------------------------------------------------------------------------------------


class UnwritableStream(io.StringIO):
    """A stream without space, like /dev/full; it records whether the handler's lock is held."""

    handler: logs.LineHandler
    was_locked = True

    def write(self, _text: str) -> int:
        with ThreadPoolExecutor(1) as other_thread:
            lock = self.handler.lock
            assert lock is not None
            self.was_locked = self.was_locked and not other_thread.submit(lock.acquire, blocking=False).result()
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def unwritable(monkeypatch: pytest.MonkeyPatch) -> UnwritableStream:
    stream = UnwritableStream()
    stream.handler = logs.LineHandler(stream)
    stream.handler.setFormatter(logs.TextFormatter())
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


def test_write_errors_are_passed_to_handle_error_under_the_lock(
    unwritable: UnwritableStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[str] = []
    monkeypatch.setattr(unwritable.handler, "handleError", lambda failed_record: failed.append(failed_record.msg))
    with logs.LineHandler.together():
        unwritable.handler.handle(record("one"))
        unwritable.handler.handle(record("two"))
    unwritable.handler.handle(record("three"))
    assert failed == ["two", "three"]
    assert unwritable.was_locked


def test_write_errors_never_reach_the_caller(unwritable: UnwritableStream) -> None:
    with logs.LineHandler.together():
        unwritable.handler.handle(record())
    unwritable.handler.handle(record())
    unwritable.close()
    with logs.LineHandler.together():
        unwritable.handler.handle(record())
    unwritable.handler.handle(record())


class ServiceWithoutStderr(Service):
    """A service whose stderr is /dev/full. It cannot log its port, so the port is chosen before."""

    def __init__(self, database_url: str, folder: Path, port: int) -> None:
        self.log_file = Path(os.devnull)
        self.port = port
        with Path("/dev/full").open("w") as full:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ninepanels", "run", "--port", str(port)],
                cwd=environments.ROOT,
                env=environment(database_url, MAIL_DIR=str(folder / "mail"), RATE_LIMITS="off"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=full,
            )

    def _address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@on_sqlite
def test_events_are_handled_while_stderr_is_unwritable(database_url: str, sqlite_file: Path, tmp_path: Path) -> None:
    with ServiceWithoutStderr(database_url, tmp_path, free_port()) as service:

        def timings() -> int:
            with contextlib.closing(sqlite3.connect(sqlite_file)) as connection:
                query = "SELECT count(*) FROM timings WHERE method_path = 'GET_/panels'"
                return int(connection.execute(query).fetchone()[0])

        for _ in range(300):
            assert service.status("/panels") == 401
        wait_for(lambda: timings() == 300)
        wait_for(lambda: service.client.get("/health/ready").json()["data"]["queue_depth"] <= 1)
        assert 'tasks_restarted_total{task="event_worker"}' not in service.client.get("/metrics").text
        assert service.process.poll() is None
