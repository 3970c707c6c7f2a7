"""`ResponseHeadersMiddleware`."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send

from ninepanels.middleware.response_headers import ResponseHeadersMiddleware
from ninepanels.observability import request_ids

from ..support.asgi import RecordingApp
from ..support.asgi import Responder
from ..support.asgi import Sent
from ..support.asgi import call
from ..support.asgi import http_scope
from ..support.asgi import passes_through
from ..support.values import for_each


def returned_id(given_id: bytes | None) -> str:
    headers = {} if given_id is None else {"X-Request-ID": given_id}
    sent = call(ResponseHeadersMiddleware(Responder()), http_scope(headers=headers))
    assert sent.headers.getlist("x-request-id") == [sent.headers["x-request-id"]]
    return sent.headers["x-request-id"]


def is_uuid4(text: str) -> bool:
    return str(uuid.UUID(text, version=4)) == text


@given(st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True))
def test_valid_ids_are_returned(given_id: str) -> None:
    assert returned_id(given_id.encode()) == given_id


def test_requests_without_id_get_a_uuid4() -> None:
    assert is_uuid4(returned_id(None))


@for_each(
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


def test_the_id_is_in_the_context_of_the_application() -> None:
    seen: list[str | None] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(request_ids.current.get())
        await Responder()(scope, receive, send)

    call(ResponseHeadersMiddleware(app), http_scope(headers={"X-Request-ID": b"mine"}))
    assert seen == ["mine"]


def test_the_context_is_reset_after_a_failed_request() -> None:
    after: list[str | None] = []

    async def failing(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        with pytest.raises(RuntimeError):
            await ResponseHeadersMiddleware(failing)(scope, receive, send)
        after.append(request_ids.current.get())

    call(outer, http_scope(headers={"X-Request-ID": b"mine"}))
    assert after == [None]


# --- Default headers --------------------------------------------------------------------------------------------------


def respond(scheme: str = "http", **headers: str) -> Sent:
    responder = Responder(headers={name.replace("_", "-"): value for name, value in headers.items()})
    return call(ResponseHeadersMiddleware(responder), {**http_scope(), "scheme": scheme})


def test_responses_have_the_security_headers_and_are_not_stored() -> None:
    headers = dict(respond().headers)
    del headers["x-request-id"]
    assert headers == {
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }


def test_headers_that_the_application_sets_are_kept() -> None:
    headers = respond(cache_control="private, no-cache", vary="Accept").headers
    assert headers.getlist("cache-control") == ["private, no-cache"]
    assert headers["vary"] == "Accept"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(("scheme", "expected"), [("https", "max-age=31536000"), ("http", None)])
def test_only_https_is_made_permanent(scheme: str, expected: str | None) -> None:
    assert respond(scheme).headers.get("strict-transport-security") == expected


@pytest.mark.parametrize("scope_type", ["lifespan", "websocket"])
def test_other_protocols_pass_through(scope_type: str) -> None:
    recording_app = RecordingApp()
    assert passes_through(ResponseHeadersMiddleware(recording_app), recording_app, scope_type)
