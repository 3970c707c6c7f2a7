"""GET /insights: what the histories of all panels show."""

from typing import Any

import pytest

from ..conftest import Clock
from ..support.people import Person
from ..support.people import data


@pytest.fixture
def panel_id(ada: Person, wall_clock: Clock) -> int:
    """A panel that was created on Saturday 2026-11-21 and is read on Monday 2026-11-23."""
    wall_clock.set("2026-11-21T12:00:00Z")
    panel_id = ada.new_panel()
    wall_clock.set("2026-11-23T12:00:00Z")
    return panel_id


def insights(person: Person, **query: Any) -> Any:
    return data(person.get("/insights", **query))


def run(length: int, first: str, last: str) -> dict[str, Any]:
    return {"length": length, "first": first, "last": last}


def test_a_user_without_panels_gets_an_empty_list(ada: Person) -> None:
    assert insights(ada) == []


def test_panels_are_ordered_by_position_and_those_of_others_left_out(ada: Person, bob: Person, panel_id: int) -> None:
    first_id = ada.new_panel("Write", position=0)
    bob.tap(bob.new_panel())
    write, read = insights(ada)
    assert [(each["panel_id"], each["position"], each["first_day"]) for each in (write, read)] == [
        (first_id, 0, "2026-11-23"),
        (panel_id, 1, "2026-11-21"),
    ]
    assert (write["title"], write["current_run"], write["longest_run"]) == ("Write", None, None)
    assert {each["done"] for each in write["consistency"] + write["by_weekday"] + write["by_month"]} == {0}


def test_runs_are_those_of_the_whole_history_and_of_done_days_alone(ada: Person, panel_id: int) -> None:
    for day in ("2025-01-01", "2025-01-02", "2025-01-03", "2026-11-21", "2026-11-22"):
        ada.tap(panel_id, day)
    ada.tap(panel_id, "2026-11-23", is_complete=False)
    [panel] = insights(ada, days=1)
    assert panel["current_run"] == run(2, "2026-11-21", "2026-11-22")
    assert panel["longest_run"] == run(3, "2025-01-01", "2025-01-03")
    ada.tap(panel_id)
    assert insights(ada)[0]["current_run"] == run(3, "2026-11-21", "2026-11-23")


def test_consistency_is_that_of_the_metrics(ada: Person, panel_id: int) -> None:
    for day in ("2025-11-01", "2026-10-01", "2026-11-01", "2026-11-20", "2026-11-23"):
        ada.tap(panel_id, day)
    expected = []
    for span in (7, 30, 90, 365, None):
        [metrics] = data(ada.get("/metrics/panels/consistency", **({} if span is None else {"days": span})))
        values = metrics["panel_age"], metrics["days_complete"], metrics["consistency"]
        expected.append({"span": span} | dict(zip(("days", "done", "share"), values, strict=True)))
    assert insights(ada)[0]["consistency"] == expected
    assert [each["done"] for each in expected] == [2, 3, 4, 4, 5]


def test_weekdays_and_months_are_those_of_the_span_within_the_history(ada: Person, panel_id: int) -> None:
    for day in ("2026-10-31", "2026-11-16", "2026-11-23"):
        ada.tap(panel_id, day)
    response = ada.get("/insights", days=14)
    [panel] = data(response)
    assert response.json()["meta"] == {"day": "2026-11-23", "first": "2026-11-10", "last": "2026-11-23"}
    assert panel["by_weekday"][0] == {"weekday": 1, "days": 2, "done": 2, "share": 1.0}
    assert [each["days"] for each in panel["by_weekday"]] == [2] * 7
    assert panel["by_month"] == [{"month": "2026-11", "days": 14, "done": 2, "share": 2 / 14}]
    [panel] = insights(ada, days=999_999)
    assert [(each["month"], each["days"], each["done"]) for each in panel["by_month"]] == [
        ("2026-10", 1, 1),
        ("2026-11", 23, 2),
    ]


def test_the_longest_span_begins_with_the_earliest_day(ada: Person, panel_id: int) -> None:
    ada.tap(panel_id, "1970-01-01")
    response = ada.get("/insights", days=3_652_059)
    assert response.json()["meta"]["first"] == "1970-01-01"
    assert (data(response)[0]["by_month"][0]["month"], len(data(response)[0]["by_month"])) == ("1970-01", 683)


def test_a_day_that_has_not_begun_yet_after_a_journey_is_left_out(
    ada: Person, wall_clock: Clock, panel_id: int
) -> None:
    data(ada.patch("/users", {"timezone": "Pacific/Kiritimati"}))
    ada.tap(panel_id)
    data(ada.patch("/users", {"timezone": "Pacific/Pago_Pago"}))
    [panel] = insights(ada)
    assert (panel["longest_run"], panel["consistency"][-1]["done"]) == (None, 0)
    wall_clock.set("2026-11-25T01:00:00Z")
    assert insights(ada)[0]["current_run"] == run(1, "2026-11-24", "2026-11-24")


@pytest.mark.parametrize("days", ["0", "many", "3652060"])
def test_an_impossible_number_of_days_returns_422(ada: Person, days: str) -> None:
    assert ada.get("/insights", days=days).status_code == 422
