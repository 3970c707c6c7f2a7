from starlette.testclient import TestClient

from ninepanels import event_types

from ..support.backends import on_sqlite
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data
from ..support.recorder import Recorder
from ..support.values import for_each

SIGN_UP = {"email": "ada@example.com", "name": "Ada", "password": PASSWORD}


def test_signing_up_returns_the_user(client: TestClient) -> None:
    user = data(client.post("/users", json=SIGN_UP | {"timezone": "Asia/Tokyo", "day_starts_at": 4}))
    assert user.pop("created_at").endswith("Z")
    assert user == {
        "id": 1,
        "email": "ada@example.com",
        "name": "Ada",
        "is_admin": False,
        "timezone": "Asia/Tokyo",
        "day_starts_at": 4,
        "last_login": None,
        "last_activity": None,
        "is_email_verified": True,
        "new_email": None,
    }


def test_signing_up_with_a_form_works(client: TestClient) -> None:
    user = data(client.post("/users", data=SIGN_UP | {"day_starts_at": "4"}))
    assert (user["name"], user["day_starts_at"], user["timezone"]) == ("Ada", 4, "UTC")


def test_signing_up_ignores_the_authorization_header(client: TestClient) -> None:
    data(client.post("/users", json=SIGN_UP, headers={"Authorization": "Bearer null"}))


def test_signing_up_with_a_taken_email_returns_409_regardless_of_case(ada: Person) -> None:
    response = ada.client.post("/users", json=SIGN_UP | {"email": "ADA@Example.com"})
    assert response.status_code == 409
    assert response.json()["is_error"]


@on_sqlite
@for_each(
    "fields",
    [
        {"email": "not an address"},
        {"email": "a\x00@example.com"},
        {"name": "  "},
        {"name": "nul\x00"},
        {"name": "x" * 101},
        {"password": "short"},
        {"password": "x" * 129},
        {"timezone": "Mars/Olympus"},
        {"timezone": "../etc/passwd"},
        {"timezone": "America"},
        {"day_starts_at": 6},
        {"day_starts_at": -1},
        {"day_starts_at": True},
        {"is_admin": True},
    ],
)
def test_signing_up_with_an_invalid_field_returns_422(client: TestClient, fields: dict[str, object]) -> None:
    response = client.post("/users", json=SIGN_UP | fields)
    assert response.status_code == 422
    assert response.json()["data"]["detail"][0]["loc"][0] == "body"


def test_a_password_of_any_characters_works(client: TestClient) -> None:
    password = "\x00 пароль 🔑 " + "x" * 100
    person = Person.sign_up(client, "ada@example.com", password=password)
    assert person.get("/users").status_code == 200


def test_a_user_can_read_their_profile(ada: Person) -> None:
    assert data(ada.get("/users"))["email"] == "ada@example.com"


def test_a_user_can_change_their_profile(ada: Person) -> None:
    user = data(ada.patch("/users", {"name": "Countess", "timezone": "Europe/London", "day_starts_at": 3}))
    assert (user["name"], user["timezone"], user["day_starts_at"]) == ("Countess", "Europe/London", 3)
    assert data(ada.get("/users"))["name"] == "Countess"


def test_an_update_without_fields_returns_400(ada: Person) -> None:
    assert ada.patch("/users", {}).status_code == 400


def test_changing_the_name_to_null_returns_422(ada: Person) -> None:
    assert ada.patch("/users", {"name": None}).status_code == 422


def test_a_new_email_requires_the_current_password(ada: Person) -> None:
    assert ada.patch("/users", {"email": "new@example.com"}).status_code == 422


def test_changing_the_email_with_a_wrong_password_returns_403(ada: Person) -> None:
    response = ada.patch("/users", {"email": "new@example.com", "current_password": "wrong horse"})
    assert response.status_code == 403
    assert data(ada.get("/users"))["email"] == "ada@example.com"


def test_a_user_can_log_in_with_their_new_email(ada: Person) -> None:
    data(ada.patch("/users", {"email": "New@example.com", "current_password": PASSWORD}))
    assert Person.log_in(ada.client, "new@example.com")


def test_changing_the_email_to_a_taken_one_returns_409(ada: Person, bob: Person) -> None:
    response = ada.patch("/users", {"email": bob.email, "current_password": PASSWORD})
    assert response.status_code == 409


def test_a_deleted_users_token_is_rejected_immediately(ada: Person) -> None:
    assert data(ada.delete("/users")) == {"success": True}
    assert ada.get("/users").status_code == 401


def test_a_deleted_users_id_is_never_reused(ada: Person) -> None:
    data(ada.delete("/users"))
    successor = Person.sign_up(ada.client, "eve@example.com")
    assert successor.id != ada.id
    assert ada.get("/panels").status_code == 401


def test_a_deleted_user_can_sign_up_again_with_the_same_email(ada: Person) -> None:
    data(ada.delete("/users"))
    Person.sign_up(ada.client, ada.email)


def test_every_change_emits_an_event(recorder: Recorder, ada: Person) -> None:
    ada.patch("/users", {"name": "Countess"})
    ada.delete("/users")
    for event_type in (event_types.NEW_USER_CREATED, event_types.USER_UPDATED, event_types.USER_DELETED):
        assert recorder.next(event_type).payload.model_dump()["user_id"] == ada.id


def test_a_failed_change_emits_no_event(recorder: Recorder, ada: Person, bob: Person) -> None:
    ada.patch("/users", {"email": bob.email, "current_password": PASSWORD})
    ada.patch("/users", {"name": "Countess"})
    changed = recorder.next(event_types.USER_UPDATED).payload.model_dump()
    assert changed["fields"] == ["name"]
