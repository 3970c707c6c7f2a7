"""Assigns request ids and completes the headers of every response."""

from starlette.types import ASGIApp
from starlette.types import Message
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send

from ..http import response_headers
from ..observability import request_ids
from ..observability import route_names

REQUEST_ID = "X-Request-ID"
_RAW_REQUEST_ID = REQUEST_ID.lower().encode()


class ResponseHeadersMiddleware:
    """Adds the request id and the default headers to every response, and stores its status in the request state.

    It also adds the dictionary `response_headers` of the request state, such as the state of rate limits, to successes
    and errors.

    One middleware for all headers, because each wrapper of `send` costs time in every request. The request id is the
    client's X-Request-ID or a new id. It is stored in the context for log lines and events, as is the scope, so that
    log lines contain the route.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request with its id in the context."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == _RAW_REQUEST_ID), None)
        request_id = request_ids.accept_or_make(None if given is None else given.decode("latin-1"))
        is_https = scope["scheme"] == "https"
        defaults = response_headers.DEFAULTS_OVER_HTTPS if is_https else response_headers.DEFAULTS
        state = scope.setdefault("state", {})

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                state["status"] = message["status"]
                headers = message["headers"]
                names = [name for name, _ in headers]
                added = [header for header in defaults if header[0] not in names]
                if further := state.get("response_headers"):
                    added += further.items()
                message = {**message, "headers": [*headers, *added, (_RAW_REQUEST_ID, request_id.encode())]}
            await send(message)

        id_token, scope_token = request_ids.current.set(request_id), route_names.current_scope.set(scope)
        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            request_ids.current.reset(id_token)
            route_names.current_scope.reset(scope_token)
