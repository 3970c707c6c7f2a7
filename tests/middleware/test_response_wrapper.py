"""`ResponseWrapperMiddleware`."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send

from ninepanels import event_types
from ninepanels import exceptions
from ninepanels import pydmodels as pyd
from ninepanels.middleware.response_wrapper import ResponseWrapperMiddleware

from ..support.asgi import Emitted
from ..support.asgi import RecordingApp
from ..support.asgi import Responder
from ..support.asgi import Sent
from ..support.asgi import call
from ..support.asgi import http_scope
from ..support.asgi import passes_through

JSON = {"content-type": "application/json"}
SECRET = "postgresql://ada:hunter2@db/ninepanels"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda values: st.lists(values, max_size=4) | st.dictionaries(st.text(), values, max_size=4),
    max_leaves=10,
)


class Failing:
    """An application that raises, optionally after the start of the response."""

    def __init__(self, *, after_start: bool = False) -> None:
        self.after_start = after_start

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        if self.after_start:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        raise LookupError(SECRET)


class WithState:
    """An application that sets the request state."""

    def __init__(self, responder: Responder, **state: Any) -> None:
        self.responder = responder
        self.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {}).update(self.state)
        await self.responder(scope, receive, send)


@pytest.fixture
def emitted(monkeypatch: pytest.MonkeyPatch) -> Emitted:
    return Emitted.catching(monkeypatch)


def dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def exception_raised(emitted: Emitted) -> pyd.ExceptionRaised:
    [event] = emitted.events()
    assert event.type == event_types.EXCEPTION_RAISED
    assert isinstance(event.payload, pyd.ExceptionRaised)
    return event.payload


def assert_unchanged(responder: Responder, path: str = "/", referer: bytes | None = None) -> None:
    headers = {} if referer is None else {"Referer": referer}
    bare = call(responder, http_scope(path, headers=headers))
    assert call(ResponseWrapperMiddleware(responder), http_scope(path, headers=headers)) == bare


def wrapped(responder: Responder, path: str = "/", referer: bytes | None = None) -> dict[str, Any]:
    headers = {} if referer is None else {"Referer": referer}
    sent = call(ResponseWrapperMiddleware(responder), http_scope(path, headers=headers))
    body: dict[str, Any] = json.loads(sent.body)
    assert set(body) == set(pyd.WrappedResponse.model_fields)
    return body


# --- The envelope ---------------------------------------------------------------------------------------------------


@given(value=json_values, status=st.sampled_from([200, 201, 400, 404, 422]), meta=json_values)
def test_json_bodies_are_embedded_byte_for_byte(value: Any, status: int, meta: Any) -> None:
    body = dumps(value)
    responder = Responder(body, status=status, headers=JSON | {"content-length": str(len(body))})
    sent = call(ResponseWrapperMiddleware(WithState(responder, meta=meta)), http_scope())
    assert sent.body.startswith(b'{"data":' + body + b',"status_code":')
    assert sent.headers.getlist("content-length") == [str(len(sent.body))]
    envelope = json.loads(sent.body)
    assert set(envelope) == set(pyd.WrappedResponse.model_fields)
    assert (envelope["data"], envelope["meta"]) == (value, meta)
    assert (sent.status, envelope["status_code"], envelope["is_error"]) == (status, status, status >= 400)


@given(value=json_values, cuts=st.lists(st.integers(0, 200), max_size=6))
def test_chunked_json_gives_the_same_envelope(value: Any, cuts: list[int]) -> None:
    body = dumps(value)
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    chunks = [body[start:stop] for start, stop in pairwise(edges)]
    in_one = call(ResponseWrapperMiddleware(Responder(body, headers=JSON)), http_scope())
    in_chunks = call(ResponseWrapperMiddleware(Responder(*chunks, headers=JSON)), http_scope())
    assert in_chunks.body == in_one.body
    assert len(in_chunks.chunks) == len(chunks)


def test_no_content_length_is_added() -> None:
    sent = call(ResponseWrapperMiddleware(Responder(b"[1,", b"2]", headers=JSON)), http_scope())
    assert "content-length" not in sent.headers


def test_chunks_are_not_buffered() -> None:
    sent = call(ResponseWrapperMiddleware(Responder(b"[1,", b"2", b"]", headers=JSON)), http_scope())
    assert sent.chunks[:2] == [b'{"data":[1,', b"2"]
    assert sent.chunks[2].startswith(b"],")


def test_successful_responses_have_no_error_message() -> None:
    app = WithState(Responder(b"1", headers=JSON), error_message="unused")
    envelope = json.loads(call(ResponseWrapperMiddleware(app), http_scope()).body)
    assert envelope == {"data": 1, "status_code": 200, "is_error": False, "error_message": None, "meta": None}


def test_errors_have_the_error_message_of_the_state() -> None:
    app = WithState(Responder(b'{"detail":1}', status=409, headers=JSON), error_message="Gibt es schon: ü 🌱")
    envelope = json.loads(call(ResponseWrapperMiddleware(app), http_scope()).body)
    assert (envelope["is_error"], envelope["error_message"]) == (True, "Gibt es schon: ü 🌱")


def test_meta_is_taken_from_the_state() -> None:
    app = WithState(Responder(b"[]", headers=JSON), meta={"total": 3})
    assert json.loads(call(ResponseWrapperMiddleware(app), http_scope()).body)["meta"] == {"total": 3}


def test_a_scope_without_state_is_served() -> None:
    scope = http_scope()
    del scope["state"]
    assert json.loads(call(ResponseWrapperMiddleware(Responder(b"1", headers=JSON)), scope).body)["meta"] is None


def test_json_with_a_charset_is_wrapped() -> None:
    assert wrapped(Responder(b"1", headers={"content-type": "application/json; charset=utf-8"}))["data"] == 1


def test_other_headers_are_unchanged() -> None:
    sent = call(ResponseWrapperMiddleware(Responder(b"1", headers=JSON | {"x-tea": "green"})), http_scope())
    assert sent.headers["x-tea"] == "green"


def test_a_response_does_not_affect_the_next_response() -> None:
    app = ResponseWrapperMiddleware(Responder(b"1", headers=JSON))
    assert call(app, http_scope()) == call(app, http_scope())


# --- Unwrapped responses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type",
    ["text/html; charset=utf-8", "text/plain", "application/problem+json", "application/jsonl", "text/event-stream"],
)
def test_other_media_types_are_unchanged(content_type: str) -> None:
    assert_unchanged(Responder(b"{", b'"a"', b":1}", headers={"content-type": content_type, "content-length": "7"}))


def test_responses_without_content_type_are_unchanged() -> None:
    assert_unchanged(Responder(b"", status=204))


def test_responses_of_routes_without_envelope_are_unchanged() -> None:
    app = WithState(Responder(b"{}", headers=JSON), is_bare=True)
    assert call(ResponseWrapperMiddleware(app), http_scope()).body == b"{}"


@pytest.mark.parametrize("path", ["/token", "/v5/token"])
@pytest.mark.parametrize(
    "referer",
    [b"http://localhost:8000/docs", b"https://api.example.com/docs?x=1", b"https://api.example.com/docs#/auth"],
)
def test_tokens_for_the_documentation_are_unchanged(path: str, referer: bytes) -> None:
    assert_unchanged(Responder(b'{"access_token":"x"}', headers=JSON), path, referer)


@pytest.mark.parametrize(
    "referer",
    [None, b"", b"https://example.com/", b"https://example.com/docs/other", b"https://example.com/?next=/docs"],
)
def test_tokens_for_other_clients_are_wrapped(referer: bytes | None) -> None:
    assert wrapped(Responder(b"1", headers=JSON), "/token", referer)["data"] == 1


def test_other_routes_are_wrapped_for_the_documentation() -> None:
    assert wrapped(Responder(b"1", headers=JSON), "/panels", b"http://localhost/docs")["data"] == 1


@pytest.mark.parametrize("referer", [b"http://[", b"http://[::1", b"\xff\xfe", b"//", b"http://a:b:c/", b"?", b"#"])
def test_malformed_referers_are_ignored(referer: bytes) -> None:
    assert wrapped(Responder(b"1", headers=JSON), "/token", referer)["data"] == 1


@given(st.binary(max_size=60))
def test_any_referer_is_accepted(referer: bytes) -> None:
    app = ResponseWrapperMiddleware(Responder(b"1", headers=JSON))
    sent = call(app, http_scope("/token", headers={"Referer": referer}))
    assert json.loads(sent.body) == 1 or json.loads(sent.body)["data"] == 1


@pytest.mark.parametrize("scope_type", ["lifespan", "websocket"])
def test_other_protocols_pass_through(scope_type: str) -> None:
    recording_app = RecordingApp()
    assert passes_through(ResponseWrapperMiddleware(recording_app), recording_app, scope_type)


# --- Exceptions and 5xx ---------------------------------------------------------------------------------------------


def failed(emitted: Emitted) -> Sent:
    sent = call(ResponseWrapperMiddleware(Failing()), http_scope("/panels"))
    assert emitted.queue.qsize() == 1
    return sent


def test_an_unhandled_exception_becomes_a_500_in_the_envelope(emitted: Emitted) -> None:
    sent = failed(emitted)
    sentence = exceptions.NinePanelsBaseException.default_detail
    assert sent.status == 500
    assert sent.headers["content-length"] == str(len(sent.body))
    assert json.loads(sent.body) == {
        "data": {"detail": sentence, "code": "internal_error"},
        "status_code": 500,
        "is_error": True,
        "error_message": sentence,
        "meta": None,
    }


def test_the_response_to_an_exception_contains_no_details(emitted: Emitted) -> None:
    body = failed(emitted).body.decode()
    for leaked in (SECRET, "hunter2", "LookupError", "Traceback", ".py"):
        assert leaked not in body


def test_an_exception_is_emitted_with_its_traceback_and_without_its_message(emitted: Emitted) -> None:
    failed(emitted)
    payload = exception_raised(emitted)
    assert (payload.method_path, payload.status_code, payload.exception) == ("ANY_unmatched", 500, "LookupError")
    assert payload.traceback is not None
    assert payload.traceback.startswith("Traceback (most recent call last):\n")
    assert payload.traceback.endswith("\nLookupError")
    assert SECRET not in payload.model_dump_json()


def test_a_5xx_response_is_emitted(emitted: Emitted) -> None:
    call(ResponseWrapperMiddleware(Responder(b"{}", status=503, headers=JSON)), http_scope())
    payload = exception_raised(emitted)
    assert (payload.status_code, payload.exception, payload.traceback) == (503, None, None)


@pytest.mark.parametrize("status", [200, 302, 404, 499])
def test_statuses_below_500_are_not_emitted(status: int, emitted: Emitted) -> None:
    call(ResponseWrapperMiddleware(Responder(b"{}", status=status, headers=JSON)), http_scope())
    assert not emitted.events()


def test_an_expected_limit_is_not_reported(emitted: Emitted) -> None:
    app = WithState(Responder(b"{}", status=503, headers=JSON), exception=exceptions.NoStreamAvailable())
    call(ResponseWrapperMiddleware(app), http_scope())
    assert emitted.events() == []


def test_an_exception_after_the_start_of_the_response_is_raised(emitted: Emitted) -> None:
    sent: list[Any] = []
    with pytest.raises(LookupError):
        call(ResponseWrapperMiddleware(Failing(after_start=True)), http_scope(), sent=sent)
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert exception_raised(emitted).exception == "LookupError"


@pytest.mark.parametrize("context_msg", ["", "OperationalError"])
def test_an_outage_is_emitted_with_a_reason_and_without_a_traceback(emitted: Emitted, context_msg: str) -> None:
    error = exceptions.DatabaseUnavailable(context_msg=context_msg)
    app = WithState(Responder(b"{}", status=503, headers=JSON), exception=error)
    call(ResponseWrapperMiddleware(app), http_scope())
    payload = exception_raised(emitted)
    assert (payload.status_code, payload.exception, payload.traceback) == (503, "DatabaseUnavailable", None)
    assert payload.reason == (context_msg or error.detail)
