"""Clients of `GET /changes/stream`: many that one thread reads, and one that measures when an event arrives."""

import contextlib
import resource
import selectors
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from collections.abc import Sequence
from urllib.parse import urlsplit

from tests.support.servers import Service

from .wrk import Request

TIMEOUT_S = 60.0
EVENT = b"event: revision"


def connect(url: str, token: str) -> socket.socket:
    """Open a stream, and return its socket when the first events have arrived."""
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname, address.port), TIMEOUT_S)
    head = f"GET /changes/stream HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token}\r\n\r\n"
    connection.sendall(head.encode())
    _wait_for_event(connection)
    return connection


@contextlib.contextmanager
def following(url: str, tokens: Sequence[str], per_token: int) -> Iterator[None]:
    """Open streams with each token, and read them until the end of the block."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        for token in tokens:
            for _ in range(per_token):
                connection = stack.enter_context(contextlib.closing(connect(url, token)))
                selector.register(connection, selectors.EVENT_READ)
        stopped = threading.Event()
        reader = threading.Thread(target=_read_all, args=(selector, stopped))
        reader.start()
        try:
            yield
        finally:
            stopped.set()
            reader.join()


def delivery_s(tapped: Service, followed: Service, tap: Request, count: int) -> float:
    """Return the median time from the start of a tap at one instance to its event at another."""
    headers = {"Authorization": f"Bearer {tap.token}", "Content-Type": tap.content_type}
    times = []
    with contextlib.closing(connect(followed.url, tap.token)) as connection:
        for _ in range(count):
            started = time.perf_counter()
            tapped.client.post(tap.path, content=tap.body, headers=headers).raise_for_status()
            _wait_for_event(connection)
            times.append(time.perf_counter() - started)
    return statistics.median(times)


def _wait_for_event(connection: socket.socket) -> None:
    received = b""
    while EVENT not in received:
        part = connection.recv(65_536)
        assert part, received  # noqa: S101 - a stream that ends is an error of the benchmark
        received += part


def _read_all(selector: selectors.BaseSelector, stopped: threading.Event) -> None:
    while not stopped.is_set():
        for key, _ in selector.select(0.1):
            assert isinstance(key.fileobj, socket.socket)  # noqa: S101 - as registered
            key.fileobj.recv(65_536)
