import pytest
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels import event_types
from ninepanels.database import database

from ..people import Person
from ..people import data
from ..recorder import Recorder


def promote(person: Person) -> Person:
    with database.writing() as work:
        crud.users.set_admin(work, person.id, is_admin=True)
    return person


@pytest.fixture
def admin(ada: Person) -> Person:
    return promote(ada)


def test_an_admin_sees_the_users_in_the_order_they_signed_up(admin: Person, bob: Person) -> None:
    users = data(admin.get("/admin/users"))
    assert [user["email"] for user in users] == [admin.email, bob.email]
    assert users[1] == data(bob.get("/users"))


def test_the_users_come_in_pages(admin: Person, bob: Person) -> None:
    response = admin.get("/admin/users", offset=1, limit=1)
    assert [user["id"] for user in data(response)] == [bob.id]
    assert response.json()["meta"] == {"total": 2, "offset": 1, "limit": 1}


def test_past_the_last_page_there_is_nothing(admin: Person) -> None:
    response = admin.get("/admin/users", offset=2**62)
    assert data(response) == []
    assert response.json()["meta"] == {"total": 1, "offset": 2**62, "limit": 100}


@pytest.mark.parametrize("page", [{"offset": -1}, {"limit": 0}, {"limit": 1_001}, {"offset": 2**63}])
def test_a_page_that_cannot_be_is_422(admin: Person, page: dict[str, int]) -> None:
    assert admin.get("/admin/users", **page).status_code == 422


def test_an_admin_makes_another_one(admin: Person, bob: Person) -> None:
    assert data(admin.patch(f"/admin/users/{bob.id}", {"is_admin": True}))["is_admin"] is True
    assert len(data(bob.get("/admin/users"))) == 2


def test_an_admin_who_stepped_down_is_none_any_more(admin: Person, bob: Person) -> None:
    promote(bob)
    assert data(admin.patch(f"/admin/users/{admin.id}", {"is_admin": False}))["is_admin"] is False
    assert admin.get("/admin/users").status_code == 403


def test_the_last_admin_cannot_step_down(admin: Person) -> None:
    assert admin.patch(f"/admin/users/{admin.id}", {"is_admin": False}).status_code == 400
    assert len(data(admin.get("/admin/users"))) == 1


def test_who_is_no_admin_can_be_told_so_again(admin: Person, bob: Person) -> None:
    assert data(admin.patch(f"/admin/users/{bob.id}", {"is_admin": False}))["is_admin"] is False


def test_a_user_who_does_not_exist_is_404(admin: Person) -> None:
    assert admin.patch("/admin/users/1000", {"is_admin": True}).status_code == 404


@pytest.mark.parametrize(("body", "status"), [({}, 400), ({"is_admin": None}, 422), ({"email": "x@example.com"}, 422)])
def test_nothing_else_of_a_user_can_be_changed(admin: Person, body: dict[str, object], status: int) -> None:
    assert admin.patch(f"/admin/users/{admin.id}", body).status_code == status


def test_making_an_admin_is_an_event(recorder: Recorder, admin: Person, bob: Person) -> None:
    data(admin.patch(f"/admin/users/{bob.id}", {"is_admin": True}))
    payload = recorder.next(event_types.USER_UPDATED).payload
    assert payload.model_dump() == {"user_id": bob.id, "fields": ["is_admin"]}


def test_signing_up_as_an_admin_is_no_field(client: TestClient) -> None:
    body = {"email": "eve@example.com", "name": "Eve", "password": "correct horse", "is_admin": True}
    assert client.post("/users", json=body).status_code == 422
