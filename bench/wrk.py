"""Loads a service with wrk, Debian's HTTP benchmark, and reads what it says."""

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
    """One request, to be sent again and again."""

    method: str
    path: str
    token: str = ""
    kind: str = ""
    body: str = ""


@dataclass(frozen=True)
class Load:
    """What a service did under load."""

    per_second: float
    p50_ms: float
    p99_ms: float
    errors: int


def run(url: str, requests: Sequence[Request], connections: int = CONNECTIONS, seconds: int = SECONDS) -> Load:
    """Send the requests in turn from all connections at once.

    Args:
        url: where the service is.
        requests: what is sent.
        connections: how many there are; each sends its next request when the last one is answered.
        seconds: for how long.

    Returns:
        What came of it; an error is an answer that is not 2xx or 3xx, or none.
    """
    program = shutil.which("wrk")
    if program is None:
        sys.exit("The benchmark's load comes from wrk, and there is none on the PATH: apt-get install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
        lines = ("\t".join((each.method, each.path, each.token, each.kind, each.body)) for each in requests)
        file.write("\n".join(lines))
        file.flush()
        command = [program, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(SCRIPT), url]
        result = subprocess.run(  # noqa: S603 - our own arguments
            [*command, "--", file.name], check=True, capture_output=True, text=True
        )
    said = json.loads(result.stderr)
    return Load(said["requests"] / said["seconds"], said["p50_ms"], said["p99_ms"], said["errors"])
