"""The HTTP/1.1 protocol of the server: uvicorn's, with limits that uvicorn lacks."""

import asyncio
import contextlib
import math
import re
import resource
import socket

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from .. import pydmodels as pyd
from . import problems
from . import response_headers
from .problems import ProblemType

MAX_HEADER_BYTES = 32 * 1024
"""The limit of the request line and the headers together."""
MAX_HEADERS = 100
MAX_URL_BYTES = 8 * 1024
PART_BYTES = 4 * 1024
"""Data is parsed in parts of this size, and not further once a limit is exceeded."""
MAX_PIPELINED = 100
"""How many requests a client may send before it has the response to the first one."""

HEADERS_TIMEOUT_S = 10.0
"""The time limit for the headers of a request, and for a client that does not read its response."""
BODY_TIMEOUT_S = 20.0
LAST_REQUEST_TIMEOUT_S = 1.0
"""During a shutdown, how long a connection that has had no request stays open for one."""

UNACKNOWLEDGED_TIMEOUT_MS = 30_000
"""How long sent data may stay unacknowledged. Without it, a stream to a lost client stays open for 15 minutes."""

MAX_FILES = 65_536
RESERVED_FILES = 256
"""File descriptors that are not available to connections: database, log, threads."""

_HOST = re.compile(rb"([A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?")
_DEFAULT_HEADERS = b"".join(b"%b: %b\r\n" % header for header in response_headers.DEFAULTS)


def raise_file_limit() -> None:
    """Raise the soft limit of open files to the hard limit, at most to MAX_FILES: each connection needs one.

    Child processes inherit the limit. If the system does not permit the change, the limit stays as it is.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def max_connections() -> int:
    """Return how many connections may be open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = MAX_FILES if soft == resource.RLIM_INFINITY else min(soft, MAX_FILES)
    return max(files - RESERVED_FILES, 1)


class LimitedProtocol(HttpToolsProtocol):
    """One connection, with limits on the time for headers and body, on the size of headers and on their number.

    When too many connections are open, the one that has been without a request for the longest time is closed. Idle
    connections are also closed by uvicorn's own keep-alive timeout.
    """

    _waiting: dict["LimitedProtocol", None] = {}  # noqa: RUF012 - shared by all connections of the process

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time limit, and close another connection if too many are open."""
        super().connection_made(transport)
        connected: socket.socket = transport.get_extra_info("socket")
        if hasattr(socket, "TCP_USER_TIMEOUT") and connected.family != socket.AF_UNIX:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_TIMEOUT_MS)
        self._deadline = self.loop.time() + HEADERS_TIMEOUT_S
        self.url, self.headers = b"", []
        self._header_bytes = 0
        self._unsent_bytes = 0
        self._running: RequestResponseCycle | None = None
        self._is_shutting_down = False
        self._timer = self.loop.call_at(self._deadline, self._check_deadline)
        self._waiting[self] = None
        if len(self.connections) > max_connections():
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            oldest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time limit, and end the running request. uvicorn itself ends the latest one, which may be queued."""
        self._timer.cancel()
        self._waiting.pop(self, None)
        self._end_running_request()
        # They refer to this object, so the memory of many requests would be free only after a garbage collection.
        self.pipeline.clear()
        self.headers = []
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Shut down gracefully: the streams of the application, which it would wait for, end now.

        A connection that has had no request stays open for one, which its client may have sent already.
        """
        self._is_shutting_down = True
        if self._running is None:
            self.loop.call_later(LAST_REQUEST_TIMEOUT_S, self._close_without_request)
        else:
            super().shutdown()
        if end_streams := self.app_state.get("end_streams"):
            end_streams()

    def data_received(self, data: bytes) -> None:
        """Parse data, and reject headers and trailers that are too large."""
        for start in range(0, len(data), PART_BYTES):
            if self.transport.is_closing():
                return
            part = data[start : start + PART_BYTES]
            self._header_bytes += len(part)
            super().data_received(part)
            if self._has_long_url():
                self._reject(problems.URI_TOO_LONG)
            elif self._header_bytes > MAX_HEADER_BYTES or len(self.headers) > MAX_HEADERS:
                self._reject(problems.HEADERS_TOO_LARGE)

    def send_400_response(self, _msg: str) -> None:
        """Answer in the envelope. uvicorn answers in plain text."""
        self._reject(problems.BAD_HTTP_REQUEST)

    def on_message_begin(self) -> None:
        """Start the time limit of the headers."""
        super().on_message_begin()
        self._deadline = self.loop.time() + HEADERS_TIMEOUT_S

    def on_headers_complete(self) -> None:
        """Start the time limit of the body, and the request if its headers are not too large."""
        if self.transport.is_closing():
            # The data contains a further request after one that was rejected.
            return
        size, hosts = len(self.url), []
        for name, value in self.headers:
            size += len(name) + len(value) + 4
            if name == b"host":
                hosts.append(value)
        if self._has_long_url():
            self._reject(problems.URI_TOO_LONG)
        elif size > MAX_HEADER_BYTES or len(self.headers) > MAX_HEADERS:
            self._reject(problems.HEADERS_TOO_LARGE)
        elif not self._is_valid(hosts) or len(self.pipeline) >= MAX_PIPELINED:
            self._reject(problems.BAD_HTTP_REQUEST)
        else:
            self._waiting.pop(self, None)
            self._deadline = self.loop.time() + BODY_TIMEOUT_S
            super().on_headers_complete()
            # The application has the list. Trailers, which proxies do not check, must not be added to it.
            self.headers = []

    def on_chunk_header(self) -> None:
        """Count the header bytes from 0: trailers, which are headers, follow the last chunk."""
        self._header_bytes = 0

    def on_body(self, body: bytes) -> None:
        """Accept a part of the body, unless the request was rejected."""
        self._header_bytes -= len(body)
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End the time limit: from here on, the application answers within its own."""
        self._deadline = math.inf
        self._header_bytes = 0
        if not self.transport.is_closing():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Count the connection as waiting for a request, and start the time limit of its headers."""
        super().on_response_complete()
        if not self.transport.is_closing():
            self._waiting[self] = None
            if self.cycle.response_complete and self._deadline == math.inf:
                # The client may send line breaks instead of a request, which end uvicorn's own time limit.
                self._deadline = self.loop.time() + HEADERS_TIMEOUT_S

    def _has_long_url(self) -> bool:
        return len(self.url) > MAX_URL_BYTES

    def _is_valid(self, hosts: list[bytes]) -> bool:
        """Return whether the values of Host are valid: exactly one (RFC 9112, 3.2), in HTTP/1.0 possibly none."""
        if len(hosts) == 1:
            return _HOST.fullmatch(hosts[0]) is not None
        return not hosts and self.parser.get_http_version() == "1.0"

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        if self._is_shutting_down:
            cycle.keep_alive = False
        super()._start_asgi_task(cycle, app)

    def _close_without_request(self) -> None:
        if self._running is None:
            self.transport.close()

    def _end_running_request(self) -> None:
        """Ignore what the application sends from now on, and tell it that the client is disconnected."""
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()

    def _check_deadline(self) -> None:
        """Close the connection if a time limit is exceeded. One timer per connection, not one per request."""
        now, unsent = self.loop.time(), self.transport.get_write_buffer_size()
        if unsent and unsent == self._unsent_bytes:
            # Closing would wait until the client reads the rest.
            self.transport.abort()
            return
        self._unsent_bytes = unsent
        if now >= self._deadline:
            self._reject(problems.REQUEST_TIMEOUT)
            self._deadline = math.inf
        self._timer = self.loop.call_at(min(self._deadline, now + HEADERS_TIMEOUT_S), self._check_deadline)

    def _reject(self, problem_type: ProblemType) -> None:
        """Answer in the envelope, if no response has started, and close the connection.

        The headers are incomplete or not valid, so the client's preference for problems is unknown.
        """
        if self.transport.is_closing():
            return
        cycle = self.cycle
        if cycle is None or cycle.response_complete or (cycle is self._running and not cycle.response_started):
            status, detail = problem_type.status, problem_type.detail
            envelope = pyd.ErrorResponse(
                data=pyd.ErrorBody(detail=detail, code=problem_type.code),
                status_code=status,
                is_error=True,
                error_message=detail,
                meta=None,
            )
            body = envelope.model_dump_json().encode()
            head = f"HTTP/1.1 {status} {status.phrase}\r\ncontent-type: application/json\r\nconnection: close\r\n"
            self.transport.write(f"{head}content-length: {len(body)}\r\n".encode() + _DEFAULT_HEADERS + b"\r\n" + body)
        self._end_running_request()
        self.transport.close()
