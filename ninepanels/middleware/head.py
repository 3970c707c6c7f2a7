"""Answers HEAD on every GET route."""

from starlette.types import ASGIApp
from starlette.types import Message
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send


class HeadMiddleware:
    """Serves a HEAD request as a GET request, and sends its status and headers without the body (RFC 9110, 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        is_complete = False

        async def send_without_body(message: Message) -> None:
            nonlocal is_complete
            if message["type"] == "http.response.body":
                if is_complete:
                    return
                # The first part of the body completes the response, because a stream would not end by itself.
                is_complete, message = True, {"type": "http.response.body"}
            await send(message)

        await self.app({**scope, "method": "GET"}, receive, send_without_body)
