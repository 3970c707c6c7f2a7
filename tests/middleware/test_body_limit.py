"""`BodyLimitMiddleware`."""

import json

import pytest
from fastapi import FastAPI
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send

from ninepanels.http import errors
from ninepanels.middleware.body_limit import BodyLimitMiddleware

from ..support.asgi import RecordingApp
from ..support.asgi import Responder
from ..support.asgi import Sent
from ..support.asgi import call
from ..support.asgi import http_scope
from ..support.asgi import passes_through
from ..support.values import for_each

LIMIT = 100


def create_api() -> FastAPI:
    api = FastAPI()
    errors.install(api)

    @api.post("/")
    async def count(request: Request) -> int:
        return len(await request.body())

    api.add_middleware(BodyLimitMiddleware, max_bytes=LIMIT)
    return api


def post(*chunks: bytes, declared: bytes | None = None) -> Sent:
    headers = {} if declared is None else {"Content-Length": declared}
    return call(create_api(), http_scope("/", "POST", headers), chunks or (b"",))


def assert_too_large(sent: Sent) -> None:
    assert sent.status == 413
    assert json.loads(sent.body) == {"detail": "The request body is too large.", "code": "body_too_large"}


@pytest.mark.parametrize("declared", [b"101", b"1000", b"9" * 5_000, b"000101"])
def test_a_content_length_over_the_limit_is_rejected(declared: bytes) -> None:
    assert_too_large(post(b"", declared=declared))


def test_a_content_length_over_the_limit_never_reaches_the_application() -> None:
    recording_app = RecordingApp()
    scope = http_scope("/", "POST", {"Content-Length": b"101"})
    call(BodyLimitMiddleware(recording_app, max_bytes=LIMIT), scope)
    assert not recording_app.calls


def test_the_error_message_is_in_the_state() -> None:
    scope = http_scope("/", "POST", {"Content-Length": b"101"})
    call(BodyLimitMiddleware(RecordingApp(), max_bytes=LIMIT), scope)
    assert scope["state"]["error_message"] == "The request body is too large."


@pytest.mark.parametrize("chunks", [(b"x" * 101,), (b"x" * 100, b"x"), (b"x",) * 101, (b"x" * 60, b"", b"x" * 60)])
def test_a_body_over_the_limit_is_rejected(chunks: tuple[bytes, ...]) -> None:
    assert_too_large(post(*chunks))


def test_a_body_longer_than_its_content_length_is_rejected() -> None:
    assert_too_large(post(b"x" * 101, declared=b"5"))


def test_reading_stops_at_the_limit() -> None:
    read: list[int] = []

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        while True:
            read.append(len((await receive())["body"]))

    with pytest.raises(HTTPException) as caught:
        call(BodyLimitMiddleware(app, max_bytes=LIMIT), http_scope("/", "POST"), [b"x" * 60] * 50)
    assert (caught.value.status_code, read) == (413, [60])


@pytest.mark.parametrize("chunks", [(b"x" * 100,), (b"x" * 99, b"x"), (b"x",) * 100])
def test_a_body_of_exactly_the_limit_is_accepted(chunks: tuple[bytes, ...]) -> None:
    sent = post(*chunks)
    assert (sent.status, sent.body) == (200, b"100")


@pytest.mark.parametrize("declared", [b"100", b"0100", b"0" * 1_000 + b"100"])
def test_a_content_length_of_exactly_the_limit_is_accepted(declared: bytes) -> None:
    sent = post(b"x" * 100, declared=declared)
    assert (sent.status, sent.body) == (200, b"100")


def test_a_request_without_body_is_accepted() -> None:
    sent = post()
    assert (sent.status, sent.body) == (200, b"0")


@for_each("declared", [b"", b"-1", b"abc", b"1e9", b"0x10", b"\xb2", b"+5", b"1_0", b"1 0", b"nan"])
def test_an_invalid_content_length_does_not_disable_the_limit(declared: bytes) -> None:
    assert_too_large(post(b"x" * 101, declared=declared))


@given(declared=st.binary(max_size=30), length=st.integers(0, 2 * LIMIT))
def test_with_any_content_length_the_body_is_complete_or_rejected(declared: bytes, length: int) -> None:
    app = BodyLimitMiddleware(create_api(), max_bytes=LIMIT)
    sent = call(app, http_scope("/", "POST", {"Content-Length": declared}), (b"x" * length,))
    assert sent.status in (200, 413)
    if sent.status == 200:
        assert length <= LIMIT
        assert sent.body == str(length).encode()


def test_the_response_is_unchanged() -> None:
    responder = Responder(b"one", b"two", status=418, headers={"x-tea": "green"})
    assert call(BodyLimitMiddleware(responder, max_bytes=LIMIT), http_scope()) == call(responder, http_scope())


@pytest.mark.parametrize("scope_type", ["lifespan", "websocket"])
def test_other_protocols_pass_through(scope_type: str) -> None:
    recording_app = RecordingApp()
    assert passes_through(BodyLimitMiddleware(recording_app, max_bytes=LIMIT), recording_app, scope_type)
