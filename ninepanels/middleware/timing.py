"""Measures the duration of requests."""

from datetime import timedelta
from http import HTTPStatus
from time import perf_counter

from starlette.types import ASGIApp
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send

from .. import clock
from .. import pydmodels as pyd
from .. import queues
from ..observability import prometheus
from ..observability import route_names


class TimingMiddleware:
    """Emits TIMING_CREATED for every request after its last byte is sent, and observes its duration for Prometheus.

    The status of the response is in the request state, where ResponseHeadersMiddleware stores it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and measure it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started_at, started = clock.now(), perf_counter()
        try:
            await self.app(scope, receive, send)
        finally:
            diff_ms = (perf_counter() - started) * 1_000
            route = route_names.of(scope)
            state = scope.get("state", {})
            status = state.get("status", HTTPStatus.INTERNAL_SERVER_ERROR.value)
            prometheus.requests.labels(route.method, route.path, status).observe(diff_ms / 1_000)
            queues.emit(
                pyd.TimingCreated(
                    method=route.method,
                    path=route.path,
                    method_path=route.method_path,
                    status_code=status,
                    start_ts=started_at,
                    stop_ts=started_at + timedelta(milliseconds=diff_ms),
                    diff_ms=diff_ms,
                    user_id=state.get("user_id"),
                )
            )
