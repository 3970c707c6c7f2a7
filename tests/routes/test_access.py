"""The access matrix: every operation of the schema, requested by every kind of caller. New operations are in it."""

import re
from typing import Literal
from typing import NamedTuple

import pytest
from fastapi.routing import APIRoute
from httpx2 import Response
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels.config import Settings
from ninepanels.database import database
from ninepanels.main import api

from ..conftest import Clock
from ..support import authenticator
from ..support import documented
from ..support.operations import OPERATIONS
from ..support.operations import STREAMS
from ..support.operations import Operation
from ..support.people import Person
from ..support.people import data
from ..support.pipeline import finish_events
from ..support.rows import all_rows

# Each is a decision: any other operation needs a login. Access to the metrics is tested in test_metrics.py.
PUBLIC = {
    "GET /",
    "POST /token",
    "POST /auth/request_password_reset",
    "POST /auth/password_reset",
    "POST /auth/verify_email",
    "POST /users",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
    "GET /.well-known/security.txt",
}
# Pages, scripts and the schema, which are the same for all callers.
PAGES = r"/(docs|redoc|openapi\.json|static/.*|problems/.*|app(/.*)?)"

Access = Literal["public", "own", "named", "admin"]
# Who may name what a parameter of the path identifies.
PARAMETERS: dict[str, Access] = {"panel_id": "named", "day": "named", "session_id": "named", "user_id": "admin"}

OK = "ok"


class Answers(NamedTuple):
    """The answers that a kind of caller gets: `ok`, or the code of an error.

    Attributes:
        own: to operations on the caller's own data.
        named: to operations on a panel or a session of "the user".
        admin: to operations for admins.
    """

    own: str
    named: str
    admin: str


UNKNOWN = Answers("not_authenticated", "not_authenticated", "not_authenticated")
MATRIX = {
    "no header": UNKNOWN,
    "no token": UNKNOWN,
    "no JWT": UNKNOWN,
    "another scheme": UNKNOWN,
    "another signature": UNKNOWN,
    "deleted": UNKNOWN,
    "logged out": UNKNOWN,
    "logged out everywhere": UNKNOWN,
    "expired": Answers("login_expired", "login_expired", "login_expired"),
    "another user": Answers(OK, "not_found", "not_allowed"),
    "the user": Answers(OK, OK, "not_allowed"),
    "an admin": Answers(OK, "not_found", OK),
}
# Answers to the credentials of a request. Those to its body, such as that of a wrong password, have other codes.
REFUSALS = {"not_authenticated", "login_expired", "not_allowed"}


def access_to(operation: Operation) -> Access:
    """Return who may request an operation, by the rules of the schema."""
    if operation.name in PUBLIC:
        return "public"
    if operation.is_for_admins:
        return "admin"
    named = {PARAMETERS[name] for name in operation.parameters("path")}
    return named.pop() if named else "own"


def request(
    client: TestClient,
    operation: Operation,
    authorization: str | None,
    ids: dict[str, object],
    code: str | None = None,
) -> Response:
    headers = {"Authorization": authorization} if authorization is not None else {}
    sent = operation.sent()
    if code is not None:
        sent["json"] = sent["json"] | {"totp_code": code}
    return client.request(operation.method, operation.address(**ids), headers=headers, **sent)


def ids_of(person: Person) -> dict[str, object]:
    """Return the ids of a panel and a session of a user."""
    return {
        "panel_id": data(person.get("/panels"))[0]["id"],
        "session_id": data(person.get("/auth/sessions"))[0]["id"],
    }


def answer_of(response: Response) -> str:
    return OK if response.status_code == 200 else documented.code_of(response)


def make_admin(person: Person) -> None:
    with database.transaction() as work:
        crud.users.set_admin(work, person.id, is_admin=True)


@pytest.fixture
def user(client: TestClient, wall_clock: Clock) -> Person:
    """The user of the matrix, with two panels."""
    assert wall_clock, "the examples are of this day"
    return with_panels(Person.sign_up(client, "ada@example.com"))


def with_panels(person: Person) -> Person:
    person.tap(person.new_panel("Read"))
    person.new_panel("Write")
    return person


@pytest.fixture
def credentials(client: TestClient, wall_clock: Clock, user: Person) -> dict[str, str | None]:
    """The header Authorization of each kind of caller."""
    names = ("expired", "deleted", "logged out", "logged out everywhere", "another user", "an admin")
    people = {}
    for name in names:
        people[name] = Person.sign_up(client, name.replace(" ", ".") + "@example.com")
        if name == "expired":
            wall_clock.set("2026-12-23T12:00:00Z")
    user.token = Person.log_in(client, user.email)
    data(people["deleted"].delete("/users"))
    data(people["logged out"].post("/auth/logout", None))
    data(people["logged out everywhere"].post("/auth/logout_everywhere", None))
    make_admin(people["an admin"])
    header, payload, signature = user.token.split(".")
    tokens = {name: f"Bearer {person.token}" for name, person in people.items()}
    return tokens | {
        "no header": None,
        "no token": "Bearer",
        "no JWT": "Bearer null",
        "another scheme": "Basic YWRhOmFkYQ==",
        "another signature": f"Bearer {header}.{payload}.{signature[::-1]}",
        "the user": f"Bearer {user.token}",
    }


def test_every_operation_has_a_rule() -> None:
    """An operation without a login, or with a parameter that identifies something, has to be added above."""
    assert {each.name for each in OPERATIONS if not each.has_login} == PUBLIC
    assert {name for each in OPERATIONS for name in each.parameters("path")} == set(PARAMETERS)
    for operation in OPERATIONS:
        is_for_admins = operation.path.startswith("/admin/")
        assert (access_to(operation) == "admin") == is_for_admins == (operation.schema["tags"] == ["admin"])


def test_what_is_not_in_the_schema_is_a_page() -> None:
    documented_paths = {prefix + each.path for each in OPERATIONS for prefix in ("", "/v5")}
    routes = [route for route in api.routes if isinstance(route, APIRoute)]
    others = {route.path for route in routes} - documented_paths
    assert others
    assert not [path for path in others if not re.fullmatch(PAGES, path)]


def test_the_matrix_refuses_what_it_does_not_allow_and_a_refused_request_changes_nothing(
    client: TestClient, settings: Settings, user: Person, credentials: dict[str, str | None]
) -> None:
    ids, missing_ids = ids_of(user), {"panel_id": 2**52, "session_id": "missing"}
    finish_events(client)
    before = rows_of_requests(settings)
    for caller, answers in MATRIX.items():
        for operation in OPERATIONS:
            access = access_to(operation)
            expected = OK if access == "public" else getattr(answers, access)
            if expected == OK:
                continue
            response = request(client, operation, credentials[caller], ids)
            assert answer_of(response) == expected, f"{caller}: {operation.name}"
            assert (response.headers.get("WWW-Authenticate") == "Bearer") == (response.status_code == 401)
            if expected == "not_found":
                missing = request(client, operation, credentials[caller], missing_ids)
                assert response.content == missing.content, f"{caller}: {operation.name}"
    finish_events(client)
    assert rows_of_requests(settings) == before


def rows_of_requests(settings: Settings) -> dict[str, object]:
    """Return the rows of all tables, except those that are also written between requests."""
    rows = all_rows(settings.database_url)
    return {name: rows[name] for name in rows.keys() - {"outbox", "timings", "timing_stats", "route_settings"}}


@pytest.mark.any_database
@pytest.mark.parametrize("caller", ["the user", "an admin"])
def test_the_matrix_allows_the_rest(client: TestClient, user: Person, caller: str) -> None:
    # An admin who stays: the last one could not be deleted.
    make_admin(user)
    for number, operation in enumerate(OPERATIONS):
        access = access_to(operation)
        if access == "public" or getattr(MATRIX[caller], access) != OK:
            continue
        if operation.path in STREAMS:
            operation = operation._replace(method="HEAD")
        # A new one for each operation, because several end the login.
        person = with_panels(Person.sign_up(client, f"{number}@example.com"))
        if caller == "an admin":
            make_admin(person)
        code = authenticator.CODES[operation.name](person) if operation.name in authenticator.CODES else None
        response = request(client, operation, f"Bearer {person.token}", ids_of(person), code)
        assert answer_of(response) == OK, f"{caller}: {operation.name}: {response.text}"


@pytest.mark.any_database
def test_a_public_operation_accepts_any_credentials(client: TestClient, credentials: dict[str, str | None]) -> None:
    for operation in OPERATIONS:
        if access_to(operation) == "public":
            for caller, authorization in credentials.items():
                response = request(client, operation, authorization, {})
                assert answer_of(response) not in REFUSALS, f"{caller}: {operation.name}"


# Responses that differ from request to request.
CHANGING = {"/health/ready", "/metrics"}


@pytest.mark.any_database
def test_every_operation_is_also_served_under_v5(client: TestClient) -> None:
    for operation in OPERATIONS:
        address, sent = operation.address(), operation.sent()
        root = client.request(operation.method, address, **sent)
        v5 = client.request(operation.method, "/v5" + address, **sent)
        if operation.path == "/users" and operation.method == "POST":
            assert documented.code_of(v5) == "email_taken"
            continue
        assert root.status_code == v5.status_code, operation.name
        assert operation.path in CHANGING or root.content == v5.content, operation.name
