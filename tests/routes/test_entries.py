from itertools import chain

import pytest

from ninepanels import event_types
from ninepanels.observability import logs

from ..conftest import Clock
from ..support.backends import on_sqlite
from ..support.people import Person
from ..support.people import data
from ..support.pipeline import finish_events
from ..support.recorder import Recorder


def test_a_tap_creates_an_entry_for_today(wall_clock: Clock, ada: Person) -> None:
    panel_id = ada.new_panel()
    wall_clock.set("2026-11-23T13:14:15.123456Z")
    entry = ada.tap(panel_id)
    assert entry == {
        "id": entry["id"],
        "panel_id": panel_id,
        "is_complete": True,
        "day": "2026-11-23",
        "timestamp": "2026-11-23T13:14:15.123456Z",
    }
    assert data(ada.get("/panels"))[0]["is_complete"] is True


def test_undoing_a_tap_updates_the_same_entry(wall_clock: Clock, ada: Person) -> None:
    panel_id = ada.new_panel()
    done = ada.tap(panel_id)
    wall_clock.set("2026-11-23T13:00:00Z")
    undone = ada.tap(panel_id, is_complete=False)
    assert undone == {**done, "is_complete": False, "timestamp": "2026-11-23T13:00:00Z"}
    assert data(ada.get("/panels"))[0]["is_complete"] is False


def test_a_panel_is_incomplete_again_the_next_day(wall_clock: Clock, ada: Person) -> None:
    ada.tap(ada.new_panel())
    wall_clock.set("2026-11-24T00:00:00Z")
    assert data(ada.get("/panels"))[0]["is_complete"] is False


def test_the_day_depends_on_the_users_settings(wall_clock: Clock, ada: Person) -> None:
    data(ada.patch("/users", {"timezone": "Pacific/Kiritimati", "day_starts_at": 3}))
    panel_id = ada.new_panel()
    wall_clock.set("2026-11-23T12:59:59Z")
    assert ada.tap(panel_id)["day"] == "2026-11-23"
    wall_clock.set("2026-11-23T13:00:00Z")
    assert ada.tap(panel_id)["day"] == "2026-11-24"


def test_a_past_day_can_be_recorded(wall_clock: Clock, ada: Person) -> None:
    panel_id = ada.new_panel()
    assert ada.tap(panel_id, "2024-02-29")["day"] == "2024-02-29"
    assert ada.get(f"/panels/{panel_id}/entries").json()["meta"]["total"] == 999
    assert wall_clock.now.date().isoformat() == "2026-11-23"


def test_a_future_day_is_400(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-23T12:00:00Z")
    path = f"/panels/{ada.new_panel()}/entries"
    assert ada.post(path, {"is_complete": True, "day": "2026-11-24"}).status_code == 400


@on_sqlite
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"is_complete": None},
        {"is_complete": "perhaps"},
        {"is_complete": True, "day": "2026-02-30"},
        {"is_complete": True, "day": "yesterday"},
        {"is_complete": True, "day": 10**30},
        {"is_complete": True, "user_id": 1},
    ],
)
def test_a_malformed_tap_is_422(ada: Person, body: dict[str, object]) -> None:
    assert ada.post(f"/panels/{ada.new_panel()}/entries", body).status_code == 422


def test_the_whole_range_of_dates_works(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("9999-11-30T12:00:00Z")
    ada.token = Person.log_in(ada.client, ada.email)
    panel_id = ada.new_panel()
    ada.tap(panel_id, "1970-01-01")
    assert ada.get(f"/panels/{panel_id}/entries", limit=1).json()["meta"]["total"] == 2_932_866
    assert data(ada.get("/metrics/panels/consistency", days=3_652_059))[0]["days_complete"] == 1


def test_the_history_is_padded_from_creation_to_today(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-20T12:00:00Z")
    panel_id = ada.new_panel()
    wall_clock.set("2026-11-22T12:00:00Z")
    tapped = ada.tap(panel_id)
    wall_clock.set("2026-11-23T12:00:00Z")
    body = ada.get(f"/panels/{panel_id}/entries").json()
    days = ["2026-11-23", "2026-11-22", "2026-11-21", "2026-11-20"]
    assert [entry["day"] for entry in body["data"]] == days
    assert [entry["timestamp"] for entry in body["data"]] == days
    assert [entry["is_complete"] for entry in body["data"]] == [False, True, False, False]
    assert body["data"][0]["id"] == f"padded-{panel_id}-2026-11-23"
    assert body["data"][1]["id"] == tapped["id"]
    assert body["meta"] == {"total": 4, "offset": 0, "limit": 3660}


@pytest.mark.parametrize("sort_by", ["timestamp.desc", "timestamp.asc"])
def test_the_pages_of_a_history_make_up_the_whole(wall_clock: Clock, ada: Person, sort_by: str) -> None:
    wall_clock.set("2026-11-23T12:00:00Z")
    panel_id = ada.new_panel()
    for day in ("2026-11-10", "2026-11-11", "2026-11-15", "2026-11-23"):
        ada.tap(panel_id, day)
    path = f"/panels/{panel_id}/entries"
    whole = data(ada.get(path, sort_by=sort_by))
    pages = [data(ada.get(path, sort_by=sort_by, offset=offset, limit=3)) for offset in range(0, 18, 3)]
    assert list(chain(*pages)) == whole
    assert len(whole) == 14
    assert sum(entry["is_complete"] for entry in whole) == 4


def test_oldest_first_is_the_reverse_of_newest_first(wall_clock: Clock, ada: Person) -> None:
    panel_id = ada.new_panel()
    ada.tap(panel_id, "2026-11-01")
    assert wall_clock.now
    path = f"/panels/{panel_id}/entries"
    assert data(ada.get(path, sort_by="timestamp.asc")) == data(ada.get(path))[::-1]


@on_sqlite
@pytest.mark.parametrize(
    "query",
    [
        {"offset": -1},
        {"offset": 2**63},
        {"limit": 0},
        {"limit": 3661},
        {"limit": "all"},
        {"sort_by": "id"},
        {"sort_by": "timestamp.asc; DROP TABLE users"},
    ],
)
def test_a_malformed_query_is_422(ada: Person, query: dict[str, object]) -> None:
    assert ada.get(f"/panels/{ada.new_panel()}/entries", **query).status_code == 422


def test_an_offset_past_the_end_gives_an_empty_page(ada: Person) -> None:
    assert data(ada.get(f"/panels/{ada.new_panel()}/entries", offset=3_652_059)) == []


def test_moving_to_a_western_time_zone_hides_future_entries_and_keeps_them(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-23T12:00:00Z")
    data(ada.patch("/users", {"timezone": "Pacific/Kiritimati"}))
    panel_id = ada.new_panel()
    assert ada.tap(panel_id)["day"] == "2026-11-24"
    data(ada.patch("/users", {"timezone": "Pacific/Pago_Pago"}))
    assert [entry["day"] for entry in data(ada.get(f"/panels/{panel_id}/entries"))] == ["2026-11-23"]
    wall_clock.set("2026-11-24T12:00:00Z")
    assert [entry["is_complete"] for entry in data(ada.get(f"/panels/{panel_id}/entries"))] == [True]


def test_deleting_the_history_restarts_it_today(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-20T12:00:00Z")
    panel_id = ada.new_panel()
    ada.tap(panel_id)
    wall_clock.set("2026-11-23T12:00:00Z")
    assert data(ada.delete(f"/panels/{panel_id}/entries")) is True
    history = data(ada.get(f"/panels/{panel_id}/entries"))
    assert [(entry["day"], entry["is_complete"]) for entry in history] == [("2026-11-23", False)]


def test_a_tap_and_a_reset_emit_events(recorder: Recorder, ada: Person) -> None:
    panel_id = ada.new_panel()
    ada.tap(panel_id, "2026-11-01")
    ada.delete(f"/panels/{panel_id}/entries")
    tapped = recorder.next(event_types.ENTRY_RECORDED).payload.model_dump(mode="json")
    assert tapped == {"user_id": ada.id, "panel_id": panel_id, "day": "2026-11-01", "is_complete": True}
    assert recorder.next(event_types.ENTRIES_RESET).payload.model_dump()["panel_id"] == panel_id


def test_the_day_of_a_tap_is_not_logged(ada: Person, caplog: pytest.LogCaptureFixture) -> None:
    panel_id = ada.new_panel()
    ada.tap(panel_id, "2026-11-01")
    finish_events(ada.client)
    lines = [logs.to_message(record).model_dump_json() for record in caplog.records]
    assert any("POST_/panels/{panel_id}/entries" in line for line in lines)
    assert not [line for line in lines if "2026-11-01" in line]


def test_events_carry_the_request_id(recorder: Recorder, ada: Person) -> None:
    panel_id = ada.new_panel()
    body = {"is_complete": True}
    response = ada.request("POST", f"/panels/{panel_id}/entries", json=body, headers={"X-Request-ID": "tap.1"})
    assert response.headers["X-Request-ID"] == "tap.1"
    assert recorder.next(event_types.ENTRY_RECORDED).request_id == "tap.1"
    timings = (recorder.next(event_types.TIMING_CREATED) for _ in range(9))
    assert next(timing for timing in timings if timing.request_id == "tap.1").payload.model_dump()["method_path"] == (
        "POST_/panels/{panel_id}/entries"
    )
