"""`RequestIdMiddleware`."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send

from ninepanels.middleware.request_id import RequestIdMiddleware
from ninepanels.observability import request_ids

from ..support.asgi import RecordingApp
from ..support.asgi import Responder
from ..support.asgi import call
from ..support.asgi import http_scope
from ..support.asgi import passes_through


def returned_id(given_id: bytes | None) -> str:
    headers = {} if given_id is None else {"X-Request-ID": given_id}
    sent = call(RequestIdMiddleware(Responder()), http_scope(headers=headers))
    assert sent.headers.getlist("x-request-id") == [sent.headers["x-request-id"]]
    return sent.headers["x-request-id"]


def is_uuid4(text: str) -> bool:
    return str(uuid.UUID(text, version=4)) == text


@given(st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True))
def test_valid_ids_are_returned(given_id: str) -> None:
    assert returned_id(given_id.encode()) == given_id


def test_requests_without_id_get_a_uuid4() -> None:
    assert is_uuid4(returned_id(None))


@pytest.mark.parametrize(
    "given_id",
    [b"", b"a" * 65, b"a b", b"a\nb", b"a\n", b"a\r\nSet-Cookie: x", b"\xe4", b"<script>", b"a/b", b"a\x00"],
)
def test_invalid_ids_are_replaced(given_id: bytes) -> None:
    assert is_uuid4(returned_id(given_id))


@given(st.binary(max_size=80))
def test_ids_are_always_safe_in_log_lines(given_id: bytes) -> None:
    returned = returned_id(given_id)
    assert returned == given_id.decode("latin-1") or is_uuid4(returned)
    assert 1 <= len(returned) <= 64
    assert set(returned) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


def test_generated_ids_differ() -> None:
    assert returned_id(None) != returned_id(None)


def test_an_id_set_by_the_application_is_replaced() -> None:
    app = RequestIdMiddleware(Responder(headers={"x-request-id": "other"}))
    sent = call(app, http_scope(headers={"X-Request-ID": b"mine"}))
    assert sent.headers.getlist("x-request-id") == ["mine"]


def test_the_id_is_in_the_context_of_the_application() -> None:
    seen: list[str | None] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(request_ids.current.get())
        await Responder()(scope, receive, send)

    call(RequestIdMiddleware(app), http_scope(headers={"X-Request-ID": b"mine"}))
    assert seen == ["mine"]


def test_the_context_is_reset_after_a_failed_request() -> None:
    after: list[str | None] = []

    async def failing(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        with pytest.raises(RuntimeError):
            await RequestIdMiddleware(failing)(scope, receive, send)
        after.append(request_ids.current.get())

    call(outer, http_scope(headers={"X-Request-ID": b"mine"}))
    assert after == [None]


@pytest.mark.parametrize("scope_type", ["lifespan", "websocket"])
def test_other_protocols_pass_through(scope_type: str) -> None:
    recording_app = RecordingApp()
    assert passes_through(RequestIdMiddleware(recording_app), recording_app, scope_type)
