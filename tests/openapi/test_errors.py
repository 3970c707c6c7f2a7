"""The errors that operations declare are those that the service gives.

`documented.check` compares the errors of all tests with the schema. Here, each declared error is caused once.
"""

from typing import Any

import pytest

from ninepanels import crud
from ninepanels.database import database

from ..support import documented
from ..support.authenticator import Authenticator
from ..support.people import PASSWORD
from ..support.people import Person

# Every operation of a kind can give these, and other tests cause them on all of its operations.
GENERAL = {"not_authenticated", "login_expired", "not_allowed", "admin_second_factor_required"}
GENERAL |= {"invalid_request", "body_too_large"}
GENERAL |= {"headers_too_large", "database_unavailable", "processing_timeout"}
# They need other settings or a request at the same time, and have tests of their own.
ELSEWHERE = {"rate_limited", "not_ready", "idempotency_key_in_use", "too_many_streams"}
ELSEWHERE |= {"no_stream_available", "password_required", "email_not_verified"}
# Without the setting that the tests have.
NOT_CONFIGURED = {("readSecurityTxt", "not_found")}

RESET = {"email": "ada@example.com", "password_reset_token": "wrong", "new_password": "correct horse battery"}
NEW_EMAIL = {"email": "bob@example.com", "current_password": "correct horse"}
SECOND_FACTOR = {"username": "eve@example.com", "password": PASSWORD}
REQUESTS: dict[tuple[str, str], tuple[str, str, dict[str, Any] | None]] = {
    ("createPanel", "too_many_panels"): ("POST", "/panels", {"title": "Write"}),
    ("createPanel", "position_out_of_range"): ("POST", "/panels", {"title": "Write", "position": -1}),
    ("updatePanel", "not_found"): ("PATCH", "/panels/999", {"title": "Write"}),
    ("updatePanel", "position_out_of_range"): ("PATCH", "/panels/1", {"position": 9}),
    ("updatePanel", "nothing_to_update"): ("PATCH", "/panels/1", {}),
    ("deletePanel", "not_found"): ("DELETE", "/panels/999", None),
    ("recordEntry", "not_found"): ("POST", "/panels/999/entries", {"is_complete": True}),
    ("recordEntry", "day_in_the_future"): ("POST", "/panels/1/entries", {"is_complete": True, "day": "9999-01-01"}),
    ("putEntry", "not_found"): ("PUT", "/panels/999/entries/2026-11-22", {"is_complete": True}),
    ("putEntry", "day_in_the_future"): ("PUT", "/panels/1/entries/9999-01-01", {"is_complete": True}),
    ("listChanges", "changes_gone"): ("GET", "/changes?since=999", None),
    ("listHistories", "day_in_the_future"): ("GET", "/history?to=9999-01-01", None),
    ("listHistories", "invalid_span"): ("GET", "/history?from=2026-11-22&to=2026-11-21", None),
    ("listEntries", "not_found"): ("GET", "/panels/999/entries", None),
    ("resetHistory", "not_found"): ("DELETE", "/panels/999/entries", None),
    ("signUp", "email_taken"): ("POST", "/users", {"email": "bob@example.com", "name": "B", "password": "nine horses"}),
    ("updateMe", "wrong_password"): ("PATCH", "/users", NEW_EMAIL | {"current_password": "wrong"}),
    ("updateMe", "email_taken"): ("PATCH", "/users", NEW_EMAIL),
    ("updateMe", "nothing_to_update"): ("PATCH", "/users", {}),
    ("deleteMe", "wrong_password"): ("DELETE", "/users", {"current_password": "wrong"}),
    ("deleteMe", "last_admin"): ("DELETE", "/users", None),
    ("changePassword", "wrong_password"): (
        "POST",
        "/auth/change_password",
        {"current_password": "wrong", "new_password": "correct horse battery"},
    ),
    ("resetPassword", "invalid_reset_token"): ("POST", "/auth/password_reset", RESET),
    ("verifyEmail", "invalid_verification_token"): ("POST", "/auth/verify_email", {"verification_token": "wrong"}),
    ("endSession", "not_found"): ("DELETE", "/auth/sessions/unknown", None),
    ("startTotp", "wrong_password"): ("POST", "/auth/totp", {"current_password": "wrong"}),
    ("startTotp", "second_factor_on"): ("POST", "/auth/totp", {"current_password": PASSWORD}),
    ("confirmTotp", "not_found"): ("POST", "/auth/totp/confirm", {"totp_code": "1"}),
    ("confirmTotp", "wrong_code"): ("POST", "/auth/totp/confirm", {"totp_code": "1"}),
    ("removeTotp", "wrong_password"): ("DELETE", "/auth/totp", {"current_password": "wrong", "totp_code": "1"}),
    ("removeTotp", "not_found"): ("DELETE", "/auth/totp", {"current_password": PASSWORD, "totp_code": "1"}),
    ("removeTotp", "wrong_code"): ("DELETE", "/auth/totp", {"current_password": PASSWORD, "totp_code": "1"}),
    ("logIn", "second_factor_required"): ("POST", "/token", SECOND_FACTOR),
    ("logIn", "wrong_second_factor"): ("POST", "/token", SECOND_FACTOR | {"totp_code": "1"}),
    ("logIn", "wrong_login"): ("POST", "/token", {"username": "ada@example.com", "password": "wrong"}),
    ("updateUser", "not_found"): ("PATCH", "/admin/users/999", {"is_admin": True}),
    ("updateUser", "last_admin"): ("PATCH", "/admin/users/1", {"is_admin": False}),
    ("updateUser", "nothing_to_update"): ("PATCH", "/admin/users/1", {}),
    ("updateRoute", "not_found"): ("PATCH", "/admin/routes", {"method_path": "GET_/no", "window_size": 7}),
    ("updateRoute", "nothing_to_update"): ("PATCH", "/admin/routes", {"method_path": "GET_/panels"}),
    ("readRouteTimings", "not_found"): ("GET", "/admin/routes/timings?method_path=GET_/no", None),
}


@pytest.fixture
def backend() -> str:
    """One database is enough: none of these errors comes from it."""
    return "sqlite"


def test_every_error_that_one_operation_declares_is_caused_here() -> None:
    declared = {
        (operation_id, code)
        for operation_id, responses in documented.codes().items()
        for status, codes in responses.items()
        for code in codes - GENERAL - ELSEWHERE
        if status != "default"
    }
    assert declared - NOT_CONFIGURED == set(REQUESTS)


def test_the_service_gives_every_error_that_an_operation_declares(ada: Person, bob: Person) -> None:
    assert (ada.id, ada.new_panel(), bob.id) == (1, 1, 2)
    eve = Person.sign_up(ada.client, "eve@example.com")
    Authenticator.start(bob)
    Authenticator.switch_on(eve)
    others = {("createPanel", "too_many_panels"): bob, ("confirmTotp", "wrong_code"): bob}
    others |= {("startTotp", "second_factor_on"): eve, ("removeTotp", "wrong_code"): eve}
    for _ in range(9):
        bob.new_panel()
    with database.transaction() as work:
        crud.users.set_admin(work, ada.id, is_admin=True)
    for (operation_id, code), (method, path, body) in REQUESTS.items():
        caller = others.get((operation_id, code), ada)
        response = caller.request(method, path, **{"data" if operation_id == "logIn" else "json": body})
        assert documented.code_of(response) == code, f"{operation_id}: {response.text}"
