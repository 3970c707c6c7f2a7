"""The number of statements per request, including authentication, without BEGIN and COMMIT."""

from typing import Any

import pytest

from ninepanels import crud
from ninepanels.accounts import verification
from ninepanels.config import Settings
from ninepanels.database import database

from ..support import authenticator
from ..support.mailbox import Mailbox
from ..support.operations import A_DAY
from ..support.operations import OPERATIONS
from ..support.operations import QUERIES
from ..support.operations import STREAMS
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data

FREQUENT = [
    ("GET", "/panels"),
    ("POST", "/panels/{panel_id}/entries"),
    ("GET", "/panels/{panel_id}/entries"),
    ("GET", "/metrics/panels/consistency"),
]

STATEMENT_COUNTS: dict[tuple[str, str], tuple[int, Any]] = {
    ("GET", "/"): (0, None),
    ("POST", "/token"): (5, {"username": "ada@example.com", "password": PASSWORD}),
    ("POST", "/auth/logout"): (5, None),
    ("POST", "/auth/logout_everywhere"): (4, None),
    ("POST", "/auth/change_password"): (9, {"current_password": PASSWORD, "new_password": "battery staple"}),
    ("POST", "/auth/request_password_reset"): (1, {"email": "ada@example.com"}),
    ("POST", "/auth/password_reset"): (8, {"email": "ada@example.com", "new_password": "battery staple"}),
    ("POST", "/auth/verify_email"): (1, {}),
    ("GET", "/auth/totp"): (1, None),
    ("POST", "/auth/totp"): (5, {"current_password": PASSWORD}),
    ("POST", "/auth/totp/confirm"): (6, {}),
    ("DELETE", "/auth/totp"): (8, {"current_password": PASSWORD}),
    ("GET", "/auth/sessions"): (1, None),
    ("DELETE", "/auth/sessions/{session_id}"): (6, None),
    ("POST", "/users"): (2, {"email": "eve@example.com", "name": "Eve", "password": PASSWORD}),
    ("GET", "/users"): (1, None),
    ("PATCH", "/users"): (4, {"name": "Lovelace"}),
    ("DELETE", "/users"): (8, None),
    ("GET", "/panels"): (1, None),
    ("POST", "/panels"): (5, {"title": "Write"}),
    ("PATCH", "/panels/{panel_id}"): (4, {"title": "Write"}),
    ("DELETE", "/panels/{panel_id}"): (7, None),
    ("POST", "/panels/{panel_id}/entries"): (1, {"is_complete": True}),
    ("GET", "/panels/{panel_id}/entries"): (1, None),
    ("DELETE", "/panels/{panel_id}/entries"): (5, None),
    ("PUT", "/panels/{panel_id}/entries/{day}"): (1, {"is_complete": True}),
    ("POST", "/taps"): (6, [{"panel_id": 1, "day": A_DAY, "is_complete": True}]),
    ("GET", "/changes"): (2, None),
    ("GET", "/changes/stream"): (1, None),
    ("GET", "/history"): (1, None),
    ("GET", "/insights"): (1, None),
    ("GET", "/metrics/panels/consistency"): (1, None),
    ("GET", "/admin/users"): (3, None),
    ("GET", "/admin/audit"): (3, None),
    ("PATCH", "/admin/users/{user_id}"): (5, {"is_admin": False}),
    ("GET", "/admin/routes"): (2, None),
    ("PATCH", "/admin/routes"): (7, {"method_path": "GET_/panels", "window_size": 7}),
    ("GET", "/admin/routes/timings"): (2, None),
    ("GET", "/health/live"): (0, None),
    ("GET", "/health/ready"): (2, None),
    ("GET", "/metrics"): (1, None),
    ("GET", "/.well-known/security.txt"): (0, None),
}


def test_every_route_has_a_statement_count() -> None:
    assert set(STATEMENT_COUNTS) == {(method, path) for method, path, _ in OPERATIONS}


@pytest.mark.parametrize(("method", "path"), STATEMENT_COUNTS)
def test_a_request_takes_the_expected_number_of_statements(
    ada: Person,
    bob: Person,
    mailbox: Mailbox,
    settings: Settings,
    statements: list[str],
    method: str,
    path: str,
) -> None:
    panel_id, *_ = [ada.new_panel(str(n)) for n in range(3)]
    ada.tap(panel_id)
    with database.transaction() as work:
        for person in (ada, bob):
            crud.users.set_admin(work, person.id, is_admin=True)
    expected, body = STATEMENT_COUNTS[method, path]
    if path == "/auth/password_reset":
        data(ada.client.post("/auth/request_password_reset", json={"email": ada.email}))
        body = (body or {}) | mailbox.reset_link()
    if path == "/auth/verify_email":
        body = {"verification_token": verification.issue_token(ada.id, ada.email, settings)}
    if code := authenticator.CODES.get(f"{method} {path}"):
        body = (body or {}) | {"totp_code": code(ada)}
    session_id = data(ada.get("/auth/sessions"))[0]["id"]
    statements.clear()
    sent: dict[str, Any] = {"data": body} if path == "/token" else {"json": body}
    params = QUERIES.get((method, path))
    address = path.format(panel_id=panel_id, user_id=bob.id, session_id=session_id, day=A_DAY)
    response = ada.request("HEAD" if path in STREAMS else method, address, params=params, **sent)
    assert response.status_code == 200, response.text
    assert len(statements) == expected, statements


@pytest.mark.parametrize("panel_count", [1, 9])
@pytest.mark.parametrize(("method", "path"), FREQUENT)
def test_frequent_routes_take_one_statement(
    ada: Person, statements: list[str], method: str, path: str, panel_count: int
) -> None:
    panel_ids = [ada.new_panel(str(n)) for n in range(panel_count)]
    for day in range(1, 3 * panel_count):
        ada.tap(panel_ids[0], f"2026-10-{day:02}")
    statements.clear()
    body = {"is_complete": True} if method == "POST" else None
    data(ada.request(method, path.format(panel_id=panel_ids[0]), json=body))
    assert len(statements) == 1, statements


@pytest.mark.parametrize(("method", "path"), FREQUENT)
def test_the_first_request_with_a_token_takes_two_statements(
    ada: Person, statements: list[str], method: str, path: str
) -> None:
    panel_id = ada.new_panel()
    statements.clear()
    body = {"is_complete": True} if method == "POST" else None
    data(ada.request(method, path.format(panel_id=panel_id), json=body))
    assert len(statements) == 2, statements
