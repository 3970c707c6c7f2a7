"""Stopping the service with SIGTERM."""

import contextlib
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from ..support.people import data
from ..support.servers import DEADLINE_S
from ..support.servers import PROGRAM_DEADLINE_S
from ..support.servers import Service
from ..support.servers import wait_for
from .conftest import log_in
from .conftest import open_session
from .conftest import sign_up

pytestmark = pytest.mark.any_database


def test_sigterm_stops_the_service_cleanly_after_its_events_are_handled(database_url: str, tmp_path: Path) -> None:
    with Service(database_url, tmp_path) as service:
        data(sign_up(service))
        data(log_in(service))
        # After its shutdown, uvicorn raises the signal again, so that the exit code shows it.
        assert service.stop() == -15
        assert "Application shutdown complete" in service.log()
        assert "Traceback" not in service.log()
    with open_session(database_url) as session:
        assert session.scalar(text("SELECT last_login FROM users")) is not None


def test_on_sigterm_accepted_requests_finish_and_their_timings_are_written(database_url: str, tmp_path: Path) -> None:
    with Service(database_url, tmp_path) as service, contextlib.ExitStack() as stack:
        data(sign_up(service))
        token = data(log_in(service))["access_token"]
        authorized = {"Authorization": f"Bearer {token}"}
        panel = data(service.client.post("/panels", json={"title": "Read"}, headers=authorized))
        with blocked_writes(database_url):
            requests = [start_request(service.url, panel["id"], token) for _ in range(8)]
            for request in requests:
                stack.enter_context(contextlib.closing(request))
            service.process.send_signal(signal.SIGTERM)
            wait_for(lambda: "Shutting down" in service.log())
        assert [request.recv(100).split()[1] for request in requests] == [b"200"] * 8
        assert service.process.wait(PROGRAM_DEADLINE_S) == -15
        assert "are lost" not in service.log()
    with open_session(database_url) as session:
        rows = session.execute(text("SELECT method_path, count(*) FROM timings GROUP BY method_path"))
        per_route: dict[str, int] = {row.method_path: row[1] for row in rows}
        assert per_route["POST_/panels/{panel_id}/entries"] == 8
        assert (per_route["POST_/users"], per_route["POST_/token"], per_route["POST_/panels"]) == (1, 1, 1)
        in_stats = session.scalar(text("SELECT max(count) FROM timing_stats WHERE path = '/panels/{panel_id}/entries'"))
        assert in_stats == 8


@contextlib.contextmanager
def blocked_writes(database_url: str) -> Iterator[None]:
    """Block writes of entries during the block."""
    with open_session(database_url) as session:
        if database_url.startswith("postgresql"):
            session.execute(text("LOCK TABLE panels IN ACCESS EXCLUSIVE MODE"))
        else:
            session.connection()
        yield


def start_request(url: str, panel_id: int, token: str) -> socket.socket:
    """Send a request and return when the service has asked for its body, so that the request is accepted."""
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname, address.port), timeout=DEADLINE_S)
    body = b'{"is_complete": true}'
    head = [
        f"POST /panels/{panel_id}/entries HTTP/1.1",
        "Host: tests",
        f"Authorization: Bearer {token}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Expect: 100-continue",
    ]
    connection.sendall("\r\n".join([*head, "", ""]).encode())
    assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
    connection.sendall(body)
    return connection
