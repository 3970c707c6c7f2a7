"""`TimingMiddleware`."""

import gc
import weakref
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi import FastAPI
from fastapi import Request
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send

from ninepanels import clock
from ninepanels import event_types
from ninepanels import pydmodels as pyd
from ninepanels.middleware.response_headers import ResponseHeadersMiddleware
from ninepanels.middleware.timing import TimingMiddleware
from ninepanels.observability import request_ids

from ..support.asgi import Emitted
from ..support.asgi import RecordingApp
from ..support.asgi import Responder
from ..support.asgi import call
from ..support.asgi import http_scope
from ..support.asgi import passes_through


class RequestState(dict[str, Any]):
    """The state of a request, with a weak reference, which a dict cannot have."""


def create_api() -> FastAPI:
    router = APIRouter()

    @router.get("/panels/{panel_id}")
    def read_panel(panel_id: str, request: Request) -> str:
        request.state.user_id = 7
        return panel_id

    @router.post("/panels", status_code=201)
    def create_panel() -> str:
        return "made"

    api = FastAPI()
    api.include_router(router)
    api.include_router(router, prefix="/v5", include_in_schema=False)
    return api


def timing(emitted: Emitted) -> pyd.TimingCreated:
    [event] = emitted.events()
    assert event.type == event_types.TIMING_CREATED
    assert isinstance(event.payload, pyd.TimingCreated)
    return event.payload


@pytest.fixture
def emitted(monkeypatch: pytest.MonkeyPatch) -> Emitted:
    return Emitted.catching(monkeypatch)


@pytest.mark.parametrize("path", ["/panels/1", "/panels/2", "/v5/panels/1", "/panels/%F0%9F%8C%B1"])
def test_requests_have_the_path_template_without_the_prefix(path: str, emitted: Emitted) -> None:
    call(TimingMiddleware(create_api()), http_scope(path))
    payload = timing(emitted)
    assert (payload.method, payload.path) == ("GET", "/panels/{panel_id}")
    assert payload.method_path == "GET_/panels/{panel_id}"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("GET", "/v5/nowhere"),
        ("GET", "/elsewhere/../../etc/passwd"),
        ("BREW", "/coffee"),
        ("BREW", "/panels"),
        ("DELETE", "/v5/panels"),
    ],
)
def test_unmatched_requests_have_a_common_name(method: str, path: str, emitted: Emitted) -> None:
    call(TimingMiddleware(create_api()), http_scope(path, method))
    payload = timing(emitted)
    assert (payload.method, payload.path, payload.method_path) == ("ANY", "unmatched", "ANY_unmatched")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/panels/1", 200), ("POST", "/panels", 201), ("GET", "/nowhere", 404), ("BREW", "/panels", 405)],
)
def test_the_status_of_the_response_is_emitted(method: str, path: str, status: int, emitted: Emitted) -> None:
    call(ResponseHeadersMiddleware(TimingMiddleware(create_api())), http_scope(path, method))
    assert timing(emitted).status_code == status


def test_the_user_is_emitted(emitted: Emitted) -> None:
    call(TimingMiddleware(create_api()), http_scope("/panels/1"))
    assert timing(emitted).user_id == 7


def test_no_user_is_emitted_for_anonymous_requests(emitted: Emitted) -> None:
    call(TimingMiddleware(create_api()), http_scope("/panels", "POST"))
    assert timing(emitted).user_id is None


def test_a_request_that_raises_is_timed_as_500_and_the_exception_is_reraised(emitted: Emitted) -> None:
    async def failing(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        call(TimingMiddleware(failing), http_scope())
    assert timing(emitted).status_code == 500


def test_the_start_comes_from_the_clock_and_the_duration_does_not(
    emitted: Emitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: noon)
    call(TimingMiddleware(create_api()), http_scope("/panels/1"))
    payload = timing(emitted)
    assert payload.start_ts == noon
    assert payload.diff_ms > 0
    assert payload.stop_ts == noon + timedelta(milliseconds=payload.diff_ms)


def test_the_timing_is_emitted_after_the_last_byte(emitted: Emitted) -> None:
    waiting: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Responder(b"one", b"two")(scope, receive, send)
        waiting.append(emitted.queue.qsize())

    call(TimingMiddleware(app), http_scope())
    assert (waiting, emitted.queue.qsize()) == ([0], 1)


def test_the_event_has_the_request_id(emitted: Emitted) -> None:
    token = request_ids.current.set("mine")
    try:
        call(TimingMiddleware(Responder()), http_scope())
    finally:
        request_ids.current.reset(token)
    assert [event.request_id for event in emitted.events()] == ["mine"]


def test_the_response_is_unchanged(emitted: Emitted) -> None:
    responder = Responder(b"one", b"two", status=418, headers={"x-tea": "green"})
    sent = call(TimingMiddleware(responder), http_scope())
    assert sent == call(responder, http_scope())
    assert emitted.queue.qsize() == 1


def test_a_request_is_freed_without_the_garbage_collector(emitted: Emitted) -> None:
    gc.collect()
    gc.disable()
    try:
        scope = http_scope()
        scope["state"] = RequestState()
        state = weakref.ref(scope["state"])
        call(TimingMiddleware(Responder()), scope)
        del scope
        assert state() is None
    finally:
        gc.enable()
    assert emitted.queue.qsize() == 1


@pytest.mark.parametrize("scope_type", ["lifespan", "websocket"])
def test_other_protocols_pass_through_untimed(scope_type: str, emitted: Emitted) -> None:
    recording_app = RecordingApp()
    assert passes_through(TimingMiddleware(recording_app), recording_app, scope_type)
    assert not emitted.events()
