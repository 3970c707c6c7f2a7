"""Restores the request that a client sent to a trusted proxy."""

import ipaddress
import re
from collections.abc import Sequence

from starlette.types import ASGIApp
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.middleware.proxy_headers import _TrustedHosts

from ..config import ROOT_PATH


class ProxyMiddleware(ProxyHeadersMiddleware):
    """Takes the client's address, the scheme and the path prefix of the service from the headers of trusted proxies.

    uvicorn's class reads X-Forwarded-For and X-Forwarded-Proto, this one X-Forwarded-Prefix. The proxy has removed the
    prefix from the path; as ASGI requires, `path` contains it again.
    """

    def __init__(self, app: ASGIApp, trusted_proxies: Sequence[str], root_path: str) -> None:
        # uvicorn declares the types of ASGI more precisely than Starlette.
        super().__init__(app)  # type: ignore[arg-type]
        self.trusted_hosts = _TrustedProxies(list(trusted_proxies))
        self.root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]
        """Serve one request."""
        if scope["type"] == "http" and (root_path := self._root_path(scope)):
            raw_path = root_path.encode() + scope["raw_path"]
            scope = {**scope, "root_path": root_path, "path": root_path + scope["path"], "raw_path": raw_path}
        await super().__call__(scope, receive, send)  # type: ignore[arg-type]

    def _root_path(self, scope: Scope) -> str:
        """Return the prefix that a trusted proxy names, otherwise that of the setting."""
        client = scope.get("client")
        if client is not None and client[0] in self.trusted_hosts:
            given = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-prefix").decode(
                "latin-1"
            )
            if given == "/" or re.fullmatch(ROOT_PATH, given):
                return given.rstrip("/")
        return self.root_path


class _TrustedProxies(_TrustedHosts):
    """The trusted proxies, which also pass on what is no address: a client could send another one each time."""

    def get_trusted_client_address(self, x_forwarded_for: str) -> tuple[str, int]:
        """Return the address and the port of the client, or an empty address, with which that of the proxy stays."""
        host, port = super().get_trusted_client_address(x_forwarded_for)
        try:
            return str(ipaddress.ip_address(host)), port
        except ValueError:
            return "", 0
