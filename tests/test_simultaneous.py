"""What several devices do at once, on real threads."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

from httpx2 import Response
from starlette.testclient import TestClient

from .people import Person
from .people import data


def at_once(requests: list[Callable[[], Response]]) -> list[int]:
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
