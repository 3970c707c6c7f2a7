"""Loads a service over several connections; each sends the next request after the response to the last one."""

import http.client
import json
import socket
import sys
import threading
import time
from collections.abc import Sequence
from urllib.parse import urlsplit


class Connection:
    """A persistent connection. It parses only the parts of HTTP that the service uses, which costs little CPU time."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._socket = socket.create_connection((address.hostname, address.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> int:
        """Send a request, read the whole response and return its status."""
        self._socket.sendall(request)
        response = b""
        while (end := response.find(b"\r\n\r\n")) < 0:
            response += self._receive()
        head = response[:end].lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        missing = length - (len(response) - end - 4)
        while missing > 0:
            missing -= len(self._receive())
        return int(head.split(b" ", 2)[1])

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _receive(self) -> bytes:
        received = self._socket.recv(65_536)
        if not received:
            raise ConnectionResetError("the service closed the connection")
        return received


def request(method: str, path: str, token: str = "", body: object = None) -> bytes:
    """Return an HTTP request as bytes."""
    content = b"" if body is None else json.dumps(body).encode()
    head = [f"{method} {path} HTTP/1.1", "Host: bench", f"Content-Length: {len(content)}"]
    head += ["Content-Type: application/json"] * bool(content) + [f"Authorization: Bearer {token}"] * bool(token)
    return "\r\n".join([*head, "", ""]).encode() + content


def per_second(url: str, requests: Sequence[bytes], *, connections: int, seconds: float) -> float:
    """Send the requests repeatedly over all connections in parallel; return the number of responses per second.

    Exits if a response has another status than 200.
    """
    counts = [0] * connections
    failed: list[int] = []
    deadline = time.perf_counter() + seconds

    def send_requests(number: int) -> None:
        connection = Connection(url)
        while time.perf_counter() < deadline and not failed:
            status = connection.send(requests[counts[number] % len(requests)])
            if status != http.client.OK:
                failed.append(status)
            counts[number] += 1
        connection.close()

    started = time.perf_counter()
    threads = [threading.Thread(target=send_requests, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        sys.exit(f"a response has the status {failed[0]}")
    return sum(counts) / (time.perf_counter() - started)
