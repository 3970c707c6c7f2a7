"""A real HTTP server of the tests' own: what webhooks and Sentry's envelopes are sent to."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from typing import Any

from .servers import wait_for


class WebServer:
    """Keeps what is posted to it. `statuses` are what it answers first, `location` where it points, without
    `may_respond` it hangs.
    """

    def __init__(self) -> None:
        self.url = ""
        self.paths: list[str] = []
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.statuses: list[int] = []
        self.location: str | None = None
        self.may_respond = threading.Event()
        self.may_respond.set()

    @classmethod
    @contextlib.contextmanager
    def running(cls, port: int = 0) -> Iterator["WebServer"]:
        mine = cls()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                mine.paths.append(self.path)
                mine.headers.append(dict(self.headers))
                mine.bodies.append(body)
                mine.may_respond.wait()
                with contextlib.suppress(ConnectionError):
                    self.send_response(mine.statuses.pop(0) if mine.statuses else 200)
                    if mine.location is not None:
                        self.send_header("Location", mine.location)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
            mine.url = f"http://127.0.0.1:{server.server_port}"
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            try:
                yield mine
            finally:
                mine.may_respond.set()
                server.shutdown()
                thread.join()

    def events(self) -> list[dict[str, Any]]:
        """What was posted so far."""
        return [json.loads(body) for body in self.bodies]

    def wait_for(self, how_many: int) -> list[dict[str, Any]]:
        """Wait until so many were posted, and return them."""
        return wait_for(lambda: self.events() if len(self.bodies) >= how_many else None)
