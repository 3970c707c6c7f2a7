"""Runs a real nginx with the configurations in `deploy/`."""

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

NGINX = programs.find("nginx")
CONFIGURATION = environments.ROOT / "deploy" / "nginx.conf"
PATH_CONFIGURATION = environments.ROOT / "deploy" / "nginx-path.conf"

MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log notice;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {servers}
}}
"""
UNDER_A_PATH = """
    upstream ninepanels {{ server {address}; }}
    server {{
        listen 127.0.0.1:{port};
        include {included};
    }}
"""


@contextmanager
def serving(url: str, folder: Path) -> Iterator[tuple[str, Certificate]]:
    """Run nginx in front of a service and return the URL of the API there, with the certificate of the proxy."""
    folder.mkdir()
    certificate = Certificate.make(folder)
    port = free_port()
    replaced = {
        "server 127.0.0.1:8000;": f"server {urlsplit(url).netloc};",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/ninepanels/fullchain.pem": str(certificate.certificate),
        "/etc/ssl/ninepanels/privkey.pem": str(certificate.key),
    }
    text = CONFIGURATION.read_text()
    for old, new in replaced.items():
        assert old in text, old
        text = text.replace(old, new)
    with _running(text, folder):
        yield f"https://127.0.0.1:{port}", certificate


@contextmanager
def serving_under_a_path(url: str, folder: Path) -> Iterator[str]:
    """Run nginx in front of a service and return the URL of the API there, with a slash at the end."""
    folder.mkdir()
    port = free_port()
    with _running(UNDER_A_PATH.format(address=urlsplit(url).netloc, port=port, included=PATH_CONFIGURATION), folder):
        yield f"http://127.0.0.1:{port}/habits/"


@contextmanager
def _running(servers: str, folder: Path) -> Iterator[None]:
    assert NGINX is not None, "CI needs nginx for the tests of a service behind a proxy"
    # As root, nginx starts its workers as another user.
    folder.chmod(0o755)
    file, log = folder / "nginx.conf", folder / "error.log"
    file.write_text(MAIN.format(folder=folder, servers=servers))
    with subprocess.Popen([NGINX, "-c", file, "-e", log], stdin=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: log.exists() and "start worker process" in log.read_text())
            yield
        finally:
            process.terminate()
