"""A change of time zone or day start changes no past day, and an entry taken back leaves nothing behind.

CONTRACT.md, "The day".
"""

from datetime import date
from datetime import datetime
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from ninepanels import days
from ninepanels import ids

from ..conftest import Clock
from ..support.people import Person
from ..support.people import data
from ..test_days import User

CONSISTENCY = "/metrics/panels/consistency"

# Each example signs up a user of its own.
with_fixtures = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])

users = st.builds(User, st.sampled_from(sorted(days.timezones())), st.integers(0, days.MAX_DAY_START))
starts = st.datetimes(datetime(2030, 1, 1), datetime(2037, 1, 1))  # noqa: DTZ001 - bounds


def sign_up(client: TestClient, user: User | None = None) -> Person:
    fields = {"timezone": user.timezone, "day_starts_at": user.day_starts_at} if user else {}
    return Person.sign_up(client, f"{ids.uuid4()}@example.com", **fields)


def history_of(person: Person, panel_id: int) -> list[dict[str, Any]]:
    history: list[dict[str, Any]] = data(person.get(f"/panels/{panel_id}/entries", sort_by="timestamp.asc"))
    return history


def past_of(person: Person, panel_id: int, today: str) -> list[dict[str, Any]]:
    return [entry for entry in history_of(person, panel_id) if entry["day"] < today]


def consistency_of(person: Person, **query: int) -> tuple[int, int, float]:
    [panel] = data(person.get(CONSISTENCY, **query))
    return panel["panel_age"], panel["days_complete"], panel["consistency"]


def today_of(person: Person) -> str:
    return str(person.get("/panels").json()["meta"]["day"])


def everything(person: Person, panel_id: int) -> list[object]:
    """All answers that depend on the history of a panel."""
    path = f"/panels/{panel_id}/entries"
    queries: list[dict[str, Any]] = [{}, {"offset": 1}, {"limit": 1}, {"offset": 1, "limit": 2}, {"limit": 4}]
    pages = [
        person.get(path, sort_by=f"timestamp.{order}", **query).json() for order in ("asc", "desc") for query in queries
    ]
    metrics = [data(person.get(CONSISTENCY, **query)) for query in ({}, {"days": 1}, {"days": 3}, {"days": 30_000})]
    return [*pages, *metrics]


# --- Changed settings -------------------------------------------------------------------------------------------------


def test_moving_from_tokyo_to_los_angeles_changes_no_consistency(wall_clock: Clock, client: TestClient) -> None:
    wall_clock.set("2027-02-10T16:00:00Z")
    ada = sign_up(client, User("Asia/Tokyo"))
    panel_id = ada.new_panel()
    ada.tap(panel_id)
    wall_clock.set("2027-02-11T16:00:00Z")
    ada.tap(panel_id)
    assert consistency_of(ada) == (2, 2, 1.0)
    wall_clock.set("2027-02-12T10:00:00Z")
    before = everything(ada, panel_id)
    data(ada.patch("/users", {"timezone": "America/Los_Angeles"}))
    assert today_of(ada) == "2027-02-12"
    assert everything(ada, panel_id) == before
    assert consistency_of(ada) == (2, 2, 1.0)


def test_a_later_start_of_the_day_changes_no_consistency(wall_clock: Clock, client: TestClient) -> None:
    wall_clock.set("2027-02-10T01:30:00Z")
    ada = sign_up(client)
    panel_id = ada.new_panel()
    for day in ("2027-02-10T01:30:00Z", "2027-02-11T12:00:00Z", "2027-02-12T12:00:00Z"):
        wall_clock.set(day)
        ada.tap(panel_id)
    before = everything(ada, panel_id)
    for hour in (4, 1, 5, 0):
        data(ada.patch("/users", {"day_starts_at": hour}))
        assert everything(ada, panel_id) == before
    assert consistency_of(ada) == (3, 3, 1.0)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "America/St_Johns"])
@pytest.mark.parametrize("hour", [0, 3, 5])
def test_a_reset_history_keeps_its_first_day(wall_clock: Clock, client: TestClient, zone: str, hour: int) -> None:
    wall_clock.set("2027-02-01T01:30:00Z")
    ada = sign_up(client)
    panel_id = ada.new_panel()
    ada.tap(panel_id)
    wall_clock.set("2027-02-10T01:30:00Z")
    data(ada.delete(f"/panels/{panel_id}/entries"))
    # At this instant it is 12 February in all time zones of the test.
    wall_clock.set("2027-02-12T17:00:00Z" if zone == "Pacific/Pago_Pago" else "2027-02-12T09:00:00Z")
    before = everything(ada, panel_id)
    data(ada.patch("/users", {"timezone": zone, "day_starts_at": hour}))
    assert today_of(ada) == "2027-02-12"
    assert everything(ada, panel_id) == before


@with_fixtures
@given(users, users, starts, st.lists(st.booleans(), min_size=1, max_size=8), st.integers(0, 96))
def test_new_settings_change_no_past_day(
    wall_clock: Clock,
    client: TestClient,
    one: User,
    other: User,
    start: datetime,
    taps: list[bool],
    quiet_hours: int,
) -> None:
    now = start
    wall_clock.set(f"{now.isoformat()}Z")
    ada = sign_up(client, one)
    panel_id = ada.new_panel()
    for is_complete in taps:
        ada.tap(panel_id, is_complete=is_complete)
        now += timedelta(hours=15)
        wall_clock.set(f"{now.isoformat()}Z")
    now += timedelta(hours=quiet_hours)
    wall_clock.set(f"{now.isoformat()}Z")
    first_day, today, age = history_of(ada, panel_id)[0]["day"], today_of(ada), consistency_of(ada)
    past = past_of(ada, panel_id, today)

    data(ada.patch("/users", {"timezone": other.timezone, "day_starts_at": other.day_starts_at}))
    new_today = today_of(ada)
    common = min(today, new_today)
    assert past_of(ada, panel_id, common) == [entry for entry in past if entry["day"] < common]
    if first_day <= new_today:
        history = history_of(ada, panel_id)
        assert history[0]["day"] == first_day
        assert len(history) == (date.fromisoformat(new_today) - date.fromisoformat(first_day)).days + 1
    if new_today >= today:
        assert consistency_of(ada)[1] == age[1]

    data(ada.patch("/users", {"timezone": one.timezone, "day_starts_at": one.day_starts_at}))
    assert (past_of(ada, panel_id, today), consistency_of(ada)) == (past, age)


def test_todays_entry_is_listed_before_the_first_day_has_started_again(wall_clock: Clock, client: TestClient) -> None:
    wall_clock.set("2026-11-23T12:00:00Z")
    ada = sign_up(client, User("Pacific/Kiritimati"))
    panel_id = ada.new_panel()
    data(ada.patch("/users", {"timezone": "Pacific/Pago_Pago"}))
    entry = ada.tap(panel_id, is_complete=False)
    assert [(each["id"], each["day"]) for each in history_of(ada, panel_id)] == [(entry["id"], "2026-11-23")]


# --- Entries taken back -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mistyped",
    [["1970-11-24"], ["1970-01-01"], ["2024-02-29"], ["2026-11-19"], ["1970-01-01", "1999-12-31", "2026-11-19"]],
)
def test_a_mistyped_day_taken_back_changes_nothing(wall_clock: Clock, ada: Person, mistyped: list[str]) -> None:
    wall_clock.set("2026-11-20T12:00:00Z")
    panel_id = ada.new_panel()
    wall_clock.set("2026-11-25T12:00:00Z")
    for day in ("2026-11-21", "2026-11-22", "2026-11-25"):
        ada.tap(panel_id, day)
    before = everything(ada, panel_id)
    for day in mistyped:
        ada.tap(panel_id, day)
    assert everything(ada, panel_id) != before
    for day in mistyped:
        ada.tap(panel_id, day, is_complete=False)
    assert everything(ada, panel_id) == before


def test_many_entries_taken_back_use_up_no_page(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-20T12:00:00Z")
    panel_id = ada.new_panel()
    tapped = ada.tap(panel_id)
    for number in range(1, 20):
        ada.tap(panel_id, f"2026-10-{number:02}", is_complete=False)
    [entry] = data(ada.get(f"/panels/{panel_id}/entries", sort_by="timestamp.asc", limit=1))
    assert (entry["id"], entry["day"], entry["is_complete"]) == (tapped["id"], "2026-11-20", True)


def test_an_entry_taken_back_that_was_the_first_complete_one_shortens_the_history(
    wall_clock: Clock, ada: Person
) -> None:
    wall_clock.set("2026-11-20T12:00:00Z")
    panel_id = ada.new_panel()
    ada.tap(panel_id, "2026-11-01")
    ada.tap(panel_id, "2026-11-10")
    assert consistency_of(ada) == (20, 2, 0.1)
    ada.tap(panel_id, "2026-11-01", is_complete=False)
    assert consistency_of(ada) == (11, 1, 1 / 11)
    assert history_of(ada, panel_id)[0]["day"] == "2026-11-10"


FIRST_DAY = date(2026, 11, 20)
TODAY = date(2026, 11, 25)


@with_fixtures
@given(st.dictionaries(st.integers(-12, 5), st.booleans()), st.integers(0, 6), st.integers(1, 6))
def test_a_history_is_the_one_of_the_contract(
    wall_clock: Clock, client: TestClient, taps: dict[int, bool], offset: int, limit: int
) -> None:
    wall_clock.set(f"{FIRST_DAY}T12:00:00Z")
    ada = sign_up(client)
    panel_id = ada.new_panel()
    wall_clock.set(f"{TODAY}T12:00:00Z")
    tapped = {FIRST_DAY + timedelta(days=number): is_complete for number, is_complete in taps.items()}
    for day, is_complete in tapped.items():
        ada.tap(panel_id, day.isoformat(), is_complete=is_complete)
    first = min([FIRST_DAY, *(day for day, is_complete in tapped.items() if is_complete)])
    expected = [first + timedelta(days=number) for number in range((TODAY - first).days + 1)]

    for order in ("asc", "desc"):
        answer = ada.get(f"/panels/{panel_id}/entries", sort_by=f"timestamp.{order}", offset=offset, limit=limit).json()
        page = (expected if order == "asc" else expected[::-1])[offset : offset + limit]
        assert answer["meta"]["total"] == len(expected)
        assert [(entry["day"], entry["is_complete"], isinstance(entry["id"], int)) for entry in answer["data"]] == [
            (day.isoformat(), tapped.get(day, False), day in tapped) for day in page
        ]
    done = sum(tapped.values())
    assert consistency_of(ada) == (len(expected), done, done / len(expected))
    done = sum(tapped.get(day, False) for day in expected[-limit:])
    assert consistency_of(ada, days=limit) == (min(limit, len(expected)), done, done / min(limit, len(expected)))
