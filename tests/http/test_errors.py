"""Exception handlers: responses and log lines."""

import logging
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from ninepanels import exceptions
from ninepanels.http import errors
from ninepanels.http.routing import APIRouter
from ninepanels.middleware.response_headers import ResponseHeadersMiddleware
from ninepanels.observability import logs

from ..support.backends import on_sqlite
from ..support.people import Person


class LineRecorder(logging.Handler):
    """Records the messages of the log."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(logs.to_message(record).model_dump(exclude_none=True, exclude={"time"}))


@pytest.fixture
def lines() -> Iterator[list[dict[str, object]]]:
    logger, recorder = logging.getLogger("ninepanels.http"), LineRecorder()
    level = logger.level
    logger.addHandler(recorder)
    logger.setLevel(logging.INFO)
    yield recorder.lines
    logger.removeHandler(recorder)
    logger.setLevel(level)


def status_of(error: Exception | None) -> int:
    """Return the status of a route that raises an exception, or returns if there is none."""
    router = APIRouter()

    @router.get("/cups/{cup_id}")
    async def read_cup(cup_id: int) -> int:
        if error is not None:
            raise error
        return cup_id

    api = FastAPI()
    api.include_router(router)
    errors.install(api)
    api.add_middleware(ResponseHeadersMiddleware)
    with TestClient(api) as client:
        return client.get("/cups/7", headers={"X-Request-ID": "mine"}).status_code


def refusal(reason: str, **fields: object) -> dict[str, object]:
    message = f"The request was refused ({reason})"
    context = {"request_id": "mine", "route": "GET_/cups/{cup_id}"}
    return {"level": "INFO", "logger": "ninepanels.http.errors", "message": message} | context | fields


def test_a_4xx_is_logged_with_its_context(lines: list[dict[str, object]]) -> None:
    error = exceptions.NotAuthenticated(context_msg="ExpiredSignatureError", algorithm="HS256")
    assert status_of(error) == 401
    assert lines == [refusal("NotAuthenticated: ExpiredSignatureError", payload={"algorithm": "HS256"})]


def test_an_exceeded_rate_limit_is_logged_with_the_limit(lines: list[dict[str, object]]) -> None:
    assert status_of(exceptions.RateLimited(30, limit="login")) == 429
    assert lines == [refusal("RateLimited: rate limit exceeded", payload={"limit": "login"})]


def test_a_4xx_without_context_is_logged_with_its_detail(lines: list[dict[str, object]]) -> None:
    assert status_of(exceptions.TooManyPanels()) == 400
    assert lines == [refusal(f"TooManyPanels: {exceptions.TooManyPanels.default_detail}")]


@pytest.mark.parametrize("error", [None, exceptions.DatabaseUnavailable(context_msg="OperationalError")])
def test_successes_and_5xx_are_not_logged_as_refusals(lines: list[dict[str, object]], error: Exception | None) -> None:
    assert status_of(error) == (503 if error else 200)
    assert lines == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"is_complete": true, "day": "1969-12-31"}', "day: The first day that can be recorded is 1970-01-01."),
        (b'{"is_complete": true, "day": "2026-02-30"}', "day: This is not a day such as 2026-11-25."),
        (b"{", "The body is not valid JSON."),
        (b"5", "The body is not an object with fields, or its Content-Type is not one of this address."),
    ],
)
@on_sqlite
def test_the_message_of_an_invalid_request_is_for_people(ada: Person, content: bytes, message: str) -> None:
    response = ada.request(
        "POST", f"/panels/{ada.new_panel()}/entries", content=content, headers={"Content-Type": "application/json"}
    )
    assert (response.status_code, response.json()["error_message"]) == (422, message)


# --- Slashes ----------------------------------------------------------------------------------------------------------


@on_sqlite
def test_a_path_with_a_slash_more_is_redirected_on_the_same_host(client: TestClient) -> None:
    for method, path, location in (
        ("GET", "/panels/", "../panels"),
        ("POST", "/v5/panels/", "../panels"),
        ("GET", "/panels/7/entries/?limit=1&x=%2F%C3%A4", "../entries?limit=1&x=%2F%C3%A4"),
    ):
        response = client.request(method, path, headers={"Host": "evil.example"}, follow_redirects=False)
        assert (response.status_code, response.headers["Location"]) == (307, location)


@on_sqlite
def test_other_paths_with_a_slash_at_the_end_are_not_redirected(client: TestClient) -> None:
    for path in ("/nowhere/", "//evil.example/", "/panels//", "/static/nothing/"):
        assert client.get(f"http://testserver{path}", follow_redirects=False).status_code == 404
