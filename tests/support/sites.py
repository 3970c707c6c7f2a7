"""The documentation site, and a web server for files."""

import contextlib
import functools
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler
from http.server import ThreadingHTTPServer
from pathlib import Path

from docs import build
from ninepanels import environments

SOURCES = ("zensical.toml", "CONTRIBUTING.md", "CHANGELOG.md", ".env.example")


def copy_sources(folder: Path) -> None:
    """Copy what the site is built from into a folder."""
    shutil.copytree(environments.ROOT / "docs", folder / "docs")
    for name in SOURCES:
        shutil.copy(environments.ROOT / name, folder)


def build_site(folder: Path) -> Path:
    """Build the site in an empty folder and return the folder of its pages."""
    copy_sources(folder)
    build.build(folder)
    return folder / "var" / "site"


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve the files of a folder on the returned origin."""
    handler = functools.partial(_QuietHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        pass
