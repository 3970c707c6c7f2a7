"""Restricts the documentation pages to requests to this service."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp
from starlette.types import Message
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send

PAGES = {"/docs", "/redoc"}
# No other origin is allowed. The pages contain inline scripts, which need 'unsafe-inline'.
POLICY = "default-src 'self' 'unsafe-inline' data: blob:"


class DocsPolicyMiddleware:
    """Adds a Content-Security-Policy to /docs and /redoc.

    fastapi-offline serves the scripts of these pages, but Redoc's script would load a logo from a CDN.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] not in PAGES:
            await self.app(scope, receive, send)
            return

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Content-Security-Policy"] = POLICY
            await send(message)

        await self.app(scope, receive, send_with_policy)
