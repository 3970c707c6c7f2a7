"""What a client of `GET /changes/stream` receives."""

import asyncio
import contextlib
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from ninepanels import clock
from ninepanels import pydmodels as pyd
from ninepanels.accounts.tokens import AccessToken
from ninepanels.config import Settings
from ninepanels.crud.streams import UserState
from ninepanels.database import database
from ninepanels.main import create_api
from ninepanels.sync import hub
from ninepanels.sync import signals
from ninepanels.sync import streams
from ninepanels.sync.streams import Stream

from ..conftest import Clock
from ..routes.test_metrics import value
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data
from ..support.recorder import Recorder
from ..support.servers import wait_for
from ..support.streams import Event
from ..support.streams import Follower
from ..support.streams import following


@pytest.fixture
def frequent_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream looks at the clock when it sends a comment, so the tests of the clock need many."""
    monkeypatch.setattr(streams, "PING_S", 0.05)


@pytest.mark.usefixtures("wall_clock")
def test_a_stream_begins_with_the_day_and_the_revision(ada: Person) -> None:
    ada.new_panel()
    with following(ada) as stream:
        assert stream.status == 200
        assert stream.events == [Event("day", {"day": "2026-11-23"}), Event("revision", {"revision": 1}, "1")]
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert stream.headers["Cache-Control"] == "no-store"
        assert stream.headers["X-Accel-Buffering"] == "no"
        assert stream.text.startswith("retry: ")


def test_each_kind_of_change_gives_an_event(ada: Person) -> None:
    with following(ada) as stream:
        panel_id = ada.new_panel()
        entries = f"/panels/{panel_id}/entries"
        tap = {"panel_id": panel_id, "day": "2026-11-20", "is_complete": True}
        changes: list[tuple[str, str, Any]] = [
            ("PATCH", f"/panels/{panel_id}", {"title": "Read"}),
            ("POST", entries, {"is_complete": True}),
            ("PUT", f"{entries}/2026-11-21", {"is_complete": True}),
            ("POST", "/taps", [tap]),
            ("DELETE", entries, None),
            ("DELETE", f"/panels/{panel_id}", None),
        ]
        for method, path, body in changes:
            seen = stream.revisions[-1]
            assert ada.request(method, path, json=body).status_code == 200
            wait_for(partial(is_later, stream, seen))


def is_later(stream: Follower, seen: int) -> bool:
    return stream.revisions[-1] > seen


def test_a_user_gets_no_events_of_other_users(ada: Person, bob: Person) -> None:
    with following(ada) as stream, following(bob) as other:
        for _ in range(3):
            bob.new_panel()
        wait_for(lambda: other.revisions[-1] == 3)
        ada.new_panel()
        wait_for(lambda: stream.revisions[-1] == 1)
        assert stream.revisions == [0, 1]


@pytest.mark.parametrize(("known", "revisions"), [("1", [2]), ("2", []), ("3", [2])])
def test_the_first_revision_is_left_out_if_the_client_has_it(ada: Person, known: str, revisions: list[int]) -> None:
    ada.tap(ada.new_panel())
    # A higher one than the user's comes from a backup that was not restored.
    with following(ada, last_event_id=known) as stream:
        assert stream.revisions == revisions
        assert len(stream.days) == 1


def test_a_malformed_last_event_id_is_refused(ada: Person) -> None:
    with following(ada, last_event_id="latest") as refused:
        assert (refused.status, refused.body["data"]["code"]) == (422, "invalid_request")


@pytest.mark.usefixtures("frequent_pings")
def test_the_new_day_is_sent_when_it_starts_for_the_user(ada: Person, wall_clock: Clock) -> None:
    data(ada.patch("/users", {"timezone": "Europe/Berlin", "day_starts_at": 4}))
    wall_clock.set("2026-11-24T02:59:59+00:00")
    with following(ada) as stream:
        comments = stream.text.count(": ping")
        wait_for(lambda: stream.text.count(": ping") > comments + 2)
        wall_clock.set("2026-11-24T03:00:00+00:00")
        wait_for(lambda: stream.days == ["2026-11-23", "2026-11-24"])


@pytest.mark.usefixtures("wall_clock")
def test_the_current_day_is_sent_when_the_user_changes_their_time_zone(ada: Person) -> None:
    with following(ada) as stream:
        data(ada.patch("/users", {"timezone": "Pacific/Kiritimati"}))
        wait_for(lambda: stream.days == ["2026-11-23", "2026-11-24"])


@pytest.mark.usefixtures("frequent_pings")
def test_a_stream_ends_when_its_token_expires(wall_clock: Clock, ada: Person) -> None:
    with following(ada) as stream:
        wall_clock.now += timedelta(days=31)
        wait_for(lambda: stream.is_ended)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/auth/logout", None),
        ("POST", "/auth/logout_everywhere", None),
        ("POST", "/auth/change_password", {"current_password": PASSWORD, "new_password": "another horse"}),
        ("DELETE", "/users", None),
    ],
)
def test_a_stream_ends_when_its_token_is_revoked(ada: Person, method: str, path: str, body: Any) -> None:
    with following(ada) as stream, contextlib.ExitStack() as others:
        other = Person(ada.client, ada.email, ada.id, Person.log_in(ada.client, ada.email))
        logged_out = path == "/auth/logout"
        kept = others.enter_context(following(other)) if logged_out else None
        data(ada.request(method, path, json=body))
        wait_for(lambda: stream.is_ended)
        assert kept is None or not kept.is_ended


def test_a_lost_signal_is_made_up_for_by_the_next_check(api: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    async def send_nothing(*_arguments: object) -> None:
        pass

    async def receive_nothing(*_arguments: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(hub, "CHECK_S", 0.05)
    monkeypatch.setattr(signals, "send", send_nothing)
    monkeypatch.setattr(signals, "receive_forever", receive_nothing)
    with TestClient(api) as client:
        ada = Person.sign_up(client, "ada@example.com")
        with following(ada) as stream:
            ada.new_panel()
            wait_for(lambda: stream.revisions == [0, 1])


# --- Limits -----------------------------------------------------------------------------------------------------------


def test_a_user_can_have_a_limited_number_of_streams(ada: Person, bob: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "MAX_PER_USER", 2)
    with following(ada) as first:
        with following(ada) as second, following(ada) as refused:
            assert (first.status, second.status, refused.status) == (200, 200, 429)
            assert refused.body["data"]["code"] == "too_many_streams"
            assert int(refused.headers["Retry-After"]) > 0
            with following(bob) as other:
                assert other.status == 200
        with following(ada) as third:
            assert third.status == 200


def test_a_process_has_a_limited_number_of_streams(settings: Settings) -> None:
    with TestClient(create_api(settings.model_copy(update={"max_streams": 1}))) as client:
        ada, bob = (Person.sign_up(client, f"{name}@example.com") for name in ("ada", "bob"))
        with following(ada), following(bob) as refused:
            assert (refused.status, refused.body["data"]["code"]) == (503, "no_stream_available")
            assert int(refused.headers["Retry-After"]) > 0
        with following(bob) as stream:
            assert stream.status == 200


def test_open_streams_are_counted_and_take_no_connection(ada: Person, client: TestClient) -> None:
    with following(ada), following(ada):
        assert value(client, "streams_open") == 2
        # The handlers of earlier events can still have one.
        wait_for(lambda: database.connections_in_use == 0)
    wait_for(lambda: value(client, "streams_open") == 0)


def test_a_stream_is_timed_once_when_its_response_starts(recorder: Recorder, ada: Person) -> None:
    with following(ada):
        wait_for(lambda: "GET_/changes/stream" in timed(recorder))
    ada.new_panel()
    wait_for(lambda: "POST_/panels" in timed(recorder))
    assert timed(recorder).count("GET_/changes/stream") == 1


def timed(recorder: Recorder) -> list[str]:
    payloads = [event.payload for event in recorder.all_so_far()]
    return [payload.method_path for payload in payloads if isinstance(payload, pyd.TimingCreated)]


def test_the_streams_end_when_the_service_is_stopped(api: FastAPI) -> None:
    with TestClient(api) as client, contextlib.ExitStack() as running:
        stream = running.enter_context(following(Person.sign_up(client, "ada@example.com")))
        assert client.portal is not None
        client.portal.call(api.state.hub.close)
        wait_for(lambda: stream.is_ended)


def test_of_the_events_that_a_client_has_not_read_it_gets_the_latest() -> None:
    token = AccessToken(1, "jti", clock.now(), clock.now() + timedelta(days=1), 0)

    async def read() -> bytes:
        stream = Stream(token)
        stream.start(UserState(1, "UTC", 0))
        events = stream.events(None, lambda: None)
        for _ in range(2):
            await anext(events)
        for revision in [*range(2, 1_000), 998]:
            stream.update(UserState(revision, "UTC", 0))
        return await anext(events)

    assert asyncio.run(read()) == b'event: revision\ndata: {"revision":999}\nid: 999\n\n'
