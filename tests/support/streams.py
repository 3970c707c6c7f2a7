"""Clients of `GET /changes/stream`: within the process of the application, and over HTTP."""

import asyncio
import contextlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp
from starlette.types import Message
from starlette.types import Scope

from .asgi import http_scope
from .certificates import Certificate
from .people import Person
from .servers import DEADLINE_S
from .servers import wait_for

PATH = "/changes/stream"


class Event(NamedTuple):
    name: str
    data: Any
    id: str | None = None


def events_in(text: str) -> list[Event]:
    """Return the complete events of a stream, without comments and reconnection times."""
    events = []
    for block in text.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        if "event" in fields:
            events.append(Event(fields["event"], json.loads(fields["data"]), fields.get("id")))
    return events


class Follower:
    """A client of a stream, with what it has received."""

    def __init__(self) -> None:
        self.status = 0
        self.headers = Headers()
        self.text = ""
        self.is_ended = False

    @property
    def events(self) -> list[Event]:
        return events_in(self.text)

    @property
    def days(self) -> list[str]:
        return [event.data["day"] for event in self.events if event.name == "day"]

    @property
    def revisions(self) -> list[int]:
        return [event.data["revision"] for event in self.events if event.name == "revision"]

    @property
    def body(self) -> Any:
        """The response, if it is not a stream."""
        return json.loads(self.text)


class InProcess(Follower):
    """A client that calls the application."""

    def __init__(self) -> None:
        super().__init__()
        self._leaves = asyncio.Event()
        self._incoming: list[Message] = [{"type": "http.request"}]

    async def request(self, app: ASGIApp, scope: Scope) -> None:
        try:
            await app(scope, self._receive, self._send)
        finally:
            self.is_ended = True

    async def leave(self) -> None:
        self._leaves.set()

    async def _receive(self) -> Message:
        if not self._incoming:
            await self._leaves.wait()
            return {"type": "http.disconnect"}
        return self._incoming.pop()

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], Headers(raw=message["headers"])
        self.text += message.get("body", b"").decode()


@contextlib.contextmanager
def following(person: Person, **headers: str) -> Iterator[Follower]:
    """Open a stream of a user, within the process of the application."""
    portal = person.client.portal
    assert portal is not None
    raw = {name.replace("_", "-"): value.encode() for name, value in headers.items()}
    scope = http_scope(PATH, headers={"authorization": f"Bearer {person.token}".encode()} | raw)
    follower = portal.call(InProcess)
    task = portal.start_task_soon(follower.request, person.client.app, scope)
    try:
        wait_for(lambda: follower.is_ended or follower.events)
        yield follower
    finally:
        portal.call(follower.leave)
        task.result(DEADLINE_S)


@contextlib.contextmanager
def following_at(url: str, token: str, certificate: Certificate | None = None) -> Iterator[Follower]:
    """Open a stream over HTTP, at the URL of an API; with `certificate`, over HTTPS."""
    address = urlsplit(url)
    host, port = str(address.hostname), address.port
    if certificate is None:
        connection = http.client.HTTPConnection(host, port, timeout=DEADLINE_S)
    else:
        context = ssl.create_default_context(cafile=certificate.certificate)
        connection = http.client.HTTPSConnection(host, port, timeout=DEADLINE_S, context=context)
    connection.request("GET", address.path.rstrip("/") + PATH, headers={"Authorization": f"Bearer {token}"})
    response = connection.getresponse()
    follower = Follower()
    follower.status, follower.headers = response.status, Headers(dict(response.headers.items()))

    def read() -> None:
        with contextlib.suppress(OSError, http.client.IncompleteRead):
            while part := response.read1():
                follower.text += part.decode()
            follower.is_ended = True

    thread = threading.Thread(target=read)
    # `http.client` forgets the socket when the response will close it.
    connected = connection.sock
    thread.start()
    try:
        wait_for(lambda: follower.is_ended or follower.events)
        yield follower
    finally:
        with contextlib.suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)
        thread.join(DEADLINE_S)
        connection.close()
