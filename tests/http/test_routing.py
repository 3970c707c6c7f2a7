"""The project's `APIRouter`."""

import threading
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi import Response
from fastapi.responses import JSONResponse
from fastapi.responses import PlainTextResponse
from starlette.testclient import TestClient

from ninepanels import pydmodels as pyd
from ninepanels.http import errors
from ninepanels.http.routing import APIRouter
from ninepanels.http.routing import Route
from ninepanels.runtime.threads import route_threads

pytestmark = pytest.mark.any_database

router = APIRouter(prefix="/cups", tags=["cups"])


class Cup(pyd.RequestBody):
    tea: str


@router.post("/declared", status_code=201)
async def create_cup(cup: Cup) -> Cup:
    return cup


@router.get("/injected")
async def read_with_injected_response(response: Response) -> str:
    response.status_code = 203
    response.headers["X-Tea"] = "green"
    response.set_cookie("sugar", "one")
    response.set_cookie("milk", "none")
    return "injected"


@router.get("/injected_headers", status_code=202)
def read_with_injected_headers(response: Response) -> str:
    response.headers["X-Tea"] = "green"
    return "injected"


@router.get("/own_response", status_code=201)
async def read_own_response() -> Response:
    return PlainTextResponse("own", 418, {"X-Tea": "green"})


@router.get("/own_response_in_a_thread")
def read_own_response_in_a_thread() -> Response:
    return JSONResponse({"own": True}, 202)


@router.get("/threads/function")
def read_thread_of_a_function() -> str:
    return threading.current_thread().name


@router.get("/threads/coroutine")
async def read_thread_of_a_coroutine() -> str:
    return threading.current_thread().name


@router.get("/threads/raising")
def raise_in_a_thread() -> str:
    raise LookupError(threading.current_thread().name)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    api = FastAPI()
    api.include_router(router)
    errors.install(api)
    route_threads.start(1)
    with TestClient(api) as client:
        yield client
    route_threads.stop()


def test_a_declared_status_code_reaches_the_client(client: TestClient) -> None:
    response = client.post("/cups/declared", json={"tea": "green"})
    assert (response.status_code, response.json()) == (201, {"tea": "green"})


def test_status_and_headers_of_an_injected_response_reach_the_client(client: TestClient) -> None:
    response = client.get("/cups/injected")
    assert (response.status_code, response.json()) == (203, "injected")
    assert response.headers["X-Tea"] == "green"
    assert dict(response.cookies) == {"sugar": "one", "milk": "none"}
    assert response.headers.get_list("content-length") == [str(len(response.content))]


def test_headers_of_an_injected_response_keep_the_declared_status_code(client: TestClient) -> None:
    response = client.get("/cups/injected_headers")
    assert (response.status_code, response.headers["X-Tea"]) == (202, "green")


def test_a_returned_response_is_passed_through(client: TestClient) -> None:
    response = client.get("/cups/own_response")
    assert (response.status_code, response.text, response.headers["X-Tea"]) == (418, "own", "green")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_a_response_returned_in_a_thread_is_passed_through(client: TestClient) -> None:
    response = client.get("/cups/own_response_in_a_thread")
    assert (response.status_code, response.json()) == (202, {"own": True})


def test_functions_run_in_the_route_threads(client: TestClient) -> None:
    assert client.get("/cups/threads/function").json() == "route_0"


def test_coroutines_run_in_the_event_loop(client: TestClient) -> None:
    assert not client.get("/cups/threads/coroutine").json().startswith("route")


def test_exceptions_of_functions_are_raised(client: TestClient) -> None:
    with pytest.raises(LookupError, match="route_0"):
        client.get("/cups/threads/raising")


def test_every_route_of_the_router_has_the_route_class() -> None:
    assert {type(route) for route in router.routes} == {Route}


def test_declared_status_codes_are_in_the_schema(client: TestClient) -> None:
    assert "201" in client.get("/openapi.json").json()["paths"]["/cups/declared"]["post"]["responses"]
