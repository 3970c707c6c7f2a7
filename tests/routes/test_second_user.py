"""Somebody else's things do not exist: generated from the schema, so that a new route cannot be forgotten."""

import re

import pytest

from ninepanels.main import api as documented

from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data

OPERATIONS = [
    (method.upper(), path, operation)
    for path, operations in documented.openapi()["paths"].items()
    for method, operation in operations.items()
]
WITH_A_PANEL = [(method, path) for method, path, _ in OPERATIONS if "{panel_id}" in path]
WITH_LOGIN = [(method, path) for method, path, operation in OPERATIONS if operation.get("security")]
BODIES = {
    ("PATCH", "/panels/{panel_id}"): {"title": "stolen", "position": 0},
    ("POST", "/panels/{panel_id}/entries"): {"is_complete": True},
    ("POST", "/panels"): {"title": "x"},
    ("PATCH", "/users"): {"name": "x"},
    ("PATCH", "/admin/users/{user_id}"): {"is_admin": True},
    ("PATCH", "/admin/routes"): {"method_path": "GET_/panels", "window_size": 7},
    ("POST", "/auth/change_password"): {"current_password": PASSWORD, "new_password": "another horse"},
}


# What a route wants to be asked beside its path.
QUERIES = {("GET", "/admin/routes/timings"): {"method_path": "GET_/panels"}}
# What they answer is of the moment.
MOMENTARY = {"/health/ready", "/metrics"}


def with_ids(path: str, an_id: object) -> str:
    return re.sub(r"\{\w+\}", str(an_id), path)


def test_every_route_has_an_owner_in_these_tests() -> None:
    parameters = {name for _, path, _ in OPERATIONS for name in re.findall(r"\{(\w+)\}", path)}
    assert parameters == {"panel_id", "user_id"}
    assert all(path.startswith("/admin/") for _, path, _ in OPERATIONS if "{user_id}" in path)


def everything_of(person: Person) -> object:
    panels = data(person.get("/panels"))
    return panels, [data(person.get(f"/panels/{panel['id']}/entries")) for panel in panels]


@pytest.mark.parametrize(("method", "path"), WITH_A_PANEL)
def test_somebody_elses_is_404_as_what_is_missing_is(ada: Person, bob: Person, method: str, path: str) -> None:
    bob.new_panel("Bob's own")
    panel_id = ada.new_panel("Ada's own")
    ada.tap(panel_id)
    before = everything_of(ada)
    body = BODIES.get((method, path))
    elses = bob.request(method, path.format(panel_id=panel_id), json=body)
    missing = bob.request(method, path.format(panel_id=panel_id + 1_000), json=body)
    assert elses.status_code == 404
    assert elses.content == missing.content
    assert everything_of(ada) == before


@pytest.mark.parametrize(("method", "path"), WITH_LOGIN)
@pytest.mark.parametrize("authorization", [None, "Bearer null", "Basic YWRhOmFkYQ==", "Bearer"])
def test_a_route_with_login_wants_one(ada: Person, method: str, path: str, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    body = BODIES.get((method, path))
    response = ada.client.request(method, with_ids(path, 1), json=body, headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), WITH_LOGIN)
def test_a_route_with_login_wants_one_of_a_living_user(ada: Person, method: str, path: str) -> None:
    data(ada.delete("/users"))
    body, params = BODIES.get((method, path)), QUERIES.get((method, path))
    assert ada.request(method, with_ids(path, 1), json=body, params=params).status_code == 401


@pytest.mark.parametrize(("method", "path"), [each for each in WITH_LOGIN if each[1].startswith("/admin/")])
def test_an_admins_route_wants_an_admin(ada: Person, method: str, path: str) -> None:
    body, params = BODIES.get((method, path)), QUERIES.get((method, path))
    response = ada.request(method, with_ids(path, ada.id), json=body, params=params)
    assert response.status_code == 403
    assert not data(ada.get("/users"))["is_admin"]


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _ in OPERATIONS])
def test_every_route_stands_under_v5_too(ada: Person, method: str, path: str) -> None:
    root = ada.client.request(method, with_ids(path, "none"))
    v5 = ada.client.request(method, "/v5" + with_ids(path, "none").rstrip("/") + ("/" if path == "/" else ""))
    assert root.status_code == v5.status_code
    assert path in MOMENTARY or root.content == v5.content
