"""Bearers who were seen before: what is presumed of them, and what is true by now."""

from collections.abc import Callable
from functools import partial

import pytest
from fastapi import FastAPI

from ninepanels import clock
from ninepanels import crud
from ninepanels.accounts import current_user
from ninepanels.accounts import tokens
from ninepanels.database import database

from ..conftest import Clock
from ..crud.test_statements import FREQUENT
from ..support.people import Person
from ..support.people import data


def travel(person: Person, timezone: str) -> None:
    """Move, by way of another process: this one hears nothing of it."""
    with database.transaction() as work:
        crud.users.update(work, crud.users.read_for_update(work, person.id), {"timezone": timezone})


def log_out(person: Person) -> None:
    # The client takes any ASGI application; ours has its settings there.
    token = tokens.read_token(person.token, person.client.app.state.settings)  # type: ignore[attr-defined]
    with database.transaction() as work:
        crud.tokens.blacklist(work, person.id, jti=token.jti, expires_at=token.expires_at)


def log_out_everywhere(person: Person) -> None:
    with database.transaction() as work:
        crud.users.revoke_tokens(work, person.id, clock.now())


def leave(person: Person) -> None:
    with database.transaction() as work:
        crud.users.delete(work, person.id)


@pytest.mark.parametrize("end", [log_out, log_out_everywhere, leave])
@pytest.mark.parametrize(("method", "path"), FREQUENT)
def test_a_bearer_seen_a_moment_ago_is_nobody_once_the_token_is_dead(
    ada: Person, method: str, path: str, end: Callable[[Person], None]
) -> None:
    asked = {"json": {"is_complete": True}} if method == "POST" else {}
    path = path.format(panel_id=ada.new_panel())
    data(ada.request(method, path, **asked))
    end(ada)
    assert ada.request(method, path, **asked).status_code == 401


def test_a_tap_after_a_journey_is_for_the_day_it_is_there(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-23T12:00:00Z")
    panel_id = ada.new_panel()
    assert ada.tap(panel_id)["day"] == "2026-11-23"
    travel(ada, "Pacific/Kiritimati")
    assert ada.tap(panel_id)["day"] == "2026-11-24"


def test_a_day_that_has_begun_at_the_end_of_a_journey_can_be_tapped(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-23T12:00:00Z")
    panel_id = ada.new_panel()
    ada.tap(panel_id)
    travel(ada, "Pacific/Kiritimati")
    assert ada.tap(panel_id, "2026-11-24")["day"] == "2026-11-24"


def test_the_panels_after_a_journey_are_those_of_the_day_it_is_there(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-23T12:00:00Z")
    panel_id = ada.new_panel()
    ada.tap(panel_id)
    assert data(ada.get("/panels"))[0]["is_complete"] is True
    travel(ada, "Pacific/Kiritimati")
    answer = ada.get("/panels").json()
    assert (answer["meta"]["day"], answer["data"][0]["is_complete"]) == ("2026-11-24", False)


def test_a_history_after_a_journey_ends_with_the_day_it_is_there(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-23T12:00:00Z")
    panel_id = ada.new_panel()
    ada.tap(panel_id)
    travel(ada, "Pacific/Kiritimati")
    assert data(ada.get(f"/panels/{panel_id}/entries"))[0]["day"] == "2026-11-24"
    assert data(ada.get("/metrics/panels/consistency"))[0]["panel_age"] == 2


def test_somebody_without_panels_has_none_and_is_not_missing(ada: Person) -> None:
    for path in ("/panels", "/metrics/panels/consistency"):
        assert [data(ada.get(path)), data(ada.get(path))] == [[], []]


def test_what_is_remembered_of_bearers_has_a_limit(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_user, "BEARER_CACHE_SIZE", 2)
    for _ in range(4):
        ada.token = Person.log_in(ada.client, ada.email)
        data(ada.get("/panels"))
        assert len(current_user._bearers) <= 2


# --- Admins -----------------------------------------------------------------------------------------------------------

ADMIN_ROUTES: list[tuple[str, str, dict[str, object]]] = [
    ("GET", "/admin/users", {}),
    ("PATCH", "/admin/users/{user_id}", {"json": {"is_admin": True}}),
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
