"""Puts the envelope round every JSON response."""

from http import HTTPStatus

from pydantic_core import to_json
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp
from starlette.types import Message
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send

from .. import pydmodels as pyd
from .. import queues
from ..http import errors
from ..observability import logs
from ..observability import route_names

NEVER_WRAPPED = {"/docs", "/redoc", "/openapi.json"}


class ResponseWrapperMiddleware:
    """Makes every JSON response a `pyd.WrappedResponse`, and an exception nobody caught a response.

    The body's bytes pass through as they are, between a head and a tail; nothing is parsed, nothing is held back.
    Every 5xx becomes an EXCEPTION_RAISED.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, in its envelope."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        envelope = _Envelope(scope, send)
        try:
            await self.app(scope, receive, envelope.send)
        except Exception as error:
            scope.setdefault("state", {})["exception"] = error
            if envelope.status:
                # Half a response is out: all that is left is to break the connection off.
                _report(scope, envelope.status)
                raise
            response = errors.respond(scope, HTTPException(HTTPStatus.INTERNAL_SERVER_ERROR))
            await response(scope, receive, envelope.send)
        if envelope.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _report(scope, envelope.status)


def _report(scope: Scope, status: int) -> None:
    error: Exception | None = scope.get("state", {}).get("exception")
    queues.emit(
        pyd.ExceptionRaised(
            method_path=route_names.of(scope).method_path,
            status_code=status,
            exception=error and type(error).__name__,
            traceback=error and logs.describe(error),
        )
    )


class _Envelope:
    """The `send` of one response."""

    HEAD = b'{"data":'

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope = scope
        self.forward = send
        self.status = 0
        self.head = b""
        self.tail = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if _is_wrapped(self.scope, message):
                message = self._enclose(message)
        elif message["type"] == "http.response.body":
            last = not message.get("more_body", False)
            body = self.head + message.get("body", b"") + (self.tail if last else b"")
            self.head = b""
            message = {**message, "body": body}
        await self.forward(message)

    def _enclose(self, start: Message) -> Message:
        """Write head and tail, and count them in the Content-Length where there is one."""
        state = self.scope.get("state", {})
        is_error = self.status >= HTTPStatus.BAD_REQUEST
        rest = {
            "status_code": self.status,
            "is_error": is_error,
            "error_message": state.get("error_message") if is_error else None,
            "meta": state.get("meta"),
        }
        self.head, self.tail = self.HEAD, b"," + to_json(rest)[1:]
        more = len(self.head) + len(self.tail)
        headers = [
            (name, b"%d" % (int(value) + more) if name == b"content-length" else value)
            for name, value in start["headers"]
        ]
        return {**start, "headers": headers}


def _is_wrapped(scope: Scope, start: Message) -> bool:
    kind = next((value for name, value in start["headers"] if name == b"content-type"), b"")
    if kind.partition(b";")[0] != b"application/json" or scope["path"] in NEVER_WRAPPED:
        return False
    if not scope["path"].endswith("/token"):
        return True
    # Swagger's Authorize understands no envelope.
    referer = Headers(scope=scope).get("referer", "").partition("?")[0].partition("#")[0]
    return not referer.endswith("/docs")
