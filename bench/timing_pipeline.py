"""Measures the cost of timing each request, including its log line, row and statistics.

    .venv/bin/python -m bench.timing_pipeline

Starts two services on this machine, one with and one without TimingMiddleware, each with a separate database, and loads
them in turn.
"""

import contextlib
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ninepanels.ops.migrations import migrate
from tests.support.people import PASSWORD
from tests.support.people import data
from tests.support.postgres import PostgresServer
from tests.support.servers import SERVE_ONLY
from tests.support.servers import UVICORN_OPTIONS
from tests.support.servers import Service

from . import load

CONNECTIONS = 8
ROUNDS = 16
SECONDS = 1.5
PANELS = 9

WITHOUT = ("uvicorn", "bench.untimed:api", *UVICORN_OPTIONS)


@contextlib.contextmanager
def service(database_url: str, program: tuple[str, ...]) -> Iterator[Service]:
    """Run a service on a fresh database."""
    migrate(database_url)
    with (
        tempfile.TemporaryDirectory(prefix="ninepanels-bench-") as folder,
        Service(database_url, Path(folder), program, RATE_LIMITS="off") as running,
    ):
        yield running


def typical_requests(running: Service) -> list[bytes]:
    """Sign up a user with nine panels; return requests that alternate between reading panels and recording an entry."""
    client = running.client
    data(client.post("/users", json={"email": "ada@example.com", "name": "Ada", "password": PASSWORD}))
    login = data(client.post("/token", data={"username": "ada@example.com", "password": PASSWORD}))
    token = login["access_token"]
    authorized = {"Authorization": f"Bearer {token}"}
    ids = [data(client.post("/panels", json={"title": str(n)}, headers=authorized))["id"] for n in range(PANELS)]
    look = load.request("GET", "/panels", token)
    taps = [load.request("POST", f"/panels/{panel_id}/entries", token, {"is_complete": True}) for panel_id in ids]
    return [each for tap in taps for each in (look, tap)]


def compare(name: str, timed_url: str, untimed_url: str) -> None:
    """Measure both services in turn; print the requests per second and their ratio."""
    with service(timed_url, SERVE_ONLY) as timed, service(untimed_url, WITHOUT) as untimed:
        both = {"as it is": timed, "without": untimed}
        requests = {kind: typical_requests(each) for kind, each in both.items()}
        counts: dict[str, list[float]] = {kind: [] for kind in both}
        for number in range(ROUNDS):
            # The order alternates, so that a temporary slowdown of the machine affects both.
            for kind in sorted(both, reverse=bool(number % 2)):
                per_second = load.per_second(both[kind].url, requests[kind], connections=CONNECTIONS, seconds=SECONDS)
                counts[kind].append(per_second)
    as_it_is, without = (statistics.median(counts[kind]) for kind in both)
    sys.stdout.write(f"{name:<12}{as_it_is:>10.0f}{without:>10.0f}{as_it_is / without:>8.3f}\n")


def main() -> None:
    """Measure on both databases."""
    sys.stdout.write(f"requests/s, median of {ROUNDS} rounds of {SECONDS} s, {CONNECTIONS} connections\n")
    sys.stdout.write(f"{'':<12}{'as it is':>10}{'without':>10}{'ratio':>8}\n")
    with tempfile.TemporaryDirectory(prefix="ninepanels-bench-") as folder:
        compare("SQLite", *(f"sqlite:///{folder}/{name}.db" for name in ("timed", "untimed")))
    with PostgresServer.temporary() as server:
        compare("PostgreSQL", *(server.create_database(name) for name in ("timed", "untimed")))


if __name__ == "__main__":
    main()
