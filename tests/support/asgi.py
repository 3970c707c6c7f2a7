"""Calls an ASGI application with a single request, without a server."""

import asyncio
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from starlette.datastructures import Headers
from starlette.types import ASGIApp
from starlette.types import Message
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send

from ninepanels import pydmodels as pyd
from ninepanels import queues


@dataclass(frozen=True)
class Sent:
    """The messages that an application sent."""

    messages: list[Message]

    @property
    def status(self) -> int:
        status: int = self.messages[0]["status"]
        return status

    @property
    def headers(self) -> Headers:
        return Headers(raw=self.messages[0]["headers"])

    @property
    def chunks(self) -> list[bytes]:
        return [message.get("body", b"") for message in self.messages[1:]]

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)


def http_scope(path: str = "/", method: str = "GET", headers: Mapping[str, bytes] | None = None) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.lower().encode(), value) for name, value in (headers or {}).items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


def call(app: ASGIApp, scope: Scope, chunks: Iterable[bytes] = (b"",), sent: list[Message] | None = None) -> Sent:
    """Send a request to an application. `sent` collects its messages even if it raises."""
    messages = [] if sent is None else sent
    bodies = list(chunks)
    incoming = [
        {"type": "http.request", "body": body, "more_body": n < len(bodies)} for n, body in enumerate(bodies, start=1)
    ]

    async def receive() -> Message:
        return incoming.pop(0) if incoming else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        messages.append(message)

    async def serve() -> None:
        await app(scope, receive, send)

    asyncio.run(serve())
    return Sent(messages)


class Responder:
    """An application with a constant response."""

    def __init__(self, *chunks: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.chunks = chunks or (b"",)
        self.status = status
        self.headers = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": list(self.headers)})
        for n, chunk in enumerate(self.chunks, start=1):
            await send({"type": "http.response.body", "body": chunk, "more_body": n < len(self.chunks)})


class RecordingApp:
    """An application that records the arguments of its calls and sends nothing."""

    def __init__(self) -> None:
        self.calls: list[tuple[Scope, Receive, Send]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls.append((scope, receive, send))


def passes_through(middleware: ASGIApp, recording_app: RecordingApp, scope_type: str) -> bool:
    """Return whether a middleware passes a scope of another protocol on unchanged, with the same callables."""
    scope: Scope = {"type": scope_type}

    async def receive() -> Message:
        raise AssertionError("the middleware received a message of another protocol")

    async def send(_message: Message) -> None:
        raise AssertionError("the middleware sent a message on another protocol")

    async def serve() -> None:
        await middleware(scope, receive, send)

    asyncio.run(serve())
    [(seen_scope, seen_receive, seen_send)] = recording_app.calls
    return seen_scope is scope and seen_scope == {"type": scope_type} and (seen_receive, seen_send) == (receive, send)


class Emitted:
    """Collects emitted events. No worker handles them."""

    def __init__(self) -> None:
        self.queue = queues.EventQueue()

    @classmethod
    def catching(cls, monkeypatch: pytest.MonkeyPatch) -> "Emitted":
        emitted = cls()
        monkeypatch.setattr(queues, "event_queue", emitted.queue)
        return emitted

    def events(self) -> list[pyd.Event]:
        """Remove and return all events, oldest first."""
        return [self.queue.get_nowait() for _ in range(self.queue.qsize())]
