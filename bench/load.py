"""Keeps a service busy: several connections, each sending its next request when the last one is answered."""

import http.client
import json
import socket
import sys
import threading
import time
from collections.abc import Sequence
from urllib.parse import urlsplit


class Connection:
    """A connection that is kept open. It reads just as much of HTTP as our own answers need, and so costs little."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._socket = socket.create_connection((address.hostname, address.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> int:
        """Send a request, read the whole answer and return its status."""
        self._socket.sendall(request)
        answer = b""
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._receive()
        head = answer[:end].lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        missing = length - (len(answer) - end - 4)
        while missing > 0:
            missing -= len(self._receive())
        return int(head.split(b" ", 2)[1])

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def _receive(self) -> bytes:
        received = self._socket.recv(65_536)
        if not received:
            raise ConnectionResetError("the service closed the connection")
        return received


def request(method: str, path: str, token: str = "", body: object = None) -> bytes:
    """Return a request as it travels."""
    content = b"" if body is None else json.dumps(body).encode()
    head = [f"{method} {path} HTTP/1.1", "Host: bench", f"Content-Length: {len(content)}"]
    head += ["Content-Type: application/json"] * bool(content) + [f"Authorization: Bearer {token}"] * bool(token)
    return "\r\n".join([*head, "", ""]).encode() + content


def per_second(url: str, requests: Sequence[bytes], *, connections: int, seconds: float) -> float:
    """Send the requests again and again from all connections at once; return how many were answered a second.

    Leaves with the status of an answer that is not 200.
    """
    counts = [0] * connections
    failed: list[int] = []
    deadline = time.perf_counter() + seconds

    def keep_busy(number: int) -> None:
        connection = Connection(url)
        while time.perf_counter() < deadline and not failed:
            status = connection.send(requests[counts[number] % len(requests)])
            if status != http.client.OK:
                failed.append(status)
            counts[number] += 1
        connection.close()

    started = time.perf_counter()
    threads = [threading.Thread(target=keep_busy, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        sys.exit(f"a request was answered with {failed[0]}")
    return sum(counts) / (time.perf_counter() - started)
