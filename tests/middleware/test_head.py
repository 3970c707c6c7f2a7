import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from ninepanels.main import api as documented
from ninepanels.middleware.head import HeadMiddleware

from ..support.asgi import RecordingApp
from ..support.asgi import Responder
from ..support.asgi import call
from ..support.asgi import http_scope
from ..support.asgi import passes_through
from ..support.operations import STREAMS
from ..support.people import Person

pytestmark = pytest.mark.any_database

GET_ROUTES = [path for path, operations in documented.openapi()["paths"].items() if "get" in operations]
PAGES = ["/docs", "/redoc", "/openapi.json"]
PARAMETERS = {"method_path": "GET_/panels"}
CHANGING = {"x-request-id", "date", "content-length"}


@pytest.mark.parametrize("prefix", ["", "/v5"])
def test_head_gets_the_status_and_headers_of_get_without_the_body(ada: Person, prefix: str) -> None:
    panel_id = ada.new_panel()
    for path in set(GET_ROUTES) - STREAMS:
        url = prefix + path.format(panel_id=panel_id)
        head = ada.request("HEAD", url, params=PARAMETERS)
        get = ada.request("GET", url, params=PARAMETERS)
        assert (head.status_code, head.content) == (get.status_code, b""), url
        assert {name: head.headers[name] for name in head.headers if name not in CHANGING} == {
            name: get.headers[name] for name in get.headers if name not in CHANGING
        }, url


@pytest.mark.parametrize("path", PAGES)
def test_head_works_on_the_pages_of_the_documentation(api: FastAPI, path: str) -> None:
    head, get = TestClient(api).head(path), TestClient(api).get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


def test_head_on_a_route_without_get_returns_405(ada: Person) -> None:
    assert ada.request("HEAD", "/token").status_code == 405


def test_the_first_part_of_a_body_completes_the_response() -> None:
    sent = call(HeadMiddleware(Responder(b"one", b"two")), http_scope(method="HEAD"))
    assert (sent.status, sent.messages[1:]) == (200, [{"type": "http.response.body"}])


def test_other_methods_pass_through_unchanged() -> None:
    responder = Responder(b"one")
    assert call(HeadMiddleware(responder), http_scope()) == call(responder, http_scope())


@pytest.mark.parametrize("scope_type", ["lifespan", "websocket"])
def test_other_protocols_pass_through(scope_type: str) -> None:
    recording_app = RecordingApp()
    assert passes_through(HeadMiddleware(recording_app), recording_app, scope_type)
