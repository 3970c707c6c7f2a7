"""Runs a real HAProxy with the configuration in `deploy/`."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from ninepanels import environments

from . import programs
from .certificates import Certificate
from .postgres import free_port
from .servers import wait_for

HAPROXY = programs.find("haproxy")
CONFIGURATION = environments.ROOT / "deploy" / "haproxy.cfg"


@contextmanager
def serving(url: str, folder: Path) -> Iterator[tuple[str, Certificate]]:
    """Run HAProxy in front of a service and return the URL of the API there, with the certificate of the proxy."""
    assert HAPROXY is not None, "CI needs haproxy for the tests of streams behind a proxy"
    folder.mkdir()
    certificate = Certificate.make(folder)
    port = free_port()
    replaced = {
        "    user haproxy\n    group haproxy\n": "",
        "bind :80\n": f"bind 127.0.0.1:{free_port()}\n",
        "bind :443 ssl crt /etc/haproxy/ninepanels.pem": f"bind 127.0.0.1:{port} ssl crt {certificate.both}",
        "server one 127.0.0.1:8000": f"server one {urlsplit(url).netloc}",
    }
    text = CONFIGURATION.read_text()
    for old, new in replaced.items():
        assert old in text, old
        text = text.replace(old, new)
    file, log = folder / "haproxy.cfg", folder / "log"
    file.write_text(text)
    with (
        log.open("w") as output,
        subprocess.Popen(
            [HAPROXY, "-db", "-f", file], stdin=subprocess.DEVNULL, stdout=output, stderr=output
        ) as process,
    ):
        try:
            wait_for(lambda: _accepts_connections(port), log.read_text)
            yield f"https://127.0.0.1:{port}", certificate
        finally:
            process.terminate()


def _accepts_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True
