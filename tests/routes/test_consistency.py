import pytest

from ..conftest import Clock
from ..support.people import Person
from ..support.people import data
from ..support.values import for_each

CONSISTENCY = "/metrics/panels/consistency"


def test_without_panels_the_list_is_empty(ada: Person) -> None:
    assert data(ada.get(CONSISTENCY)) == []


def test_consistency_is_the_share_of_complete_days(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-20T12:00:00Z")
    read = ada.new_panel("Read")
    run = ada.new_panel("Run", position=0)
    wall_clock.set("2026-11-23T12:00:00Z")
    ada.tap(read, "2026-11-21")
    ada.tap(read, "2026-11-22", is_complete=False)
    ada.tap(run, "2026-11-16")
    common = {"user_id": ada.id}
    assert data(ada.get(CONSISTENCY)) == [
        common
        | {
            "panel_id": run,
            "panel_pos": 0,
            "title": "Run",
            "panel_age": 8,
            "days_complete": 1,
            "consistency": 0.125,
        },
        common
        | {
            "panel_id": read,
            "panel_pos": 1,
            "title": "Read",
            "panel_age": 4,
            "days_complete": 1,
            "consistency": 0.25,
        },
    ]


@pytest.mark.parametrize(("days", "age", "complete"), [(1, 1, 1), (2, 2, 1), (3, 3, 2), (4, 4, 2), (99, 4, 2)])
def test_only_the_last_days_are_counted(wall_clock: Clock, ada: Person, days: int, age: int, complete: int) -> None:
    wall_clock.set("2026-11-20T12:00:00Z")
    panel_id = ada.new_panel()
    wall_clock.set("2026-11-23T12:00:00Z")
    ada.tap(panel_id, "2026-11-21")
    ada.tap(panel_id)
    [metrics] = data(ada.get(CONSISTENCY, days=days))
    assert (metrics["panel_age"], metrics["days_complete"]) == (age, complete)


@for_each("days", ["0", "-1", "1.5", "many", str(2**63)])
def test_a_malformed_number_of_days_returns_422(ada: Person, days: str) -> None:
    assert ada.get(CONSISTENCY, days=days).status_code == 422
