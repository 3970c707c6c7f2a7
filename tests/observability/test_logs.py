"""Formatters and handler of the log."""

import contextlib
import errno
import io
import json
import logging
import os
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from datetime import date
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import exc

from ninepanels import environments
from ninepanels import event_types
from ninepanels import exceptions
from ninepanels import pydmodels as pyd
from ninepanels.observability import logs
from ninepanels.observability import request_ids
from ninepanels.observability import route_names

from ..support.postgres import free_port
from ..support.servers import Service
from ..support.servers import environment
from ..support.servers import wait_for

FORMATTERS = [logs.TextFormatter(), logs.JsonFormatter()]

EVENT = pyd.Event(
    event_id=uuid.UUID("11111111-2222-4333-8444-555555555555"),
    created_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
    request_id="of-the-event",
    type=event_types.ENTRY_RECORDED,
    payload=pyd.EntryRecorded(user_id=7, panel_id=9, day=date(2026, 11, 23), is_complete=True),
)


def record(message: str = "Tea is ready", *arguments: object, level: int = logging.INFO, **extra: Any) -> Any:
    made = logging.getLogger("ninepanels.kitchen").makeRecord(
        "ninepanels.kitchen", level, __file__, 1, message, arguments, None, extra=extra
    )
    made.created = datetime(2026, 11, 23, 12, 30, 15, 250_000, tzinfo=UTC).timestamp()
    return made


def record_of_an_exception() -> Any:
    made = record("It failed", level=logging.ERROR)
    cupboard: dict[str, str] = {}
    try:
        cupboard["tea"]
    except KeyError:
        made.exc_info = sys.exc_info()
    return made


def as_text(made: Any) -> str:
    return logs.TextFormatter().format(made)


def as_json(made: Any) -> dict[str, Any]:
    line = logs.JsonFormatter().format(made)
    assert "\n" not in line
    message: dict[str, Any] = json.loads(line)
    return message


@pytest.fixture
def request_id() -> Iterator[str]:
    token = request_ids.current.set("of-the-request")
    yield "of-the-request"
    request_ids.current.reset(token)


def test_text_lines_begin_with_the_utc_time_and_the_level() -> None:
    assert as_text(record()) == "2026-11-23T12:30:15.250000Z INFO    Tea is ready"


def test_json_lines_contain_time_level_logger_and_message() -> None:
    assert as_json(record()) == {
        "time": "2026-11-23T12:30:15.250000Z",
        "level": "INFO",
        "logger": "ninepanels.kitchen",
        "message": "Tea is ready",
    }


@pytest.fixture
def in_tokyo() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_time_is_utc_in_every_system_time_zone() -> None:
    assert as_text(record()).startswith("2026-11-23T12:30:15.250000Z ")


@pytest.mark.parametrize("formatter", FORMATTERS)
def test_arguments_are_formatted_into_the_message(formatter: logging.Formatter) -> None:
    assert "2 cups of 東方美人 🌱" in formatter.format(record("%d cups of %s", 2, "東方美人 🌱"))


def test_text_lines_contain_the_request_id(request_id: str) -> None:
    assert as_text(record()).endswith(f" request_id={request_id}")


def test_json_lines_contain_the_request_id(request_id: str) -> None:
    assert as_json(record())["request_id"] == request_id


@pytest.mark.usefixtures("request_id")
def test_the_request_id_of_an_event_takes_precedence() -> None:
    assert as_json(record(event=EVENT))["request_id"] == "of-the-event"


def test_text_lines_contain_the_fields_of_the_event() -> None:
    assert as_text(record(event=EVENT)).endswith(
        "Tea is ready request_id=of-the-event event_id=11111111-2222-4333-8444-555555555555"
        " user_id=7 panel_id=9 day=2026-11-23 is_complete=True"
    )


def test_json_lines_contain_the_payload_of_the_event() -> None:
    message = as_json(record(event=EVENT))
    assert (message["event_id"], message["request_id"]) == (str(EVENT.event_id), "of-the-event")
    assert message["payload"] == {"user_id": 7, "panel_id": 9, "day": "2026-11-23", "is_complete": True}


TRACEBACK = "Traceback (most recent call last):\n  ...\nLookupError"


def raised(*, traceback: str | None = TRACEBACK, reason: str | None = None) -> pyd.Event:
    payload = pyd.ExceptionRaised(
        method_path="GET_/panels", status_code=500, exception="LookupError", traceback=traceback, reason=reason
    )
    return EVENT.model_copy(update={"type": event_types.EXCEPTION_RAISED, "payload": payload})


@pytest.fixture
def served(request: pytest.FixtureRequest) -> Iterator[None]:
    """The context of a request to GET_/panels, before or after routing."""
    scope: dict[str, Any] = {"method": "GET"}
    if request.param != "not routed yet":
        scope["route"] = APIRoute("/panels", lambda: None, methods=["GET"])
    token = route_names.current_scope.set(scope)
    yield
    route_names.current_scope.reset(token)


@pytest.mark.parametrize("served", ["routed"], indirect=True)
@pytest.mark.usefixtures("served")
def test_lines_contain_the_route_of_the_request() -> None:
    assert as_json(record())["route"] == "GET_/panels"
    assert as_text(record()).endswith(" route=GET_/panels")


@pytest.mark.parametrize("served", ["not routed yet"], indirect=True)
@pytest.mark.usefixtures("served")
def test_lines_before_routing_contain_no_route() -> None:
    assert "route" not in as_json(record())


def test_the_route_of_an_event_is_in_the_same_field_as_in_other_lines() -> None:
    message = as_json(record(event=raised()))
    assert message["route"] == "GET_/panels"
    assert message["payload"] == {"status_code": 500, "exception": "LookupError"}


def test_the_traceback_of_an_event_follows_its_text_line() -> None:
    first, *following = as_text(record(event=raised())).splitlines()
    assert "Traceback" not in first
    assert following == ["Traceback (most recent call last):", "  ...", "LookupError"]


def test_text_lines_contain_handler_and_attempts() -> None:
    assert as_text(record(event=EVENT, handler="handle_tea", attempts=3)).endswith(" handler=handle_tea attempts=3")


def test_json_lines_contain_handler_and_attempts() -> None:
    message = as_json(record(event=EVENT, handler="handle_tea", attempts=3))
    assert (message["handler"], message["attempts"]) == ("handle_tea", 3)


def test_a_traceback_follows_its_text_line() -> None:
    first, *following = as_text(record_of_an_exception()).splitlines()
    assert first.endswith(" ERROR   It failed")
    assert following[0] == "Traceback (most recent call last):"
    assert following[-1] == "KeyError"


def test_a_traceback_is_a_field_of_its_json_line() -> None:
    traceback = as_json(record_of_an_exception())["traceback"]
    assert traceback.startswith("Traceback (most recent call last):\n")
    assert traceback.endswith("\nKeyError")


@pytest.mark.usefixtures("request_id")
def test_an_exception_without_traceback_is_logged_in_one_line() -> None:
    event = raised(traceback=None, reason="OperationalError")
    assert as_text(record(event=event)).endswith(" exception=LookupError reason=OperationalError")
    assert as_json(record(event=event))["reason"] == "OperationalError"


def test_context_data_of_exceptions_is_the_payload() -> None:
    made = record(context_data={"day": date(2026, 11, 24), "limit": 3})
    assert as_text(made).endswith("Tea is ready day=2026-11-24 limit=3")
    assert as_json(made)["payload"] == {"day": "2026-11-24", "limit": 3}


# --- Tracebacks -------------------------------------------------------------------------------------------------------


def raise_from(cause: BaseException | None, error: BaseException) -> BaseException:
    try:
        raise error from cause  # noqa: TRY301 - sets the traceback
    except BaseException as raised_now:  # noqa: BLE001 - it is returned
        return raised_now


def test_a_traceback_contains_files_and_functions() -> None:
    described = logs.describe(raise_from(None, LookupError()))
    assert 'test_logs.py", line' in described
    assert "in raise_from" in described


@pytest.mark.parametrize(
    "error",
    [
        ValueError("ada@example.com"),
        LookupError("hunter2"),
        exc.IntegrityError("INSERT", None, Exception("Key (email)=(ada@example.com) already exists")),
    ],
)
def test_messages_of_exceptions_are_left_out(error: Exception) -> None:
    described = logs.describe(raise_from(raise_from(None, error), RuntimeError("ada@example.com")))
    assert type(error).__qualname__ in described
    assert "ada@" not in described
    assert "hunter2" not in described


@pytest.mark.parametrize(
    ("error", "last_line"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "ConnectionRefusedError: [Errno 111] Connection refused"),
        (exceptions.DatabaseUnavailable(context_msg="OperationalError"), "DatabaseUnavailable: OperationalError"),
        (exceptions.NotReady("The event worker has stopped."), "NotReady: The event worker has stopped."),
    ],
)
def test_messages_of_system_errors_are_kept(error: Exception, last_line: str) -> None:
    assert logs.describe(raise_from(None, error)).endswith(f"\n{last_line}")


def test_the_cause_of_an_exception_comes_first() -> None:
    described = logs.describe(raise_from(raise_from(None, KeyError()), RuntimeError()))
    assert described.index("KeyError") < described.index("RuntimeError")


def test_an_exception_raised_from_none_hides_its_context() -> None:
    def hide() -> None:
        try:
            raise KeyError  # noqa: TRY301 - as above
        except KeyError:
            raise RuntimeError from None

    with pytest.raises(RuntimeError) as caught:
        hide()
    assert "KeyError\n\n" not in logs.describe(caught.value)


def test_circular_causes_are_described_once() -> None:
    one, other = KeyError(), RuntimeError()
    one.__cause__, other.__cause__ = other, one
    assert logs.describe(one).count("Traceback") == 2


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
                [sys.executable, "-m", "ninepanels.serve", "--port", str(port)],
                cwd=environments.ROOT,
                env=environment(database_url, MAIL_DIR=str(folder / "mail"), RATE_LIMITS="off"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=full,
            )

    def _address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_events_are_handled_while_stderr_is_unwritable(database_url: str, tmp_path: Path) -> None:
    database = tmp_path / "test.db"
    with ServiceWithoutStderr(database_url, tmp_path, free_port()) as service:

        def timings() -> int:
            with contextlib.closing(sqlite3.connect(database)) as connection:
                query = "SELECT count(*) FROM timings WHERE method_path = 'GET_/panels'"
                return int(connection.execute(query).fetchone()[0])

        for _ in range(300):
            assert service.status("/panels") == 401
        wait_for(lambda: timings() == 300)
        wait_for(lambda: service.client.get("/health/ready").json()["data"]["queue_depth"] <= 1)
        assert 'tasks_restarted_total{task="event_worker"}' not in service.client.get("/metrics").text
        assert service.process.poll() is None
