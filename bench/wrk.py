"""Loads a service with the HTTP benchmark wrk and parses its results."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("wrk.lua")
CONNECTIONS = 16
SECONDS = 3


@dataclass(frozen=True)
class Request:
    """A request that is sent repeatedly."""

    method: str
    path: str
    token: str = ""
    content_type: str = ""
    body: str = ""
    etag: str = ""


@dataclass(frozen=True)
class Load:
    """The performance of a service under load."""

    per_second: float
    p50_ms: float
    p99_ms: float
    errors: int


def run(url: str, requests: Sequence[Request], connections: int = CONNECTIONS, seconds: int = SECONDS) -> Load:
    """Send the requests in turn over all connections in parallel.

    Args:
        url: the URL of the service.
        requests: the requests.
        connections: their number; each sends the next request after the response to the last one.
        seconds: the duration.

    Returns:
        The results. A missing response and a status other than 2xx or 3xx are errors.
    """
    program = shutil.which("wrk")
    if program is None:
        sys.exit("The benchmark needs wrk, which is not on the PATH: apt-get install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
        lines = (
            "\t".join((each.method, each.path, each.token, each.etag, each.content_type, each.body))
            for each in requests
        )
        file.write("\n".join(lines))
        file.flush()
        command = [program, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(SCRIPT), url]
        result = subprocess.run(  # noqa: S603 - our own arguments
            [*command, "--", file.name], check=True, capture_output=True, text=True
        )
    output = json.loads(result.stderr)
    return Load(output["requests"] / output["seconds"], output["p50_ms"], output["p99_ms"], output["errors"])
