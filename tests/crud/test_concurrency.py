"""Concurrent requests of several devices, on real threads."""

import random
from collections.abc import Callable
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

from httpx2 import Response
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels.database import database

from ..support.authenticator import Authenticator
from ..support.mailbox import Mailbox
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data


def send_concurrently(requests: Sequence[Callable[[], Response]]) -> list[int]:
    """Send each request from its own thread, all at the same time, and return the status codes."""
    barrier = Barrier(len(requests))

    def send(request: Callable[[], Response]) -> int:
        barrier.wait()
        return request().status_code

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(send, requests))


def test_24_concurrent_first_taps_create_one_entry(ada: Person) -> None:
    panel_id = ada.new_panel()
    taps = [lambda: ada.post(f"/panels/{panel_id}/entries", {"is_complete": True})] * 24
    assert send_concurrently(taps) == [200] * 24
    assert ada.tap(panel_id)["id"] == data(ada.get(f"/panels/{panel_id}/entries"))[0]["id"]
    assert data(ada.get("/metrics/panels/consistency"))[0]["days_complete"] == 1


def test_20_concurrent_creations_create_nine_panels(ada: Person) -> None:
    creations = [lambda: ada.post("/panels", {"title": "x", "position": 0})] * 20
    assert sorted(send_concurrently(creations)) == [200] * 9 + [400] * 11
    assert len(ada.titles()) == 9


def test_200_concurrent_moves_leave_no_gap(ada: Person) -> None:
    panel_ids = [ada.new_panel(str(n)) for n in range(9)]
    random_source = random.Random(9)  # noqa: S311 - reproducible moves, no secret

    def move() -> Response:
        return ada.patch(f"/panels/{random_source.choice(panel_ids)}", {"position": random_source.randrange(9)})

    for _ in range(10):
        assert send_concurrently([move] * 20) == [200] * 20
    assert sorted(ada.titles()) == [str(n) for n in range(9)]


def test_concurrent_sign_ups_create_one_user(client: TestClient) -> None:
    body = {"email": "ada@example.com", "name": "Ada", "password": "correct horse"}
    statuses = send_concurrently([lambda: client.post("/users", json=body)] * 5)
    assert sorted(statuses) == [200, 409, 409, 409, 409]


def test_concurrent_logins_with_one_code_succeed_once(ada: Person) -> None:
    app = Authenticator.switch_on(ada)
    for code in (app.code(1), app.recovery_codes[0]):
        form = {"username": ada.email, "password": PASSWORD, "totp_code": code}
        statuses = send_concurrently([partial(ada.client.post, "/token", data=form)] * 8)
        assert sorted(statuses) == [200] + [401] * 7


def test_tapping_a_panel_during_its_deletion_never_fails(ada: Person) -> None:
    for _ in range(5):
        panel_id = ada.new_panel()
        path = f"/panels/{panel_id}"
        tap = partial(ada.post, f"{path}/entries", {"is_complete": True})
        statuses = send_concurrently([tap, tap, tap, tap, partial(ada.delete, path), tap, tap, tap])
        assert set(statuses) <= {200, 404}
    assert ada.titles() == []


def test_concurrent_taps_of_a_day_end_with_the_latest_and_are_in_the_changes(ada: Person) -> None:
    panel_id = ada.new_panel()
    for day in ("2026-10-01", "2026-10-02", "2026-10-03"):
        since = data(ada.get("/changes"))["revision"]
        taps = [{"is_complete": n % 3 > 0, "tapped_at": f"{day}T12:{n:02}:00Z"} for n in range(20)]
        requests = [partial(ada.put, f"/panels/{panel_id}/entries/{day}", tap) for tap in taps[:14]]
        requests += [partial(ada.post, "/taps", [tap | {"panel_id": panel_id, "day": day}]) for tap in taps[14:]]
        assert send_concurrently(requests) == [200] * 20
        entries = data(ada.get("/changes", since=since))["entries"]
        assert [(each["is_complete"], each["timestamp"]) for each in entries] == [(True, f"{day}T12:19:00Z")]


def test_taps_during_the_deletion_of_a_history_never_fail(ada: Person) -> None:
    panel_id = ada.new_panel()
    path = f"/panels/{panel_id}/entries"
    for n in range(5):
        ada.tap(panel_id, "2026-10-01")
        taps = [partial(ada.post, path, {"is_complete": n % 2 == 0, "day": "2026-10-01"})] * 6
        batch = partial(ada.post, "/taps", [{"panel_id": panel_id, "day": "2026-10-01", "is_complete": True}])
        assert set(send_concurrently([*taps, partial(ada.delete, path), batch, *taps])) == {200}
        entries = [entry for entry in data(ada.get("/changes"))["entries"] if entry["day"] == "2026-10-01"]
        done = [day["is_complete"] for day in data(ada.get(path)) if day["day"] == "2026-10-01"]
        assert [entry["is_complete"] for entry in entries if entry["is_complete"]] == [True for each in done if each]


def test_requests_during_the_deletion_of_their_user_never_fail(client: TestClient) -> None:
    for n in range(5):
        person = Person.sign_up(client, f"{n}@example.com")
        creation = partial(person.post, "/panels", {"title": "x"})
        statuses = send_concurrently(
            [creation, creation, creation, partial(person.delete, "/users"), creation, creation]
        )
        assert set(statuses) <= {200, 401}


def test_two_admins_who_step_down_concurrently_leave_one(ada: Person, bob: Person) -> None:
    for _ in range(5):
        with database.transaction() as work:
            for person in (ada, bob):
                crud.users.set_admin(work, person.id, is_admin=True)
        requests = [partial(each.patch, f"/admin/users/{each.id}", {"is_admin": False}) for each in (ada, bob)]
        assert sorted(send_concurrently(requests)) == [200, 400]


def test_two_admins_who_demote_each_other_concurrently_leave_one(ada: Person, bob: Person) -> None:
    for _ in range(5):
        with database.transaction() as work:
            for person in (ada, bob):
                crud.users.set_admin(work, person.id, is_admin=True)
        others = [(ada, bob), (bob, ada)]
        requests = [partial(each.patch, f"/admin/users/{other.id}", {"is_admin": False}) for each, other in others]
        assert sorted(send_concurrently(requests)) in ([200, 400], [200, 403])


def test_a_reset_link_used_concurrently_works_once(ada: Person, mailbox: Mailbox) -> None:
    data(ada.client.post("/auth/request_password_reset", json={"email": ada.email}))
    link = mailbox.reset_link()
    uses = [
        partial(ada.client.post, "/auth/password_reset", json=link | {"new_password": f"battery {n}"}) for n in range(8)
    ]
    assert sorted(send_concurrently(uses)) == [200] + [401] * 7


def test_concurrent_password_changes_succeed_once(ada: Person) -> None:
    changes = [
        partial(ada.post, "/auth/change_password", {"current_password": PASSWORD, "new_password": f"battery {n}"})
        for n in range(4)
    ]
    statuses = send_concurrently(changes)
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 401, 403}


def test_concurrent_logouts_never_fail(client: TestClient) -> None:
    for n in range(5):
        person = Person.sign_up(client, f"{n}@example.com")
        logouts = [partial(person.post, "/auth/logout", {})] * 4
        everywhere = partial(person.post, "/auth/logout_everywhere", {})
        statuses = send_concurrently([*logouts, everywhere, partial(person.delete, "/users"), *logouts])
        assert set(statuses) <= {200, 401}


def test_changes_of_an_account_during_its_deletion_never_fail(client: TestClient, mailbox: Mailbox) -> None:
    for n in range(5):
        person = Person.sign_up(client, f"{n}@example.com")
        data(client.post("/auth/request_password_reset", json={"email": person.email}))
        link = mailbox.reset_link(n + 1)
        statuses = send_concurrently(
            [
                partial(person.patch, "/users", {"name": "Ada"}),
                partial(person.patch, "/users", {"email": f"new{n}@example.com", "current_password": PASSWORD}),
                partial(client.post, "/auth/password_reset", json=link | {"new_password": "battery staple"}),
                partial(person.post, "/auth/change_password", {"current_password": PASSWORD, "new_password": "x" * 8}),
                partial(client.post, "/auth/request_password_reset", json={"email": person.email}),
                partial(person.delete, "/users"),
            ]
        )
        assert set(statuses) <= {200, 401, 403}


def test_concurrent_email_changes_notify_every_replaced_address(ada: Person, mailbox: Mailbox) -> None:
    bodies = [{"email": f"{name}@example.com", "current_password": PASSWORD} for name in ("b", "c")]
    assert send_concurrently([partial(ada.patch, "/users", body) for body in bodies]) == [200, 200]
    notified = {str(mail["To"]) for mail in mailbox.wait_for("e-mail address was changed", 2)}
    assert notified == {"ada@example.com", "b@example.com", "c@example.com"} - {data(ada.get("/users"))["email"]}
