"""The lines of the log."""

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

from ninepanels import event_types
from ninepanels import logs
from ninepanels import pydmodels as pyd
from ninepanels import request_ids

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


def test_a_line_of_json_holds_the_event_whole() -> None:
    assert as_json(record(event=EVENT))["event"] == {
        "event_id": "11111111-2222-4333-8444-555555555555",
        "created_at": "2026-11-23T12:00:00Z",
        "request_id": "of-the-event",
        "type": "ENTRY_RECORDED",
        "payload": {"user_id": 7, "panel_id": 9, "day": "2026-11-23", "is_complete": True},
    }


def test_a_line_of_text_says_which_handler_failed_and_how_often() -> None:
    assert as_text(record(event=EVENT, handler="handle_tea", attempts=3)).endswith(" handler=handle_tea attempts=3")


def test_a_line_of_json_says_which_handler_failed_and_how_often() -> None:
    message = as_json(record(event=EVENT, handler="handle_tea", attempts=3))
    assert (message["handler"], message["attempts"]) == ("handle_tea", 3)


def test_a_traceback_follows_a_line_of_text() -> None:
    first, *following = as_text(record_of_an_exception()).splitlines()
    assert first.endswith(" ERROR   It failed")
    assert following[0] == "Traceback (most recent call last):"
    assert following[-1] == "KeyError: 'tea'"


def test_a_traceback_is_part_of_a_line_of_json() -> None:
    traceback = as_json(record_of_an_exception())["traceback"]
    assert traceback.startswith("Traceback (most recent call last):\n")
    assert traceback.endswith("KeyError: 'tea'")
