"""A day in a request is an ISO date string from 1970-01-01 to today; `is_complete` is a JSON boolean."""

from typing import Any

import pytest
from sqlalchemy import func
from sqlalchemy import select

from ninepanels import sqlmodels as sql
from ninepanels.database import database

from ..conftest import Clock
from ..support.people import Person
from ..support.people import data

pytestmark = pytest.mark.any_database

NOT_A_DAY = [
    0,
    "0",
    1,
    -1,
    86400,
    1701734400,
    "1701734400",
    "1701734400000",
    1701734400000,
    2026.5,
    0.0,
    1e300,
    True,
    False,
    [],
    ["2026-11-25"],
    {},
    "",
    " 2026-11-25",
    "2026-11-25 ",
    "2026-11-25\n",
    "2026-11-25T00:00:00",
    "2026-11-25T00:00:00Z",
    "2026-11-25 00:00",
    "20261125",
    "2026-W48-3",
    "2026-329",
    "2026-11",
    "2026-1-5",
    "26-11-25",
    "02026-11-25",
    "+2026-11-25",
    "-2026-11-25",
    "2026/11/25",
    "25.11.2026",
    "2026\u201311\u201325",
    "2026-02-30",
    "2026-13-01",
    "2026-00-10",
    "0000-01-01",
    "1969-12-31",
    "0001-01-01",
    "٢٠٢٦-١١-٢٥",  # noqa: RUF001 - Arabic digits
    "２０２６-１１-２５",  # noqa: RUF001 - digits of full width
    "today",
    "null",
]
NOT_A_BOOLEAN = ["on", "off", "true", "True", "false", "yes", "t", "", 1, 0, 1.0, 0.0, 2, None, [], [True], {}]


def assert_refused(person: Person, panel_id: int, body: dict[str, Any], field: str) -> None:
    response = person.post(f"/panels/{panel_id}/entries", body)
    assert response.status_code == 422, body
    envelope = response.json()
    assert set(envelope) == {"data", "status_code", "is_error", "error_message", "meta"}
    assert (envelope["status_code"], envelope["is_error"]) == (422, True)
    assert {error["loc"][1] for error in envelope["data"]["detail"]} == {field}
    with database.transaction() as work:
        assert work.scalar(select(func.count()).select_from(sql.Entry)) == 0


def test_what_is_not_a_day_is_422_and_writes_nothing(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-25T12:00:00Z")
    panel_id = ada.new_panel()
    for day in NOT_A_DAY:
        assert_refused(ada, panel_id, {"is_complete": True, "day": day}, "day")


def test_what_is_not_a_boolean_is_422_and_writes_nothing(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-25T12:00:00Z")
    panel_id = ada.new_panel()
    for is_complete in NOT_A_BOOLEAN:
        assert_refused(ada, panel_id, {"is_complete": is_complete}, "is_complete")


@pytest.mark.parametrize("day", ["1970-01-01", "1999-12-31", "2024-02-29", "2026-11-24", "2026-11-25"])
def test_each_day_from_1970_to_today_is_accepted(wall_clock: Clock, ada: Person, day: str) -> None:
    wall_clock.set("2026-11-25T12:00:00Z")
    assert ada.tap(ada.new_panel(), day)["day"] == day


def test_a_tap_without_a_day_and_with_null_are_of_today(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-25T12:00:00Z")
    panel_id = ada.new_panel()
    entry = data(ada.post(f"/panels/{panel_id}/entries", {"is_complete": True, "day": None}))
    assert entry == ada.tap(panel_id)
    assert entry["day"] == "2026-11-25"


def test_the_schema_says_that_a_day_is_a_date(ada: Person) -> None:
    schema = ada.client.get("/openapi.json").json()["components"]["schemas"]["EntryCreate"]["properties"]
    [day, null] = schema["day"]["anyOf"]
    assert (day["type"], day["format"], null["type"]) == ("string", "date", "null")
    assert schema["is_complete"]["type"] == "boolean"
