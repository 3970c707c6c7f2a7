"""Access of other users, checked on all routes. The cases come from the OpenAPI schema, so they include new routes."""

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from ninepanels.main import api as documented

from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data

OPERATIONS = [
    (method.upper(), path, operation)
    for path, operations in documented.openapi()["paths"].items()
    for method, operation in operations.items()
]
PANEL_ROUTES = [(method, path) for method, path, _ in OPERATIONS if "{panel_id}" in path]
AUTHENTICATED_ROUTES = [(method, path) for method, path, operation in OPERATIONS if operation.get("security")]
A_DAY = "2026-11-23"
BODIES: dict[tuple[str, str], Any] = {
    ("PATCH", "/panels/{panel_id}"): {"title": "stolen", "position": 0},
    ("POST", "/panels/{panel_id}/entries"): {"is_complete": True},
    ("PUT", "/panels/{panel_id}/entries/{day}"): {"is_complete": True},
    ("POST", "/taps"): [{"panel_id": 1, "day": A_DAY, "is_complete": True}],
    ("POST", "/panels"): {"title": "x"},
    ("PATCH", "/users"): {"name": "x"},
    ("PATCH", "/admin/users/{user_id}"): {"is_admin": True},
    ("PATCH", "/admin/routes"): {"method_path": "GET_/panels", "window_size": 7},
    ("POST", "/auth/change_password"): {"current_password": PASSWORD, "new_password": "another horse"},
}


# Required query parameters.
QUERIES = {("GET", "/admin/routes/timings"): {"method_path": "GET_/panels"}}
# The response to a GET does not end, but that to a HEAD does.
STREAMS = {"/changes/stream"}
# Routes without authentication. Access to /metrics is tested in test_metrics.py.
PUBLIC_ROUTES = {
    ("GET", "/"),
    ("POST", "/token"),
    ("POST", "/auth/request_password_reset"),
    ("POST", "/auth/password_reset"),
    ("POST", "/auth/verify_email"),
    ("POST", "/users"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
    ("GET", "/.well-known/security.txt"),
}
# Routes whose responses differ from request to request.
CHANGING_RESPONSES = {"/health/ready", "/metrics"}


def with_ids(path: str, an_id: object) -> str:
    return re.sub(r"\{\w+\}", str(an_id), path.replace("{day}", A_DAY))


def test_every_path_parameter_is_covered() -> None:
    parameters = {name for _, path, _ in OPERATIONS for name in re.findall(r"\{(\w+)\}", path)}
    assert parameters == {"panel_id", "user_id", "day"}
    assert all(path.startswith("/admin/") for _, path, _ in OPERATIONS if "{user_id}" in path)


def test_every_route_that_is_not_public_is_authenticated() -> None:
    """A route without authentication has no `security` in the schema, so the tests below would leave it out."""
    assert {(method, path) for method, path, _ in OPERATIONS} - set(AUTHENTICATED_ROUTES) == PUBLIC_ROUTES


def read_panels_and_entries(person: Person) -> object:
    panels = data(person.get("/panels"))
    return panels, [data(person.get(f"/panels/{panel['id']}/entries")) for panel in panels]


@pytest.mark.parametrize(("method", "path"), PANEL_ROUTES)
def test_other_users_panels_look_missing(ada: Person, bob: Person, method: str, path: str) -> None:
    bob.new_panel("Bob's panel")
    panel_id = ada.new_panel("Ada's panel")
    ada.tap(panel_id)
    before = read_panels_and_entries(ada)
    body = BODIES.get((method, path))
    other_users = bob.request(method, with_ids(path, panel_id), json=body)
    missing = bob.request(method, with_ids(path, panel_id + 1_000), json=body)
    assert other_users.status_code == 404
    assert other_users.content == missing.content
    assert read_panels_and_entries(ada) == before


@pytest.mark.parametrize("authorization", [None, "Bearer null", "Basic YWRhOmFkYQ==", "Bearer"])
def test_an_authenticated_route_requires_a_token(client: TestClient, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    for method, path in AUTHENTICATED_ROUTES:
        response = client.request(method, with_ids(path, 1), json=BODIES.get((method, path)), headers=headers)
        assert response.status_code == 401, (method, path)
        assert response.headers["WWW-Authenticate"] == "Bearer"


def test_an_authenticated_route_rejects_a_deleted_users_token(ada: Person) -> None:
    data(ada.delete("/users"))
    for method, path in AUTHENTICATED_ROUTES:
        body, params = BODIES.get((method, path)), QUERIES.get((method, path))
        assert ada.request(method, with_ids(path, 1), json=body, params=params).status_code == 401, (method, path)


@pytest.mark.parametrize(("method", "path"), [each for each in AUTHENTICATED_ROUTES if each[1].startswith("/admin/")])
def test_an_admin_route_requires_an_admin(ada: Person, method: str, path: str) -> None:
    body, params = BODIES.get((method, path)), QUERIES.get((method, path))
    response = ada.request(method, with_ids(path, ada.id), json=body, params=params)
    assert response.status_code == 403
    assert not data(ada.get("/users"))["is_admin"]


def test_every_route_is_also_served_under_v5(client: TestClient) -> None:
    for method, path, _ in OPERATIONS:
        root = client.request(method, with_ids(path, "none"))
        v5 = client.request(method, "/v5" + with_ids(path, "none").rstrip("/") + ("/" if path == "/" else ""))
        assert root.status_code == v5.status_code, (method, path)
        assert path in CHANGING_RESPONSES or root.content == v5.content, (method, path)
