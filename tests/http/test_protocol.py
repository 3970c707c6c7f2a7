"""The limits of a connection, with a real server and real sockets."""

import contextlib
import json
import re
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import Receive
from starlette.types import Scope
from starlette.types import Send

from ninepanels.http import protocol
from ninepanels.http.protocol import LimitedProtocol

from ..support.servers import DEADLINE_S
from ..support.servers import wait_for
from ..support.values import for_each

LARGE = 64 * 1024 * 1024
"""More than the buffers of the sockets."""
GET = b"GET / HTTP/1.1\r\nHost: x\r\n"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the size of the body."""
    if scope["type"] != "http":
        return
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    bodies = {"/large": b"a" * LARGE, "/headers": b" ".join(name for name, _ in scope["headers"])}
    body = bodies.get(scope["path"], str(size).encode())
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def server() -> Iterator[uvicorn.Server]:
    config = uvicorn.Config(app, port=0, http=LimitedProtocol, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_for(lambda: server.started)
    yield server
    server.should_exit = True
    thread.join(DEADLINE_S)


@pytest.fixture
def address(server: uvicorn.Server) -> tuple[str, int]:
    (listening,) = server.servers[0].sockets
    address: tuple[str, int] = listening.getsockname()
    return address


@contextlib.contextmanager
def connected(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=DEADLINE_S) as connection:
        yield connection


def received(connection: socket.socket) -> bytes:
    """Everything until the server closes the connection."""
    parts = []
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def answer(connection: socket.socket) -> bytes:
    """The next response, which has a body of one byte. The server sends the head and the body one after the other."""
    response = b""
    while not re.search(rb"\r\n\r\n.$", response):
        part = connection.recv(1)
        assert part, response
        response += part
    return response


CODES = {400: "bad_http_request", 408: "request_timeout", 414: "uri_too_long", 431: "headers_too_large"}


def assert_rejected(response: bytes, status: int) -> None:
    head, _, body = response.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    envelope = json.loads(body)
    assert (envelope["status_code"], envelope["is_error"]) == (status, True)
    assert envelope["data"] == {"detail": envelope["error_message"], "code": CODES[status]}


def test_a_complete_request_is_answered_and_the_connection_stays_open(address: tuple[str, int]) -> None:
    with connected(address) as connection:
        for _ in range(2):
            connection.sendall(GET + b"\r\n")
            assert answer(connection).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("sent", [b"", b"GET / HT", GET, GET + b"X-Slow: a"])
def test_a_connection_without_complete_headers_is_closed(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(protocol, "HEADERS_TIMEOUT_S", 0.1)
    with connected(address) as connection:
        # The server may have closed the connection already.
        with contextlib.suppress(ConnectionError):
            connection.sendall(sent)
        assert_rejected(received(connection), 408)


def test_a_connection_without_a_complete_body_is_closed(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEADERS_TIMEOUT_S", 0.1)
    monkeypatch.setattr(protocol, "BODY_TIMEOUT_S", 0.1)
    with connected(address) as connection:
        connection.sendall(GET.replace(b"GET", b"POST") + b"Content-Length: 10\r\n\r\nhalf")
        assert_rejected(received(connection), 408)


def test_a_malformed_chunk_is_rejected_in_the_envelope(address: tuple[str, int]) -> None:
    with connected(address) as connection:
        connection.sendall(GET.replace(b"GET", b"POST") + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\nno size\r\n")
        assert_rejected(received(connection), 400)


def test_a_second_request_that_stays_incomplete_is_closed(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEADERS_TIMEOUT_S", 0.1)
    with connected(address) as connection:
        connection.sendall(GET + b"\r\n" + GET)
        assert b"408 Request Timeout" in received(connection)


@pytest.mark.parametrize(
    "headers",
    [
        b"X-Long: " + b"a" * 40_000,
        b"".join(b"X-%d: a\r\n" % number for number in range(5_000)),
        b"X-Long: " + b"a" * 40_000 + b"\r\n\r\n",
        b"".join(b"X-%d: a\r\n" % number for number in range(5_000)) + b"\r\n",
        b"".join(b"X-%d: a\r\n" % number for number in range(100)) + b"\r\n",
    ],
)
def test_headers_that_are_too_large_are_rejected(address: tuple[str, int], headers: bytes) -> None:
    with connected(address) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(GET + headers)
        assert_rejected(received(connection), 431)


@pytest.mark.parametrize("rest", [b"a" * 40_000, b"?" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_an_address_that_is_too_long_is_rejected(address: tuple[str, int], rest: bytes) -> None:
    with connected(address) as connection:
        connection.sendall(b"GET /" + rest)
        assert_rejected(received(connection), 414)


@for_each("hosts", [b"", b"Host: a\r\nHost: a\r\n", b"Host:\r\n", b"Host: a b\r\n", b"Host: a@b\r\n", b"Host: a/b\r\n"])
def test_a_request_needs_one_valid_host(address: tuple[str, int], hosts: bytes) -> None:
    with connected(address) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n" + hosts + b"\r\n")
        assert_rejected(received(connection), 400)


@for_each(
    ("version", "host"),
    [(b"1.0", b""), (b"1.0", b"Host: a\r\n"), (b"1.1", b"Host: a.example:8000\r\n"), (b"1.1", b"Host: [::1]:8000\r\n")],
)
def test_names_and_addresses_are_valid_hosts(address: tuple[str, int], version: bytes, host: bytes) -> None:
    with connected(address) as connection:
        connection.sendall(b"GET / HTTP/" + version + b"\r\nConnection: close\r\n" + host + b"\r\n")
        assert received(connection).startswith(b"HTTP/1.1 200 OK")


def test_the_application_gets_no_trailers(address: tuple[str, int]) -> None:
    # Proxies pass trailers on, and do not check them.
    chunked = GET.replace(b"GET /", b"POST /headers") + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    with connected(address) as connection:
        connection.sendall(chunked + b"X-Forwarded-For: 192.0.2.1\r\nAuthorization: Bearer x\r\n\r\n")
        connection.sendall(GET.replace(b"GET /", b"GET /headers") + b"Connection: close\r\n\r\n")
        responses = received(connection)
    assert b"\r\n\r\nhost transfer-encodingHTTP/1.1 200 OK" in responses
    assert responses.endswith(b"\r\n\r\nhost connection")


def test_the_number_of_requests_without_a_response_is_limited(address: tuple[str, int]) -> None:
    with connected(address) as connection:
        connection.sendall((GET + b"\r\n") * 50 + GET + b"Connection: close\r\n\r\n")
        assert received(connection).count(b"HTTP/1.1 200 OK") == 51
    with connected(address) as connection:
        connection.sendall((GET + b"\r\n") * 1_000)
        assert received(connection).count(b"HTTP/1.1 200 OK") < 1_000


def test_trailers_that_are_too_large_are_rejected(address: tuple[str, int]) -> None:
    with connected(address) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(GET.replace(b"GET", b"POST") + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n")
            while True:
                connection.sendall(b"X-Trailer: a\r\n" * 1_000)
        assert b"HTTP/1.1 200" not in received(connection)


def test_a_body_in_many_small_chunks_has_no_large_headers(address: tuple[str, int]) -> None:
    with connected(address) as connection:
        head = GET.replace(b"GET", b"POST") + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head + b"1\r\na\r\n" * 20_000 + b"0\r\n\r\n")
        assert received(connection).endswith(b"20000")


def test_requests_after_a_rejected_one_are_not_executed(address: tuple[str, int]) -> None:
    with connected(address) as connection:
        connection.sendall(GET + b"X-Long: " + b"a" * 40_000 + b"\r\n\r\n" + GET + b"\r\n")
        assert_rejected(received(connection), 431)


@pytest.mark.parametrize("sent", [b"HELLO\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"\x16\x03\x01\x02\x00\x01"])
def test_what_is_not_http_is_rejected_in_the_envelope(address: tuple[str, int], sent: bytes) -> None:
    with connected(address) as connection:
        connection.sendall(sent)
        assert_rejected(received(connection), 400)


def test_line_breaks_do_not_keep_a_connection_open(address: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    with connected(address) as connection:
        monkeypatch.setattr(protocol, "HEADERS_TIMEOUT_S", 0.1)
        connection.sendall(GET + b"\r\n")
        assert answer(connection).startswith(b"HTTP/1.1 200 OK")
        with contextlib.suppress(ConnectionError):
            connection.sendall(b"\r\n")
        assert_rejected(received(connection), 408)


def test_a_client_that_does_not_read_its_response_is_disconnected(
    server: uvicorn.Server, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEADERS_TIMEOUT_S", 0.1)
    with connected(address) as connection:
        connection.sendall(GET.replace(b"/", b"/large", 1) + b"\r\n")
        wait_for(lambda: server.server_state.total_requests == 1)
        wait_for(lambda: not server.server_state.connections)


def test_a_client_that_reads_none_of_several_responses_causes_no_error(
    server: uvicorn.Server, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(protocol, "HEADERS_TIMEOUT_S", 0.1)
    with connected(address) as connection:
        # When the client is disconnected, the second request is running and the third one is queued.
        connection.sendall(GET.replace(b"/", b"/large", 1) + b"\r\n" + 2 * (GET + b"\r\n"))
        wait_for(lambda: server.server_state.total_requests == 1)
        wait_for(lambda: not server.server_state.connections)
    wait_for(lambda: not server.server_state.tasks)
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_large_body_in_one_write_is_no_large_header(address: tuple[str, int]) -> None:
    body = b"a" * 200_000
    with connected(address) as connection:
        head = GET.replace(b"GET", b"POST") + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        connection.sendall(head + body)
        assert received(connection).endswith(b"200000")


def test_idle_connections_do_not_keep_others_out(address: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "max_connections", lambda: 20)
    with contextlib.ExitStack() as idle:
        for _ in range(100):
            idle.enter_context(connected(address))
        with connected(address) as connection:
            connection.sendall(GET + b"Connection: close\r\n\r\n")
            assert received(connection).startswith(b"HTTP/1.1 200 OK")


def test_the_oldest_idle_connection_is_closed_first(address: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "max_connections", lambda: 2)
    with connected(address) as first, connected(address) as second, connected(address) as third:
        assert received(first) == b""
        for connection in (second, third):
            connection.sendall(GET + b"Connection: close\r\n\r\n")
            assert received(connection).startswith(b"HTTP/1.1 200 OK")


def shut_down(server: uvicorn.Server, connections: int) -> None:
    """Start the shutdown when the server has accepted so many connections, and return when it accepts no more."""
    wait_for(lambda: len(server.server_state.connections) == connections)
    server.should_exit = True
    wait_for(lambda: not server.servers[0].is_serving())


def test_during_a_shutdown_the_first_request_of_a_connection_is_answered(
    server: uvicorn.Server, address: tuple[str, int]
) -> None:
    with connected(address) as connection:
        shut_down(server, connections=1)
        connection.sendall(GET + b"\r\n")
        response = received(connection)
    assert response.startswith(b"HTTP/1.1 200 OK")
    assert b"connection: close" in response


def test_during_a_shutdown_connections_without_a_request_are_closed(
    server: uvicorn.Server, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "LAST_REQUEST_TIMEOUT_S", 0.01)
    with connected(address) as new, connected(address) as idle:
        idle.sendall(GET + b"\r\n")
        assert answer(idle).startswith(b"HTTP/1.1 200 OK")
        shut_down(server, connections=2)
        assert received(new) == received(idle) == b""
