"""Alerts of slow routes: when they are raised and cleared, and their mails and webhook calls."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels import event_types
from ninepanels import pydmodels as pyd
from ninepanels import queues
from ninepanels import sqlmodels as sql
from ninepanels.config import Settings
from ninepanels.database import database
from ninepanels.main import create_api
from ninepanels.observability import route_names
from ninepanels.timings import thresholds

from ..conftest import Stopwatch
from ..support.mail_server import MailServer
from ..support.mailbox import Mailbox
from ..support.mailbox import text_of
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data
from ..support.pipeline import finish_events
from ..support.recorder import Recorder
from ..support.servers import Service
from ..support.servers import wait_for
from ..support.web_server import WebServer

LIVE = "GET_/health/live"
DEFAULT = thresholds.DEFAULT


@pytest.fixture
def hook() -> Iterator[WebServer]:
    with WebServer.running() as server:
        yield server


@pytest.fixture
def settings(settings: Settings, hook: WebServer) -> Settings:
    """Settings with one address and one webhook for alerts."""
    alerts = {"alert_emails": ("ops@example.com",), "alert_webhook_url": SecretStr(f"{hook.url}/hooks/1")}
    return settings.model_copy(update=alerts)


@pytest.fixture
def admin(ada: Person) -> Person:
    with database.transaction() as work:
        crud.users.set_admin(work, ada.id, is_admin=True)
    return ada


def call(client: TestClient, stopwatch: Stopwatch, *milliseconds: float) -> None:
    """Call a route once per duration and wait until the events are handled."""
    for stopwatch.ms in milliseconds:
        data(client.get("/health/live"))
    finish_events(client)


def alerts(recorder: Recorder) -> list[tuple[str, pyd.RouteAlert]]:
    return [(event.type, event.payload) for event in recorder.all_so_far() if isinstance(event.payload, pyd.RouteAlert)]


def types(recorder: Recorder) -> list[str]:
    return [event_type for event_type, _ in alerts(recorder)]


RAISED, CLEARED = event_types.ROUTE_ALERT_RAISED, event_types.ROUTE_ALERT_CLEARED


def stats_of(admin: Person, method_path: str = LIVE) -> dict[str, Any]:
    return next(each for each in data(admin.get("/admin/routes")) if each["method_path"] == method_path)


# --- Raised and cleared -----------------------------------------------------------------------------------------------


def test_a_slow_route_raises_and_clears_one_alert_with_a_mail_and_a_webhook_call_each(
    recorder: Recorder, client: TestClient, admin: Person, stopwatch: Stopwatch, hook: WebServer, mailbox: Mailbox
) -> None:
    for _ in range(3):
        call(client, stopwatch, *[900.0] * 10)
    assert types(recorder) == [RAISED]
    alert_id = stats_of(admin)["alert_id"]
    assert stats_of(admin)["in_alert"] is True

    for _ in range(3):
        call(client, stopwatch, *[5.0] * DEFAULT.window_size)
    assert types(recorder) == [RAISED, CLEARED]
    assert [str(alert.alert_id) for _, alert in alerts(recorder)] == [alert_id] * 2
    assert (stats_of(admin)["in_alert"], stats_of(admin)["alert_id"]) == (False, None)

    posted = hook.wait_for(2)
    assert [(each["type"], each["payload"]["alert_id"]) for each in posted] == [(RAISED, alert_id), (CLEARED, alert_id)]
    [raised] = mailbox.wait_for("is slow")
    [cleared] = mailbox.wait_for("is fast again")
    for mail in (raised, cleared):
        assert mail["To"] == "ops@example.com"
        assert alert_id in text_of(mail)
        assert LIVE in text_of(mail)


def test_the_webhook_gets_the_route_and_its_p95(client: TestClient, stopwatch: Stopwatch, hook: WebServer) -> None:
    call(client, stopwatch, *[900.0] * 10)
    [event] = hook.wait_for(1)
    assert set(event) == {"event_id", "created_at", "request_id", "type", "payload"}
    payload = event["payload"]
    assert payload["method_path"] == LIVE
    assert payload["p95"] == pytest.approx(900)
    assert payload["alert_threshold_ms"] == DEFAULT.alert_threshold_ms
    # The statistics are refreshed after any number of requests, from the minimum on.
    assert thresholds.MIN_READINGS <= payload["count"] <= 10
    assert payload["at"].endswith("Z")


def test_an_unavailable_webhook_is_retried(
    client: TestClient, stopwatch: Stopwatch, hook: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "RETRY_DELAYS_S", (0.0, 0.0, 0.0))
    hook.statuses = [503, 503]
    call(client, stopwatch, *[900.0] * 10)
    assert len({event["event_id"] for event in hook.wait_for(3)}) == 1


def test_a_hanging_webhook_delays_no_mail(
    client: TestClient, stopwatch: Stopwatch, hook: WebServer, mailbox: Mailbox
) -> None:
    hook.may_respond.clear()
    for stopwatch.ms in [900.0] * 10:
        data(client.get("/health/live"))
    mailbox.wait_for("is slow")
    hook.may_respond.set()


# --- Conditions -------------------------------------------------------------------------------------------------------


def test_between_80_percent_and_100_percent_of_the_threshold_an_alert_is_unchanged(
    recorder: Recorder, client: TestClient, admin: Person, stopwatch: Stopwatch
) -> None:
    data(admin.patch("/admin/routes", {"method_path": LIVE, "alert_threshold_ms": 100, "window_size": 5}))
    for ms, expected in [(100.0, []), (100.1, [RAISED]), (99.0, [RAISED]), (80.0, [RAISED]), (101.0, [RAISED])]:
        call(client, stopwatch, *[ms] * 5)
        assert types(recorder) == expected
    call(client, stopwatch, *[79.9] * 5)
    assert types(recorder) == [RAISED, CLEARED]
    call(client, stopwatch, *[99.0] * 5)
    assert types(recorder) == [RAISED, CLEARED]


def test_every_alert_has_a_unique_id(recorder: Recorder, client: TestClient, stopwatch: Stopwatch) -> None:
    for ms in (900.0, 5.0, 900.0):
        call(client, stopwatch, *[ms] * DEFAULT.window_size)
    assert types(recorder) == [RAISED, CLEARED, RAISED]
    ids = [alert.alert_id for _, alert in alerts(recorder)]
    assert ids[0] == ids[1] != ids[2]


def test_a_single_slow_request_raises_no_alert(recorder: Recorder, client: TestClient, stopwatch: Stopwatch) -> None:
    # The slow one is last: statistics may be refreshed after any number of requests.
    call(client, stopwatch, *[5.0] * 30, 60_000.0)
    assert types(recorder) == []


def test_too_few_requests_raise_no_alert(recorder: Recorder, client: TestClient, stopwatch: Stopwatch) -> None:
    call(client, stopwatch, *[900.0] * (thresholds.MIN_READINGS - 1))
    assert types(recorder) == []
    call(client, stopwatch, 900.0)
    assert types(recorder) == [RAISED]


def test_a_window_smaller_than_the_minimum_of_readings_is_enough(
    recorder: Recorder, client: TestClient, admin: Person, stopwatch: Stopwatch
) -> None:
    data(admin.patch("/admin/routes", {"method_path": LIVE, "window_size": 1}))
    call(client, stopwatch, 900.0)
    assert types(recorder) == [RAISED]


def test_a_new_threshold_applies_at_once(
    recorder: Recorder, client: TestClient, admin: Person, stopwatch: Stopwatch, mailbox: Mailbox
) -> None:
    call(client, stopwatch, *[300.0] * 5)
    lower = data(admin.patch("/admin/routes", {"method_path": LIVE, "alert_threshold_ms": 200}))
    assert (lower["in_alert"], lower["alert_threshold_ms"]) == (True, 200)
    higher = data(admin.patch("/admin/routes", {"method_path": LIVE, "alert_threshold_ms": 400}))
    assert (higher["in_alert"], higher["alert_id"]) == (False, None)
    mailbox.wait_for("is fast again")
    finish_events(client)
    assert types(recorder) == [RAISED, CLEARED]


def test_a_rolled_back_alert_is_not_raised(
    recorder: Recorder, client: TestClient, stopwatch: Stopwatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_fields: object) -> None:
        raise LookupError

    with monkeypatch.context() as patch:
        patch.setattr(crud.outbox, "add", fail)
        call(client, stopwatch, *[900.0] * 10)
    assert types(recorder) == []
    with database.connection() as connection:
        assert connection.scalars(select(sql.RouteSettings.method_path).where(sql.RouteSettings.in_alert)).all() == []
    call(client, stopwatch, 900.0)
    assert types(recorder) == [RAISED]


def test_default_thresholds_belong_to_existing_routes(client: TestClient) -> None:
    assert set(thresholds.BY_ROUTE) <= route_names.all_of(client.app)  # type: ignore[arg-type]


def test_without_recipients_no_mail_and_no_webhook_call_is_made(
    recorder: Recorder, settings: Settings, stopwatch: Stopwatch, hook: WebServer
) -> None:
    settings = settings.model_copy(update={"alert_emails": (), "alert_webhook_url": SecretStr("")})
    with TestClient(create_api(settings)) as client:
        call(client, stopwatch, *[900.0] * 10)
        assert types(recorder) == [RAISED]
        with database.connection() as connection:
            assert connection.scalars(select(sql.OutboxMail)).all() == []
    assert hook.bodies == []


# --- Two instances ----------------------------------------------------------------------------------------------------


def test_two_instances_raise_one_alert_and_clear_it_once(database_url: str, tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with MailServer.running() as mails, WebServer.running() as hook:
        alerting = {"ALERT_EMAILS": "ops@example.com", "ALERT_WEBHOOK_URL": hook.url, "SMTP_URL": mails.url}
        with (
            Service(database_url, folders[0], **alerting) as one,
            Service(database_url, folders[1], **alerting) as two,
        ):
            both = (one, two)
            authorized = {"Authorization": f"Bearer {create_admin(one, database_url)}"}
            limit = {"method_path": "GET_/", "window_size": 20}

            def patch(service: Service, threshold_ms: float) -> dict[str, Any]:
                body = limit | {"alert_threshold_ms": threshold_ms}
                stats: dict[str, Any] = data(service.client.patch("/admin/routes", json=body, headers=authorized))
                return stats

            # Every request takes longer than this threshold, and none as long as the second one.
            patch(one, 0.000_1)
            for _ in range(60):
                assert [service.status("/") for service in both] == [200, 200]
            [raised] = hook.wait_for(1)
            wait_for(lambda: count_timings(two, authorized) == 120)
            assert patch(two, 3_600_000)["in_alert"] is False
            for _ in range(20):
                assert [service.status("/") for service in both] == [200, 200]
            hook.wait_for(2)
            mails.wait_for(3)
            for service in both:
                service.stop()
        assert [event["type"] for event in hook.events()] == [RAISED, CLEARED]
        assert {event["payload"]["alert_id"] for event in hook.events()} == {raised["payload"]["alert_id"]}
        to_ops = [str(mail["Subject"]) for mail in mails.mails if mail["To"] == "ops@example.com"]
        assert sorted(to_ops) == [
            "Alert: a route of Nine Panels is slow",
            "Cleared: a route of Nine Panels is fast again",
        ]


def create_admin(service: Service, database_url: str) -> str:
    """Sign up an admin and return an access token."""
    person = {"email": "ada@example.com", "name": "Ada", "password": PASSWORD}
    user = data(service.client.post("/users", json=person))
    database.connect(database_url, pool_size=1)
    with database.transaction() as work:
        crud.users.set_admin(work, user["id"], is_admin=True)
    database.disconnect()
    login = data(service.client.post("/token", data={"username": person["email"], "password": PASSWORD}))
    token: str = login["access_token"]
    return token


def count_timings(service: Service, authorized: dict[str, str]) -> int:
    """Return the number of timings of `GET /` in the database."""
    query = {"method_path": "GET_/", "window_size": "1000"}
    response = service.client.get("/admin/routes/timings", params=query, headers=authorized)
    return len(data(response)["readings"])
