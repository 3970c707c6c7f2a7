"""GET /history: the histories of all panels."""

from typing import Any

import pytest

from ..conftest import Clock
from ..support.people import Person
from ..support.people import data


def histories(person: Person, **span: str) -> Any:
    return data(person.get("/history", **span))


@pytest.fixture
def panel_id(ada: Person, wall_clock: Clock) -> int:
    assert wall_clock
    return ada.new_panel()


def test_a_user_without_panels_has_no_histories(ada: Person) -> None:
    assert histories(ada) == []


def test_the_done_days_of_all_panels_are_returned_by_position(ada: Person, bob: Person, panel_id: int) -> None:
    first_id = ada.new_panel("Write", position=0)
    bob.tap(bob.new_panel())
    for day in ("2026-11-22", "2026-11-20"):
        ada.tap(panel_id, day)
    ada.tap(first_id, "2026-11-21", is_complete=False)
    assert histories(ada) == [
        {"panel_id": first_id, "first_day": "2026-11-23", "done": [], "rest": []},
        {"panel_id": panel_id, "first_day": "2026-11-20", "done": ["2026-11-20", "2026-11-22"], "rest": []},
    ]


def test_the_default_is_the_last_365_days(ada: Person, panel_id: int) -> None:
    for day in ("2025-11-23", "2025-11-24", "2026-11-23"):
        ada.tap(panel_id, day)
    response = ada.get("/history")
    assert data(response)[0]["done"] == ["2025-11-24", "2026-11-23"]
    assert response.json()["meta"] == {"day": "2026-11-23", "first": "2025-11-24", "last": "2026-11-23"}


def test_the_first_and_last_day_are_part_of_a_span(ada: Person, panel_id: int) -> None:
    for day in range(18, 23):
        ada.tap(panel_id, f"2026-11-{day}")
    assert histories(ada, **{"from": "2026-11-19", "to": "2026-11-20"})[0]["done"] == ["2026-11-19", "2026-11-20"]
    assert histories(ada, **{"from": "2026-11-22"})[0]["done"] == ["2026-11-22"]
    assert histories(ada, to="2026-11-18")[0]["done"] == ["2026-11-18"]
    assert histories(ada, to="1970-01-01")[0]["first_day"] == "2026-11-18"


def test_an_impossible_span_is_an_error(ada: Person, panel_id: int) -> None:
    assert panel_id
    reversed_span = ada.get("/history", **{"from": "2026-11-20", "to": "2026-11-19"})
    future = ada.get("/history", to="2026-11-24")
    codes = [response.json()["data"]["code"] for response in (reversed_span, future)]
    assert codes == ["invalid_span", "day_in_the_future"]
    assert ada.get("/history", to="20261119").status_code == 422
