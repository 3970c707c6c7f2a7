"""What several devices do at once, on real threads."""

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

from ..support.mailbox import Mailbox
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data


def at_once(requests: Sequence[Callable[[], Response]]) -> list[int]:
    """Send the requests from as many threads, which start together; return the statuses."""
    barrier = Barrier(len(requests))

    def send(request: Callable[[], Response]) -> int:
        barrier.wait()
        return request().status_code

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(send, requests))


def test_24_first_taps_at_once_are_one_entry(ada: Person) -> None:
    panel_id = ada.new_panel()
    taps = [lambda: ada.post(f"/panels/{panel_id}/entries", {"is_complete": True})] * 24
    assert at_once(taps) == [200] * 24
    assert ada.tap(panel_id)["id"] == data(ada.get(f"/panels/{panel_id}/entries"))[0]["id"]
    assert data(ada.get("/metrics/panels/consistency"))[0]["days_complete"] == 1


def test_20_creations_at_once_are_nine_panels(ada: Person) -> None:
    creations = [lambda: ada.post("/panels", {"title": "x", "position": 0})] * 20
    assert sorted(at_once(creations)) == [200] * 9 + [400] * 11
    assert len(ada.titles()) == 9


def test_200_moves_at_once_leave_no_hole(ada: Person) -> None:
    panel_ids = [ada.new_panel(str(n)) for n in range(9)]
    dice = random.Random(9)  # noqa: S311 - the same moves each time, not a secret

    def move() -> Response:
        return ada.patch(f"/panels/{dice.choice(panel_ids)}", {"position": dice.randrange(9)})

    for _ in range(10):
        assert at_once([move] * 20) == [200] * 20
    assert sorted(ada.titles()) == [str(n) for n in range(9)]


def test_two_sign_ups_at_once_are_one_user(client: TestClient) -> None:
    body = {"email": "ada@example.com", "name": "Ada", "password": "correct horse"}
    statuses = at_once([lambda: client.post("/users", json=body)] * 5)
    assert sorted(statuses) == [200, 409, 409, 409, 409]


def test_tapping_a_panel_that_is_being_deleted_never_fails(ada: Person) -> None:
    for _ in range(5):
        panel_id = ada.new_panel()
        path = f"/panels/{panel_id}"
        tap = partial(ada.post, f"{path}/entries", {"is_complete": True})
        statuses = at_once([tap, tap, tap, tap, partial(ada.delete, path), tap, tap, tap])
        assert set(statuses) <= {200, 404}
    assert ada.titles() == []


def test_a_user_who_is_being_deleted_never_makes_a_request_fail(client: TestClient) -> None:
    for n in range(5):
        person = Person.sign_up(client, f"{n}@example.com")
        creation = partial(person.post, "/panels", {"title": "x"})
        statuses = at_once([creation, creation, creation, partial(person.delete, "/users"), creation, creation])
        assert set(statuses) <= {200, 401}


def test_two_admins_who_step_down_at_once_leave_one(ada: Person, bob: Person) -> None:
    for _ in range(5):
        with database.transaction() as work:
            for person in (ada, bob):
                crud.users.set_admin(work, person.id, is_admin=True)
        steps = [partial(each.patch, f"/admin/users/{each.id}", {"is_admin": False}) for each in (ada, bob)]
        assert sorted(at_once(steps)) == [200, 400]


def test_two_admins_who_depose_each_other_at_once_leave_one(ada: Person, bob: Person) -> None:
    for _ in range(5):
        with database.transaction() as work:
            for person in (ada, bob):
                crud.users.set_admin(work, person.id, is_admin=True)
        others = [(ada, bob), (bob, ada)]
        depositions = [partial(each.patch, f"/admin/users/{other.id}", {"is_admin": False}) for each, other in others]
        assert sorted(at_once(depositions)) in ([200, 400], [200, 403])


def test_a_reset_link_used_many_times_at_once_works_once(ada: Person, mailbox: Mailbox) -> None:
    data(ada.client.post("/auth/request_password_reset", json={"email": ada.email}))
    link = mailbox.reset_link()
    uses = [
        partial(ada.client.post, "/auth/password_reset", json=link | {"new_password": f"battery {n}"}) for n in range(8)
    ]
    assert sorted(at_once(uses)) == [200] + [401] * 7


def test_a_password_changed_twice_at_once_is_changed_once(ada: Person) -> None:
    changes = [
        partial(ada.post, "/auth/change_password", {"current_password": PASSWORD, "new_password": f"battery {n}"})
        for n in range(4)
    ]
    statuses = at_once(changes)
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 401, 403}


def test_logging_out_many_times_at_once_never_fails(client: TestClient) -> None:
    for n in range(5):
        person = Person.sign_up(client, f"{n}@example.com")
        logouts = [partial(person.post, "/auth/logout", {})] * 4
        everywhere = partial(person.post, "/auth/logout_everywhere", {})
        statuses = at_once([*logouts, everywhere, partial(person.delete, "/users"), *logouts])
        assert set(statuses) <= {200, 401}


def test_an_account_that_is_being_deleted_never_makes_a_change_to_it_fail(client: TestClient, mailbox: Mailbox) -> None:
    for n in range(5):
        person = Person.sign_up(client, f"{n}@example.com")
        data(client.post("/auth/request_password_reset", json={"email": person.email}))
        link = mailbox.reset_link(n + 1)
        statuses = at_once(
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


def test_every_address_that_is_left_hears_of_it_even_when_two_are_taken_at_once(ada: Person, mailbox: Mailbox) -> None:
    bodies = [{"email": f"{name}@example.com", "current_password": PASSWORD} for name in ("b", "c")]
    assert at_once([partial(ada.patch, "/users", body) for body in bodies]) == [200, 200]
    told = {str(mail["To"]) for mail in mailbox.wait_for("e-mail address was changed", 2)}
    assert told == {"ada@example.com", "b@example.com", "c@example.com"} - {data(ada.get("/users"))["email"]}
