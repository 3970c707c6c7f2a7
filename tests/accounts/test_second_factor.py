"""The second factor: logins with a code of an authenticator app or a recovery code."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import Response
from pydantic import SecretStr
from sqlalchemy import select
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels import event_types
from ninepanels import serve
from ninepanels import sqlmodels as sql
from ninepanels.accounts import passwords
from ninepanels.config import Settings
from ninepanels.database import database

from ..conftest import Clock
from ..crud.test_concurrency import send_concurrently
from ..support import limits
from ..support.authenticator import STEP
from ..support.authenticator import Authenticator
from ..support.mailbox import Mailbox
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data
from ..support.recorder import Recorder
from .test_password_forms import set_hash

pytestmark = pytest.mark.any_database


@pytest.fixture
def app(wall_clock: Clock, ada: Person) -> Authenticator:
    """The app of Ada, whose second factor is on. Its current code was not used."""
    app = Authenticator.switch_on(ada)
    wall_clock.now += STEP
    return app


def log_in(person: Person, code: str | None = None, password: str = PASSWORD) -> Response:
    form = {"username": person.email, "password": password} | ({} if code is None else {"totp_code": code})
    return person.client.post("/token", data=form)


def outcome(response: Response) -> tuple[int, str | None]:
    """Return the status of a response and the code of its error."""
    return response.status_code, response.json()["data"].get("code")


def state(person: Person) -> dict[str, object]:
    result: dict[str, object] = data(person.get("/auth/totp"))
    return result


ACCEPTED = (200, None)
REQUIRED = (401, "second_factor_required")
WRONG = (401, "wrong_second_factor")


# --- Switching on and off ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("wall_clock")
def test_the_second_factor_is_on_once_a_code_confirms_the_secret(ada: Person) -> None:
    started = data(ada.post("/auth/totp", {"current_password": PASSWORD}))
    assert started["otpauth_uri"] == (
        f"otpauth://totp/Nine%20Panels:ada%40example.com?secret={started['secret']}&issuer=Nine%20Panels"
    )
    app = Authenticator(started["secret"], [])
    assert outcome(ada.post("/auth/totp/confirm", {"totp_code": app.wrong_code()})) == (403, "wrong_code")
    assert outcome(log_in(ada)) == ACCEPTED
    assert state(ada) == {"is_on": False, "recovery_codes_left": 0}
    codes = data(ada.post("/auth/totp/confirm", {"totp_code": app.code()}))["recovery_codes"]
    assert len(set(codes)) == 10
    assert state(ada) == {"is_on": True, "recovery_codes_left": 10}
    assert outcome(log_in(ada)) == REQUIRED


@pytest.mark.usefixtures("wall_clock")
def test_a_new_start_replaces_the_secret_until_it_is_confirmed(ada: Person) -> None:
    first, second = Authenticator.start(ada), Authenticator.start(ada)
    assert outcome(ada.post("/auth/totp/confirm", {"totp_code": first.code()})) == (403, "wrong_code")
    data(ada.post("/auth/totp/confirm", {"totp_code": second.code()}))
    assert outcome(ada.post("/auth/totp", {"current_password": PASSWORD})) == (400, "second_factor_on")
    assert outcome(ada.post("/auth/totp/confirm", {"totp_code": second.code()})) == (404, "not_found")


def test_switching_off_needs_the_password_and_a_code(ada: Person, app: Authenticator) -> None:
    def remove(password: str, code: str) -> tuple[int, str | None]:
        body = {"current_password": password, "totp_code": code}
        return outcome(ada.request("DELETE", "/auth/totp", json=body))

    assert remove("wrong", app.code()) == (403, "wrong_password")
    assert remove(PASSWORD, app.wrong_code()) == (403, "wrong_code")
    assert state(ada)["is_on"] is True
    assert remove(PASSWORD, app.recovery_codes[0]) == ACCEPTED
    assert state(ada) == {"is_on": False, "recovery_codes_left": 0}
    assert outcome(log_in(ada)) == ACCEPTED
    assert remove(PASSWORD, app.code()) == (404, "not_found")


def test_a_password_that_is_changed_meanwhile_confirms_nothing(
    ada: Person, app: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = passwords.context.verify_and_update

    def verify_while_it_is_changed(password: str, hashed: str) -> Any:
        set_hash(ada, passwords.context.hash(PASSWORD))
        return verify(password, hashed)

    monkeypatch.setattr(passwords.context, "verify_and_update", verify_while_it_is_changed)
    body = {"current_password": PASSWORD}
    assert outcome(ada.post("/auth/totp", body)) == (403, "wrong_password")
    body["totp_code"] = app.code()
    assert outcome(ada.request("DELETE", "/auth/totp", json=body)) == (403, "wrong_password")
    assert state(ada)["is_on"] is True


def test_the_user_gets_a_mail_when_it_is_switched_on_and_off(
    recorder: Recorder, ada: Person, app: Authenticator, mailbox: Mailbox
) -> None:
    mailbox.wait_for("switched on")
    assert recorder.next(event_types.SECOND_FACTOR_CHANGED).payload.model_dump() == {"user_id": ada.id, "is_on": True}
    body = {"current_password": PASSWORD, "totp_code": app.code()}
    data(ada.request("DELETE", "/auth/totp", json=body))
    mailbox.wait_for("switched off")
    assert recorder.next(event_types.SECOND_FACTOR_CHANGED).payload.model_dump() == {"user_id": ada.id, "is_on": False}


# --- Logins -----------------------------------------------------------------------------------------------------------


def test_a_login_needs_a_code_only_after_the_right_password(ada: Person, bob: Person, app: Authenticator) -> None:
    assert [outcome(log_in(ada)), outcome(log_in(ada, ""))] == [REQUIRED] * 2
    assert outcome(log_in(ada, password="wrong")) == outcome(log_in(ada, app.code(), "wrong")) == (401, "wrong_login")
    assert outcome(log_in(ada, app.wrong_code())) == WRONG
    assert outcome(log_in(ada, app.code())) == ACCEPTED
    assert outcome(log_in(bob)) == outcome(log_in(bob, "any code")) == ACCEPTED


def test_a_code_works_once(wall_clock: Clock, ada: Person, app: Authenticator) -> None:
    assert [outcome(log_in(ada, app.code())), outcome(log_in(ada, app.code()))] == [ACCEPTED, WRONG]
    wall_clock.now += STEP
    assert [outcome(log_in(ada, app.code(-1))), outcome(log_in(ada, app.code()))] == [WRONG, ACCEPTED]


@pytest.mark.parametrize(("steps", "expected"), [(-2, WRONG), (-1, ACCEPTED), (0, ACCEPTED), (1, ACCEPTED), (2, WRONG)])
def test_a_code_is_accepted_one_step_early_and_late(
    wall_clock: Clock, ada: Person, app: Authenticator, steps: int, expected: tuple[int, str | None]
) -> None:
    # Not right after the code that switched it on.
    wall_clock.now += timedelta(hours=1)
    assert outcome(log_in(ada, app.code(steps))) == expected


def test_a_recovery_code_works_once_in_any_spelling(ada: Person, app: Authenticator) -> None:
    first, second, *_ = app.recovery_codes
    assert outcome(log_in(ada, f" {first.upper().replace('-', ' ')}")) == ACCEPTED
    assert outcome(log_in(ada, first)) == WRONG
    assert outcome(log_in(ada, second.replace("-", ""))) == ACCEPTED
    assert state(ada)["recovery_codes_left"] == 8


def test_a_code_can_be_written_with_a_space(ada: Person, app: Authenticator) -> None:
    assert outcome(log_in(ada, f"{app.code()[:3]} {app.code()[3:]}")) == ACCEPTED


@pytest.mark.parametrize("code", ["", " ", "12345", "1234567", "١٢٣٤٥٦", "abcdef", "-" * 64, "\0", "🔑"])
def test_other_texts_are_no_codes(ada: Person, app: Authenticator, code: str) -> None:
    assert app
    assert outcome(log_in(ada, code)) == (WRONG if code else REQUIRED)


def test_a_code_that_was_used_while_the_clock_was_ahead_blocks_no_later_login(
    wall_clock: Clock, ada: Person, app: Authenticator
) -> None:
    wall_clock.now += timedelta(days=1)
    assert outcome(log_in(ada, app.code())) == ACCEPTED
    wall_clock.now -= timedelta(days=1)
    assert outcome(log_in(ada, app.code())) == ACCEPTED


def test_a_password_reset_does_not_switch_the_second_factor_off(
    ada: Person, app: Authenticator, mailbox: Mailbox
) -> None:
    data(ada.client.post("/auth/request_password_reset", json={"email": ada.email}))
    body = mailbox.reset_link() | {"new_password": "battery staple"}
    data(ada.client.post("/auth/password_reset", json=body))
    assert outcome(log_in(ada, password="battery staple")) == REQUIRED
    assert outcome(log_in(ada, app.code(), "battery staple")) == ACCEPTED


@pytest.mark.usefixtures("app")
def test_wrong_codes_count_as_failed_logins(ada: Person) -> None:
    with limits.counting():
        statuses = send_concurrently([lambda: log_in(ada, "000000")] * 14)
    assert sorted(statuses) == [401] * 10 + [429] * 4


@pytest.mark.usefixtures("wall_clock")
def test_wrong_codes_in_a_session_are_limited_for_each_user(ada: Person, bob: Person) -> None:
    def confirm(person: Person, app: Authenticator) -> int:
        return person.post("/auth/totp/confirm", {"totp_code": app.wrong_code()}).status_code

    apps = [(person, Authenticator.start(person)) for person in (ada, bob)]
    with limits.counting():
        assert [[confirm(*each) for _ in range(11)] for each in apps] == [[403] * 10 + [429]] * 2


def test_switching_on_and_off_and_a_used_recovery_code_are_in_the_audit(ada: Person, app: Authenticator) -> None:
    make_admin(ada)
    log_in(ada, app.code())
    log_in(ada, app.recovery_codes[0])
    body = {"current_password": PASSWORD, "totp_code": app.recovery_codes[1]}
    data(ada.request("DELETE", "/auth/totp", json=body))
    events = [
        (event["action"], event["actor_id"], event["target_id"], event["address"])
        for event in reversed(data(ada.get("/admin/audit")))
    ]
    actions = ["second_factor_on", "recovery_code_used", "recovery_code_used", "second_factor_off"]
    assert events == [(action, ada.id, ada.id, "127.0.0.1") for action in actions]


# --- Secrets ----------------------------------------------------------------------------------------------------------


def test_the_database_and_the_log_contain_neither_the_secret_nor_a_recovery_code(
    ada: Person, app: Authenticator, caplog: pytest.LogCaptureFixture
) -> None:
    log_in(ada, code := app.code())
    log_in(ada, app.recovery_codes[0])
    log_in(ada, app.recovery_codes[0])
    with database.connection() as connection:
        rows = repr(connection.execute(select(sql.SecondFactor)).all())
    logged = "".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    for secret in (app.secret, *app.recovery_codes):
        assert secret not in rows + logged
        assert secret.replace("-", "") not in rows + logged
    assert f"'{code}'" not in logged


def use_secrets(api: FastAPI, current: str, previous: str = "") -> Settings:
    """Change the JWT secrets of a running service."""
    secrets = {"jwt_secret": SecretStr(current), "jwt_secret_previous": SecretStr(previous)}
    # Not `model_copy`, which would copy the cached `accepted_secrets`.
    settings = Settings(**api.state.settings.model_dump() | secrets)
    api.state.settings = settings
    return settings


NEW_SECRET = "a new secret of the tests, long enough"


def test_codes_work_during_a_rotation_of_the_jwt_secret_and_after_it(
    wall_clock: Clock, api: FastAPI, ada: Person, app: Authenticator, settings: Settings
) -> None:
    rotated = use_secrets(api, NEW_SECRET, settings.jwt_secret.get_secret_value())
    assert outcome(log_in(ada, app.code())) == ACCEPTED
    serve.encrypt_again(rotated)
    use_secrets(api, NEW_SECRET)
    wall_clock.now += STEP
    assert outcome(log_in(ada, app.code())) == ACCEPTED


def test_only_recovery_codes_work_after_the_jwt_secret_was_lost(
    api: FastAPI, ada: Person, app: Authenticator, settings: Settings
) -> None:
    lost = use_secrets(api, NEW_SECRET, "an older secret of the tests, long enough")
    serve.encrypt_again(lost)
    assert outcome(log_in(ada, app.code())) == WRONG
    assert outcome(log_in(ada, app.recovery_codes[0])) == ACCEPTED
    use_secrets(api, settings.jwt_secret.get_secret_value())
    assert outcome(log_in(ada, app.code())) == ACCEPTED


# --- Admins -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def grace(wall_clock: Clock, api: FastAPI, settings: Settings, client: TestClient) -> Person:
    """An admin at a service that requires a second factor of admins."""
    assert wall_clock
    api.state.settings = settings.model_copy(update={"admin_mfa": "on"})
    grace = Person.sign_up(client, "grace@example.com")
    make_admin(grace)
    return grace


def make_admin(person: Person) -> None:
    with database.transaction() as work:
        crud.users.set_admin(work, person.id, is_admin=True)


def test_an_admin_needs_a_login_with_a_second_factor(wall_clock: Clock, grace: Person) -> None:
    refused = grace.get("/admin/users")
    assert outcome(refused) == (403, "admin_second_factor_required")
    assert "Switch it on in your account, then log in again" in refused.json()["error_message"]
    assert data(grace.get("/panels")) == []
    app = Authenticator.switch_on(grace)
    assert outcome(grace.get("/admin/users")) == (403, "admin_second_factor_required")
    wall_clock.now += STEP
    grace.token = data(log_in(grace, app.code()))["access_token"]
    assert data(grace.get("/admin/users"))
    change = {"current_password": PASSWORD, "new_password": "battery staple"}
    grace.token = data(grace.post("/auth/change_password", change))["access_token"]
    assert data(grace.get("/admin/users"))


def test_an_admin_whose_second_factor_is_off_again_needs_it_again(wall_clock: Clock, grace: Person) -> None:
    app = Authenticator.switch_on(grace)
    wall_clock.now += STEP
    grace.token = data(log_in(grace, app.code()))["access_token"]
    body = {"current_password": PASSWORD, "totp_code": app.recovery_codes[0]}
    data(grace.request("DELETE", "/auth/totp", json=body))
    assert outcome(grace.get("/admin/users")) == (403, "admin_second_factor_required")
    Authenticator.start(grace)
    assert outcome(grace.get("/admin/users")) == (403, "admin_second_factor_required")


@pytest.mark.usefixtures("grace")
def test_a_user_who_is_no_admin_gets_the_usual_403(ada: Person) -> None:
    assert outcome(ada.get("/admin/users")) == (403, "not_allowed")


def test_without_the_setting_an_admin_needs_no_second_factor(ada: Person) -> None:
    make_admin(ada)
    assert data(ada.get("/admin/users"))
