"""The lines of the log."""

import contextlib
import io
import json
import logging
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC
from datetime import date
from datetime import datetime
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import exc

from ninepanels import event_types
from ninepanels import exceptions
from ninepanels import pydmodels as pyd
from ninepanels.observability import logs
from ninepanels.observability import request_ids
from ninepanels.observability import route_names

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


def test_a_line_of_text_begins_with_the_time_in_utc_and_the_level() -> None:
    assert as_text(record()) == "2026-11-23T12:30:15.250000Z INFO    Tea is ready"


def test_a_line_of_json_says_the_same() -> None:
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
def test_time_is_utc_wherever_the_machine_stands() -> None:
    assert as_text(record()).startswith("2026-11-23T12:30:15.250000Z ")


@pytest.mark.parametrize("formatter", FORMATTERS)
def test_arguments_are_put_into_the_message(formatter: logging.Formatter) -> None:
    assert "2 cups of 東方美人 🌱" in formatter.format(record("%d cups of %s", 2, "東方美人 🌱"))


def test_a_line_of_text_says_the_request(request_id: str) -> None:
    assert as_text(record()).endswith(f" request_id={request_id}")


def test_a_line_of_json_says_the_request(request_id: str) -> None:
    assert as_json(record())["request_id"] == request_id


@pytest.mark.usefixtures("request_id")
def test_an_event_brings_its_own_request() -> None:
    assert as_json(record(event=EVENT))["request_id"] == "of-the-event"


def test_a_line_of_text_spreads_an_event_out() -> None:
    assert as_text(record(event=EVENT)).endswith(
        "Tea is ready request_id=of-the-event event_id=11111111-2222-4333-8444-555555555555"
        " user_id=7 panel_id=9 day=2026-11-23 is_complete=True"
    )


def test_a_line_of_json_holds_the_event() -> None:
    message = as_json(record(event=EVENT))
    assert (message["event_id"], message["request_id"]) == (str(EVENT.event_id), "of-the-event")
    assert message["payload"] == {"user_id": 7, "panel_id": 9, "day": "2026-11-23", "is_complete": True}


def raised(traceback: str | None = "Traceback (most recent call last):\n  ...\nLookupError") -> pyd.Event:
    payload = pyd.ExceptionRaised(
        method_path="GET_/panels", status_code=500, exception="LookupError", traceback=traceback
    )
    return EVENT.model_copy(update={"type": event_types.EXCEPTION_RAISED, "payload": payload})


@pytest.fixture
def served(request: pytest.FixtureRequest) -> Iterator[None]:
    """A request of the route GET_/panels, from before it is routed if the parameter says so."""
    scope: dict[str, Any] = {"method": "GET"}
    if request.param != "not routed yet":
        scope["route"] = APIRoute("/panels", lambda: None, methods=["GET"])
    token = route_names.serving.set(scope)
    yield
    route_names.serving.reset(token)


@pytest.mark.parametrize("served", ["routed"], indirect=True)
@pytest.mark.usefixtures("served")
def test_a_line_says_the_route_of_its_request() -> None:
    assert as_json(record())["route"] == "GET_/panels"
    assert as_text(record()).endswith(" route=GET_/panels")


@pytest.mark.parametrize("served", ["not routed yet"], indirect=True)
@pytest.mark.usefixtures("served")
def test_a_line_from_before_the_routing_says_none() -> None:
    assert "route" not in as_json(record())


def test_an_event_about_a_route_says_it_as_other_lines_do() -> None:
    message = as_json(record(event=raised()))
    assert message["route"] == "GET_/panels"
    assert message["payload"] == {"status_code": 500, "exception": "LookupError"}


def test_the_traceback_of_an_event_is_written_as_that_of_a_line() -> None:
    first, *following = as_text(record(event=raised())).splitlines()
    assert "Traceback" not in first
    assert following == ["Traceback (most recent call last):", "  ...", "LookupError"]


def test_a_line_of_text_says_which_handler_failed_and_how_often() -> None:
    assert as_text(record(event=EVENT, handler="handle_tea", attempts=3)).endswith(" handler=handle_tea attempts=3")


def test_a_line_of_json_says_which_handler_failed_and_how_often() -> None:
    message = as_json(record(event=EVENT, handler="handle_tea", attempts=3))
    assert (message["handler"], message["attempts"]) == ("handle_tea", 3)


def test_a_traceback_follows_a_line_of_text() -> None:
    first, *following = as_text(record_of_an_exception()).splitlines()
    assert first.endswith(" ERROR   It failed")
    assert following[0] == "Traceback (most recent call last):"
    assert following[-1] == "KeyError"


def test_a_traceback_is_part_of_a_line_of_json() -> None:
    traceback = as_json(record_of_an_exception())["traceback"]
    assert traceback.startswith("Traceback (most recent call last):\n")
    assert traceback.endswith("\nKeyError")


# --- Tracebacks -------------------------------------------------------------------------------------------------------


def raise_from(cause: BaseException | None, error: BaseException) -> BaseException:
    try:
        raise error from cause  # noqa: TRY301 - as it happens
    except BaseException as raised_now:  # noqa: BLE001 - this is what it is for
        return raised_now


def test_a_traceback_names_the_lines_it_went_through() -> None:
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
def test_what_an_exception_quotes_is_left_out(error: Exception) -> None:
    described = logs.describe(raise_from(raise_from(None, error), RuntimeError("ada@example.com")))
    assert type(error).__qualname__ in described
    assert "ada@" not in described
    assert "hunter2" not in described


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "ConnectionRefusedError: [Errno 111] Connection refused"),
        (exceptions.DatabaseUnavailable(context_msg="OperationalError"), "DatabaseUnavailable: OperationalError"),
        (exceptions.NotReady("The event worker has stopped."), "NotReady: The event worker has stopped."),
    ],
)
def test_what_an_exception_says_of_the_machine_stays(error: Exception, says: str) -> None:
    assert logs.describe(raise_from(None, error)).endswith(f"\n{says}")


def test_where_an_exception_came_from_stands_before_it() -> None:
    described = logs.describe(raise_from(raise_from(None, KeyError()), RuntimeError()))
    assert described.index("KeyError") < described.index("RuntimeError")


def test_an_exception_raised_from_none_hides_where_it_came_from() -> None:
    def hide() -> None:
        try:
            raise KeyError  # noqa: TRY301 - as above
        except KeyError:
            raise RuntimeError from None

    with pytest.raises(RuntimeError) as caught:
        hide()
    assert "KeyError\n\n" not in logs.describe(caught.value)


def test_exceptions_that_came_from_each_other_come_to_an_end() -> None:
    one, other = KeyError(), RuntimeError()
    one.__cause__, other.__cause__ = other, one
    assert logs.describe(one).count("Traceback") == 2


# --- Several lines at once --------------------------------------------------------------------------------------------


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What a logger's handler writes, each write by itself."""
    writes: list[str] = []
    stream = io.StringIO()
    monkeypatch.setattr(stream, "write", writes.append)
    handler = logs.LineHandler(stream)
    handler.setFormatter(logs.TextFormatter())
    logger = logging.getLogger("ninepanels.kitchen")
    logger.addHandler(handler)
    yield writes
    logger.removeHandler(handler)


def test_lines_are_written_at_once_and_together_in_one_go(written: list[str]) -> None:
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


def test_what_another_thread_logs_meanwhile_is_written_at_once(written: list[str]) -> None:
    with logs.LineHandler.together():
        thread = threading.Thread(target=logging.getLogger("ninepanels.kitchen").error, args=("tea",))
        thread.start()
        thread.join()
        assert "tea" in "".join(written)


def test_a_line_that_cannot_be_made_fails_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    # Straight to the handler: pytest's own, which hears every logger, raises.
    stream = io.StringIO()
    handler = logs.LineHandler(stream)
    handler.setFormatter(logs.TextFormatter())
    with logs.LineHandler.together():
        handler.handle(record("%d cups", "two"))
        handler.handle(record("tea"))
    assert stream.getvalue().endswith("tea\n")
    assert "Logging error" in capsys.readouterr().err


def test_lines_of_a_block_that_fails_are_written_too(written: list[str]) -> None:
    with contextlib.suppress(LookupError), logs.LineHandler.together():
        logging.getLogger("ninepanels.kitchen").error("tea")
        raise LookupError
    assert "tea" in "".join(written)
