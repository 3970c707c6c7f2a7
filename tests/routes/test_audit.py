"""The deletion of an account is confirmed, an admin remains, and changes are recorded without more than is needed."""

import json
import logging
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter
from pydantic import ValidationError
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels import pydmodels as pyd
from ninepanels.accounts import verification
from ninepanels.config import Settings
from ninepanels.database import database

from ..conftest import Clock
from ..crud.test_concurrency import send_concurrently
from ..support.mailbox import Mailbox
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data
from ..support.pipeline import finish_events

WRONG = "wrong horse"


@pytest.fixture
def admin(ada: Person) -> Person:
    promote(ada)
    return ada


def promote(*people: Person) -> None:
    with database.transaction() as work:
        for person in people:
            crud.users.set_admin(work, person.id, is_admin=True)


def events_of(admin: Person) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = data(admin.get("/admin/audit"))
    return events


def actions_of(admin: Person) -> list[str]:
    return [event["action"] for event in events_of(admin)]


# --- The confirmation -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("time", ["12:11", "11:49"])
def test_without_a_recent_login_the_password_deletes_the_account(
    wall_clock: Clock, ada: Person, bob: Person, time: str
) -> None:
    wall_clock.set(f"2026-11-23T{time}:00+00:00")
    assert ada.delete("/users").json()["data"]["code"] == "password_required"
    for wrong in ({"json": {"current_password": WRONG}}, {"headers": {"X-Current-Password": WRONG}}):
        assert ada.request("DELETE", "/users", **wrong).json()["data"]["code"] == "wrong_password"
    data(ada.request("DELETE", "/users", json={"current_password": PASSWORD}))
    data(bob.request("DELETE", "/users", headers={"X-Current-Password": PASSWORD}))
    assert ada.get("/users").status_code == bob.get("/users").status_code == 401


def test_a_recent_login_deletes_the_account_without_a_password(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-23T12:09:00+00:00")
    assert data(ada.delete("/users")) == {"success": True}


def test_a_wrong_password_is_refused_although_the_login_is_recent(ada: Person) -> None:
    assert ada.request("DELETE", "/users", json={"current_password": WRONG}).status_code == 403
    assert ada.get("/users").status_code == 200


def test_a_password_in_the_header_is_in_utf_8(client: TestClient) -> None:
    grace = Person.sign_up(client, "grace@example.com", password="größer als acht")
    data(grace.request("DELETE", "/users", headers={"X-Current-Password": "größer als acht".encode()}))
    with pytest.raises(ValidationError, match="not in UTF-8"):
        TypeAdapter(pyd.PasswordInHeader).validate_python("größer als acht")


# --- The last admin ---------------------------------------------------------------------------------------------------


def test_the_last_admin_cannot_be_deleted(admin: Person, bob: Person) -> None:
    refused = admin.delete("/users")
    assert (refused.status_code, refused.json()["data"]["code"]) == (400, "last_admin")
    assert "Make another user an admin first" in refused.json()["error_message"]
    data(admin.patch(f"/admin/users/{bob.id}", {"is_admin": True}))
    data(admin.delete("/users"))
    assert data(bob.get("/users"))["is_admin"]


def test_of_two_admins_who_delete_their_accounts_at_once_one_remains(admin: Person, bob: Person) -> None:
    promote(bob)
    assert sorted(send_concurrently([lambda: admin.delete("/users"), lambda: bob.delete("/users")])) == [200, 400]


# --- The events -------------------------------------------------------------------------------------------------------


def test_changes_are_recorded_with_who_made_them(admin: Person, bob: Person) -> None:
    data(bob.patch("/users", {"name": "Robert"}))
    changed = {"current_password": PASSWORD, "new_password": "another horse"}
    bob.token = data(bob.post("/auth/change_password", changed))["access_token"]
    data(admin.patch(f"/admin/users/{bob.id}", {"is_admin": True}))
    page = admin.get("/admin/audit", limit=2)
    newest, second = data(page)
    assert page.json()["meta"] == {"total": 3, "offset": 0, "limit": 2}
    assert (newest["action"], newest["actor_id"], newest["target_id"]) == ("admin_granted", admin.id, bob.id)
    assert (second["action"], second["actor_id"], second["address"]) == ("password_changed", bob.id, "127.0.0.1")
    (oldest,) = data(admin.get("/admin/audit", offset=2))
    assert (oldest["action"], oldest["target_id"], oldest["details"]) == ("account_updated", bob.id, ["name"])


def test_every_change_of_an_account_is_recorded(
    admin: Person, bob: Person, mailbox: Mailbox, settings: Settings
) -> None:
    data(bob.client.post("/auth/request_password_reset", json={"email": bob.email}))
    reset = mailbox.reset_link() | {"email": bob.email, "new_password": PASSWORD}
    data(bob.client.post("/auth/password_reset", json=reset))
    with database.transaction() as work:
        crud.users.update(work, crud.users.read_for_update(work, bob.id), {"new_email": "robert@example.com"})
    token = verification.issue_token(bob.id, "robert@example.com", settings)
    for _ in range(2):
        data(bob.client.post("/auth/verify_email", json={"verification_token": token}))
    bob.token = Person.log_in(bob.client, "robert@example.com")
    data(bob.post("/auth/logout_everywhere", {}))
    data(admin.patch("/admin/routes", {"method_path": "GET_/panels", "window_size": 7}))
    newest, *others = events_of(admin)
    assert (newest["action"], newest["target_id"]) == ("route_updated", None)
    assert newest["details"] == ["GET_/panels", "window_size"]
    assert {(event["actor_id"], event["target_id"], event["address"]) for event in others} == {
        (bob.id, bob.id, "127.0.0.1")
    }
    assert [event["action"] for event in others] == ["logins_revoked", "email_verified", "password_reset"]
    assert others[1]["details"] == ["email"]


def test_the_confirmation_of_the_first_e_mail_is_recorded_once(admin: Person, settings: Settings) -> None:
    with database.transaction() as work:
        crud.users.update(work, crud.users.read_for_update(work, admin.id), {"is_email_verified": False})
    token = verification.issue_token(admin.id, admin.email, settings)
    for _ in range(2):
        data(admin.client.post("/auth/verify_email", json={"verification_token": token}))
    (event,) = events_of(admin)
    assert (event["details"], event["address"]) == (["is_email_verified"], "127.0.0.1")


def test_events_about_a_deleted_user_alone_are_deleted_and_others_no_longer_name_the_user(
    admin: Person, bob: Person
) -> None:
    data(bob.patch("/users", {"name": "Robert"}))
    data(admin.patch("/users", {"name": "Lovelace"}))
    data(admin.patch(f"/admin/users/{bob.id}", {"is_admin": True}))
    data(admin.delete("/users"))
    deleted, granted, updated = events_of(bob)
    assert deleted | {"id": 0, "created_at": ""} == {
        "id": 0,
        "created_at": "",
        "action": "account_deleted",
        "actor_id": None,
        "target_id": None,
        "address": None,
        "details": ["is_admin"],
    }
    assert (granted["actor_id"], granted["address"], granted["target_id"]) == (None, None, bob.id)
    assert (updated["action"], updated["actor_id"]) == ("account_updated", bob.id)


def test_a_refused_change_is_not_recorded(admin: Person) -> None:
    assert admin.patch(f"/admin/users/{admin.id}", {"is_admin": False}).status_code == 400
    assert admin.delete("/users").status_code == 400
    assert events_of(admin) == []


def test_a_login_deletes_events_that_are_older_than_400_days(wall_clock: Clock, admin: Person) -> None:
    data(admin.patch("/users", {"name": "Grace"}))
    for hour, expected in ((11, ["account_updated"]), (13, [])):
        wall_clock.set(f"2027-12-28T{hour}:00:00+00:00")
        admin.token = Person.log_in(admin.client, admin.email)
        finish_events(admin.client)
        assert actions_of(admin) == expected


# --- The log ----------------------------------------------------------------------------------------------------------


def test_failed_logins_are_logged_with_keyed_hashes(
    api: FastAPI, ada: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    elsewhere = TestClient(api, client=("192.0.2.7", 50_000))
    for client, email in (
        (ada.client, ada.email),
        (ada.client, ada.email.upper()),
        (elsewhere, "eve@example.com"),
    ):
        client.post("/token", data={"username": email, "password": WRONG})
    contexts = [each.context_data for each in caplog.records if "WrongLogin" in each.getMessage()]  # type: ignore[attr-defined]
    known, again, other = (context["hashed_email"] for context in contexts)
    assert known == again != other
    assert {len(value) for context in contexts for value in context.values()} == {16}
    here, still_here, there = (context["hashed_address"] for context in contexts)
    assert here == still_here != there
    logged = json.dumps([vars(each) for each in caplog.records], default=str).lower()
    assert not [each for each in (ada.email, "eve@example.com", "127.0.0.1", "192.0.2.7", WRONG) if each in logged]
