"""A real HTTP server for tests, which receives webhooks and Sentry envelopes."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from typing import Any

from .servers import wait_for


class WebServer:
    """Stores the requests that it receives.

    Attributes:
        statuses: the statuses of the next responses; afterwards 200.
        location: the `Location` header of the responses.
        may_respond: while it is cleared, requests get no response.
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
        web_server = cls()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                web_server.paths.append(self.path)
                web_server.headers.append(dict(self.headers))
                web_server.bodies.append(body)
                web_server.may_respond.wait()
                with contextlib.suppress(ConnectionError):
                    self.send_response(web_server.statuses.pop(0) if web_server.statuses else 200)
                    if web_server.location is not None:
                        self.send_header("Location", web_server.location)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
            web_server.url = f"http://127.0.0.1:{server.server_port}"
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            try:
                yield web_server
            finally:
                web_server.may_respond.set()
                server.shutdown()
                thread.join()

    def events(self) -> list[dict[str, Any]]:
        """Return the JSON documents received so far."""
        return [json.loads(body) for body in self.bodies]

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """Wait until `count` documents have been received and return all of them."""
        return wait_for(
            lambda: self.events() if len(self.bodies) >= count else None,
            lambda: f"{count} requests, received were {len(self.bodies)}",
        )
