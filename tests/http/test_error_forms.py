"""The two forms of an error, the envelope and a problem, on the real application."""

import json
import re
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient

from ninepanels.config import Settings
from ninepanels.environments import ROOT
from ninepanels.environments import Environment
from ninepanels.http.problems import PROBLEM_TYPES
from ninepanels.main import create_api

from ..support.backends import on_sqlite
from ..support.people import PASSWORD
from ..support.people import Person

ENVELOPE = "application/json, */*;q=0.5"
PROBLEM = "application/problem+json"
REQUEST_ID = "mine"
# Headers of errors. Both forms have the same ones.
HEADERS = ("Allow", "WWW-Authenticate", "Retry-After", "X-Request-ID", "Vary")
SIGN_UP = {"email": "ada@example.com", "name": "Ada", "password": PASSWORD}

CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "no_such_address": ("GET", "/nowhere", {}),
    "method_not_allowed": ("PATCH", "/panels", {}),
    "body_too_large": ("POST", "/users", {"content": b"a" * 100_000}),
    "invalid_request": ("POST", "/users", {"json": {"hunter2": "hunter2"}}),
    "not_authenticated": ("GET", "/panels", {}),
    "not_allowed": ("GET", "/metrics", {}),
    "not_found": ("GET", "/problems/nothing", {}),
    "invalid_host": ("GET", "/", {"headers": {"Host": "evil.example"}}),
    "internal_error": ("GET", "/faulty", {}),
    "not_ready": ("POST", "/users", {"json": SIGN_UP}),
}


async def fail() -> None:
    raise LookupError("hunter2")


@pytest.fixture(scope="module")
def stopped() -> FastAPI:
    """The application without a database: the errors below come before any query."""
    api = create_api(Settings(env=Environment.TEST, trusted_hosts=("testserver",)))
    api.add_api_route("/faulty", fail)
    return api


def in_form(accept: str, client: TestClient, method: str, path: str, options: dict[str, Any]) -> Response:
    headers = {"Accept": accept, "X-Request-ID": REQUEST_ID} | options.get("headers", {})
    return client.request(method, path, **{**options, "headers": headers})


@pytest.mark.parametrize("code", CASES)
def test_an_error_has_the_same_content_in_both_forms(stopped: FastAPI, code: str) -> None:
    client, problem_type = TestClient(stopped), PROBLEM_TYPES[code]
    as_envelope = in_form(ENVELOPE, client, *CASES[code])
    as_problem = in_form(PROBLEM, client, *CASES[code])

    envelope, problem = as_envelope.json(), as_problem.json()
    assert as_envelope.headers["Content-Type"] == "application/json"
    assert set(envelope) == {"data", "status_code", "is_error", "error_message", "meta"}
    assert (envelope["is_error"], envelope["data"]["code"]) == (True, code)
    assert as_envelope.status_code == as_problem.status_code == envelope["status_code"] == problem_type.status

    assert as_problem.headers["Content-Type"] == PROBLEM
    errors = {"errors": envelope["data"]["detail"]} if code == "invalid_request" else {}
    assert problem == errors | {
        "type": f"/problems/{code}",
        "title": problem_type.title,
        "status": problem_type.status,
        "detail": envelope["error_message"],
        "instance": REQUEST_ID,
    }
    assert errors or envelope["data"]["detail"] == envelope["error_message"]
    assert [as_envelope.headers.get(each) for each in HEADERS] == [as_problem.headers.get(each) for each in HEADERS]
    assert (as_envelope.headers["Vary"], as_envelope.headers["X-Request-ID"]) == ("Accept", REQUEST_ID)
    assert "hunter2" not in as_envelope.text + as_problem.text


def test_a_success_does_not_depend_on_accept(stopped: FastAPI) -> None:
    client = TestClient(stopped)
    responses = [client.get("/health/live", headers={"Accept": accept}) for accept in (ENVELOPE, PROBLEM)]
    assert responses[0].content == responses[1].content
    assert "Vary" not in responses[0].headers


@pytest.mark.parametrize("path", ["/nowhere", "/static/nothing.js"])
def test_the_type_of_a_problem_begins_with_the_prefix_of_the_service(stopped: FastAPI, path: str) -> None:
    client = TestClient(stopped, root_path="/habits")
    problem = client.get(f"/habits{path}", headers={"Accept": PROBLEM}).json()
    assert problem["type"] == "/habits/problems/no_such_address"


@on_sqlite
def test_the_examples_in_the_docs_are_responses_of_the_service(ada: Person) -> None:
    blocks = re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "errors.md").read_text(), re.DOTALL)
    for title in range(9):
        ada.new_panel(str(title))
    tenth, untitled = {"title": "Write"}, {"titel": "Write"}
    headers = {"Accept": PROBLEM, "X-Request-ID": json.loads(blocks[2])["instance"]}
    assert [json.loads(block) for block in blocks] == [
        ada.post("/panels", tenth).json(),
        ada.post("/panels", untitled).json(),
        ada.request("POST", "/panels", json=tenth, headers=headers).json(),
    ]
