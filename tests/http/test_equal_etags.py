"""The law of ETags: responses of a URL with equal ETags are equal, whatever the user does in between."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ..conftest import Clock
from ..support.people import Person
from ..support.people import data

pytestmark = pytest.mark.any_database

ZONES = ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"]
DAYS = [f"2026-11-{day}" for day in (22, 23, 24)]

Operation = tuple[str, int, int]
"""What is done, to the panel with which index, with which of several values."""


def panel_ids(person: Person) -> list[int]:
    return [panel["id"] for panel in data(person.get("/panels"))]


def tap(person: Person, panel_id: int, number: int) -> None:
    body = {"is_complete": number % 2 == 0, "tapped_at": f"2026-11-22T12:0{number}:00Z"}
    person.put(f"/panels/{panel_id}/entries/{DAYS[number % len(DAYS)]}", body)


def tap_now(person: Person, panel_id: int, number: int) -> None:
    taps = [{"panel_id": panel_id, "day": day, "is_complete": number % 2 == 0} for day in DAYS]
    data(person.post("/taps", taps))


ON_A_PANEL: dict[str, Callable[[Person, int, int], object]] = {
    "tap": tap,
    "tap now": tap_now,
    "move": lambda person, panel_id, _: data(person.patch(f"/panels/{panel_id}", {"position": 0})),
    "rename": lambda person, panel_id, number: data(person.patch(f"/panels/{panel_id}", {"title": str(number)})),
    "reset": lambda person, panel_id, _: data(person.delete(f"/panels/{panel_id}/entries")),
    "delete": lambda person, panel_id, _: data(person.delete(f"/panels/{panel_id}")),
}
OTHERS = ["create", "zone", "day start", "time"]


def do(person: Person, wall_clock: Clock, operation: Operation) -> None:
    name, index, number = operation
    ids = panel_ids(person)
    if name == "zone":
        data(person.patch("/users", {"timezone": ZONES[number % len(ZONES)]}))
    elif name == "day start":
        data(person.patch("/users", {"day_starts_at": number}))
    elif name == "time":
        wall_clock.set(f"{DAYS[number % len(DAYS)]}T0{number}:00:00Z")
    elif name in ON_A_PANEL and ids:
        ON_A_PANEL[name](person, ids[index % len(ids)], number)
    elif len(ids) < 3:
        person.new_panel(str(number))


def test_equal_etags_mean_equal_bodies(ada: Person, wall_clock: Clock) -> None:
    seen: dict[tuple[str, str], bytes] = {}
    operations = st.tuples(st.sampled_from([*ON_A_PANEL, *OTHERS]), st.integers(0, 2), st.integers(0, 5))

    @settings(max_examples=6, suppress_health_check=list(HealthCheck))
    @given(st.lists(operations, min_size=3, max_size=8))
    def check(operations: list[Operation]) -> None:
        # All examples have the same user: their tags meet the bodies of every other example.
        for operation in operations:
            do(ada, wall_clock, operation)
            of_panels = [f"/panels/{panel_id}/entries?limit=2" for panel_id in panel_ids(ada)[:1]]
            for url in (
                "/panels",
                "/history?to=2026-11-22",
                "/history",
                "/insights",
                "/metrics/panels/consistency",
                *of_panels,
            ):
                response = ada.get(url)
                assert response.status_code == 200, response.text
                key = url, response.headers["ETag"]
                assert seen.setdefault(key, response.content) == response.content

    check()
