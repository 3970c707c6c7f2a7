"""Floods of headers and requests, each over a connection of its own, again and again.

They are sent by a process of their own, so that they take no time of the process that measures. Between two floods it
pauses: without a pause, it would take a core from the service and from the process that measures.
"""

import argparse
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from collections.abc import Iterator
from urllib.parse import urlsplit

from ninepanels import environments

from .servers import DEADLINE_S

MIB = 1024 * 1024
PAUSE_S = 0.05
START = b"GET /panels HTTP/1.1\r\nHost: x\r\n"


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


FLOODS: dict[str, Callable[[], Iterator[bytes]]] = {
    flood.__name__: flood for flood in (many_small_headers, one_large_value, many_requests_at_once)
}


@contextlib.contextmanager
def flooded(url: str, *names: str) -> Iterator[None]:
    """Send the floods with these names to the service at a URL, in turn, until the block ends."""
    address = urlsplit(url)
    command = [sys.executable, "-m", __name__, str(address.hostname), str(address.port), *names]
    with subprocess.Popen(command, cwd=environments.ROOT, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline(), "the flood did not begin"
            yield
            assert process.poll() is None, "the flood ended"
        finally:
            process.kill()


def _send(host: str, port: int, parts: Iterator[bytes]) -> None:
    # The service closes the connection when the flood exceeds a limit.
    with contextlib.suppress(ConnectionError), socket.create_connection((host, port), timeout=DEADLINE_S) as connection:
        for part in parts:
            connection.sendall(part)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("names", choices=FLOODS, nargs="+")
    arguments = parser.parse_args()
    sys.stdout.write("The floods begin.\n")
    sys.stdout.flush()
    while True:
        for name in arguments.names:
            _send(arguments.host, arguments.port, FLOODS[name]())
            time.sleep(PAUSE_S)


if __name__ == "__main__":
    _main()
