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

    A stream, which would count as a slow request, stops `timing` of the request state when its response starts.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and measure it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        timing = scope.setdefault("state", {})["timing"] = Timing()
        try:
            await self.app(scope, receive, send)
        finally:
            timing.stop(scope)


class Timing:
    """The timing of one request.

    It does not hold the scope, in which it is: every request would end as a reference cycle, which takes memory until
    the garbage collector finds it.
    """

    def __init__(self) -> None:
        self.is_stopped = False
        self.started_at, self.started = clock.now(), perf_counter()

    def stop(self, scope: Scope) -> None:
        """Emit the timing, the first time that this is called.

        The status of the response is in the request state, where ResponseHeadersMiddleware stores it.
        """
        if self.is_stopped:
            return
        self.is_stopped = True
        diff_ms = (perf_counter() - self.started) * 1_000
        route = route_names.of(scope)
        state = scope["state"]
        status = state.get("status", HTTPStatus.INTERNAL_SERVER_ERROR.value)
        prometheus.requests.labels(route.method, route.path, status).observe(diff_ms / 1_000)
        queues.emit(
            pyd.TimingCreated(
                method=route.method,
                path=route.path,
                method_path=route.method_path,
                status_code=status,
                start_ts=self.started_at,
                stop_ts=self.started_at + timedelta(milliseconds=diff_ms),
                diff_ms=diff_ms,
                user_id=state.get("user_id"),
            )
        )
