"""Limits the size of request bodies."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp
from starlette.types import Message
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send

from ..http import errors
from ..http import problems


class BodyLimitMiddleware:
    """Answers 413 if the Content-Length exceeds `max_bytes`, or as soon as more bytes than that are received.

    `of_path` contains the limits of paths that have their own. The limits of Starlette and FastAPI would answer in
    plain text, without the envelope.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, of_path: Mapping[str, int] = MappingProxyType({})) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.of_path = of_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or reject it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        max_bytes = self.of_path.get(path, self.max_bytes)
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"").lstrip(b"0")
        if len(declared) > len(str(max_bytes)) or (declared.isdigit() and int(declared) > max_bytes):
            await errors.respond(scope, problems.BODY_TOO_LARGE)(scope, receive, send)
            return
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > max_bytes:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        await self.app(scope, receive_within_limit, send)
