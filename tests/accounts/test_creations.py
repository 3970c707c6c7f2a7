"""Requests with an Idempotency-Key: within 24 hours, a repeated one gets the stored response and creates nothing."""

import hashlib
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from httpx2 import Response
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from sqlalchemy import select

from ninepanels import crud
from ninepanels import event_types
from ninepanels import sqlmodels as sql
from ninepanels.crud import idempotency
from ninepanels.database import database

from ..conftest import Clock
from ..crud.test_concurrency import send_concurrently
from ..support.people import Person
from ..support.people import data
from ..support.pipeline import finish_events
from ..support.recorder import Recorder

KEY = "0b5f7c5e-3f43-4d0e-9a51-3a6c0a0f6f0e"
DAY = "2026-11-20"
REPLAYED = "Idempotent-Replayed"


def send(person: Person, body: Any, key: str = KEY, path: str = "/panels") -> Response:
    return person.request("POST", path, json=body, headers={"Idempotency-Key": key})


def create(person: Person, title: str = "Read", key: str = KEY, path: str = "/panels") -> Response:
    return send(person, {"title": title}, key, path)


def error_of(response: Response) -> dict[str, Any]:
    error: dict[str, Any] = response.json()["data"]
    return error


def stored() -> list[sql.IdempotentRequest]:
    with database.transaction() as work:
        return list(work.scalars(select(sql.IdempotentRequest)))


def test_a_repeated_creation_gets_the_same_response(
    recorder: Recorder, ada: Person, statements: list[str], wall_clock: Clock
) -> None:
    statements.clear()
    first = create(ada)
    assert (first.status_code, len(statements)) == (200, 7)
    assert REPLAYED not in first.headers
    wall_clock.set("2026-11-24T11:59:59Z")
    statements.clear()
    repeated = create(ada, path="/v5/panels")
    assert (repeated.status_code, repeated.text, len(statements)) == (200, first.text, 2)
    assert repeated.headers[REPLAYED] == "true"
    assert ada.titles() == ["Read"]
    finish_events(ada.client)
    assert [event.type for event in recorder.all_so_far()].count(event_types.PANEL_CREATED) == 1


def test_repeated_taps_get_the_same_response(ada: Person, wall_clock: Clock) -> None:
    panel_id = ada.new_panel()
    tap = {"panel_id": panel_id, "day": DAY, "is_complete": True}
    taps = [tap | {"tapped_at": f"2026-11-20T20:00:00.{number:06}Z"} for number in range(1_000)]
    first = send(ada, taps, path="/taps")
    assert [result["applied"] for result in data(first)] == [True] * 1_000
    wall_clock.set("2026-11-23T12:00:01Z")
    ada.tap(panel_id, DAY, is_complete=False)
    assert send(ada, taps, path="/taps").text == first.text
    assert [each["is_complete"] for each in data(ada.get("/changes"))["entries"]] == [False]
    assert len(stored()[0].response) < 16_384


def test_after_24_hours_a_key_is_new(ada: Person, wall_clock: Clock) -> None:
    first = data(create(ada))["id"]
    wall_clock.set("2026-11-24T12:00:00Z")
    assert data(create(ada, "Write"))["id"] != first
    assert create(ada, "Write").headers[REPLAYED]


def test_keys_behave_as_in_a_model(ada: Person, bob: Person, wall_clock: Clock) -> None:
    panel_ids = {person.id: person.new_panel() for person in (ada, bob)}
    examples = count()
    request = st.tuples(st.sampled_from([ada, bob]), st.sampled_from("ab"), st.booleans(), st.integers(0, 13))

    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(st.lists(request, min_size=2, max_size=12))
    def check(requests: list[tuple[Person, str, bool, int]]) -> None:
        # Each example has keys of its own, so that no user has to be made for it.
        example = next(examples)
        wall_clock.set("2026-11-23T12:00:00Z")
        model: dict[tuple[int, str], tuple[datetime, bool, str]] = {}
        for person, key, is_complete, hours in requests:
            wall_clock.now += timedelta(hours=hours)
            taps = [{"panel_id": panel_ids[person.id], "day": DAY, "is_complete": is_complete}]
            response = send(person, taps, f"{example}/{key}", "/taps")
            sent_at, earlier, text = model.get((person.id, key), (datetime.min.replace(tzinfo=UTC), False, ""))
            if wall_clock.now - sent_at >= timedelta(hours=24):
                assert data(response)[0]["entry"]["timestamp"] == f"{wall_clock.now:%Y-%m-%dT%H:%M:%SZ}"
                model[person.id, key] = wall_clock.now, is_complete, response.text
            elif is_complete == earlier:
                assert response.text == text
            else:
                assert response.status_code == 422

    check()


def test_a_response_from_the_future_of_a_wrong_clock_is_not_valid(ada: Person, wall_clock: Clock) -> None:
    wall_clock.set("2026-11-24T12:00:00Z")
    first = data(create(ada))["id"]
    wall_clock.set("2026-11-23T12:00:00Z")
    ada.token = Person.log_in(ada.client, ada.email)
    assert data(create(ada))["id"] != first


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_key_of_another_request_is_refused(ada: Person) -> None:
    create(ada)
    for body, path in (({"title": "Write"}, "/panels"), ({"title": "Read"}, "/panels?x=1"), ([], "/taps")):
        refused = send(ada, body, path=path)
        assert refused.status_code == 422, path
        [error] = error_of(refused)["detail"]
        assert (error["type"], error["loc"]) == ("idempotency_key_reused", ["header", "Idempotency-Key"])
    assert ada.titles() == ["Read"]
    assert create(ada).headers[REPLAYED]


def test_the_same_key_of_two_users_is_two_keys(ada: Person, bob: Person) -> None:
    assert data(create(ada))["user_id"] == ada.id
    of_bob = create(bob)
    assert data(of_bob)["user_id"] == bob.id
    assert REPLAYED not in of_bob.headers
    assert create(bob, "Write").status_code == 422


def test_a_refused_creation_stores_nothing(ada: Person) -> None:
    panel_id, *_ = [ada.new_panel() for _ in range(9)]
    assert create(ada).status_code == 400
    assert stored() == []
    data(ada.delete(f"/panels/{panel_id}"))
    assert REPLAYED not in create(ada).headers
    assert len(ada.titles()) == 9


def test_a_creation_that_cannot_be_stored_creates_nothing(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    # As if another request with the key was committed after the snapshot of `claim` and before its lock.
    monkeypatch.setattr(idempotency, "claim", lambda *_: None)
    data(create(ada))
    refused = create(ada)
    assert (refused.status_code, error_of(refused)["code"]) == (409, "idempotency_key_in_use")
    assert ada.titles() == ["Read"]


def test_eight_concurrent_requests_with_a_key_create_one_panel(ada: Person, backend: str) -> None:
    statuses = send_concurrently([partial(create, ada)] * 8)
    # On SQLite, the others wait for the first one.
    assert set(statuses) <= ({200} if backend == "sqlite" else {200, 409})
    assert ada.titles() == ["Read"]
    assert create(ada).headers[REPLAYED]


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_key_that_is_in_use_is_refused_until_its_transaction_ends(ada: Person, bob: Person) -> None:
    with database.transaction() as work:
        crud.idempotency.claim(work, ada.id, hashlib.sha256(KEY.encode()).hexdigest())
        refused = create(ada)
        assert (refused.status_code, error_of(refused)["code"]) == (409, "idempotency_key_in_use")
        assert refused.headers["Retry-After"] == "1"
        data(create(ada, key="another"))
        data(create(bob))
    data(create(ada))
    assert ada.titles() == ["Read", "Read"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_malformed_key_gets_422(ada: Person) -> None:
    for keys in ([""], ["a b"], ["a\tb"], ["schl\xfcssel"], ["x" * 256], [KEY, KEY]):
        headers = [(b"idempotency-key", key.encode("latin-1")) for key in keys]
        headers.append((b"authorization", f"Bearer {ada.token}".encode()))
        refused = ada.client.post("/panels", json={"title": "Read"}, headers=headers)
        assert refused.status_code == 422, keys
        [error] = error_of(refused)["detail"]
        assert error["loc"] == ["header", "Idempotency-Key"]
        assert (error["type"] == "repeated_header") is (len(keys) == 2)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_key_has_up_to_255_visible_characters(ada: Person) -> None:
    key = "".join(map(chr, range(0x21, 0x7F))) + "~" * (255 - 94)
    assert data(create(ada, key=key)) == data(create(ada, key=key))


def test_a_user_has_a_limited_number_of_stored_responses(
    ada: Person, bob: Person, wall_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "MAX_PER_USER", 2)
    data(create(ada, key="1"))
    wall_clock.set("2026-11-23T13:00:00.5Z")
    data(create(ada, key="2"))
    refused = create(ada, key="3")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, str(23 * 60 * 60))
    assert create(ada, key="1").headers[REPLAYED]
    data(create(bob, key="3"))
    ada.new_panel()
    wall_clock.set("2026-11-24T12:00:00Z")
    data(create(ada, key="3"))


def test_expired_responses_are_swept_in_steps(ada: Person, wall_clock: Clock) -> None:
    for instant in ("2026-11-24T12:00:00Z", "2026-11-22T12:00:00Z", "2026-11-22T11:59:59Z", "2026-11-22T12:00:01Z"):
        wall_clock.set(instant)
        ada.token = Person.log_in(ada.client, ada.email)
        data(create(ada, key=instant))
    finish_events(ada.client)
    wall_clock.set("2026-11-23T12:00:00Z")
    left = []
    for _ in range(3):
        with database.transaction() as work:
            crud.idempotency.sweep(work, limit=1)
        left.append(len(stored()))
    assert left == [2, 1, 1]


def test_a_batch_of_timings_sweeps_expired_responses(ada: Person, wall_clock: Clock) -> None:
    data(create(ada))
    wall_clock.set("2026-11-24T12:00:00Z")
    ada.titles()
    finish_events(ada.client)
    assert stored() == []


def test_a_deletion_forgets_the_stored_responses_of_the_user(ada: Person, bob: Person) -> None:
    data(create(bob))
    for path in ("/panels/{}", "/panels/{}/entries"):
        panel_id = data(create(ada))["id"]
        assert len(stored()) == 2
        data(ada.delete(path.format(panel_id)))
        assert [each.user_id for each in stored()] == [bob.id]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_key_is_neither_logged_nor_stored(ada: Person, caplog: pytest.LogCaptureFixture) -> None:
    data(create(ada))
    assert create(ada, "Write").status_code == 422
    assert create(ada, "").status_code == 422
    finish_events(ada.client)
    assert KEY not in caplog.text
    assert KEY not in str([vars(each) for each in stored()])
