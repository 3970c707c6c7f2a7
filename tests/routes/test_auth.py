from datetime import timedelta

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select
from starlette.testclient import TestClient

from ninepanels import event_types
from ninepanels import sqlmodels as sql
from ninepanels.config import Settings
from ninepanels.database import database

from ..conftest import Clock
from ..support.mailbox import Mailbox
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data
from ..support.recorder import Recorder
from ..support.servers import wait_for

NEW_PASSWORD = "battery staple"
RESET = "/auth/password_reset"


def another_login(person: Person) -> Person:
    return Person(person.client, person.email, person.id, Person.log_in(person.client, person.email))


def status(person: Person) -> int:
    return person.get("/users").status_code


def request_reset(person: Person) -> None:
    assert data(person.client.post("/auth/request_password_reset", json={"email": person.email})) is True


def reset(client: TestClient, link: dict[str, str], **changes: str) -> int:
    return client.post(RESET, json=link | {"new_password": NEW_PASSWORD} | changes).status_code


# --- Logging out ------------------------------------------------------------------------------------------------------


def test_logging_out_revokes_the_token(ada: Person) -> None:
    assert data(ada.post("/auth/logout", {})) == {"success": True}
    assert status(ada) == 401


def test_logging_out_keeps_other_devices_logged_in(ada: Person) -> None:
    phone = another_login(ada)
    data(ada.post("/auth/logout", {}))
    assert status(phone) == 200


@pytest.mark.parametrize("spelling", ["{0}", "{0}=", "{0}==", "{0}!", "{0}!!", "{0}\n", "{0}.", " {0}", "{0}\t", "{1}"])
def test_a_revoked_token_is_rejected_in_every_spelling(ada: Person, spelling: str) -> None:
    data(ada.post("/auth/logout", {}))
    head, _, signature = ada.token.rpartition(".")
    last = chr(ord(signature[-1]) + 1)
    token = spelling.format(ada.token, f"{head}.{signature[:-1]}{last}")
    for scheme in ("Bearer", "bearer", "BEARER"):
        response = ada.client.get("/users", headers={b"Authorization": f"{scheme} {token}".encode()})
        assert response.status_code == 401


def test_logging_out_everywhere_revokes_every_token(ada: Person) -> None:
    phone = another_login(ada)
    assert data(ada.post("/auth/logout_everywhere", {})) == {"success": True}
    assert [status(ada), status(phone)] == [401, 401]


def test_a_login_right_after_logging_out_everywhere_works(ada: Person) -> None:
    data(ada.post("/auth/logout_everywhere", {}))
    assert status(another_login(ada)) == 200


def test_a_login_in_the_same_microsecond_as_the_revocation_works(wall_clock: Clock, ada: Person) -> None:
    assert wall_clock.now
    data(ada.post("/auth/logout_everywhere", {}))
    assert status(ada) == 401
    assert status(another_login(ada)) == 200


def test_setting_the_clock_back_keeps_tokens_revoked(wall_clock: Clock, ada: Person) -> None:
    phone = another_login(ada)
    data(ada.post("/auth/logout_everywhere", {}))
    later = another_login(ada)
    wall_clock.set("2026-11-23T11:00:00+00:00")
    data(later.post("/auth/logout_everywhere", {}))
    assert [status(ada), status(phone), status(later)] == [401, 401, 401]


def test_logging_out_everywhere_keeps_the_tokens_of_other_users(ada: Person, bob: Person) -> None:
    data(ada.post("/auth/logout_everywhere", {}))
    assert status(bob) == 200


def test_blacklisted_tokens_are_deleted_a_year_after_they_expire(wall_clock: Clock, ada: Person) -> None:
    data(ada.post("/auth/logout", {}))
    wall_clock.now += timedelta(days=30 + 366, microseconds=1)
    later = another_login(ada)
    data(later.post("/auth/logout", {}))

    def one_token_remains() -> bool:
        with database.connection() as connection:
            return len(connection.scalars(select(sql.BlacklistedAccessToken.jti)).all()) == 1

    assert wait_for(one_token_remains)


@pytest.mark.parametrize(("path", "everywhere"), [("/auth/logout", False), ("/auth/logout_everywhere", True)])
def test_logging_out_emits_an_event(recorder: Recorder, ada: Person, path: str, *, everywhere: bool) -> None:
    data(ada.post(path, {}))
    payload = recorder.next(event_types.USER_LOGGED_OUT).payload
    assert payload.model_dump() == {"user_id": ada.id, "everywhere": everywhere}


# --- Changing the password --------------------------------------------------------------------------------------------


def change(person: Person, current: str = PASSWORD, new: str = NEW_PASSWORD) -> dict[str, object]:
    body = {"current_password": current, "new_password": new}
    changed: dict[str, object] = data(person.post("/auth/change_password", body))
    return changed


def test_after_a_change_only_the_new_password_logs_in(ada: Person) -> None:
    change(ada)
    assert Person.log_in(ada.client, ada.email, NEW_PASSWORD)
    assert ada.client.post("/token", data={"username": ada.email, "password": PASSWORD}).status_code == 401


def test_changing_the_password_revokes_all_tokens_but_the_new_one(ada: Person) -> None:
    phone = another_login(ada)
    changed = change(ada)
    assert changed["success"] is True
    assert changed["token_type"] == "bearer"
    assert [status(ada), status(phone)] == [401, 401]
    ada.token = str(changed["access_token"])
    assert status(ada) == 200


def test_the_password_can_be_changed_with_a_form(ada: Person) -> None:
    form = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert data(ada.request("POST", "/auth/change_password", data=form))["success"]


def test_a_wrong_current_password_changes_nothing(ada: Person) -> None:
    response = ada.post("/auth/change_password", {"current_password": "wrong", "new_password": NEW_PASSWORD})
    assert response.status_code == 403
    assert status(ada) == 200
    assert Person.log_in(ada.client, ada.email)


@pytest.mark.parametrize("new_password", ["short", "x" * 129, None])
def test_an_invalid_password_is_422_and_not_echoed(ada: Person, new_password: str | None) -> None:
    body = {"current_password": PASSWORD, "new_password": new_password}
    response = ada.post("/auth/change_password", body)
    assert response.status_code == 422
    assert "x" * 129 not in response.text
    assert PASSWORD not in response.text


def test_changing_the_password_sends_a_mail(ada: Person, mailbox: Mailbox) -> None:
    change(ada)
    assert mailbox.wait_for("password was changed")[0]["To"] == ada.email


def test_changing_the_password_invalidates_reset_links(ada: Person, mailbox: Mailbox) -> None:
    request_reset(ada)
    link = mailbox.reset_link()
    change(ada)
    assert reset(ada.client, link) == 401


# --- Rotating the JWT secret ------------------------------------------------------------------------------------------


def test_tokens_stay_valid_while_the_previous_secret_is_configured(ada: Person, settings: Settings) -> None:
    secrets = {"jwt_secret": SecretStr("a secret of the tests that is new")}
    app: FastAPI = ada.client.app  # type: ignore[assignment]
    app.state.settings = settings.model_copy(update=secrets | {"jwt_secret_previous": settings.jwt_secret})
    phone = another_login(ada)
    assert [status(ada), status(phone)] == [200, 200]
    app.state.settings = settings.model_copy(update=secrets)
    assert [status(ada), status(phone)] == [401, 200]
