"""Wraps JSON responses in the envelope and reports 5xx responses."""

from http import HTTPStatus

from pydantic_core import to_json
from starlette.datastructures import Headers
from starlette.types import ASGIApp
from starlette.types import Message
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send

from .. import exceptions
from .. import pydmodels as pyd
from .. import queues
from ..http import errors
from ..http import problems
from ..observability import logs
from ..observability import route_names


class ResponseWrapperMiddleware:
    """Turns every JSON response into a `pyd.WrappedResponse`, and unhandled exceptions into a 500.

    The body is streamed unchanged between a head and a tail: it is neither parsed nor buffered. A route whose response
    has no envelope sets `is_bare` in the request state. A 5xx emits EXCEPTION_RAISED, unless it is expected.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        envelope = _Envelope(scope, send)
        try:
            await self.app(scope, receive, envelope.send)
        except Exception as error:
            scope.setdefault("state", {})["exception"] = error
            if envelope.status:
                # The response has started, so its status cannot change. Raising makes the server close the connection.
                _report(scope, envelope.status)
                raise
            response = errors.respond(scope, problems.INTERNAL_ERROR)
            await response(scope, receive, envelope.send)
        if envelope.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _report(scope, envelope.status)


def _report(scope: Scope, status: int) -> None:
    error: Exception | None = scope.get("state", {}).get("exception")
    if isinstance(error, exceptions.NinePanelsBaseException) and error.is_expected:
        return
    # During an outage, many requests fail for the same reason. A traceback for each would flood the log.
    reason = (error.context_msg or error.detail) if isinstance(error, exceptions.Unavailable) else None
    queues.emit(
        pyd.ExceptionRaised(
            method_path=route_names.of(scope).method_path,
            status_code=status,
            exception=error and type(error).__name__,
            traceback=logs.describe(error) if error and reason is None else None,
            reason=reason,
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
        """Set head and tail, and add their length to the Content-Length if there is one."""
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
    if kind.partition(b";")[0] != b"application/json" or scope.get("state", {}).get("is_bare"):
        return False
    if not scope["path"].endswith("/token"):
        return True
    # The docs page gets the bare token, because the Authorize dialog of Swagger UI cannot read the envelope.
    referer = Headers(scope=scope).get("referer", "").partition("?")[0].partition("#")[0]
    return not referer.endswith("/docs")
