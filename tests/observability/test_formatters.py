"""Formatters of the log."""

import json
import logging
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import UTC
from datetime import date
from datetime import datetime
from typing import Any

import pytest
from fastapi.routing import APIRoute

from ninepanels import event_types
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
