"""Runs a real nginx with the configuration in `deploy/` that serves the API under the path /habits."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from ninepanels import environments

from .postgres import free_port
from .servers import wait_for

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
PATH_CONFIGURATION = environments.ROOT / "deploy" / "nginx-path.conf"

CONFIGURATION = """
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
    upstream ninepanels {{ server {address}; }}
    server {{
        listen 127.0.0.1:{port};
        include {included};
    }}
}}
"""


@contextmanager
def serving(url: str, folder: Path) -> Iterator[str]:
    """Run nginx in front of a service and return the URL of the API there, with a slash at the end."""
    assert NGINX is not None, "CI needs nginx for the tests of a service under a path"
    folder.mkdir()
    # As root, nginx starts its workers as another user.
    folder.chmod(0o755)
    port = free_port()
    file = folder / "nginx.conf"
    file.write_text(
        CONFIGURATION.format(folder=folder, address=urlsplit(url).netloc, port=port, included=PATH_CONFIGURATION)
    )
    log = folder / "error.log"
    with subprocess.Popen([NGINX, "-c", file, "-e", log], stdin=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: log.exists() and "start worker process" in log.read_text())
            yield f"http://127.0.0.1:{port}/habits/"
        finally:
            process.terminate()
