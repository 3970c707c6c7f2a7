"""Many, idle and hostile connections to the real service."""

import contextlib
import json
import resource
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ninepanels.http import protocol

from ..support.servers import DEADLINE_S
from ..support.servers import MIGRATE_AND_SERVE
from ..support.servers import SERVE_ONLY
from ..support.servers import Service
from ..support.values import for_each

IDLE_CONNECTIONS = 2_000
FLOOD_BYTES = 64 * 1024 * 1024
GET = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
def database_file(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "test.db")
    return f"sqlite:///{tmp_path}/test.db"


@contextlib.contextmanager
def file_limit(soft: int) -> Iterator[None]:
    """Change the soft limit of open files of this process."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def limits_of(service: Service) -> tuple[int, int]:
    return resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE)


def connect(service: Service) -> socket.socket:
    url = urlsplit(service.url)
    return socket.create_connection((str(url.hostname), int(url.port or 0)), timeout=DEADLINE_S)


def read_until_closed(connection: socket.socket) -> bytes:
    parts = []
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def memory_kib(service: Service) -> int:
    """The peak memory of the process."""
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


@pytest.mark.parametrize(
    "program",
    [
        (*MIGRATE_AND_SERVE, "--workers", "2"),
        pytest.param((*MIGRATE_AND_SERVE, "--reload"), marks=pytest.mark.prove),
        SERVE_ONLY,
    ],
    ids=["workers", "reload", "uvicorn"],
)
def test_headers_that_are_too_large_are_rejected_in_the_envelope_however_the_service_is_started(
    database_file: str, tmp_path: Path, program: tuple[str, ...]
) -> None:
    with Service(database_file, tmp_path, program) as service, connect(service) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(GET + b"X-Long: " + b"a" * 40_000 + b"\r\n\r\n")
        head, _, body = read_until_closed(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 ")
    assert json.loads(body)["status_code"] == 431


def test_the_service_raises_its_limit_of_open_files(database_file: str, tmp_path: Path) -> None:
    with file_limit(1_000), Service(database_file, tmp_path, MIGRATE_AND_SERVE) as service:
        soft, hard = limits_of(service)
        assert soft == min(hard, protocol.MAX_FILES) > 1_000


def test_idle_connections_do_not_keep_a_request_out(database_file: str, tmp_path: Path) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.ExitStack() as stack:
        stack.enter_context(file_limit(hard))
        service = stack.enter_context(Service(database_file, tmp_path, MIGRATE_AND_SERVE))
        # Fewer files than there are connections, so that the service has to close the oldest ones.
        resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE, (1_000, hard))
        idle = [stack.enter_context(connect(service)) for _ in range(min(IDLE_CONNECTIONS, hard - 500))]
        for connection in idle[::2]:
            with contextlib.suppress(ConnectionError):
                connection.sendall(GET)
        # All connections before it are accepted by now, so the one of the client is closed and replaced.
        assert idle[::2][-1].recv(4) == b"HTTP"
        assert [service.status("/health/live") for _ in range(10)] == [200] * 10
        assert read_until_closed(idle[0]) == b""


@pytest.fixture
def service(database_file: str, tmp_path: Path) -> Iterator[Service]:
    with Service(database_file, tmp_path, MIGRATE_AND_SERVE) as service:
        yield service


# The request line, a header and a trailer.
ENDLESS = (
    b"GET /",
    GET + b"X-Long: ",
    GET.replace(b"GET", b"POST") + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: ",
)


@for_each("start", ENDLESS)
def test_endless_headers_are_rejected_and_take_no_memory(service: Service, start: bytes) -> None:
    with connect(service) as connection:
        before, sent = memory_kib(service), 0
        with contextlib.suppress(ConnectionError):
            connection.sendall(start)
            while sent < FLOOD_BYTES:
                connection.sendall(b"a" * 65_536)
                sent += 65_536
        read_until_closed(connection)
        assert sent < FLOOD_BYTES
        assert (memory_kib(service) - before) * 1_024 < FLOOD_BYTES / 4
        assert service.status("/health/live") == 200
