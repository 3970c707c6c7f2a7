"""Assigns request ids."""

from starlette.types import ASGIApp
from starlette.types import Message
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send

from ..observability import request_ids
from ..observability import route_names

HEADER = "X-Request-ID"
_RAW_HEADER = HEADER.lower().encode()


class RequestIdMiddleware:
    """Puts the client's X-Request-ID, or a new id, into the response header, log lines and events.

    The scope is also stored in the context, so that log lines contain the route.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request with its id in the context."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == _RAW_HEADER), None)
        request_id = request_ids.accept_or_make(None if given is None else given.decode("latin-1"))

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                others = [(name, value) for name, value in message["headers"] if name != _RAW_HEADER]
                message = {**message, "headers": [*others, (_RAW_HEADER, request_id.encode())]}
            await send(message)

        id_token, scope_token = request_ids.current.set(request_id), route_names.current_scope.set(scope)
        try:
            await self.app(scope, receive, send_with_id)
        finally:
            request_ids.current.reset(id_token)
            route_names.current_scope.reset(scope_token)
