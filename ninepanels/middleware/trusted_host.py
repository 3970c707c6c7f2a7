"""Refuses requests for hosts that are not trusted."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send

from ..http import errors
from ..http import problems


class TrustedHostMiddleware:
    """Answers 400 to a request whose Host is not in the setting TRUSTED_HOSTS.

    Starlette's own middleware would answer in plain text.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Sequence[str]) -> None:
        self.app = app
        self.exact = {host.lower() for host in allowed_hosts if not host.startswith("*.")}
        self.suffixes = tuple(host[1:].lower() for host in allowed_hosts if host.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "").partition(":")[0].lower()
        if host in self.exact or host.endswith(self.suffixes):
            await self.app(scope, receive, send)
            return
        await errors.respond(scope, problems.INVALID_HOST)(scope, receive, send)
