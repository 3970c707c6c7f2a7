"""Headers without end do not take memory, and do not hold other users up. Run by `./mc.sh prove`."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from urllib.parse import urlsplit

import pytest

from ..serve.conftest import log_in
from ..serve.conftest import sign_up
from ..support.backends import on_sqlite
from ..support.people import data
from ..support.servers import DEADLINE_S
from ..support.servers import Service

MIB = 1024 * 1024
START = b"GET /panels HTTP/1.1\r\nHost: x\r\n"
REQUESTS = 2_000
MAX_GROWTH_KIB = 5 * 1024


def many_small_headers() -> Iterator[bytes]:
    yield START
    for _ in range(64):
        yield b"a:b\r\n" * (MIB // 5)


def one_large_value() -> Iterator[bytes]:
    yield START + b"X-Large: "
    for _ in range(256):
        yield b"a" * MIB


def many_requests_at_once() -> Iterator[bytes]:
    for _ in range(64):
        yield (START + b"\r\n") * (MIB // 40)


ATTACKS = (many_small_headers, one_large_value, many_requests_at_once)


@contextlib.contextmanager
def attacked(url: str) -> Iterator[None]:
    """Send each flood over one connection after the other, as fast as the service takes them, until the block ends."""
    is_over = threading.Event()
    address = urlsplit(url)

    def attack() -> None:
        while not is_over.is_set():
            for flood in ATTACKS:
                with (
                    contextlib.suppress(ConnectionError),
                    socket.create_connection((address.hostname, address.port), timeout=DEADLINE_S) as connection,
                ):
                    for part in flood():
                        connection.sendall(part)

    thread = threading.Thread(target=attack)
    thread.start()
    yield
    is_over.set()
    thread.join()


def resident_kib(service: Service) -> int:
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def p99_ms(service: Service, token: str) -> float:
    durations = []
    for _ in range(REQUESTS):
        started = perf_counter()
        data(service.client.get("/panels", headers={"Authorization": f"Bearer {token}"}))
        durations.append((perf_counter() - started) * 1_000)
    return quantiles(durations, n=100)[-1]


@pytest.mark.prove
@on_sqlite
def test_floods_of_headers_take_no_memory_and_hold_no_other_user_up(database_url: str, tmp_path: Path) -> None:
    with Service(database_url, tmp_path) as service:
        data(sign_up(service))
        token = data(log_in(service))["access_token"]
        quiet = p99_ms(service, token)
        before = resident_kib(service)
        with attacked(service.url):
            during = p99_ms(service, token)
        growth = resident_kib(service) - before
        print(f"p99 {quiet:.1f} ms, under attack {during:.1f} ms; memory +{growth} KiB")  # noqa: T201 - the figures of the proof
        assert growth < MAX_GROWTH_KIB
        assert during < 2 * quiet
