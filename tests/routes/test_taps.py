"""Taps that arrive late, twice or in another order: PUT of a day, and POST of many taps."""

from typing import Any

import pytest

from ninepanels import event_types
from ninepanels.routes import taps

from ..conftest import Clock
from ..support.people import Person
from ..support.people import data
from ..support.pipeline import finish_events
from ..support.recorder import Recorder

DAY = "2026-11-20"
EARLIER, LATER = "2026-11-20T08:00:00Z", "2026-11-20T20:00:00Z"
WAYS = ["PUT", "POST"]

pytestmark = pytest.mark.usefixtures("wall_clock")


@pytest.fixture
def panel_id(ada: Person) -> int:
    return ada.new_panel()


def send(person: Person, way: str, panel_id: int, tapped_at: str | None, *, is_complete: bool = True) -> dict[str, Any]:
    """Send a tap of DAY and return the entry after it."""
    tap = {"is_complete": is_complete, "tapped_at": tapped_at}
    entry: dict[str, Any]
    if way == "PUT":
        entry = data(person.put(f"/panels/{panel_id}/entries/{DAY}", tap))
    else:
        entry = send_all(person, [tap | {"panel_id": panel_id, "day": DAY}])[0]["entry"]
    return entry


def send_all(person: Person, body: list[dict[str, Any]]) -> Any:
    return data(person.post("/taps", body))


def revision_of(person: Person) -> int:
    changes = data(person.get("/changes"))
    while changes["more"]:
        changes = data(person.get("/changes", since=changes["revision"]))
    revision: int = changes["revision"]
    return revision


@pytest.mark.parametrize("way", WAYS)
def test_the_later_tap_wins_whichever_arrives_first(ada: Person, panel_id: int, way: str) -> None:
    other_id = ada.new_panel()
    for panel, order in ((panel_id, [EARLIER, LATER]), (other_id, [LATER, EARLIER])):
        for tapped_at in order:
            entry = send(ada, way, panel, tapped_at, is_complete=tapped_at == EARLIER)
        assert (entry["is_complete"], entry["timestamp"]) == (False, LATER)


@pytest.mark.parametrize("way", WAYS)
def test_done_wins_at_the_same_instant_whichever_arrives_first(ada: Person, panel_id: int, way: str) -> None:
    other_id = ada.new_panel()
    for panel, order in ((panel_id, [True, False]), (other_id, [False, True])):
        for is_complete in order:
            entry = send(ada, way, panel, EARLIER, is_complete=is_complete)
        assert entry["is_complete"]


@pytest.mark.parametrize("way", WAYS)
def test_a_later_tap_of_the_same_state_is_a_change_and_an_earlier_tap_is_none(
    ada: Person, panel_id: int, way: str
) -> None:
    send(ada, way, panel_id, EARLIER)
    revision = revision_of(ada)
    send(ada, way, panel_id, LATER)
    between = send(ada, way, panel_id, "2026-11-20T12:00:00Z", is_complete=False)
    changes = data(ada.get("/changes", since=revision))
    assert (changes["revision"], changes["entries"]) == (revision + 1, [between])
    assert (between["is_complete"], between["timestamp"]) == (True, LATER)


@pytest.mark.parametrize("way", WAYS)
def test_an_instant_after_now_counts_as_now(ada: Person, panel_id: int, wall_clock: Clock, way: str) -> None:
    assert send(ada, way, panel_id, "2026-11-23T13:00:00+01:00")["timestamp"] == "2026-11-23T12:00:00Z"
    assert send(ada, way, panel_id, "9999-12-31T23:59:59.9-23:59")["timestamp"] == "2026-11-23T12:00:00Z"
    wall_clock.set("2026-11-23T12:00:01Z")
    assert not send(ada, way, panel_id, "2026-11-23T12:00:01Z", is_complete=False)["is_complete"]


@pytest.mark.parametrize("way", WAYS)
def test_a_tap_without_an_instant_wins_until_a_later_one(
    ada: Person, panel_id: int, wall_clock: Clock, way: str
) -> None:
    send(ada, way, panel_id, None)
    assert not send(ada, way, panel_id, None, is_complete=False)["is_complete"]
    wall_clock.set("2026-11-23T11:59:59Z")
    assert send(ada, way, panel_id, None)["is_complete"]
    assert send(ada, way, panel_id, EARLIER, is_complete=False)["is_complete"]


@pytest.mark.parametrize("way", WAYS)
def test_an_entry_that_a_wrong_clock_put_into_the_future_can_be_changed(
    ada: Person, panel_id: int, wall_clock: Clock, way: str
) -> None:
    wall_clock.set("2026-12-03T12:00:00Z")
    send(ada, way, panel_id, None)
    wall_clock.set("2026-11-23T12:00:00Z")
    assert not send(ada, way, panel_id, LATER, is_complete=False)["is_complete"]


@pytest.mark.parametrize("way", WAYS)
def test_a_late_tap_of_a_deleted_panel_is_not_one_of_the_next_panel(ada: Person, panel_id: int, way: str) -> None:
    data(ada.delete(f"/panels/{panel_id}"))
    new_id = ada.new_panel()
    tap = {"is_complete": True, "tapped_at": EARLIER}
    if way == "PUT":
        assert ada.put(f"/panels/{panel_id}/entries/{DAY}", tap).status_code == 404
    else:
        assert send_all(ada, [tap | {"panel_id": panel_id, "day": DAY}])[0]["error"]["code"] == "not_found"
    assert [(each["panel_id"], each["done"]) for each in data(ada.get("/history"))] == [(new_id, [])]


@pytest.mark.parametrize(
    "tapped_at",
    [0, "1700000000", "2026-11-20", "2026-11-20T08:00:00", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "now"],
)
def test_a_malformed_instant_gets_422(ada: Person, panel_id: int, tapped_at: object) -> None:
    tap = {"is_complete": True, "tapped_at": tapped_at}
    assert ada.put(f"/panels/{panel_id}/entries/{DAY}", tap).status_code == 422
    assert ada.post("/taps", [tap | {"panel_id": panel_id, "day": DAY}]).status_code == 422


def test_each_tap_of_a_batch_gets_a_result_in_its_place(ada: Person, bob: Person, panel_id: int) -> None:
    tap = {"panel_id": panel_id, "day": DAY, "is_complete": True, "tapped_at": LATER}
    results = send_all(
        ada,
        [
            tap,
            tap | {"panel_id": bob.new_panel()},
            tap | {"day": "2026-11-24"},
            tap | {"tapped_at": EARLIER, "is_complete": False},
            tap | {"day": "2026-11-19"},
        ],
    )
    assert [result.get("applied") for result in results] == [True, None, None, False, True]
    assert [result["error"]["code"] for result in results if "error" in result] == ["not_found", "day_in_the_future"]
    assert results[0]["entry"] == results[3]["entry"]
    history = data(ada.get(f"/panels/{panel_id}/entries"))
    assert [day["day"] for day in history if day["is_complete"]] == [DAY, "2026-11-19"]


def test_the_taps_of_a_batch_apply_one_after_the_other(ada: Person, panel_id: int) -> None:
    tap = {"panel_id": panel_id, "day": DAY, "is_complete": True}
    revision = revision_of(ada)
    first, second = send_all(ada, [tap, tap | {"is_complete": False}])
    assert first["applied"]
    assert second["applied"]
    assert first["entry"] == second["entry"]
    assert not second["entry"]["is_complete"]
    assert revision_of(ada) == revision + 1


def test_a_year_of_nine_panels_is_recorded_by_four_requests(
    ada: Person, statements: list[str], wall_clock: Clock
) -> None:
    wall_clock.set("2027-12-31T12:00:00Z")
    ada.token = Person.log_in(ada.client, ada.email)
    panel_ids = [ada.new_panel(str(number)) for number in range(9)]
    days = [f"2027-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 31 if month != 2 else 29)]
    year = [
        {"panel_id": panel_id, "day": day, "is_complete": True, "tapped_at": f"{day}T20:00:00.123456+01:00"}
        for panel_id in panel_ids
        for day in days
    ]
    batches = [year[start : start + 1_000] for start in range(0, len(year), 1_000)]
    assert len(batches) == 4
    for repeated in (False, True):
        revision = revision_of(ada)
        for batch in batches:
            statements.clear()
            assert {result["applied"] for result in send_all(ada, batch)} == {not repeated}
            assert len(statements) == (4 if repeated else 6)
        assert revision_of(ada) == revision + (0 if repeated else len(year))
    histories = data(ada.get("/history", **{"from": "2027-01-01"}))
    assert [(each["panel_id"], each["done"]) for each in histories] == [(panel_id, days) for panel_id in panel_ids]


def test_a_batch_has_limits_of_its_own(ada: Person, panel_id: int) -> None:
    tap = {"panel_id": panel_id, "day": DAY, "is_complete": True}
    assert ada.post("/taps", [tap] * 1_001).status_code == 422
    headers = {"Content-Type": "application/json"}

    def status(path: str, size: int) -> int:
        return ada.request("POST", path, content=b"[" + b" " * (size - 2) + b"]", headers=headers).status_code

    assert status("/v5/taps", taps.MAX_BODY_BYTES) == 200
    assert status("/taps", taps.MAX_BODY_BYTES + 1) == 413
    assert status("/panels", 64 * 1024 + 1) == 413


def test_a_batch_emits_one_event_and_a_tap_that_is_not_applied_none(
    recorder: Recorder, ada: Person, panel_id: int
) -> None:
    tap = {"panel_id": panel_id, "day": DAY, "is_complete": True, "tapped_at": LATER}
    for _ in range(2):
        send_all(ada, [tap, tap | {"day": "2026-11-19"}, tap | {"tapped_at": EARLIER}])
        send(ada, "PUT", panel_id, EARLIER)
    send(ada, "PUT", panel_id, "2026-11-20T21:00:00Z", is_complete=False)
    finish_events(ada.client)
    about_taps = {event_types.TAPS_RECORDED, event_types.ENTRY_RECORDED}
    events = [event.payload.model_dump(mode="json") for event in recorder.all_so_far() if event.type in about_taps]
    assert events == [
        {"user_id": ada.id, "count": 2},
        {"user_id": ada.id, "panel_id": panel_id, "day": DAY, "is_complete": False},
    ]
