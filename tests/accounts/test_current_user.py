"""The cache of bearers: outdated entries, revoked tokens and admin rights."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from fastapi import FastAPI
from jose import jwt

from ninepanels import clock
from ninepanels import crud
from ninepanels.accounts import current_user
from ninepanels.accounts import tokens
from ninepanels.config import Settings
from ninepanels.database import database

from ..conftest import Clock
from ..crud.test_statements import FREQUENT
from ..support.people import Person
from ..support.people import data
from ..support.values import for_each


def change_timezone(person: Person, timezone: str) -> None:
    """Change the time zone in the database only, as another process would; the cache is not updated."""
    with database.transaction() as work:
        crud.users.update(work, crud.users.read_for_update(work, person.id), {"timezone": timezone})


def log_out(person: Person) -> None:
    # TestClient declares `app` as any ASGI application.
    token = tokens.read_token(person.token, person.client.app.state.settings)  # type: ignore[attr-defined]
    with database.transaction() as work:
        crud.tokens.blacklist(work, person.id, jti=token.jti, expires_at=token.expires_at)


def log_out_everywhere(person: Person) -> None:
    with database.transaction() as work:
        crud.users.revoke_tokens(work, person.id, clock.now())


def delete_account(person: Person) -> None:
    with database.transaction() as work:
        user = crud.users.read_by_email(work, person.email)
        assert user is not None
        crud.users.delete(work, user, confirmed=None)


@pytest.mark.parametrize("revoke", [log_out, log_out_everywhere, delete_account])
@pytest.mark.parametrize(("method", "path"), FREQUENT)
def test_a_cached_bearer_is_not_authenticated_after_the_token_is_revoked(
    ada: Person, method: str, path: str, revoke: Callable[[Person], None]
) -> None:
    options = {"json": {"is_complete": True}} if method == "POST" else {}
    path = path.format(panel_id=ada.new_panel())
    data(ada.request(method, path, **options))
    revoke(ada)
    assert ada.request(method, path, **options).status_code == 401


def test_an_entry_after_a_change_of_timezone_is_for_the_new_local_day(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-23T12:00:00Z")
    panel_id = ada.new_panel()
    assert ada.tap(panel_id)["day"] == "2026-11-23"
    change_timezone(ada, "Pacific/Kiritimati")
    assert ada.tap(panel_id)["day"] == "2026-11-24"


def test_a_day_that_has_started_in_the_new_timezone_can_be_recorded(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-23T12:00:00Z")
    panel_id = ada.new_panel()
    ada.tap(panel_id)
    change_timezone(ada, "Pacific/Kiritimati")
    assert ada.tap(panel_id, "2026-11-24")["day"] == "2026-11-24"


def test_panels_after_a_change_of_timezone_are_of_the_new_local_day(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-23T12:00:00Z")
    panel_id = ada.new_panel()
    ada.tap(panel_id)
    assert data(ada.get("/panels"))[0]["is_complete"] is True
    change_timezone(ada, "Pacific/Kiritimati")
    response = ada.get("/panels").json()
    assert (response["meta"]["day"], response["data"][0]["is_complete"]) == ("2026-11-24", False)


def test_entries_after_a_change_of_timezone_end_with_the_new_local_day(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-23T12:00:00Z")
    panel_id = ada.new_panel()
    ada.tap(panel_id)
    change_timezone(ada, "Pacific/Kiritimati")
    assert data(ada.get(f"/panels/{panel_id}/entries"))[0]["day"] == "2026-11-24"
    assert data(ada.get("/metrics/panels/consistency"))[0]["panel_age"] == 2


def test_a_user_without_panels_gets_empty_lists(ada: Person) -> None:
    for path in ("/panels", "/metrics/panels/consistency"):
        assert [data(ada.get(path)), data(ada.get(path))] == [[], []]


def test_the_cache_of_bearers_has_a_limit(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_user, "BEARER_CACHE_SIZE", 2)
    for _ in range(4):
        ada.token = Person.log_in(ada.client, ada.email)
        data(ada.get("/panels"))
        assert len(current_user._bearers) <= 2


# --- Admins -----------------------------------------------------------------------------------------------------------

ADMIN_ROUTES: list[tuple[str, str, dict[str, object]]] = [
    ("GET", "/admin/users", {}),
    ("PATCH", "/admin/users/{user_id}", {"json": {"is_admin": True}}),
    ("GET", "/admin/audit", {}),
    ("GET", "/admin/routes", {}),
    ("PATCH", "/admin/routes", {"json": {"method_path": "GET_/panels", "window_size": 7}}),
    ("GET", "/admin/routes/timings", {"params": {"method_path": "GET_/panels"}}),
]
"""Every admin route, with a valid body or query."""


def set_admin(person: Person, *, is_admin: bool) -> None:
    with database.transaction() as work:
        crud.users.set_admin(work, person.id, is_admin=is_admin)


def test_the_list_of_admin_routes_is_complete(api: FastAPI) -> None:
    documented = {
        (method.upper(), path)
        for path, operations in api.openapi()["paths"].items()
        for method in operations
        if path.startswith("/admin")
    }
    assert {(method, path) for method, path, _ in ADMIN_ROUTES} == documented


def test_admins_have_no_access_to_the_cached_path_of_users() -> None:
    assert not issubclass(current_user.AuthenticatedAdmin, current_user.AuthenticatedUser)
    assert not hasattr(current_user.AuthenticatedAdmin, "write_once")


@pytest.mark.parametrize(("method", "path", "options"), ADMIN_ROUTES)
def test_a_user_with_a_cached_bearer_is_not_allowed_on_an_admin_route(
    ada: Person, method: str, path: str, options: dict[str, object]
) -> None:
    data(ada.get("/panels"))
    assert ada.request(method, path.format(user_id=ada.id), **options).status_code == 403
    assert data(ada.get("/users"))["is_admin"] is False


@pytest.mark.parametrize(("method", "path", "options"), ADMIN_ROUTES)
def test_a_demoted_admin_is_not_allowed_with_the_next_request(
    ada: Person, bob: Person, method: str, path: str, options: dict[str, object]
) -> None:
    for person in (ada, bob):
        set_admin(person, is_admin=True)
    data(ada.get("/panels"))
    request = partial(ada.request, method, path.format(user_id=bob.id), **options)
    data(request())
    set_admin(ada, is_admin=False)
    assert request().status_code == 403


LARGEST = {"sub": "9" * 16, "gen": 2**31 - 1, "iat": tokens.MAX_TIMESTAMP, "jti": "~" * 36}


@for_each("changed", [{name: value} for name, value in LARGEST.items()] + [LARGEST])
def test_tokens_with_the_largest_claims_cause_no_error(
    ada: Person, settings: Settings, changed: dict[str, object]
) -> None:
    claims = jwt.get_unverified_claims(ada.token) | changed
    forged = replace(ada, token=jwt.encode(claims, settings.jwt_secret.get_secret_value(), tokens.ALGORITHM))
    for method, path in FREQUENT:
        response = forged.request(
            method, path.format(panel_id=1), json={"is_complete": True} if method == "POST" else None
        )
        assert response.status_code in (200, 401, 404)
    assert forged.post("/auth/logout", None).status_code in (200, 401)
